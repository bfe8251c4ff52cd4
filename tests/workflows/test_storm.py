"""Many deadlines at one moment. `make storm` does it with ten thousand, and with every worker gone meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime

from runtime.referrals import NotAnswered, Referrals
from schemas.areas import LONDON
from schemas.commands import OpenReferral
from stores.logs import event_log
from tests.life import form

MANY = 60
POINTS = ("warn-1", "warn-2", "warn-3", "due")


async def test_every_point_is_recorded_once_when_many_come_at_once(referrals: Referrals) -> None:
    # A hearing of today: each has four points behind it the moment it is opened.
    today = datetime.now(LONDON).date()
    late = form(justice_stage="pre_sentence", court_date=today)
    async with asyncio.timeout(120):
        references = await asyncio.gather(*(_opened(referrals, late) for _ in range(MANY)))
        await _all_recorded(referrals, references)
    for reference in references:
        log = await event_log.read(referrals.pool, reference)
        reached = [each.event for each in log if each.event.kind == "deadline_reached"]
        assert Counter(each.point for each in reached if each.deadline == "court_date") == Counter(POINTS)


async def _opened(referrals: Referrals, late: OpenReferral) -> str:
    """The reference of a referral, opened as a patient person would: who had no answer in time asks the same again."""
    opening = await referrals.opening(late.source, None)
    while True:
        with suppress(NotAnswered):
            return (await referrals.open(late, "cw-1", opening=opening)).reference


async def _all_recorded(referrals: Referrals, references: list[str]) -> None:
    while True:
        count: int = await referrals.pool.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'deadline_reached' AND reference = ANY($1)", references
        )
        if count >= MANY * len(POINTS):
            return
        await asyncio.sleep(0.1)
