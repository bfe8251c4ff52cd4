"""Complaints: recorded at any time, answered within working days by a supervisor who is not complained about.

A complaint is accepted on a closed referral too, and closing does not settle one. Its clock runs while the referral
is open: a closed referral has no deadlines, and its workflow has ended. What is unanswered stays in the state, and on
its supervisors' worklist.
"""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import SUPERVISORS, rule
from lifecycle.stages.closing import not_erased
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from lifecycle.timing.working_time import at_day_start
from schemas.areas import LONDON
from schemas.commands import AnswerComplaint, RecordComplaint
from schemas.events import ComplaintAnswered, ComplaintRecorded, Event, Recorded
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Complaint, Referral
from schemas.vocabulary import EndReason, Stage

MOST_COMPLAINTS = 99
"""On one referral: more is a mistake in entering them."""


def unanswered(referral: Referral) -> tuple[Complaint, ...]:
    """The complaints that nobody has answered, oldest first."""
    return tuple(each for each in referral.complaints if each.outcome is None)


@gate("no_complaint", "There must be a complaint that is not answered")
def complaint_unanswered(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if unanswered(referral) else ""


@gate("own_work", "A complaint must be answered by somebody who neither has the referral nor facilitates it")
def not_complained_about(referral: Referral, actor: Actor, at: datetime) -> str | None:
    working = {referral.caseworker, referral.facilitator, referral.co_facilitator}
    for each in referral.activities:
        if each.run_by is not None:
            working |= {each.run_by.facilitator, each.run_by.co_facilitator}
    return "" if actor.id in working else None


@rule(RecordComplaint, stages=Stage, gates=[not_erased], on_hold=True, in_safeguarding=True)
def decide_record_complaint(
    referral: Referral, command: RecordComplaint, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.made_by is not None:
        known_participant(referral, command.made_by, left=frozenset(EndReason), field="made_by")
    if command.received_on is not None and command.received_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "A complaint can be recorded only after it came.", "received_on")
    number = len(referral.complaints) + 1
    if number > MOST_COMPLAINTS:
        raise Refused("too_many", f"A referral holds at most {MOST_COMPLAINTS} complaints.")
    yield event_from(ComplaintRecorded, command, complaint=f"k{number}")


@rule(
    AnswerComplaint,
    stages=Stage,
    roles=SUPERVISORS,
    gates=[complaint_unanswered, not_complained_about, not_erased],
    on_hold=True,
    in_safeguarding=True,
)
def decide_answer_complaint(
    referral: Referral, command: AnswerComplaint, actor: Actor, at: datetime
) -> Iterator[Event]:
    waiting = [each.id for each in unanswered(referral)]
    if command.complaint not in waiting:
        raise Refused(
            "no_complaint",
            f"There is no unanswered complaint with that id; unanswered: {', '.join(waiting)}.",
            "complaint",
        )
    yield event_from(ComplaintAnswered, command)


@apply.register
def apply_complaint_recorded(event: ComplaintRecorded, referral: Referral, recorded: Recorded) -> Referral:
    came_at = recorded.at
    if event.received_on is not None and event.received_on < recorded.at.astimezone(LONDON).date():
        came_at = at_day_start(event.received_on)
    complaint = Complaint(id=event.complaint, about=event.about, made_by=event.made_by, since=came_at)
    return referral.model_copy(update={"complaints": (*referral.complaints, complaint)})


@apply.register
def apply_complaint_answered(event: ComplaintAnswered, referral: Referral, recorded: Recorded) -> Referral:
    complaints = tuple(
        each.model_copy(update={"outcome": event.outcome}) if each.id == event.complaint else each
        for each in referral.complaints
    )
    return referral.model_copy(update={"complaints": complaints})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for each in unanswered(referral):
        # A hold is agreed for the case; whoever complained still waits for an answer.
        yield Clock(DeadlineName.COMPLAINT, each.id, started_at=each.since, runs_on_hold=True)
