"""Several activities at once: one for each of those harmed, and the end of one that is not wanted any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lifecycle.activities.state import ACTIVITY_STAGES
from lifecycle.people.consents import both_sides
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import Command
from schemas.referral import Participant
from schemas.vocabulary import ActivityEndReason, ActivityState, Method, ParticipantRole, Stage
from simulation.year.duties.table import WORDS, Case, Todo, duty


def to_be_planned(case: Case) -> tuple[Participant, ...]:
    """Those harmed for whom an activity of their own is to be planned, if each is to have one."""
    referral = case.referral
    harmed = tuple(each for each in both_sides(referral) if each.role is ParticipantRole.HARMED)
    begun = [each for each in referral.activities if each.method is not None]
    common = any(not each.taking_part for each in begun)
    if not case.course.apart or len(harmed) < 2 or common or case.times("activity_planned") >= len(harmed):
        return ()
    return tuple(each for each in harmed if not any(each.id in one.taking_part for one in begun))


@duty(Stage.PREPARATION)
def plans(case: Case) -> Iterator[Todo]:
    """The first does what the course says, the others get a letter; those responsible are in all of them."""
    referral = case.referral
    if referral.facilitator is None:
        return
    responsible = [each.id for each in both_sides(referral) if each.role is ParticipantRole.RESPONSIBLE]
    for place, person in enumerate(to_be_planned(case), case.times("activity_planned")):
        method = Method.LETTER if place else case.course.method

        def plan(at: datetime, who: str = person.id, method: Method = method) -> Command:
            return c.PlanActivity(method=method, taking_part=(who, *responsible), reason=WORDS)

        yield Todo(f"plan/{person.id}/{method}", case.facilitator, 1 if place else 4, plan)
        # One after the other.
        return


@duty(*ACTIVITY_STAGES)
def endings(case: Case) -> Iterator[Todo]:
    """One of several is ended that is not wanted, or that nobody has come on with for long."""
    referral, course = case.referral, case.course
    there = [each for each in referral.activities if each.state is not ActivityState.ENDED]
    if len(there) < 2 or referral.hold or referral.safeguarding:
        return
    for activity in there[1:]:
        if course.one_ends and activity.state is ActivityState.IN_PREPARATION:
            yield Todo(f"end/{activity.id}", case.facilitator, 9, _end(activity))
    if not referral.held:
        return
    for activity in there:
        if activity.to_come and activity.booked is None:
            yield Todo(
                f"give_up/{activity.id}/{referral.last_activity_at:%Y%m%d}",
                case.facilitator,
                5,
                _end(activity),
                referral.last_activity_at + timedelta(days=60),
            )


def _end(activity: Activity) -> Callable[[datetime], Command]:
    return lambda at: c.EndActivity(why=ActivityEndReason.NOT_WANTED, reason=WORDS, activity=activity.id)
