"""Giving referrals of one caseworker to another, and holiday cover."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from casework.bulk.following import look
from console.asked import Console
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.events import Reassigned
from schemas.people import Role, Staff
from stores import staff
from stores.logs import event_log
from stores.referrals import list_referrals
from tests.console.derbyshire import HERE, WORDS, allocated, hire
from tests.console.visiting import Visitor, visiting
from tests.life import form
from tests.register import enter, long_in_office
from workflows.reassignment import ReassignmentWorkflow, reassignment_workflow_id

ELSEWHERE = Area.WARWICKSHIRE


@pytest.fixture
async def giver(referrals: Referrals) -> str:
    """A caseworker of this test alone."""
    await hire(referrals)
    known = await staff.list_staff(referrals.pool, area=HERE)
    who = f"dy-give-{sum(each.id.startswith('dy-give') for each in known)}"
    await enter(
        referrals.pool,
        referrals.keys,
        Staff(id=who, role=Role.CASEWORKER, areas=(HERE,), name="Gil Invented"),
    )
    return who


async def owners(referrals: Referrals, *references: str) -> list[str | None]:
    lines = {
        each.reference: each.caseworker
        for each in await list_referrals(referrals.pool, areas=[HERE], limit=10_000)
    }
    return [lines[each] for each in references]


def hidden(page: str) -> dict[str, str | list[str]]:
    """The hidden fields of the form that is sent to begin."""
    form = page[page.index("/begin") :]
    found: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        if name == "csrf":
            continue
        if name == "reference":
            references = found.setdefault(name, [])
            assert isinstance(references, list)
            references.append(value)
        else:
            found[name] = value
    return found


async def begun(
    visitor: Visitor, referrals: Referrals, giver: str, taker: str, fields: dict[str, str | list[str]]
) -> str:
    """The page that says what came of giving them on, once it has ended."""
    page = (await visitor.post(f"/team/workload/{giver}", fields, status=200)).text
    answer = await visitor.post(f"/team/workload/{giver}/begin", hidden(page))
    at = answer.headers["location"]
    assert at.startswith(f"/team/workload/{giver}/to/{taker}?run=")
    handle = referrals.client.get_workflow_handle(reassignment_workflow_id(giver, taker))
    await handle.result()
    return await visitor.get(at)


def wanted(page: str, **fields: str | list[str]) -> dict[str, str | list[str]]:
    run = re.search(r'name="run" value="([^"]+)"', page)
    assert run is not None
    return {"run": run[1], **fields}


async def test_only_those_that_are_ticked_are_given_on(
    console: Console, referrals: Referrals, giver: str
) -> None:
    first, second, third = [await allocated(referrals, giver) for _ in range(3)]
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(f"/team/workload/{giver}")
        fields = wanted(page, to="dy-cx", which="chosen", reference=[first, third], reason=WORDS)
        preview = (await visitor.post(f"/team/workload/{giver}", fields, status=200)).text
        assert "Give 2 referrals of Gil Invented to Dora Invented?" in preview
        assert await owners(referrals, first, second, third) == [giver] * 3
        page = await begun(visitor, referrals, giver, "dy-cx", fields)
    assert "2 referrals given from Gil Invented to Dora Invented" in page
    assert await owners(referrals, first, second, third) == ["dy-cx", giver, "dy-cx"]
    history = await event_log.history(referrals.pool, referrals.keys, first)
    [step] = [each for each in history if isinstance(each.event, Reassigned)]
    assert step.actor == "dy-su"


async def test_all_are_given_on_and_what_stays_is_named(
    console: Console, referrals: Referrals, giver: str
) -> None:
    references = [await allocated(referrals, giver) for _ in range(2)]
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(f"/team/workload/{giver}")
        assert "All 2 of this list" in page
        page = await begun(visitor, referrals, giver, "dy-cx", wanted(page, to="dy-cx", which="all"))
        assert "2 referrals given" in page
        assert await owners(referrals, *references) == ["dy-cx"] * 2
        assert "There is no such open referral to give." in await visitor.get(f"/team/workload/{giver}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"which": "all"}, "Choose who is to have them."),
        ({"to": "dy-cx"}, "Choose whether you give all of them"),
        ({"to": "dy-cx", "which": "chosen"}, "Tick at least one referral"),
        ({"to": "No one", "which": "all"}, "Choose somebody from the list."),
        ({"to": "dy-nobody", "which": "all"}, "dy-nobody is not in the staff register"),
        ({"to": "dy-co", "which": "all"}, "does not work on referrals"),
        ({"to": "dy-cx", "which": "all", "reason": "x"}, "The reason takes 3 to 2,000 characters."),
    ],
)
async def test_what_is_missing_is_said_and_what_was_typed_stays(
    console: Console, referrals: Referrals, giver: str, fields: dict[str, str], said: str
) -> None:
    reference = await allocated(referrals, giver)
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(f"/team/workload/{giver}")
        typed = wanted(page, **({"reason": "Typed before"} | fields))
        answer = await visitor.post(f"/team/workload/{giver}", typed, status=422)
        assert "There is a problem" in answer.text
        assert said in answer.text
        assert fields.get("reason", "Typed before") in answer.text
    assert await owners(referrals, reference) == [giver]


async def test_a_supervisor_of_another_area_gives_nothing_on(
    console: Console, referrals: Referrals, giver: str
) -> None:
    reference = await allocated(referrals, giver)
    async with visiting(console, "su-1") as visitor:
        await visitor.get(f"/team/workload/{giver}", status=404)
        run = "5b0c3a52-0f0c-4a3e-9a55-8a4a2a7a9c11"
        await visitor.post(
            f"/team/workload/{giver}/begin", {"run": run, "to": "cw-1", "which": "all"}, status=404
        )
        await visitor.get(f"/team/workload/{giver}/to/dy-cx?run={run}", status=404)
    assert await owners(referrals, reference) == [giver]


async def test_where_nothing_is_going_on_that_is_said(console: Console, giver: str) -> None:
    async with visiting(console, "dy-su") as visitor:
        run = "5b0c3a52-0f0c-4a3e-9a55-8a4a2a7a9c11"
        page = await visitor.get(f"/team/workload/{giver}/to/dy-cx?run={run}")
        assert "Nothing is being given from Gil Invented to Dora Invented" in page
        await visitor.get(f"/team/workload/{giver}/to/dy-cx?run=nothing", status=422)


async def test_a_workflow_that_is_not_there_is_seen_as_none(referrals: Referrals, giver: str) -> None:
    handle = referrals.client.get_workflow_handle(reassignment_workflow_id(giver, "dy-nobody"))
    assert await look(handle, ReassignmentWorkflow.progress, what="reassignment") is None


async def test_somebody_is_away_until_a_day_and_back(
    console: Console, referrals: Referrals, giver: str
) -> None:
    reference = await allocated(referrals, giver)
    last = datetime.now(LONDON).date() + timedelta(days=20)
    until = {"until-day": f"{last.day}", "until-month": f"{last.month}", "until-year": f"{last.year}"}
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(f"/team/absence/{giver}")
        assert "Dora Invented, caseworker" in page
        # A commissioner does not do a caseworker's work.
        assert "Cleo Invented" not in page
        answer = await visitor.post(f"/team/absence/{giver}", {**until, "stand_in": "dy-cx"})
        assert answer.headers["location"] == f"/team/workload?done={giver}"
        page = await visitor.get("/team")
        assert re.search(rf"away until {last:%a %-d %b}, Dora Invented stands in", page)
        assert reference in await visitor.get(f"/referrals?caseworker={giver}")
        await visitor.post(f"/team/absence/{giver}", {"back": "yes"})
        assert "stands in" not in await visitor.get("/team")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stand_in": "dy-cx"}, "give a day, month and year"),
        (
            {"until-day": "31", "until-month": "2", "until-year": "2027", "stand_in": "dy-cx"},
            "give a day, month",
        ),
        (
            {"until-day": "1", "until-month": "2", "until-year": "2020", "stand_in": "dy-cx"},
            "Give a day from today",
        ),
        ({"until-day": "1", "until-month": "2", "until-year": "2027"}, "Choose who stands in."),
        (
            {"until-day": "1", "until-month": "2", "until-year": "2027", "stand_in": "dy-co"},
            "is a commissioner",
        ),
    ],
)
async def test_an_absence_that_cannot_be_is_a_sentence(
    console: Console, referrals: Referrals, giver: str, fields: dict[str, str], said: str
) -> None:
    async with visiting(console, "dy-su") as visitor:
        answer = await visitor.post(f"/team/absence/{giver}", fields, status=422)
        assert said in answer.text
    member = await staff.get(referrals.pool, giver)
    assert member is not None
    assert member.absent_until is None


async def test_the_referrals_of_other_areas_are_not_given_on_with_them(
    console: Console, referrals: Referrals, giver: str
) -> None:
    both = Staff(id=giver, role=Role.CASEWORKER, areas=(HERE, ELSEWHERE), name="Gil Invented")
    await enter(referrals.pool, referrals.keys, both)
    here = await allocated(referrals, giver)
    elsewhere = (await referrals.open(form(area=ELSEWHERE), giver)).reference
    await referrals.take(elsewhere, c.RecordDuplicateCheck(), giver)
    await referrals.take(elsewhere, c.Allocate(caseworker=giver), giver)
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(f"/team/workload/{giver}")
        assert elsewhere not in page
        page = await begun(visitor, referrals, giver, "dy-cx", wanted(page, to="dy-cx", which="all"))
        assert "1 referral given" in page
    assert await owners(referrals, here) == ["dy-cx"]
    lines = await list_referrals(referrals.pool, areas=[ELSEWHERE], caseworker=giver)
    assert [each.reference for each in lines] == [elsewhere]


async def test_only_who_works_where_the_giver_does_is_offered(
    console: Console, referrals: Referrals, owner_url: str, giver: str
) -> None:
    await allocated(referrals, giver)
    await long_in_office(owner_url, "dy-sm")
    await enter(
        referrals.pool,
        referrals.keys,
        Staff(id="dy-sx", role=Role.SUPERVISOR, areas=(HERE, ELSEWHERE)),
        Staff(id="wa-1", role=Role.CASEWORKER, areas=(ELSEWHERE,)),
    )
    async with visiting(console, "dy-sx") as visitor:
        page = await visitor.get(f"/team/workload/{giver}")
    offered = set(re.findall(r'<option value="([^"]+)"', page))
    assert "dy-cx" in offered
    assert "wa-1" not in offered
