"""The escalation ladder: a missed deadline climbs from who is to act, and comes down when the work is done."""

from collections.abc import Iterable, Iterator

from lifecycle.clocks import every_deadline
from lifecycle.core import apply
from schemas.events import EscalationCleared, EscalationRaised, Recorded
from schemas.policy import Rung
from schemas.referral import Deadline, Escalation, Referral


def rung_of(referral: Referral, deadline: Deadline, point: str) -> Rung:
    """Who is told of a point: who is to act, of its warnings and its due date; each escalation climbs one rung."""
    answers = referral.policy.deadlines[deadline.name].answers
    kind, _, number = point.partition("-")
    return answers.above(int(number)) if kind == "escalate" else answers


def raised(referral: Referral, deadline: Deadline, point: str) -> Iterator[EscalationRaised]:
    """The escalation that a point raises, if it does.

    Every escalation does, and the due date of what is no caseworker's to do: a supervisor is called in by it.
    """
    rung = rung_of(referral, deadline, point)
    if point.startswith("escalate-") or (point == "due" and rung is not Rung.CASEWORKER):
        yield EscalationRaised(deadline=deadline.key, point=point, at=deadline.points[point], rung=rung)


def cleared(referral: Referral) -> Iterator[EscalationCleared]:
    """The escalations that no longer stand: what they waited for was done, moved or given up.

    A hold clears none: what was late before it is late after it.
    """
    if not referral.escalations:
        return
    standing = set(_points(every_deadline(referral)))
    for each in referral.escalations:
        if (each.deadline, each.point, each.at) not in standing:
            yield EscalationCleared(deadline=each.deadline, point=each.point, at=each.at)


def _points(found: Iterable[Deadline]) -> Iterator[tuple[str, str, object]]:
    for deadline in found:
        for point, at in deadline.points.items():
            yield deadline.key, point, at


@apply.register
def apply_escalation_raised(event: EscalationRaised, referral: Referral, recorded: Recorded) -> Referral:
    escalation = Escalation(
        deadline=event.deadline, point=event.point, at=event.at, rung=event.rung, raised_at=recorded.at
    )
    return referral.model_copy(update={"escalations": (*referral.escalations, escalation)})


@apply.register
def apply_escalation_cleared(event: EscalationCleared, referral: Referral, recorded: Recorded) -> Referral:
    left = tuple(
        each
        for each in referral.escalations
        if (each.deadline, each.point, each.at) != (event.deadline, event.point, event.at)
    )
    return referral.model_copy(update={"escalations": left})
