"""The minutes that staff spend on a referral, for the return of costs; summed by what they were spent on."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, rule
from lifecycle.state import apply, event_from
from schemas.areas import LONDON
from schemas.commands import RecordTimeSpent
from schemas.events import Event, Recorded, TimeSpentRecorded
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import EndReason


@rule(RecordTimeSpent, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_time_spent(
    referral: Referral, command: RecordTimeSpent, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.participant is not None:
        known_participant(referral, command.participant, left=frozenset(EndReason))
    if command.spent_on is not None and command.spent_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "Time can be recorded only after it was spent.", "spent_on")
    yield event_from(TimeSpentRecorded, command)


@apply.register
def apply_time_spent_recorded(event: TimeSpentRecorded, referral: Referral, recorded: Recorded) -> Referral:
    before = referral.minutes_spent.get(event.work, 0)
    spent = {**referral.minutes_spent, event.work: before + event.minutes}
    return referral.model_copy(update={"minutes_spent": spent})
