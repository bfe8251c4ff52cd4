"""What is booked: held, partly held, adjourned, postponed or stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifecycle.activities.communications import begins_at, first_hand_over
from lifecycle.activities.state import stopped
from lifecycle.stages.risk_assessment import confirmed_recently
from lifecycle.timing.working_time import at_day_start, shift_working_days
from schemas import commands as c
from schemas.activity import Activity, Booked
from schemas.commands import Command
from schemas.vocabulary import (
    Stage,
)
from simulation.year.duties.exchange import under_way
from simulation.year.duties.risk import reconfirm
from simulation.year.duties.table import WORDS, Case, Todo, duty, today


@duty(Stage.CONFERENCE)
def conference(case: Case) -> Iterator[Todo]:
    for activity in stopped(case.referral):

        def back(at: datetime, which: str = activity.id) -> Command:
            return c.ReturnToPreparation(reason=WORDS, activity=which)

        yield Todo(f"back/{activity.id}/{case.times('activity_booked')}", case.facilitator, 1, back)
    for activity in case.referral.booked:
        if activity.booked is not None:
            yield from _booked(case, activity, activity.booked)


def _booked(case: Case, activity: Activity, booked: Booked) -> Iterator[Todo]:
    about = f"{activity.id}/{case.times('activity_booked')}/{booked.starts_at:%Y%m%d}"
    held = f"held/{about}"
    if held in case.refused or (case.course.postponed and not case.times("activity_postponed")):
        yield Todo(
            f"postpone/{about}",
            case.facilitator,
            1,
            lambda at: c.PostponeActivity(reason=WORDS, activity=activity.id),
        )
        return
    begins = begins_at(case.referral, activity, booked)
    confirmed = confirmed_recently(case.referral, activity, begins)
    if not confirmed and case.life.last_at < begins:
        earliest = at_day_start(shift_working_days(today(booked.starts_at), -4))
        yield Todo(f"confirm/{about}", case.facilitator, 0.3, reconfirm(case, activity), earliest)
    if not under_way(case, activity):
        yield _the_day(case, activity, booked, held)


def _the_day(case: Case, activity: Activity, booked: Booked, held: str) -> Todo:
    over = booked.starts_at + timedelta(hours=2)
    if case.course.stopped and not case.times("activity_stopped"):
        return Todo(
            f"stop/{activity.id}",
            case.facilitator,
            0.2,
            lambda at: c.StopActivity(reason=WORDS, activity=activity.id),
            over,
        )
    if case.course.interrupted and booked.method.direct and not case.times("activity_adjourned"):
        return Todo(
            f"adjourn/{activity.id}",
            case.facilitator,
            0.2,
            lambda at: c.AdjournActivity(resumes_at=_resumes(case, at), reason=WORDS, activity=activity.id),
            over,
        )
    # An exchange may begin after the time for which it was booked.
    started_at = first_hand_over(case.referral, activity) if not booked.method.direct else None
    partly = case.course.partly and booked.method.direct
    return Todo(
        held,
        case.facilitator,
        0.2,
        lambda at: c.RecordActivityHeld(
            partly=partly, note=WORDS, activity=activity.id, started_at=started_at
        ),
        over,
    )


def _resumes(case: Case, at: datetime) -> datetime | None:
    """When an adjourned meeting goes on; None where it is booked again later."""
    if case.pick("resumes", (True, True, False)):
        return at_day_start(shift_working_days(today(at), 6)) + timedelta(hours=2)
    return None
