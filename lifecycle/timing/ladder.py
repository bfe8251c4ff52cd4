"""The escalation ladder: a missed deadline is raised to the next rung, and cleared when the work is done."""

from collections.abc import Iterable, Iterator

from lifecycle.state import apply
from lifecycle.timing.clocks import every_deadline
from schemas.events import EscalationCleared, EscalationRaised, Recorded
from schemas.policy import Rung
from schemas.referral import Deadline, Escalation, Referral


def rung_of(referral: Referral, deadline: Deadline, point: str) -> Rung:
    """The rung that a point is for: warnings and the due date to who must act, each escalation one rung higher."""
    answers = referral.policy.deadlines[deadline.name].answers
    kind, _, number = point.partition("-")
    return answers.above(int(number)) if kind == "escalate" else answers


def raised(referral: Referral, deadline: Deadline, point: str) -> Iterator[EscalationRaised]:
    """The escalation that a point raises, if any.

    Every escalation point raises one. So does the due date of what is not a caseworker's to do.
    """
    rung = rung_of(referral, deadline, point)
    if point.startswith("escalate-") or (point == "due" and rung is not Rung.CASEWORKER):
        yield EscalationRaised(deadline=deadline.key, point=point, at=deadline.points[point], rung=rung)


def cleared(referral: Referral) -> Iterator[EscalationCleared]:
    """The escalations to clear: their work was done, moved or given up.

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
