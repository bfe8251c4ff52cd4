"""Deadlines: a supervisor extends them, and the clock records that a point is reached and a message settled."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.people.ages import noticed_at
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, rule
from lifecycle.state import apply, change_participant, event_from
from lifecycle.timing.clocks import Clock, clocks, deadlines, next_point
from lifecycle.timing.ladder import raised
from schemas.areas import LONDON
from schemas.commands import ExtendDeadline, ReachDeadline, SettleNotice
from schemas.events import (
    DeadlineExtended,
    DeadlineReached,
    Event,
    NoticeSettled,
    ParticipantCameOfAge,
    Recorded,
)
from schemas.people import Actor, Role
from schemas.policy import DeadlineName
from schemas.referral import ReachedPoint, Referral
from schemas.vocabulary import ReviewSubject, Stage

_HARD_DATES = frozenset(
    {
        DeadlineName.COURT_DATE,
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.SENTENCE_DATE,
        DeadlineName.COMING_OF_AGE,
    }
)


@gate("no_deadline", "A deadline must be open")
def deadline_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if deadlines(referral) else ""


@gate("point_not_reached", "A point of an open deadline must be reached and not yet recorded")
def point_reached(referral: Referral, actor: Actor, at: datetime) -> str | None:
    point = next_point(deadlines(referral), referral)
    return None if point and point[0] <= at else ""


@rule(
    ExtendDeadline,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[deadline_open],
    on_hold=True,
    in_safeguarding=True,
)
def decide_extend_deadline(
    referral: Referral, command: ExtendDeadline, actor: Actor, at: datetime
) -> Iterator[Event]:
    still_open = {deadline.key: deadline for deadline in deadlines(referral)}
    found = still_open.get(command.deadline)
    if found is None:
        raise Refused(
            "deadline_unknown", f"No such deadline is open; open: {', '.join(still_open)}.", "deadline"
        )
    if found.name in _HARD_DATES:
        raise Refused("hard_date", "The service cannot move this date.", "deadline")
    if command.until <= found.due_at:
        raise Refused(
            "not_later",
            f"It is due {found.due_at.astimezone(LONDON):%a %-d %b %Y %H:%M}; an extension must be later.",
            "until",
        )
    yield event_from(DeadlineExtended, command)


@rule(
    ReachDeadline,
    stages=OPEN_STAGES,
    roles=frozenset({Role.SYSTEM}),
    gates=[point_reached],
    on_hold=True,
    in_safeguarding=True,
)
def decide_reach_deadline(
    referral: Referral, command: ReachDeadline, actor: Actor, at: datetime
) -> Iterator[Event]:
    reached = {(point.deadline, point.point, point.at) for point in referral.reached}
    for deadline in deadlines(referral):
        due = deadline.points.get(command.point)
        if deadline.key != command.deadline or due is None:
            continue
        if due <= at and (deadline.key, command.point, due) not in reached:
            yield DeadlineReached(deadline=deadline.key, point=command.point, at=due)
            yield from raised(referral, deadline, command.point)
            if deadline.name is DeadlineName.COMING_OF_AGE and command.point == "due":
                yield ParticipantCameOfAge(participant=deadline.key.partition("/")[2])
            return
    raise Refused("point_not_reached", "This deadline has no such point that is reached and unrecorded.")


@rule(SettleNotice, stages=Stage, roles=frozenset({Role.SYSTEM}), on_hold=True, in_safeguarding=True)
def decide_settle_notice(
    referral: Referral, command: SettleNotice, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield event_from(NoticeSettled, command)


@apply.register
def apply_participant_came_of_age(
    event: ParticipantCameOfAge, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, came_of_age=True)


@apply.register
def apply_deadline_extended(event: DeadlineExtended, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={
            "extensions": {**referral.extensions, event.deadline: event.until},
            "extended_at": {**referral.extended_at, event.deadline: recorded.at},
        }
    )


@apply.register
def apply_deadline_reached(event: DeadlineReached, referral: Referral, recorded: Recorded) -> Referral:
    # Only the latest instant of each point is kept, so that the state does not grow over the years.
    others = tuple(
        each for each in referral.reached if (each.deadline, each.point) != (event.deadline, event.point)
    )
    reached = ReachedPoint(deadline=event.deadline, point=event.point, at=event.at)
    return referral.model_copy(update={"reached": (*others, reached)})


@clocks
def _supervision(referral: Referral) -> Iterator[Clock]:
    held_at = referral.reviewed.get(ReviewSubject.SUPERVISION, referral.received_at)
    yield Clock(DeadlineName.SUPERVISION, started_at=held_at)


@clocks
def _inactivity(referral: Referral) -> Iterator[Clock]:
    preparing = referral.stage is Stage.PREPARATION
    yield Clock(
        DeadlineName.INACTIVITY,
        started_at=referral.last_activity_at,
        due=referral.policy.inactivity_in_preparation if preparing else None,
    )


@clocks
def _coming_of_age(referral: Referral) -> Iterator[Clock]:
    for person in referral.participants:
        if person.active and person.turns_18_on is not None and not person.came_of_age:
            yield Clock(DeadlineName.COMING_OF_AGE, person.id, falls_on=noticed_at(person.turns_18_on))
