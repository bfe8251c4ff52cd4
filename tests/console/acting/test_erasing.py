from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from console.asked import Console
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import ErasureReason
from stores.keys import erasures
from stores.keys.referral_keys import KeyErased
from tests.console.acting.people import opening
from tests.console.referral.reading import links, said
from tests.console.visiting import Visitor, visiting
from tests.register import enter, long_in_office

AREA = Area.HERTFORDSHIRE
PEOPLE = (
    Staff(id="cwh-1", role=Role.CASEWORKER, areas=(AREA,), name="Cleo Invented"),
    Staff(id="suh-1", role=Role.SUPERVISOR, areas=(AREA,), name="Stan Invented"),
    Staff(id="pah-1", role=Role.PARTNER, areas=(AREA,), name="Pia Invented"),
    Staff(id="smh-1", role=Role.SERVICE_MANAGER, areas=(AREA,), name="Mona Invented"),
    Staff(id="smh-out", role=Role.SERVICE_MANAGER, areas=(Area.SUFFOLK,), name="Otto Invented"),
)


@pytest_asyncio.fixture(scope="session")
async def hertfordshire(referrals: Referrals, owner_url: str) -> Referrals:
    """The engine, with a team in Hertfordshire."""
    for member in PEOPLE:
        await enter(referrals.pool, referrals.keys, member)
        if member.role is Role.SERVICE_MANAGER:
            await long_in_office(owner_url, member.id)
    return referrals


@pytest_asyncio.fixture
async def reference(hertfordshire: Referrals) -> str:
    """An open referral that cwh-1 works on."""
    found = (await hertfordshire.open(opening(area=AREA), "cwh-1")).reference
    await hertfordshire.take(found, c.RecordDuplicateCheck(), "cwh-1")
    await hertfordshire.take(found, c.Allocate(caseworker="cwh-1"), "cwh-1")
    return found


@pytest_asyncio.fixture
async def mona(console: Console, hertfordshire: Referrals) -> AsyncIterator[Visitor]:
    """The service manager at the console."""
    async with visiting(console, "smh-1") as visitor:
        yield visitor


def erase(reference: str) -> str:
    return f"/referrals/{reference}/erase"


def answers(reference: str, **others: str) -> dict[str, str]:
    return {"reason": "request", "reference": reference} | others


async def is_erased(referrals: Referrals, reference: str) -> bool:
    return await erasures.find(referrals.pool, reference) is not None


async def test_an_open_referral_is_closed_and_erased_once_what_follows_was_read(
    mona: Visitor, hertfordshire: Referrals, reference: str
) -> None:
    assert erase(reference) in links(await mona.get(f"/referrals/{reference}/steps"))
    page = await mona.get(erase(reference))
    assert "It is closed first, as erased." in said(page)
    assert "Backups do not bring it back" in said(page)
    assert "The first contact deadline ends." in said(page)
    assert not await is_erased(hertfordshire, reference)
    answer = await mona.post(erase(reference), answers(reference.lower()))
    assert answer.headers["location"] == f"/referrals/{reference}"
    found = await erasures.find(hertfordshire.pool, reference)
    assert found is not None
    assert (found.reason, found.by_staff) == (ErasureReason.REQUEST, "smh-1")
    with pytest.raises(KeyErased):
        await hertfordshire.keys.get(reference)
    shown = await mona.get(f"/referrals/{reference}")
    assert "June" not in shown
    assert "What was said about people is destroyed" in said(shown)
    assert erase(reference) not in links(await mona.get(f"/referrals/{reference}/steps"))


async def test_a_closed_referral_is_erased_without_anybody_being_told(
    mona: Visitor, hertfordshire: Referrals, reference: str
) -> None:
    await hertfordshire.take(reference, c.Close.model_validate({"reason": "service_no_capacity"}), "cwh-1")
    page = said(await mona.get(erase(reference)))
    assert "It is closed first" not in page
    assert "Nobody is sent anything." in page
    await mona.post(erase(reference), answers(reference, reason="retention"))
    assert await is_erased(hertfordshire, reference)


async def test_the_partner_who_sent_it_is_named_as_told_that_it_closes(
    mona: Visitor, hertfordshire: Referrals
) -> None:
    sent = (await hertfordshire.open(opening(area=AREA), "pah-1")).reference
    page = said(await mona.get(erase(sent)))
    assert "Pia Invented is told" in page
    assert "Nobody is sent anything." not in page


async def test_nothing_is_erased_where_another_reference_or_no_reason_is_given(
    mona: Visitor, hertfordshire: Referrals, reference: str
) -> None:
    for other in ("RJ-0000-0000", "Jane Pretend", ""):
        page = (await mona.post(erase(reference), answers(other), status=422)).text
        assert f"Type the reference of this referral: {reference}." in page
        assert "Jane" not in page
        assert "<title>Error: Erase" in page
    for reason in ("", "She asked me to"):
        page = (await mona.post(erase(reference), answers(reference, reason=reason), status=422)).text
        assert 'href="#reason"' in page
        assert "She asked" not in page
    assert not await is_erased(hertfordshire, reference)


@pytest.mark.parametrize("who", ["cwh-1", "smh-out"])
async def test_nobody_else_erases_it_or_reads_what_would_follow(
    console: Console, hertfordshire: Referrals, reference: str, who: str
) -> None:
    async with visiting(console, who) as visitor:
        assert "Hertfordshire" not in said(await visitor.get(erase(reference), status=403))
        await visitor.post(erase(reference), answers(reference), status=403)
        if who == "cwh-1":
            assert erase(reference) not in links(await visitor.get(f"/referrals/{reference}/steps"))
    assert not await is_erased(hertfordshire, reference)


async def test_a_supervisor_of_its_area_erases_too_as_on_the_command_line(
    console: Console, hertfordshire: Referrals, reference: str
) -> None:
    async with visiting(console, "suh-1") as stan:
        await stan.post(erase(reference), answers(reference, reason="court_order"))
    assert await is_erased(hertfordshire, reference)


async def test_a_form_that_is_sent_twice_erases_once_and_keeps_the_first_reason(
    mona: Visitor, hertfordshire: Referrals, reference: str
) -> None:
    both = await asyncio.gather(
        mona.post(erase(reference), answers(reference)), mona.post(erase(reference), answers(reference))
    )
    again = await mona.post(erase(reference), answers(reference, reason="retention"))
    assert {each.headers["location"] for each in (*both, again)} == {f"/referrals/{reference}"}
    found = await erasures.find(hertfordshire.pool, reference)
    assert found is not None
    assert found.reason == ErasureReason.REQUEST
    assert (await mona.client.get(erase(reference))).headers["location"] == f"/referrals/{reference}"
