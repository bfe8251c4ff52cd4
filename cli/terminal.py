"""The one way from `rj` to a terminal: whatever is printed, by whichever library, passes `visible`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from runtime.visible import visible


class Shown:
    """A text stream that writes only what may be seen. All else of it is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        # Rich writes there by itself: it has colours and a cursor to move, and our Screen makes its text visible first.
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Write the text as it may be seen."""
        if not isinstance(text, str):
            # By this click learns that it is a stream of text.
            raise TypeError("a stream of text takes no bytes")
        self.rich_proxied_file.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the lines, each as it may be seen."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def only_what_is_seen() -> Iterator[None]:
    """While it lasts, both output streams are `Shown`."""
    before = sys.stdout, sys.stderr
    # Streams in all but their class.
    sys.stdout, sys.stderr = (cast("TextIO", _shown(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _let_go(before[0])


def _let_go(stream: TextIO) -> None:
    """Have nothing left to write when the interpreter ends, so that `rj show … | head` tells of no fault."""
    try:
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _shown(stream: TextIO) -> Shown:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        # A terminal of few letters shows the others by their numbers. Where it is said to have ASCII only, click writes
        # UTF-8 past us.
        ascii_only = (stream.encoding or "").lower().replace("-", "") in ("ascii", "usascii", "ansi_x3.41968")
        # Where the stream has become another since it was opened, it stays as it is: what it cannot write is a fault.
        with suppress(OSError):
            reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    return Shown(stream)
