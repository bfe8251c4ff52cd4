"""From running clocks to deadlines: instants with their points, from the pinned policy and working time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from lifecycle.timing.working_time import add_span, clock_start
from schemas.policy import DeadlineName, Timing
from schemas.referral import Deadline, Frozen, Referral

Reckon: TypeAlias = Callable[..., datetime]
"""add_span with the closure days of one policy."""

Points: TypeAlias = dict[str, datetime]
"""The points of one deadline, by name, in UTC."""


@dataclass(frozen=True)
class Clock:
    """A clock that runs in the present state.

    Attributes:
        name: the deadline of the policy that it belongs to.
        about: which participant, item or subject, where there can be several.
        started_at: when it started; its points are counted from there unless it has its own date.
        falls_on: for a deadline that has its own date: that instant; its warnings are counted back from it.
        due: a span used instead of the policy's.
        at_latest: an instant by which it is due even if its span ends later.
        runs_on_hold: whether it keeps running while the referral is on hold.
    """

    name: DeadlineName
    about: str | None = None
    started_at: datetime | None = None
    falls_on: datetime | None = None
    due: str | None = None
    at_latest: datetime | None = None
    runs_on_hold: bool = False

    @property
    def key(self) -> str:
        """How the deadline is named within its referral."""
        return f"{self.name}/{self.about}" if self.about else self.name

    @property
    def pausable(self) -> bool:
        """Whether a hold stops it. A date of its own, such as a court's, does not wait."""
        return self.falls_on is None and not self.runs_on_hold


CLOCKS: list[Callable[[Referral], Iterable[Clock]]] = []


def clocks(running: Callable[[Referral], Iterable[Clock]]) -> Callable[[Referral], Iterable[Clock]]:
    """Register a stage's clocks: decorates the function that yields those now running."""
    CLOCKS.append(running)
    return running


def deadlines(referral: Referral) -> tuple[Deadline, ...]:
    """The open deadlines of a referral, soonest due first. A closed referral has none.

    While the referral is on hold, only the deadlines that a hold does not stop are open.
    """
    return _sorted(
        _deadline(referral, clock) for clock in _running(referral) if not (clock.pausable and referral.hold)
    )


def paused_deadlines(referral: Referral) -> tuple[Deadline, ...]:
    """The deadlines that a hold has stopped, as they were when it began."""
    if referral.hold is None:
        return ()
    return _sorted(_deadline(referral, clock) for clock in _running(referral) if clock.pausable)


def every_deadline(referral: Referral) -> tuple[Deadline, ...]:
    """The open deadlines and those that a hold has stopped."""
    return (*deadlines(referral), *paused_deadlines(referral))


def deadline_of(referral: Referral, key: str) -> Deadline | None:
    """The deadline with that key, open or stopped by a hold; None where there is none."""
    return next((each for each in every_deadline(referral) if each.key == key), None)


def _sorted(found: Iterable[Deadline]) -> tuple[Deadline, ...]:
    return tuple(sorted(found, key=lambda deadline: (deadline.due_at, deadline.key)))


def next_point(deadlines: Iterable[Deadline], referral: Referral) -> tuple[datetime, Deadline, str] | None:
    """The next point of these deadlines: its instant, its deadline and its name. None when none is left."""
    done = {(reached.deadline, reached.point, reached.at) for reached in referral.reached}
    waiting = (
        (at, deadline, point)
        for deadline in deadlines
        for point, at in deadline.points.items()
        if (deadline.key, point, at) not in done
    )
    return min(waiting, key=lambda found: (found[0], found[1].key, found[2]), default=None)


def _running(referral: Referral) -> Iterator[Clock]:
    if referral.closed:
        return
    # A policy pinned before a deadline existed has no rule for it.
    for running in CLOCKS:
        yield from (clock for clock in running(referral) if clock.name in referral.policy.deadlines)


def _deadline(referral: Referral, clock: Clock) -> Deadline:
    timing = referral.policy.deadlines[clock.name].for_stage(referral.justice_stage)
    reckon = partial(add_span, closures=frozenset(referral.policy.closures))
    if clock.falls_on:
        points = _counted_back(clock.falls_on, timing, reckon)
    else:
        points = _counted_on(referral, clock, timing, reckon)
    points = _moved(referral, clock, points)
    started_at = None if clock.falls_on else clock.started_at
    return Deadline(key=clock.key, started_at=started_at, due_at=points["due"], points=points)


def _counted_on(referral: Referral, clock: Clock, timing: Timing, reckon: Reckon) -> Points:
    span = clock.due or timing.due
    if clock.started_at is None or span is None:
        raise ValueError(f"{clock.key}: a clock needs a start and a span, or its own date")
    start = clock.started_at
    if span.endswith("wd"):
        start = clock_start(start, frozenset(referral.policy.closures))
    due = reckon(start, span)
    if clock.at_latest is not None and clock.at_latest < due:
        # No warning comes after it.
        return _from_due(max(clock.at_latest, clock.started_at).astimezone(UTC), timing, reckon)
    warnings = {f"warn-{number}": reckon(start, warn) for number, warn in enumerate(timing.warn, 1)}
    return {**warnings, **_from_due(due, timing, reckon)}


def _counted_back(falls_on: datetime, timing: Timing, reckon: Reckon) -> Points:
    warnings = {
        f"warn-{number}": reckon(falls_on, warn, back=True) for number, warn in enumerate(timing.warn, 1)
    }
    return {**warnings, **_from_due(falls_on.astimezone(UTC), timing, reckon)}


def _from_due(due: datetime, timing: Timing, reckon: Reckon) -> Points:
    escalations = {f"escalate-{number}": reckon(due, span) for number, span in enumerate(timing.escalate, 1)}
    return {"due": due, **escalations}


def _moved(referral: Referral, clock: Clock, points: Points) -> Points:
    """The points as pauses and an extension moved them, in the order in which those happened."""
    pauses = _within(_pauses_of(referral, clock), since=clock.started_at)
    extension = _extension(referral, clock)
    if extension is None:
        return _later_by(pauses, points)
    until, given_at = extension
    stood = _later_by(_within(pauses, until=given_at), points)
    if until > stood["due"]:
        # The other points move with the due date and keep their distance from it, so there is a warning before it.
        stood = {name: at + (until - points["due"]) for name, at in points.items()}
    return _later_by(_within(pauses, since=given_at), stood)


def _pauses_of(referral: Referral, clock: Clock) -> Iterable[Frozen]:
    if clock.falls_on is not None:
        return ()
    return (pause for pause in referral.frozen if pause.closed or not clock.runs_on_hold)


def _extension(referral: Referral, clock: Clock) -> tuple[datetime, datetime] | None:
    """The clock's extension: until when, and when that was decided. One from before its start does not count."""
    until, given_at = referral.extensions.get(clock.key), referral.extended_at.get(clock.key)
    if until is None or given_at is None:
        return None
    if clock.started_at is not None and given_at < clock.started_at:
        return None
    return until, given_at


def _within(
    pauses: Iterable[Frozen], since: datetime | None = None, until: datetime | None = None
) -> list[Frozen]:
    """The parts of the pauses between two instants."""
    cut = (
        pause.model_copy(
            update={
                "since": max(pause.since, since or pause.since),
                "until": min(pause.until, until or pause.until),
            }
        )
        for pause in pauses
    )
    return [pause for pause in cut if pause.since < pause.until]


def _later_by(pauses: Iterable[Frozen], points: Points) -> Points:
    moved = dict(points)
    for pause in pauses:
        for name, at in moved.items():
            # A point already past when the pause began does not move, so it is not reached twice.
            if pause.since < at:
                moved[name] = at + pause.length
    return moved
