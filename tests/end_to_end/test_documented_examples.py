"""The examples of README.md and docs/using-rj.md, word for word: they are run, and print what the pages show."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.end_to_end.running import ROOT, environment, ours, replayed, up

pytestmark = pytest.mark.xdist_group("up")

README = ROOT / "README.md"
USING = ROOT / "docs" / "using-rj.md"
_BLOCK = re.compile(r"^```(console|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARY = (
    (re.compile(r"\b(RJ-)?[0-9A-Z]{4}-[0-9A-Z]{4}\b"), "REFERENCE"),
    (re.compile(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}( \d{2}:\d{2})?"), "DAY"),
)
_BETWEEN = "-- the next command --"


class Example(NamedTuple):
    """A command of a page and what the page says it prints."""

    command: str
    shown: str


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder like the installation's own: `rj` is in .venv/bin, the policies lie in policies/."""
    with tempfile.TemporaryDirectory(prefix="rj-") as name, warm_rj() as rj:
        folder = Path(name)
        # PostgreSQL may run under an account of its own, which passes through.
        folder.chmod(0o711)
        programs = folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "rj").write_text(f'#!/bin/sh\nexec {rj} "$@"\n')
        (programs / "rj").chmod(0o755)
        (folder / "policies").symlink_to(ROOT / "policies")
        yield folder


def section(page: Path, title: str) -> str:
    """A section of a page, from its heading to the next."""
    return page.read_text().split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def examples(text: str) -> list[Example]:
    """The commands of the console blocks, each with what it is said to print."""
    return [
        Example(command, shown)
        for language, block in _BLOCK.findall(text)
        if language == "console"
        for command, _, shown in (part.partition("\n") for part in ("\n" + block).split("\n$ ")[1:])
    ]


def pasted(text: str) -> list[str]:
    """The blocks that are to be pasted as a whole, whose output is not shown."""
    return [block for language, block in _BLOCK.findall(text) if not language]


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, name in _VARY:
        text = pattern.sub(name, text)
    return text.strip()


def printed(commands: Sequence[str], data: Path, folder: Path) -> list[str]:
    """What the commands print in a terminal, one after the other in one shell."""
    shell = subprocess.run(
        ["bash", "-c", f"\necho '{_BETWEEN}'\n".join(commands)],
        env=environment(data),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    return shell.stdout.split(_BETWEEN)


def compare(steps: Sequence[Example], outputs: Sequence[str]) -> None:
    """Each command printed what its page shows."""
    for (command, shown), output in zip(steps, outputs, strict=True):
        assert masked(output) == masked(shown), f"$ {command}\n{output}"


def asked_until(example: Example) -> str:
    """The command asked again, for a minute at most, until its output ends as the page shows."""
    last = example.shown.strip().splitlines()[-1].strip()
    return (
        f'for _ in $(seq 120); do said=$({example.command}); case "$said" in *"{last}") break;; esac; sleep 0.5; done\n'
        'echo "$said"'
    )


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


def test_the_referrals_of_both_pages_go_as_printed_on_the_demo(folder: Path) -> None:
    """The README's comes first, as a new user's would; the longer one meets a caseload with one referral more."""
    first = examples(section(README, "A first referral"))
    longer = examples(section(USING, "A referral, step by step"))
    assert sum(command.startswith("rj ") for command, _ in first) == 5
    assert len(longer) >= 12
    # Their shell has to find `rj` too.
    imports = [longer[0], *examples(section(USING, "Many referrals from a spreadsheet"))]
    data = folder / ".rj"
    with up(data, "--demo") as process:
        for steps in (first, longer, imports):
            compare(steps, printed([step.command for step in steps], data, folder))
        # The demo's 13, and the four that the pages open.
        assert replayed(data) >= 17
        code, last = process.end(signal.SIGTERM)
        assert code == 0
        assert last.endswith("Everything is stopped.\n")
        assert ours(data) == []


def test_a_referral_that_is_left_alone_escalates_as_printed(folder: Path) -> None:
    text = section(USING, "When a referral stands still")
    start, set_up = pasted(text)
    export, rj_up = start.splitlines()
    assert rj_up.split()[:4] == ["rj", "up", "--data", ".rj-seconds"]
    assert export in set_up
    steps = examples(text)
    assert len(steps) >= 6
    data = folder / ".rj-seconds"
    with up(data, *rj_up.replace(" policies/", f" {ROOT}/policies/").split()[4:]):
        commands = [set_up, asked_until(steps[0]), *(step.command for step in steps[1:])]
        compare(steps, printed(commands, data, folder)[1:])


def test_an_example_that_prints_something_else_is_found() -> None:
    example = Example("rj list", "No referral.")
    compare([example], ["No referral.\n"])
    with pytest.raises(AssertionError):
        compare([example], ["Two referrals.\n"])
