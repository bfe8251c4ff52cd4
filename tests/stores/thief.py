"""Whoever took the disk: every byte of every file, and the files of keys as they are now."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from stores.keys.key_files import DataKey, SealBroken

_LINE = re.compile(rb"\d{8}-[0-9a-f]{8} ([A-Za-z0-9+/]{43}=)")


class Thief:
    """What may be done with what lies in these folders.

    Attributes:
        keys: every key that stands anywhere in a file, as files of keys hold them.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self.keys = [
            DataKey("stolen", base64.b64decode(found))
            for found in {found for raw in self._files() for found in _LINE.findall(raw)}
        ]

    def finds(self, stored: bytes) -> bool:
        """Whether the bytes lie in a file; PostgreSQL's log may divide them at the end of a page."""
        middle = len(stored) // 2
        return any(half in raw for raw in self._files() for half in (stored[:middle], stored[middle:]))

    def opens(self, stored: bytes, reference: str) -> bytes | None:
        """The data key that was wrapped, by one key or by two; None where no keys that are found open it."""
        aad = reference.encode()
        for outer in self._opened(stored, aad):
            if len(outer) == 32:
                return outer
            for inner in self._opened(outer, aad):
                return inner
        return None

    def _opened(self, sealed: bytes, aad: bytes) -> Iterator[bytes]:
        for key in self.keys:
            try:
                yield key.open(sealed, aad)
            except SealBroken:
                continue

    def _files(self) -> Iterator[bytes]:
        for folder in self._folders:
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    try:
                        yield path.read_bytes()
                    except FileNotFoundError:  # a server has just removed it
                        continue
