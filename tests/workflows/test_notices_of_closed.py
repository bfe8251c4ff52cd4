"""Messages of referrals that close meanwhile, on the real server: the time-skipping one stands still for ever once a
child has outlived its parent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import LONDON
from schemas.commands import Command
from schemas.events import NoticeSettled
from schemas.notices import Outcome
from schemas.vocabulary import ClosureReason
from stores import notices as store
from stores.logs import event_log
from tests.conftest import PostOffice
from tests.life import hours_of_another_time
from tests.register import enter
from tests.workflows.test_notices import REACHED, STAFF, booking, by_one, sent


@pytest_asyncio.fixture(autouse=True)
async def colleagues(referrals: Referrals) -> None:
    await enter(referrals.pool, referrals.keys, *STAFF)


async def take(referrals: Referrals, reference: str, *steps: tuple[str, Command]) -> None:
    for who, command in steps:
        await referrals.take(reference, command, who)


async def settled(referrals: Referrals, reference: str, template: str) -> NoticeSettled:
    """The outcome of the message of a template, once it has one."""
    async with asyncio.timeout(20):
        while True:
            for each in await event_log.read(referrals.pool, reference):
                if isinstance(each.event, NoticeSettled) and each.event.template == template:
                    return each.event
            await asyncio.sleep(0.05)


async def test_what_a_hold_held_back_is_not_wanted_once_it_closes(
    referrals: Referrals, post_office: PostOffice
) -> None:
    # It cannot leave now: its hours are over, or begin hours from now.
    hours = hours_of_another_time(datetime.now(LONDON))
    reference = (await referrals.open(sent({"safe_channels": ["email"], **hours}), "cw-post")).reference
    start = datetime.now(UTC) + timedelta(days=9)
    review = (start + timedelta(days=9)).date()
    await take(
        referrals,
        reference,
        *by_one(datetime.now(UTC).date()),
        ("cw-post", booking(start)),
        ("cw-post", c.Hold(review_on=review, reason="invented")),
    )
    assert "h1" in {each.to for each in await store.pending(referrals.pool, reference)}
    await take(referrals, reference, ("cw-post", c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)))
    assert (await settled(referrals, reference, "appointment")).outcome is Outcome.NOT_WANTED
    assert not [each for each in post_office.letters(reference) if each["To"] == REACHED["email"]]


async def test_the_agency_hears_in_neutral_words(referrals: Referrals, post_office: PostOffice) -> None:
    reference = (await referrals.open(sent(), "pa-post")).reference
    await settled(referrals, reference, "agency_received")
    await take(
        referrals,
        reference,
        ("cw-post", c.RecordDuplicateCheck()),
        ("cw-post", c.Allocate(caseworker="cw-post")),
    )
    await settled(referrals, reference, "agency_moved")
    await take(referrals, reference, ("cw-post", c.Close(reason=ClosureReason.RISK_LIVE_PROCEEDINGS)))
    await settled(referrals, reference, "agency_closed")
    letters = [each for each in post_office.letters(reference) if each["To"] == "pa-post@example.org"]
    assert len(letters) == 3
    for letter in letters:
        said = (letter["Subject"] + letter.get_content()).lower()
        for told in ("victim", "contact", "proceedings", "risk", "burglary", "estorative"):
            assert told not in said
