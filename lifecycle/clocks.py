"""From running clocks to deadlines: instants with their points, from the pinned policy and working time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.working_time import add_span, clock_start
from schemas.policy import DeadlineName, Timing
from schemas.referral import Deadline, Referral


@dataclass(frozen=True)
class Clock:
    """A clock that runs in the present state.

    Attributes:
        name: the deadline of the policy that it belongs to.
        about: which participant, item or subject, where there can be several.
        started_at: when it started; its points are counted from there.
        falls_on: for a deadline that has its own date: that instant; its warnings are counted back from it.
        due: a span that takes the place of the policy's.
        pausable: whether a hold stops it. A court date does not wait.
    """

    name: DeadlineName
    about: str | None = None
    started_at: datetime | None = None
    falls_on: datetime | None = None
    due: str | None = None
    pausable: bool = True

    @property
    def key(self) -> str:
        """How the deadline is named within its referral."""
        return f"{self.name}/{self.about}" if self.about else self.name


CLOCKS: list[Callable[[Referral], Iterable[Clock]]] = []


def clocks(running: Callable[[Referral], Iterable[Clock]]) -> Callable[[Referral], Iterable[Clock]]:
    """Enter a stage's clocks: decorates the function that says which run."""
    CLOCKS.append(running)
    return running


def deadlines(referral: Referral) -> tuple[Deadline, ...]:
    """The open deadlines of a referral, soonest due first. A closed referral has none.

    While it is on hold, only those that a hold does not stop are open.
    """
    if referral.closed:
        return ()
    found = [
        _deadline(referral, clock)
        for clock in _running(referral)
        if clock.pausable is False or not referral.hold
    ]
    return tuple(sorted(found, key=lambda deadline: (deadline.due_at, deadline.key)))


def next_point(deadlines: Iterable[Deadline], referral: Referral) -> tuple[datetime, Deadline, str] | None:
    """The next point to be reached of these deadlines: when, of which, which. None when there is none left."""
    done = {(reached.deadline, reached.point, reached.at) for reached in referral.reached}
    waiting = (
        (at, deadline, point)
        for deadline in deadlines
        for point, at in deadline.points.items()
        if (deadline.key, point, at) not in done
    )
    return min(waiting, key=lambda found: (found[0], found[1].key, found[2]), default=None)


def _running(referral: Referral) -> Iterator[Clock]:
    for running in CLOCKS:
        yield from running(referral)


def _deadline(referral: Referral, clock: Clock) -> Deadline:
    timing = referral.policy.deadlines[clock.name].for_stage(referral.justice_stage)
    due, points = (
        _counted_back(clock.falls_on, timing)
        if clock.falls_on
        else _counted_on(clock, clock.started_at, timing)
    )
    shift = _stood_still(referral, clock)
    extended = referral.extensions.get(clock.key)
    if extended is not None:
        shift = max(shift, extended - due)
    return Deadline(
        key=clock.key,
        started_at=clock.started_at,
        due_at=due + shift,
        points={name: at + shift for name, at in points.items()},
    )


def _counted_on(
    clock: Clock, started_at: datetime | None, timing: Timing
) -> tuple[datetime, dict[str, datetime]]:
    span = clock.due or timing.due
    if started_at is None or span is None:
        raise ValueError(f"{clock.key}: a clock needs a start and a span, or its own date")
    start = clock_start(started_at) if span.endswith("wd") else started_at
    due = add_span(start, span)
    points = {f"warn-{number}": add_span(start, warn) for number, warn in enumerate(timing.warn, 1)}
    return due, {**points, **_from_due(due, timing)}


def _counted_back(falls_on: datetime, timing: Timing) -> tuple[datetime, dict[str, datetime]]:
    points = {
        f"warn-{number}": add_span(falls_on, warn, back=True) for number, warn in enumerate(timing.warn, 1)
    }
    return falls_on, {**points, **_from_due(falls_on, timing)}


def _from_due(due: datetime, timing: Timing) -> dict[str, datetime]:
    escalations = {
        f"escalate-{number}": add_span(due, span) for number, span in enumerate(timing.escalate, 1)
    }
    return {"due": due, **escalations}


def _stood_still(referral: Referral, clock: Clock) -> timedelta:
    if not clock.pausable:
        return timedelta(0)
    since = clock.started_at or referral.received_at
    return sum(
        (pause.until - max(pause.since, since) for pause in referral.frozen if pause.until > since),
        timedelta(0),
    )
