"""Where a person responsible serves a sentence, and a date in it that the work is best done by, such as a release."""

import re
from collections.abc import Iterator
from datetime import datetime

from lifecycle.people.details import check_words
from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, rule
from lifecycle.state import apply, change_participant, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.areas import LONDON
from schemas.commands import RecordCustodyDetails
from schemas.events import CustodyDetailsRecorded, Event, Recorded
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Referral
from schemas.vocabulary import ParticipantRole

_PRISON_NUMBER = re.compile(r"[A-Z]\d{4}[A-Z]{2}")
"""Source: HM Prison and Probation Service, NOMIS number."""


@rule(RecordCustodyDetails, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_custody_details(
    referral: Referral, command: RecordCustodyDetails, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.role is not ParticipantRole.RESPONSIBLE:
        raise Refused("not_responsible", "Details of custody are about a person responsible.", "participant")
    if (command.sentence_date is None) != (command.sentence_date_is is None):
        raise Refused(
            "sentence_date_unclear",
            "Give the date and say what it is: release, tariff_end, licence_end or order_end.",
            "sentence_date" if command.sentence_date is None else "sentence_date_is",
        )
    if command.sentence_date is not None and command.sentence_date < at.astimezone(LONDON).date():
        raise Refused("in_the_past", "Give a date that lies ahead, or none.", "sentence_date")
    if command.prison_number is not None and not _PRISON_NUMBER.fullmatch(command.prison_number):
        raise Refused(
            "prison_number_unlikely",
            "A prison number is a letter, four digits and two letters, such as A1234BC.",
            "prison_number",
        )
    prison = None if command.prison is None else check_words(command.prison, "prison_unusable", "prison")
    yield event_from(CustodyDetailsRecorded, command, prison=prison)


@apply.register
def apply_custody_details_recorded(
    event: CustodyDetailsRecorded, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, sentence_date=event.sentence_date)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    """A row of the deadline list is in the clear. This one tells that a person responsible has a sentence with a date
    in it, which the coarse stage of justice tells too; whether they are in prison it does not, since a licence and a
    community order have such dates as well."""
    for person in referral.participants:
        if person.sentence_date is not None and person.active:
            # Due at the start of its day, as a court date is.
            falls_on = datetime.combine(person.sentence_date, datetime.min.time(), LONDON)
            yield Clock(DeadlineName.SENTENCE_DATE, person.id, falls_on=falls_on)
