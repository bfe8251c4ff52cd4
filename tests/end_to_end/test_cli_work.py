"""`rj work` on the demo caseload: a to-do list whose commands `rj` takes."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.common import Exit
from lifecycle import rules
from simulation.demo_caseload import STAFF
from starter import app
from tests.end_to_end.conftest import Said
from tests.end_to_end.running import environment, up

WORKERS = [each.id for each in STAFF if each.role in rules.WORKERS]
_BLANK = re.compile(r"=([A-Z_]+)\Z")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """The data folder of a running `rj up --demo`."""
    folder = Path(tempfile.mkdtemp(prefix="rj-"))
    folder.chmod(0o711)
    try:
        with up(folder / "data", "--demo"):
            yield folder / "data"
    finally:
        shutil.rmtree(folder)


async def rj(data: Path, *arguments: str, given: str | None = None) -> Said:
    led_here: dict[str, str | None] = {**environment(data), "DATABASE_URL": None, "TEMPORAL_ADDRESS": None}
    result = await asyncio.to_thread(
        CliRunner().invoke, app, list(arguments), input=given, env={**led_here, "RJ_MASTER_KEYS_FILE": None}
    )
    return Said(result.exit_code, result.stdout, result.stderr)


async def test_it_reads_as_a_list_of_what_to_do(data: Path) -> None:
    said = await rj(data, "work", "--as", "cw-1")
    lines = said.out.splitlines()
    assert said.code == Exit.DONE
    assert lines[0].endswith(": 1 safeguarding concern is open, 1 thing is overdue.")
    headings = [line for line in lines if line and not line.startswith(" ")][1:-2]
    order = ["At once", "Overdue", "Today", "Within a week", "Next steps", "Later", "Waiting for others"]
    assert headings == [each for each in order if each in headings]
    assert {"At once", "Overdue", "Next steps", "Waiting for others"} <= set(headings)
    assert "Contact nobody on this referral: a safeguarding concern is open" in said.out
    assert "Record what the court decided" in said.out
    assert "Try again to reach h1, the person harmed" in said.out
    assert lines[-3] == "Words in capitals are yours to fill in: rj fields COMMAND says what is accepted."
    assert lines[-1] == "All of it, each with its command: rj work --all --as cw-1"
    for member in STAFF:
        assert member.name is not None
        assert member.name not in said.out
    assert "Invented" not in said.out


async def test_all_of_it_has_each_with_its_command(data: Path) -> None:
    said = await rj(data, "work", "--all", "--as", "fa-1")
    whole = await rj(data, "work", "--json", "--as", "fa-1")
    commands = [action["command"] for each in whole.json["items"] for action in each["actions"]]
    printed = [line.strip() for line in said.out.splitlines()]
    assert commands
    for command in commands:
        assert any(line.endswith(command) for line in printed), command


async def test_who_has_nothing_to_do_reads_one_sentence(data: Path) -> None:
    said = await rj(data, "work", "--as", "sm-1")
    assert said.out.endswith(": you have nothing to do. New work will be listed here.\n")


async def test_a_partner_is_told_what_they_have_instead(data: Path) -> None:
    said = await rj(data, "work", "--as", "pa-1")
    assert said.code == Exit.REFUSED
    assert "rj list" in said.one_sentence()


@pytest.mark.parametrize("who", WORKERS)
async def test_rj_takes_every_command_that_it_prints(data: Path, who: str) -> None:
    """Where only the reader knows a field, that is all that is wrong; what is complete is done."""
    found = (await rj(data, "work", "--json", "--as", who)).json["items"]
    for each, action in ((item, way) for item in found for way in item["actions"]):
        program, *arguments = shlex.split(action["command"])
        assert program == "rj"
        said = await rj(data, *arguments, given="Invented.")
        blank = [match.group(1).lower() for word in arguments if (match := _BLANK.search(word))]
        if blank:
            assert said.code == Exit.BAD_INPUT, (each, said)
            assert blank[0] in said.err
        elif "FILE" in arguments:
            assert "FILE" in said.one_sentence()
        else:
            # What is for a later day, or for another case than the one before, is refused by the rules, not misread.
            other = (each["why"] == "appointment" and not each["overdue"]) or len(each["actions"]) > 1
            assert said.code in ({Exit.DONE, Exit.REFUSED} if other else {Exit.DONE}), (each, said)
