"""The README's first referral, word for word: its commands are run, and what they print is what it shows."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.running import Up, environment, ours, replayed, up

pytestmark = pytest.mark.xdist_group("up")

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARY = (
    (re.compile(r"RJ-[0-9A-Z]{4}-[0-9A-Z]{4}"), "REFERENCE"),
    (re.compile(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}( \d{2}:\d{2})?"), "DAY"),
)
_BETWEEN = "-- the next command --"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Up, Path]]:
    """A fresh `rj up --demo`, as `make run` starts it."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        with up(data, "--demo") as process:
            yield process, data


def masked(text: str) -> str:
    """The text without what is another at every run."""
    for pattern, name in _VARY:
        text = pattern.sub(name, text)
    return text.strip()


def told(readme: str) -> list[tuple[str, str]]:
    """The commands of the first referral, each with what the README says it prints."""
    section = readme.split("\n## A first referral\n", 1)[1].split("\n## ", 1)[0]
    return [
        (command, shown)
        for block in _BLOCK.findall(section)
        for command, _, shown in (part.partition("\n") for part in ("\n" + block).split("\n$ ")[1:])
    ]


def printed(commands: list[str], data: Path, folder: Path) -> list[str]:
    """What the commands print in a terminal, one after the other in one shell."""
    script = f"\necho '{_BETWEEN}'\n".join(commands)
    # In the README's folder `rj` is in .venv/bin.
    beside = folder / ".venv" / "bin"
    beside.mkdir(parents=True)
    with warm_rj() as rj:
        (beside / "rj").write_text(f'#!/bin/sh\nexec {rj} "$@"\n')
        (beside / "rj").chmod(0o755)
        shell = subprocess.run(
            ["bash", "-c", script],
            env=environment(data),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    return shell.stdout.split(_BETWEEN)


@contextmanager
def warm_rj() -> Iterator[str]:
    """A command that does what `rj` does, sooner."""
    program = Path(__file__).with_name("warm.py")
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/rj"
        server = subprocess.Popen(
            [sys.executable, str(program), "serve", address], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "warm\n"
            yield f"{sys.executable} -I -S {program} {address}"
        finally:
            server.kill()
            server.communicate()


def test_the_first_referral_works_as_printed(running: tuple[Up, Path], tmp_path: Path) -> None:
    process, data = running
    steps = told(README.read_text())
    assert len(steps) >= 12
    said = printed([command for command, _ in steps], data, tmp_path)
    for (command, shown), out in zip(steps, said, strict=True):
        assert masked(out) == masked(shown), f"$ {command}\n{out}"
    # The demo's, and the one that the README opens.
    assert replayed(data) >= 14
    code, last = process.end(signal.SIGTERM)
    assert code == 0
    assert last.endswith("Everything is stopped.\n")
    assert ours(data) == []
