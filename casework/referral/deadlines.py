"""Why each deadline of a referral is when it is, what it came to, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from casework import words
from casework.access import What, require_access
from casework.session import Session
from lifecycle.state import fold
from lifecycle.timing.clocks import deadlines, every_deadline, paused_deadlines
from lifecycle.timing.ladder import rung_of
from lifecycle.timing.pauses import end_hold
from lifecycle.timing.working_time import at_day_end, clock_start
from schemas.base import Model
from schemas.events import Recorded
from schemas.policy import DeadlineName, Ground, Rung
from schemas.referral import Deadline, Referral
from schemas.vocabulary import Stage
from stores.logs import event_log


class Climbed(Model):
    """That a deadline was escalated, and to whom."""

    rung: Rung
    since: AwareDatetime


class Reached(Model):
    """A point that was reached."""

    point: str
    at: AwareDatetime


class Next(Model):
    """What happens next, and when."""

    at: AwareDatetime
    what: str


class Explained(Model):
    """One deadline and why it is as it is. Instants are UTC."""

    key: str
    started_at: AwareDatetime | None
    counted_from: AwareDatetime | None
    """Where its clock started outside of working hours: when working time began."""
    due_at: AwareDatetime
    overdue: bool
    span: str | None
    """After which it is due; None: it falls on its own date."""
    because: str | None
    """Why that span holds instead of the policy's ordinary one."""
    ground: Ground
    source: str
    extended_from: AwareDatetime | None
    """When it would be due without its extension."""
    held_from: AwareDatetime | None
    """When it would be due, had the clocks never stood still."""
    paused: bool
    due_if_resumed_now: AwareDatetime | None
    reached: tuple[Reached, ...]
    escalated: tuple[Climbed, ...]
    next: tuple[Next, ...]
    """What happens at the next point in time; nothing, where it has come to its last or is paused."""
    ends_with: str


def explained(referral: Referral, now: datetime) -> tuple[Explained, ...]:
    """Every deadline that is open or that a hold has stopped, soonest due first."""
    stopped = paused_deadlines(referral)
    everything = sorted((*deadlines(referral), *stopped), key=lambda each: (each.due_at, each.key))
    unextended = _due_dates(referral.model_copy(update={"extensions": {}}))
    never_held = _due_dates(referral.model_copy(update={"frozen": (), "extensions": {}}))
    resumed = _due_dates(end_hold(referral, now))
    paused = {each.key for each in stopped}
    return tuple(
        _explained(
            referral,
            each,
            now,
            unextended=unextended[each.key],
            never_held=never_held[each.key],
            resumed=resumed.get(each.key) if each.key in paused else None,
        )
        for each in everything
    )


def _due_dates(referral: Referral) -> dict[str, datetime]:
    return {each.key: each.due_at for each in every_deadline(referral)}


def _explained(
    referral: Referral,
    deadline: Deadline,
    now: datetime,
    *,
    unextended: datetime,
    never_held: datetime,
    resumed: datetime | None,
) -> Explained:
    span, because = _span(referral, deadline)
    rule = referral.policy.deadlines[deadline.name]
    started = deadline.started_at
    counted = None
    if span is not None and span.endswith("wd") and started is not None:
        counted = clock_start(started, frozenset(referral.policy.closures))
    reached = sorted(
        (Reached(point=each.point, at=each.at) for each in referral.reached if _still(deadline, each)),
        key=lambda each: each.at,
    )
    return Explained(
        key=deadline.key,
        started_at=started,
        counted_from=counted if counted != started else None,
        due_at=deadline.due_at,
        overdue=resumed is None and deadline.due_at <= now,
        span=span,
        because=because,
        ground=rule.ground,
        source=rule.source,
        extended_from=unextended if unextended != deadline.due_at else None,
        held_from=never_held if never_held != unextended else None,
        paused=resumed is not None,
        due_if_resumed_now=resumed,
        reached=tuple(reached),
        escalated=tuple(
            Climbed(rung=each.rung, since=each.raised_at)
            for each in referral.escalations
            if each.deadline == deadline.key
        ),
        next=() if resumed is not None else tuple(_next(referral, deadline)),
        ends_with=words.ENDS_WITH[deadline.name],
    )


def _still(deadline: Deadline, reached: object) -> bool:
    # A point that was reached before the deadline moved is to be reached again.
    key, point, at = (getattr(reached, name) for name in ("deadline", "point", "at"))
    return bool(key == deadline.key and deadline.points.get(point) == at)


def _span(referral: Referral, deadline: Deadline) -> tuple[str | None, str | None]:
    """After which span it is due, and why, where another would hold for most referrals."""
    if deadline.started_at is None:
        return None, None
    rule = referral.policy.deadlines[deadline.name]
    if deadline.name is DeadlineName.INACTIVITY and referral.stage is Stage.PREPARATION:
        usual = words.span_in_words(rule.for_stage(referral.justice_stage).due or "")
        return referral.policy.inactivity_in_preparation, f"in preparation; elsewhere {usual}"
    due = rule.for_stage(referral.justice_stage).due
    if deadline.name is DeadlineName.TASK and deadline.due_at in {each.starts_at for each in referral.tasks}:
        return due, "or when the appointment begins, which is sooner"
    if referral.justice_stage in rule.by_justice_stage and due != rule.due:
        return (
            due,
            f"for referrals {words.in_words(referral.justice_stage)}; for others {words.span_in_words(rule.due or '')}",
        )
    return due, None


def _next(referral: Referral, deadline: Deadline) -> Iterator[Next]:
    done = {(each.deadline, each.point, each.at) for each in referral.reached}
    left = sorted(
        (at, point) for point, at in deadline.points.items() if (deadline.key, point, at) not in done
    )
    for at, point in left:
        if at == left[0][0]:
            yield Next(at=at, what=words.what_follows_at(rung_of(referral, deadline, point), point))


class Change(StrEnum):
    """What a step does to a deadline."""

    NEW = "new"
    MOVED = "moved"
    STOPPED = "stopped"
    """A hold stops its clock."""
    GOES_ON = "goes_on"
    """A hold had stopped it, and it is due when it was before."""


class DeadlineChange(Model):
    """What a step does to one deadline.

    Attributes:
        key: of the deadline.
        change: what happens to it.
        due_at: when it is due after the step, UTC; for one that stands still, when it was due.
        was_due_at: when it was due before; None where it is new.
    """

    key: str
    change: Change
    due_at: AwareDatetime
    was_due_at: AwareDatetime | None


class Deadlines(Model):
    """The deadlines of a referral, each explained.

    Attributes:
        reference: of the referral.
        policy_name: of the policy that the referral keeps.
        policy_version: of that policy.
        closed: a closed referral has no deadlines.
        held_since: since when the referral is on hold, UTC; None: it is not.
        deadlines: soonest due first.
    """

    reference: str
    policy_name: str
    policy_version: str
    closed: bool
    held_since: AwareDatetime | None
    deadlines: tuple[Explained, ...]


async def explain(session: Session, reference: str, now: datetime) -> Deadlines:
    """Every deadline of a referral, by the log: since when it runs, why it is due then, and what happens next.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.CASELOAD, reference)
    overview = await session.referrals.recorded(reference)
    referral = overview.referral
    return Deadlines(
        reference=referral.reference,
        policy_name=referral.policy.name,
        policy_version=referral.policy.version,
        closed=referral.closed,
        held_since=referral.hold.since if referral.hold else None,
        deadlines=explained(referral, now),
    )


async def changes_by(session: Session, reference: str, command_id: UUID) -> tuple[DeadlineChange, ...]:
    """What a step that was taken did to the deadlines, by the log, so that it is said the same when asked again.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.CASELOAD, reference)
    history = await event_log.history(session.referrals.pool, session.referrals.keys, reference)
    return changes_in(history, command_id)


def changes_in(history: list[Recorded], command_id: UUID) -> tuple[DeadlineChange, ...]:
    """What a step of this log did to the deadlines.

    Args:
        command_id: of a step that stands in the log, and is not the first.
    """
    taken = [each for each in history if each.command_id == command_id]
    before = fold(each for each in history if each.sequence < taken[0].sequence)
    after = fold(each for each in history if each.sequence <= taken[-1].sequence)
    return changes_between(before, after)


def changes_between(before: Referral, after: Referral) -> tuple[DeadlineChange, ...]:
    """The deadlines that are new after a step, moved, stopped or set going again."""
    return tuple(_changes(before, after))


def _changes(before: Referral, after: Referral) -> Iterator[DeadlineChange]:
    was = _due_dates(before)
    ran = {each.key for each in deadlines(before)}
    for each in paused_deadlines(after):
        if each.key in ran or each.key not in was:
            yield _change(each, Change.STOPPED, was)
    for each in deadlines(after):
        earlier = was.get(each.key)
        if earlier is None:
            yield _change(each, Change.NEW, was)
        elif _minute(earlier) != _minute(each.due_at):
            yield _change(each, Change.MOVED, was)
        elif each.key not in ran:
            yield _change(each, Change.GOES_ON, was)


def _minute(moment: datetime) -> datetime:
    # Within it nothing has moved as far as people read it.
    return moment.replace(second=0, microsecond=0)


def _change(deadline: Deadline, change: Change, was: dict[str, datetime]) -> DeadlineChange:
    return DeadlineChange(
        key=deadline.key, change=change, due_at=deadline.due_at, was_due_at=was.get(deadline.key)
    )


def end_of_day(day: date) -> datetime:
    """The instant that a deadline is moved to where only a day is named: 17:00 in London, in UTC."""
    return at_day_end(day)
