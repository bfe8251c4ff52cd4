"""Case details: the offence, news from court, notes, reviews, and whose case it is."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.people.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, rule
from lifecycle.stages.intake import (
    check_court_date,
    check_court_dates,
    check_crime_reference,
    check_hate_strands,
    check_offence,
)
from lifecycle.state import apply, change_participant, event_from
from schemas.commands import AddNote, AmendReferral, Reassign, RecordCourtNews, RecordReview
from schemas.events import CourtUpdated, Event, NoteAdded, Reassigned, Recorded, ReferralAmended, Reviewed
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import ReviewSubject, Stage

_ABOUT_A_PERSON = frozenset({ReviewSubject.UNREACHABLE, ReviewSubject.THINKING_TIME})
_BY_A_SUPERVISOR = frozenset(
    {ReviewSubject.UNREACHABLE, ReviewSubject.PREPARATION, ReviewSubject.SUPERVISION}
)


@rule(AmendReferral, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_amend_referral(
    referral: Referral, command: AmendReferral, actor: Actor, at: datetime
) -> Iterator[Event]:
    categories = command.sensitive_categories
    if categories is not None and actor.role not in SUPERVISORS:
        dropped = [each for each in referral.sensitive_categories if each not in categories]
        if dropped:
            raise Refused(
                "not_your_role",
                "Only a supervisor may remove a category that makes a case sensitive.",
                "sensitive_categories",
            )
    check_court_date(command.court_date, command.justice_stage or referral.justice_stage, at)
    check_court_dates(
        command.court_date or referral.court_date, command.deferred_on or referral.deferred_on, at
    )
    check_offence(
        command.offence or referral.offence,
        command.offence_group or referral.offence_group,
        conflict=referral.conflict,
    )
    check_hate_strands(
        referral.hate_strands if command.hate_strands is None else command.hate_strands,
        referral.sensitive_categories if categories is None else categories,
    )
    check_crime_reference(command.crime_reference)
    yield event_from(ReferralAmended, command)


@rule(RecordCourtNews, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_court_news(
    referral: Referral, command: RecordCourtNews, actor: Actor, at: datetime
) -> Iterator[Event]:
    check_court_dates(command.court_date or referral.court_date, referral.deferred_on, at)
    check_court_date(command.court_date, referral.justice_stage, at)
    yield event_from(CourtUpdated, command)


@rule(AddNote, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_add_note(referral: Referral, command: AddNote, actor: Actor, at: datetime) -> Iterator[Event]:
    yield event_from(NoteAdded, command)


@rule(Reassign, stages=OPEN_STAGES - {Stage.RECEIVED}, roles=SUPERVISORS, on_hold=True, in_safeguarding=True)
def decide_reassign(referral: Referral, command: Reassign, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.caseworker == referral.caseworker:
        raise Refused("same_caseworker", "This caseworker already has the referral.", "caseworker")
    yield event_from(Reassigned, command)


@rule(RecordReview, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_review(
    referral: Referral, command: RecordReview, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.subject in _BY_A_SUPERVISOR and actor.role not in SUPERVISORS:
        raise Refused("not_your_role", "Only a supervisor may record this review.", "subject")
    if command.subject in _ABOUT_A_PERSON:
        if command.participant is None:
            raise Refused(
                "participant_missing", "This review is about a person; name the participant.", "participant"
            )
        known_participant(referral, command.participant)
    yield event_from(Reviewed, command)


@apply.register
def apply_referral_amended(event: ReferralAmended, referral: Referral, recorded: Recorded) -> Referral:
    known = {
        "offence": event.offence,
        "offence_group": event.offence_group,
        "hate_strands": event.hate_strands,
        "district": event.district,
        "sensitive_categories": event.sensitive_categories,
        "justice_stage": event.justice_stage,
        "court_date": event.court_date,
        "deferred_on": event.deferred_on,
    }
    return referral.model_copy(update={name: value for name, value in known.items() if value is not None})


@apply.register
def apply_court_updated(event: CourtUpdated, referral: Referral, recorded: Recorded) -> Referral:
    known = {"plea": event.plea, "adjourned": event.adjourned, "court_date": event.court_date}
    return referral.model_copy(update={name: value for name, value in known.items() if value is not None})


@apply.register
def apply_reviewed(event: Reviewed, referral: Referral, recorded: Recorded) -> Referral:
    if event.subject in _ABOUT_A_PERSON and event.participant is not None:
        return change_participant(referral, event.participant, reviewed_at=recorded.at)
    return referral.model_copy(update={"reviewed": {**referral.reviewed, event.subject: recorded.at}})
