"""Free text need not stand in a command, where everybody on the machine can read it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Rj
from tests.end_to_end.running import RJ, ROOT, environment

CANARY = "Quokka, who\nwas in hospital"
DAY = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%d")


async def timeline(rj: Rj, reference: str) -> str:
    return (await rj("timeline", reference, "--as", "su-1", "--json")).out


@pytest.mark.parametrize(
    "command",
    [
        "do {ref} add_note --set note=- --as cw-1",
        "do {ref} hold --set review_on={day} --set reason=- --as cw-1",
        "do {ref} amend_participant --set participant=h1 --set person.needs=- --as cw-1",
        "hold {ref} --until {day} --reason - --as cw-1",
        "extend {ref} allocation --until {day} --reason - --as su-1",
    ],
)
async def test_free_text_may_come_from_the_standard_input(rj: Rj, reference: str, command: str) -> None:
    said = await rj(*command.format(ref=reference, day=DAY).split(), given=f"{CANARY}\n")
    assert said.code == 0, said.err
    assert said.err == ""
    assert '"Quokka, who\\nwas in hospital"' in await timeline(rj, reference)


async def test_the_reason_of_a_reassignment_may_come_from_the_standard_input(rj: Rj) -> None:
    people = ("--from", "cw-1", "--to", "cw-2", "--as", "su-1", "--area", "kent")
    said = await rj("reassign", *people, "--reason", "-", "--yes", given="x")
    assert said.code == 2
    assert said.one_sentence().startswith("rj: reason: needs 3 or more characters")


@pytest.mark.parametrize(
    ("command", "given", "sentence"),
    [
        ("do RJ-0000-0000 add_note --set note=- --as cw-1", "\n", "note: the standard input is empty"),
        ("do RJ-0000-0000 add_note --set note=- --as cw-1", "x\x1b", "note: holds a control character"),
        ("do RJ-0000-0000 add_note --set note=- --as cw-1", b"\xff", "is not text in UTF-8"),
        ("do RJ-0000-0000 add_note --set note=- --as cw-1", "x" * 1_000_001, "input is larger than 1 MB"),
        ("do RJ-0000-0000 add_note --set note=- --as cw-1", "x" * 4001, "takes at most 4000 characters"),
        ("do RJ-0000-0000 add_note - --set note=- --as cw-1", "{}", "only one thing can come"),
        ("hold RJ-0000-0000 --until 2199-01-01 --as cw-1", "x", "--reason: is missing; --reason - reads"),
        ("reassign --from cw-1 --to cw-2 --as su-1 --reason - --yes", "x\x1b", "reason: holds a control"),
    ],
)
async def test_what_cannot_be_free_text(rj: Rj, command: str, given: str | bytes, sentence: str) -> None:
    said = await rj(*command.split(), given=given)
    assert said.code == 2
    assert sentence in said.one_sentence()


@pytest.mark.parametrize(
    "command", ["do RJ-0000-0000 add_note --set note=-", "hold RJ-0000-0000 --until 2199-01-01"]
)
def test_a_person_at_a_terminal_is_asked(tmp_path: Path, command: str) -> None:
    person, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [*RJ, *command.split(), "--as", "cw-1"],
            env=environment(tmp_path),
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.write(person, b"Quokka in hospital\n")
        out, err = process.communicate(timeout=60)
    finally:
        os.close(person)
        os.close(terminal)
    assert re.match(rb"(note|reason):", err)
    # The text was taken; only then nothing is found running.
    assert b"Nothing is running" in err
    assert b"Quokka" not in out + err
    assert process.returncode == 4


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("do REF add_note --set note=Quokka --as cw-1", "note"),
        (
            'do REF amend_participant --set participant=h1 --set person={"name":"Quokka"} --as cw-1',
            "person",
        ),
        ("hold REF --until DAY --reason Quokka --as cw-1 --json", "reason"),
        ("reassign --from cw-gone --to cw-2 --as su-1 --reason Quokka --yes", "reason"),
        ("do REF add_note --set note=- --as cw-1", None),
        ("do REF record_duplicate_check --as cw-1", None),
        ("do REF amend_participant --set participant=h1 --set gender=female --as cw-1", None),
    ],
)
@pytest.mark.parametrize("others", [True, False])
async def test_on_a_machine_with_others_rj_warns_of_what_they_can_read(
    rj: Rj, reference: str, monkeypatch: pytest.MonkeyPatch, command: str, named: str | None, others: bool
) -> None:
    monkeypatch.setattr("cli.onlookers.others_use_this_machine", lambda: others)
    said = await rj(*command.replace("DAY", DAY).replace("REF", reference).split(), given="Quokka")
    assert said.code == 0, said
    warned = said.err.startswith(f"rj: Others on this machine can read {named} in the list of processes.")
    assert warned == (others and named is not None), said.err
    assert said.err.count("\n") == warned


def test_no_example_or_hint_of_ours_writes_free_text_into_a_command() -> None:
    shown = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown += [
        path
        for folder in ("cli", "casework", "operations", "runtime", "stores", "lifecycle")
        for path in (ROOT / folder).rglob("*.py")
    ]
    written = re.compile(r"""(--reason (?!-)["'A-Z]|--set (note|reason|text|why|person\.\w+)=(?!-)\w)""")
    found = [
        f"{path.name}: {line}"
        for path in shown
        for line in path.read_text().splitlines()
        if written.search(line)
    ]
    # A file of Temporal's own takes a reason of its own.
    assert [each for each in found if "temporal workflow" not in each] == []
