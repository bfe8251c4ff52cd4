"""Why each deadline of a referral is when it is, what it came to, and what happens next, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import AwareDatetime

from cli.common import when, words
from lifecycle.clocks import deadlines, every_deadline, paused_deadlines
from lifecycle.ladder import rung_of
from lifecycle.pauses import end_hold
from lifecycle.working_time import clock_start
from schemas.base import Model
from schemas.policy import DeadlineName, Ground, Rung
from schemas.referral import Deadline, Referral
from schemas.vocabulary import Stage

ENDS_WITH = {
    DeadlineName.ALLOCATION: "allocating it to a caseworker (allocate)",
    DeadlineName.FIRST_CONTACT: "an attempt to reach whoever is approached first (record_contact_attempt)",
    DeadlineName.UNREACHABLE_REVIEW: "reaching the person (record_contact_attempt), or a supervisor's review, after "
    "which it runs anew (record_review)",
    DeadlineName.THINKING_TIME: "a yes or a no (record_interest), or a review, after which it runs anew "
    "(record_review)",
    DeadlineName.RISK_ASSESSMENT: "the verdict (record_risk_verdict)",
    DeadlineName.SIGN_OFF: "a supervisor's decision (sign_off), never by who made it",
    DeadlineName.OFFENDER_DECISION: "going on to preparation (begin_preparation), or a review, after which it runs "
    "anew (record_review)",
    DeadlineName.PREPARATION_REVIEW: "going on to the activity (book_activity), or a supervisor's review, after which "
    "it runs anew (record_review)",
    DeadlineName.RISK_RECONFIRMATION: "confirming the risk shortly before the activity (reconfirm_risk)",
    DeadlineName.COURT_DATE: "the hearing itself; another date is recorded (record_court_news)",
    DeadlineName.CHECK_IN: "the check-in with the person (record_follow_up)",
    DeadlineName.SURVEY: "the person's answers (record_survey)",
    DeadlineName.FOLLOW_UP_SIX_WEEKS: "the contact after six weeks (record_follow_up)",
    DeadlineName.FOLLOW_UP_THREE_MONTHS: "the contact after three months (record_follow_up)",
    DeadlineName.AGREEMENT_ITEM: "saying what became of the item (settle_agreement_item)",
    DeadlineName.INACTIVITY: "any step on the case, a note too (add_note); it then runs anew",
    DeadlineName.HOLD_REVIEW: "ending the hold (resume)",
    DeadlineName.TASK: "telling them, or saying that it is not needed (complete_task)",
}
"""What ends each clock, as the rules have it."""

_OWN_DATES = {
    DeadlineName.COURT_DATE: "the day of the hearing",
    DeadlineName.RISK_RECONFIRMATION: "the beginning of the activity",
    DeadlineName.AGREEMENT_ITEM: "the end of the day that was agreed",
    DeadlineName.HOLD_REVIEW: "the day that was set when the hold began",
}

_UNITS = {"wd": "working day", "w": "week", "m": "month"}


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
        ends_with=ENDS_WITH[deadline.name],
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
        usual = _count(rule.for_stage(referral.justice_stage).due or "")
        return referral.policy.inactivity_in_preparation, f"in preparation; elsewhere {usual}"
    due = rule.for_stage(referral.justice_stage).due
    if deadline.name is DeadlineName.TASK and deadline.due_at in {each.starts_at for each in referral.tasks}:
        return due, "or when the appointment begins, which is sooner"
    if referral.justice_stage in rule.by_justice_stage and due != rule.due:
        return due, f"for {words(referral.justice_stage)} referrals; for others {_count(rule.due or '')}"
    return due, None


def _next(referral: Referral, deadline: Deadline) -> Iterator[Next]:
    done = {(each.deadline, each.point, each.at) for each in referral.reached}
    left = sorted(
        (at, point) for point, at in deadline.points.items() if (deadline.key, point, at) not in done
    )
    for at, point in left:
        if at == left[0][0]:
            yield Next(at=at, what=_what(rung_of(referral, deadline, point), point))


def _what(rung: Rung, point: str) -> str:
    who = words(rung)
    match point.partition("-")[0]:
        case "warn":
            return f"warning to the {who}"
        case "due" if rung is Rung.CASEWORKER:
            return "due: the caseworker is reminded"
        case "due":
            return f"due: the {who} is called in"
        case _:
            return f"escalates to the {who}"


def lines(found: Explained, now: datetime) -> Iterator[str]:
    """One deadline in words: what it is on the first line, why and what follows below it."""
    late = " (overdue)" if found.overdue else ""
    yield f"{named(found.key)}: due {when(found.due_at)}{late}"
    yield f"  key: {found.key}"
    yield f"  because: {_why(found)} ({found.ground}: {found.source})"
    if found.held_from and when(found.held_from) != when(found.due_at):
        yield f"  moved from {when(found.held_from)}: its clock stood still on hold, or while closed"
    if found.extended_from:
        yield f"  extended until {when(found.due_at)}; it was due {when(found.extended_from)}"
    if found.reached:
        yield f"  reached: {', '.join(f'{_point(each.point)} {when(each.at)}' for each in found.reached)}"
    for each in found.escalated:
        yield f"  escalated to the {words(each.rung)} since {when(each.since)}"
    yield f"  next: {_follows(found, now)}"
    yield f"  ends with: {found.ends_with}"


def named(key: str) -> str:
    """A deadline as people call it, with what it is about: thinking time about h1."""
    name, _, about = key.partition("/")
    if not about:
        return words(name)
    return f"{words(name)} {'of' if name == DeadlineName.SIGN_OFF else 'about'} {words(about)}"


def _why(found: Explained) -> str:
    if found.span is None or found.started_at is None:
        return f"it falls on {_OWN_DATES.get(DeadlineName(found.key.partition('/')[0]), 'a date of its own')}"
    since = f"{_count(found.span)} after its clock started {when(found.started_at)}"
    if found.counted_from:
        since += f", which counts from {when(found.counted_from)}"
    return f"{since}; {found.because}" if found.because else since


def _count(span: str) -> str:
    """A span in words: 2 working days."""
    for unit, word in _UNITS.items():
        if span.endswith(unit):
            number = span.removesuffix(unit)
            return f"{number} {word}{'s' * (number != '1')}"
    return f"{span.removeprefix('PT').removesuffix('S')} seconds"


def _point(point: str) -> str:
    kind, _, number = point.partition("-")
    return {"warn": f"warning {number}", "escalate": f"escalation {number}"}.get(kind, kind)


def _follows(found: Explained, now: datetime) -> str:
    if found.due_if_resumed_now:
        return f"it waits for a resume; resumed now, it would be due {when(found.due_if_resumed_now)}"
    if not found.next:
        return "nothing more; it stays open until it is done"
    at = found.next[0].at
    behind = " (not recorded yet: does a worker run?)" if at <= now else ""
    return f"{when(at)}: {'; '.join(each.what for each in found.next)}{behind}"
