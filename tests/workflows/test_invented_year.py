"""An invented year against the real clock: its deadlines are those of the workflow on the time-skipping server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from lifecycle import deadlines, fold
from lifecycle.timing.clocks import next_point
from policies.files import load_policies
from runtime.referrals import TASK_QUEUE
from schemas.areas import Area
from schemas.events import DeadlineReached, EscalationRaised, Recorded, ReferralReceived
from schemas.facts import NewParticipant
from schemas.people import ContactSafety, Role
from schemas.steps import Receipt, ReferralInput, Request
from simulation.year.calendars import LENGTH
from simulation.year.lives import Life
from simulation.year.living import Plan, Year
from simulation.year.people import team_of
from stores.logs import event_log
from tests.register import enter
from tests.workflows.conftest import Years
from workflows.ids import workflow_id
from workflows.referral import ReferralWorkflow

AREA = Area.DORSET
SAMPLE = 2
# As far as each is followed; most of what can come has come by then.
FOLLOWED = timedelta(days=150)
# The server's clock goes on while a step is taken, so that what is counted from it is some seconds later.
LATER = timedelta(minutes=5)
SHORT = (("10:00", "14:00"), ("16:00", "20:00"))


def sample(end: datetime) -> list[Life]:
    """Referrals of which much was made, and of which not only the staff were heard."""
    year = Year(Plan(AREA, 100, 5, end, load_policies().of(AREA)))
    start = end - LENGTH
    lives = [year.life(number, start + timedelta(days=3 + number, hours=2)) for number in range(24)]
    # A message waits for hours that the server's clock leaps over, and makes a history too long to follow.
    lives = [life for life in lives if not any(waits(each.contact_safety) for each in people(life))]
    return sorted(lives, key=lambda life: -life.counted["deadline_reached"] - life.counted["put_on_hold"])[
        :SAMPLE
    ]


def people(life: Life) -> Sequence[NewParticipant]:
    received = life.events[0].event
    return received.participants if isinstance(received, ReferralReceived) else ()


def waits(safety: ContactSafety) -> bool:
    """Whether somebody may be reached for a few hours of the day only."""
    return bool(safety.safe_channels) and (safety.safe_from, safety.safe_until) in SHORT


async def pass_until(years: Years, moment: datetime, lives: Iterable[Life]) -> None:
    """Let time pass, and wait until whatever fell due meanwhile is recorded: a busy machine takes a while for that."""
    await years.pass_until(moment)
    async with asyncio.timeout(60):
        for life in lives:
            while True:
                if not await _behind(years, life, moment - LATER):
                    break
                await asyncio.sleep(0.05)


async def _behind(years: Years, life: Life, moment: datetime) -> bool:
    history = await event_log.history(years.pool, years.keys, life.reference)
    if not history:
        return False
    referral = fold(history)
    following = next_point(deadlines(referral), referral)
    return following is not None and following[0] < moment


async def take(years: Years, life: Life, request: Request) -> None:
    if len(life.taken) and request is life.taken[0][0]:
        await years.keys.create(life.reference)
        years.handles.append(
            await years.env.client.start_workflow(
                ReferralWorkflow.run,
                ReferralInput(reference=life.reference),
                id=workflow_id(life.reference),
                task_queue=TASK_QUEUE,
            )
        )
    handle = years.env.client.get_workflow_handle(workflow_id(life.reference))
    await handle.execute_update(
        request.command.kind, request, id=str(request.command_id), result_type=Receipt
    )


def reached(
    events: Iterable[Recorded], before: datetime, steps: Sequence[datetime]
) -> list[tuple[str, str, str, datetime]]:
    """What the clock recorded, in the order of names.

    Tasks are left out: what becomes of a message is for the channels to say, and those of the test say otherwise. So is
    what fell due as good as together with a step, which is taken some seconds later here than it was lived.
    """
    return sorted(
        (each.event.kind, each.event.deadline, each.event.point, each.event.at)
        for each in events
        if isinstance(each.event, DeadlineReached | EscalationRaised)
        and each.event.at < before
        and not each.event.deadline.startswith("task/")
        and not any(abs(each.event.at - at) < 2 * LATER for at in steps)
    )


async def test_deadlines_and_escalations_are_those_of_the_workflow(years: Years) -> None:
    # The manager last: once there is one, others of the area are theirs to enter.
    for member in sorted(team_of(AREA).everybody, key=lambda each: each.role is Role.SERVICE_MANAGER):
        # Without addresses, for messages start no clock of theirs, and each is a workflow of its own.
        await enter(years.pool, years.keys, member.model_copy(update={"email": None}))
    end = await years.now() + LENGTH
    lives, until = sample(end), end - LENGTH + FOLLOWED
    asked = [
        (at, life, request)
        for life in lives
        for request, at in life.taken
        if request.actor.role is not Role.SYSTEM and at < until
    ]
    for at, life, request in sorted(asked, key=lambda each: each[0]):
        await pass_until(years, at, lives)
        await take(years, life, request)
    await pass_until(years, until, lives)
    points = []
    for life in lives:
        steps = [at for at, of, _ in asked if of is life]
        lived = reached(life.events, until - LATER, steps)
        history = await event_log.history(years.pool, years.keys, life.reference)
        real = reached(history, until - LATER, steps)
        assert [each[:3] for each in real] == [each[:3] for each in lived]
        assert all(abs(there[3] - here[3]) < LATER for there, here in zip(real, lived, strict=True))
        points += lived
    kinds = [kind for kind, *_ in points]
    assert kinds.count("deadline_reached") > 10
    assert kinds.count("escalation_raised") > 3
