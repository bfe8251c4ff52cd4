"""What was stored comes back as a terminal may show it, and for a script as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from tests.end_to_end.conftest import Rj
from tests.end_to_end.running import ROOT
from tests.register import enter
from tests.runtime.test_visible import unseen

NASTY = "Alex\u202e\u200b\U000e0041[bold]"


@pytest.mark.parametrize("of", ["notes", "names", "people"])
async def test_nothing_stored_plays_with_a_terminal(
    rj: Rj, referrals: Referrals, reference: str, of: str
) -> None:
    note = json.dumps({"note": f"{NASTY}\n\tdone"})
    person = json.dumps({"participant": "h1", "person": {"name": "Alex", "needs": NASTY}})
    match of:
        case "notes":
            await rj("do", reference, "add_note", "-", "--as", "cw-1", given=note)
            command = ["timeline", reference, "--as", "cw-1"]
        case "people":
            await rj("do", reference, "amend_participant", "-", "--as", "cw-1", given=person)
            command = ["contact", reference, "h1", "--as", "cw-1"]
        case _:
            # As a version that took any name left it.
            member = Staff(id="cw-shown", role=Role.CASEWORKER, areas=(Area.KENT,), name=NASTY)
            await enter(referrals.pool, referrals.keys, member)
            command = ["staff", "list", "--area", "kent", "--as", "sm-1"]
    said = await rj(*command)
    assert "Alex\N{REPLACEMENT CHARACTER}" in said.out
    assert "[bold]" in said.out
    assert unseen(said.out) == []
    for_a_script = await rj(*command, "--json")
    assert for_a_script.out.isascii()
    assert json.dumps(NASTY).strip('"') in for_a_script.out


def test_who_reads_no_further_is_told_no_fault() -> None:
    """As `rj show … | head -1`: the pipe is closed while something waits to be written. click ends quietly on the
    fault itself."""
    nobody, ours = os.pipe()
    os.close(nobody)
    program = (
        "from contextlib import suppress\nfrom cli.terminal import only_what_is_seen\n"
        "with suppress(BrokenPipeError), only_what_is_seen():\n    print('more', flush=True)"
    )
    with os.fdopen(ours, "w") as closed:
        said = subprocess.run(
            [sys.executable, "-c", program],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )
    assert said.stderr == ""
