"""What no message could tell, through `rj tasks` and `rj show`."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.people import Role, Staff
from stores.tasks import OpenTask, open_tasks
from tests.end_to_end.conftest import Rj
from tests.life import form, hours_of_another_time
from tests.register import enter

AREA = Area.SUFFOLK
CASEWORKER = "tk-1"


async def wrote_themselves(referrals: Referrals, safety: dict[str, object]) -> str:
    """A referral by a person harmed, who is to be thanked for it in the ways that are safe; given to a caseworker."""
    await enter(referrals.pool, referrals.keys, Staff(id=CASEWORKER, role=Role.CASEWORKER, areas=(AREA,)))
    harmed = {"id": "h1", "role": "harmed", "person": {"email": "h1@example.org"}, "contact_safety": safety}
    people = [harmed, {"id": "r1", "role": "responsible"}]
    sent = form(area=AREA, source="self", initiator="harmed_person", participants=people)
    reference = (await referrals.open(sent, CASEWORKER)).reference
    await referrals.take(reference, c.RecordDuplicateCheck(), CASEWORKER)
    await referrals.take(reference, c.Allocate(caseworker=CASEWORKER), CASEWORKER)
    return reference


async def task_of(referrals: Referrals, reference: str) -> OpenTask:
    async with asyncio.timeout(20):
        while True:
            for each in await open_tasks(referrals.pool, areas=[AREA]):
                if each.reference == reference:
                    return each
            await asyncio.sleep(0.05)


async def test_what_could_not_be_sent_is_listed_until_it_is_done(rj: Rj, referrals: Referrals) -> None:
    reference = await wrote_themselves(referrals, {})
    task = await task_of(referrals, reference)
    listed = await rj("tasks", "--caseworker", CASEWORKER, "--as", CASEWORKER)
    [line] = [each for each in listed.out.splitlines() if each.startswith(reference)]
    told = "we have received your message"
    assert " ".join(line.split()).startswith(f"{reference} {CASEWORKER} {task.id} h1 {told} ")
    assert "complete_task" in listed.out.splitlines()[-1]
    # Whoever reads the inbox has not told anybody yet.
    await rj("inbox", "--as", CASEWORKER)
    shown = await rj("show", reference, "--as", CASEWORKER)
    assert f"To tell yourself ({task.id}): {told}, to h1, since " in shown.out
    assert f"task/{task.id}: due " in shown.out
    done = ("do", reference, "complete_task", "--set", f"task={task.id}", "--as", CASEWORKER)
    assert (await rj(*done, "--set", "result=passed_on")).code == 0
    assert reference not in (await rj("tasks", "--area", AREA, "--as", CASEWORKER)).out
    assert "To tell yourself" not in (await rj("show", reference, "--as", CASEWORKER)).out
    again = await rj(*done, "--set", "result=not_needed")
    assert (again.code, again.one_sentence()) == (
        3,
        "rj: A task must be open.\n",
    )


async def test_what_is_on_its_way_is_shown_and_why_it_waits(rj: Rj, referrals: Referrals) -> None:
    # Its safe hours are over, or begin hours from now.
    reference = await wrote_themselves(
        referrals,
        {
            "safe_channels": ["email"],
            **hours_of_another_time(datetime.now(LONDON)),
        },
    )
    line = "Message on its way: we have received your message, to h1, since "
    shown = (await rj("show", reference, "--as", CASEWORKER)).out
    assert line in shown
    assert "; leaves by a safe way in safe hours\n" in shown
    [message] = (await rj("show", reference, "--json", "--as", CASEWORKER)).json["messages"]
    assert (message["template"], message["to"]) == ("acknowledgement", "h1")
    assert "h1@example.org" not in shown
    await referrals.take(reference, c.RaiseSafeguarding(note="Invented"), CASEWORKER)
    assert "; held back with everything else\n" in (await rj("show", reference, "--as", CASEWORKER)).out


async def test_a_mistyped_caseworker_is_named(rj: Rj) -> None:
    said = await rj("tasks", "--caseworker", "nobody-1", "--as", "cw-1")
    assert said.code == 3
    assert "nobody-1 is not in the staff register" in said.one_sentence()


@pytest.mark.usefixtures("referrals")
async def test_nothing_to_tell_is_said(rj: Rj) -> None:
    assert (
        await rj("tasks", "--area", "kent", "--as", "cw-kent")
    ).out == "There is nothing that you have to tell anybody yourself.\n"
