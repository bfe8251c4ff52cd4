"""Filling a service with an invented year, whose open referrals live on in Temporal from there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from lifecycle import Refused
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role
from simulation import demo_caseload, pathfinder_stories
from simulation.year.living import Plan, live
from simulation.year.people import everybody_invented, team_of
from stores import register, staff
from stores.database import connect
from stores.logs import whole_logs
from stores.logs.whole_logs import WholeLog
from stores.referrals import areas_and_stages

# Referrals that are written in one transaction: few enough that progress is seen and an interruption loses little.
_BATCH = 50
# Workflows that are started at once.
_AT_ONCE = 8


class Filled(NamedTuple):
    """What was done.

    Attributes:
        written: how many referrals were written now; none where the year was there already.
        open: how many of those are open.
        not_started: how many of the open ones had no workflow yet: the worker starts them when Temporal answers.
    """

    written: int
    open: int
    not_started: int


async def fill(
    referrals: Referrals,
    owner_url: str,
    area: Area,
    count: int,
    seed: int,
    advance: Callable[[], object] = lambda: None,
    end: datetime | None = None,
    others: Collection[Area] = (),
) -> Filled:
    """Fill a service with a year of an area.

    What was written before is left as it is, so that it may be stopped and run again.

    Args:
        owner_url: the address of the database as its owner, who alone may write whole logs.
        count: how many referrals arrive in the year; a few more come to it.
        advance: called for each referral that is done.
        end: the moment at which the year ends, aware; None: now.
        others: areas to which some of them are offered; their staff is entered too.

    Raises:
        Refused: the service has staff or referrals that are not invented.
    """
    await require_invented(referrals)
    for each in (area, *others):
        await _enter_staff(referrals, each)
    policies = {each: referrals.policies.of(each) for each in others if each is not area}
    plan = Plan(area, count, seed, end or datetime.now(UTC), referrals.policies.of(area), policies)
    first = await areas_and_stages(referrals.pool, [plan.reference(number) for number in range(count)])
    if len(first) == count:
        return Filled(0, 0, 0)
    logs, written, opened, not_started = live(plan), 0, 0, 0
    owner = await connect(owner_url)
    try:
        while batch := await asyncio.to_thread(_some, logs):
            new = await _missing(referrals, batch)
            if new:
                await whole_logs.write(owner, referrals.keys, new)
            going_on = [log.referral.reference for log in new if not log.referral.closed]
            not_started += await _start(referrals, going_on)
            written, opened = written + len(new), opened + len(going_on)
            for _ in batch:
                advance()
    finally:
        await owner.close()
    return Filled(written, opened, not_started)


async def require_invented(referrals: Referrals) -> None:
    """Look that nobody in the service's register is real.

    Raises:
        Refused: somebody is not one of those that the demo, the pathfinder or an invented year enter.
    """
    everybody = (*demo_caseload.STAFF, *pathfinder_stories.STAFF, *everybody_invented())
    invented = {each.id: each for each in everybody}
    for member in await staff.list_staff(referrals.pool):
        known = invented.get(member.id)
        if known is None or (known.role, known.name) != (member.role, member.name):
            raise Refused(
                "not_invented",
                f"This service has staff of its own ({member.id}): an invented year is not mixed with it. "
                "Use a data folder of its own: RJ_DATA=.rj-year rj up.",
            )


async def _enter_staff(referrals: Referrals, area: Area) -> None:
    team = team_of(area)
    known = await staff.list_staff(referrals.pool)
    missing = [each for each in team.everybody if each.id not in {member.id for member in known}]
    # Whoever entered themself may enter supervisors at once.
    by = next(
        (each.id for each in known if each.role is Role.SERVICE_MANAGER and each.role_by == each.id), None
    )
    if by is None:
        await register.enter_first(referrals.pool, referrals.keys, team.manager)
        by, missing = team.manager.id, [each for each in missing if each.id != team.manager.id]
    # The manager last: then the others are theirs to enter.
    for member in sorted(missing, key=lambda each: each.role is Role.SERVICE_MANAGER):
        await register.enter(referrals.pool, referrals.keys, member, by)


def _some(logs: Iterator[WholeLog]) -> list[WholeLog]:
    return list(islice(logs, _BATCH))


async def _missing(referrals: Referrals, logs: Iterable[WholeLog]) -> list[WholeLog]:
    by_reference = {log.referral.reference: log for log in logs}
    there = await areas_and_stages(referrals.pool, list(by_reference))
    return [log for reference, log in by_reference.items() if reference not in there]


async def _start(referrals: Referrals, references: Iterable[str]) -> int:
    """Start the workflows of open referrals, which read the log; how many could not be."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def start(reference: str) -> bool:
        async with turns:
            return await referrals.wake(reference)

    started = await asyncio.gather(*map(start, references))
    return started.count(False)
