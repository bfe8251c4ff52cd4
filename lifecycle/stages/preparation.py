"""Preparation: method, facilitators, meetings, confirmations, readiness; then the activity is booked."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.clocks import Clock, clocks
from lifecycle.consents import TWO_SIDES, both_sides, in_force, lacking
from lifecycle.core import ENTRY_GATES, apply, change_participant, event_from, gate, rule
from lifecycle.leaving import known_participant
from lifecycle.refusal import Refused
from lifecycle.stages.offender_consent import BOTH_CONSENTS
from lifecycle.stages.risk_assessment import confirmed_recently, risk_allows
from schemas.areas import LONDON
from schemas.commands import (
    AssignFacilitators,
    BookActivity,
    BookPreparationMeeting,
    CancelPreparationMeeting,
    ChooseMethod,
    RecordConfirmation,
    RecordPreparationMeeting,
    RequestReadinessSignOff,
)
from schemas.events import (
    ActivityBooked,
    Confirmed,
    Event,
    FacilitatorsAssigned,
    MethodChosen,
    PreparationMeetingBooked,
    PreparationMeetingCancelled,
    PreparationMeetingHeld,
    Recorded,
    SignOffRequested,
    StageEntered,
)
from schemas.facts import Facilitators
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Activity, Participant, Referral
from schemas.vocabulary import (
    Confirmation,
    Custody,
    OverridableGate,
    ParticipantRole,
    Purpose,
    ReviewSubject,
    SignOffSubject,
    Stage,
    Verdict,
)


@gate("method_missing", "The method must be chosen")
def method_chosen(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.method else ""


@gate("method_not_direct", "Only a direct method needs a sign-off of readiness")
def method_is_direct(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.method and referral.method.direct else ""


@gate(
    "facilitators_missing",
    "Facilitators must be assigned; a sensitive case needs an advanced practitioner and a co-facilitator",
)
def facilitators_fit(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if referral.facilitator is None:
        return "none is assigned"
    if not referral.sensitive or OverridableGate.ADVANCED_PRACTITIONER in referral.overrides:
        return None
    if not referral.advanced_practitioner:
        return "the facilitator is no advanced practitioner"
    return None if referral.co_facilitator else "no co-facilitator is assigned"


@gate("not_prepared", "Everyone taking part must have had a preparation meeting")
def everyone_prepared(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return ", ".join(person.id for person in both_sides(referral) if person.prepared_on is None) or None


@gate("confirmations_missing", "Where a person is in prison or on licence, those in charge must confirm")
def custody_confirmed(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if OverridableGate.CONFIRMATIONS in referral.overrides:
        return None
    missing = [
        f"{each.replace('_', ' ')} for {person.id}"
        for person in both_sides(referral)
        for each in _confirmations_needed(person)
        if each not in person.confirmations
    ]
    return ", ".join(missing) or None


@gate("readiness_not_signed_off", "Readiness for a direct meeting must be signed off")
def readiness_signed_off(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if referral.method is None or not referral.method.direct:
        return None
    if OverridableGate.READINESS_SIGN_OFF in referral.overrides:
        return None
    if not any(sign_off.subject is SignOffSubject.READINESS for sign_off in referral.sign_offs):
        return ""
    # People who joined or came back since were not covered by the sign-off.
    unprepared = everyone_prepared.lacks(referral, actor, at)
    return f"not prepared when it was: {unprepared}" if unprepared else None


@gate("readiness_already_asked", "Readiness must not already be signed off or waiting for a sign-off")
def readiness_not_asked_yet(referral: Referral, actor: Actor, at: datetime) -> str | None:
    asked = any(request.subject is SignOffSubject.READINESS for request in referral.sign_off_requests)
    signed = any(sign_off.subject is SignOffSubject.READINESS for sign_off in referral.sign_offs)
    return "" if asked or signed else None


@gate(
    "risk_confirmation_old",
    "The risk must be confirmed within the days that the policy sets before the activity",
)
def risk_confirmed_now(referral: Referral, actor: Actor, at: datetime) -> str | None:
    overridden = OverridableGate.RISK_RECONFIRMATION in referral.overrides
    return None if overridden or confirmed_recently(referral, at) else ""


@gate("method_consent_missing", "Everyone taking part must consent to the method")
def method_consents(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return lacking(referral, both_sides(referral), referral.method.purpose) if referral.method else None


@gate("method_unsafe", "Where the risk assessment allows an indirect method only, it must be one")
def method_allowed(referral: Referral, actor: Actor, at: datetime) -> str | None:
    indirect_only = referral.risk.verdict is Verdict.PROCEED_INDIRECT
    return "" if indirect_only and referral.method and referral.method.direct else None


@gate("nothing_booked", "A preparation meeting must be booked")
def meeting_booked(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if any(person.meeting_at and person.active for person in referral.participants) else ""


ENTRY_GATES[Stage.CONFERENCE] = (*BOTH_CONSENTS, method_consents)


def _confirmations_needed(person: Participant) -> tuple[Confirmation, ...]:
    match person.custody:
        case Custody.IN_PRISON:
            return tuple(Confirmation)
        case Custody.ON_LICENCE:
            return (Confirmation.OFFENDER_MANAGER, Confirmation.VICTIM_LIAISON)
        case _:
            return ()


@rule(AssignFacilitators, stages=[Stage.OFFENDER_CONSENT, Stage.PREPARATION, Stage.CONFERENCE])
def decide_assign_facilitators(
    referral: Referral, command: AssignFacilitators, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.facilitator == command.co_facilitator:
        raise Refused("same_person", "The co-facilitator must be another person.", "co_facilitator")
    if referral.stage is Stage.CONFERENCE:
        # The conditions for booking the activity must hold for a replacement too.
        facilitators_fit.check(_with_facilitators(referral, command), actor, at)
    yield event_from(FacilitatorsAssigned, command)


@rule(ChooseMethod, stages=[Stage.PREPARATION])
def decide_choose_method(
    referral: Referral, command: ChooseMethod, actor: Actor, at: datetime
) -> Iterator[Event]:
    if command.method.direct and referral.risk.verdict is Verdict.PROCEED_INDIRECT:
        raise Refused(
            "method_unsafe", f"{method_allowed.sentence}: shuttle, letter or recorded_message.", "method"
        )
    yield event_from(MethodChosen, command, replaces=referral.method)


@rule(RecordPreparationMeeting, stages=[Stage.PREPARATION, Stage.CONFERENCE])
def decide_record_preparation_meeting(
    referral: Referral, command: RecordPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    known_participant(referral, command.participant)
    if command.held_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "A meeting can be recorded only after it was held.", "held_on")
    yield event_from(PreparationMeetingHeld, command)


@rule(BookPreparationMeeting, stages=[Stage.PREPARATION, Stage.CONFERENCE])
def decide_book_preparation_meeting(
    referral: Referral, command: BookPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    known_participant(referral, command.participant)
    if command.starts_at <= at:
        raise Refused("not_later", "A meeting must be booked for a time in the future.", "starts_at")
    yield event_from(PreparationMeetingBooked, command)


@rule(
    CancelPreparationMeeting,
    stages=[Stage.PREPARATION, Stage.CONFERENCE],
    gates=[meeting_booked],
    in_safeguarding=True,
)
def decide_cancel_preparation_meeting(
    referral: Referral, command: CancelPreparationMeeting, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.meeting_at is None:
        raise Refused("nothing_booked", f"No preparation meeting of {person.id} is booked.", "participant")
    yield event_from(PreparationMeetingCancelled, command, starts_at=person.meeting_at)


@rule(
    RecordConfirmation,
    stages=[Stage.RISK_ASSESSMENT, Stage.OFFENDER_CONSENT, Stage.PREPARATION, Stage.CONFERENCE],
)
def decide_record_confirmation(
    referral: Referral, command: RecordConfirmation, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.role is not ParticipantRole.RESPONSIBLE:
        raise Refused("not_responsible", "Confirmations are about a person responsible.", "participant")
    yield event_from(Confirmed, command)


@rule(
    RequestReadinessSignOff,
    stages=[Stage.PREPARATION],
    gates=[
        method_is_direct,
        method_allowed,
        facilitators_fit,
        everyone_prepared,
        custody_confirmed,
        readiness_not_asked_yet,
    ],
)
def decide_request_readiness_sign_off(
    referral: Referral, command: RequestReadinessSignOff, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield SignOffRequested(subject=SignOffSubject.READINESS)


@rule(
    BookActivity,
    stages=[Stage.PREPARATION],
    gates=[
        method_chosen,
        method_allowed,
        risk_allows,
        facilitators_fit,
        custody_confirmed,
        readiness_signed_off,
        risk_confirmed_now,
    ],
    leads_to=Stage.CONFERENCE,
)
def decide_book_activity(
    referral: Referral, command: BookActivity, actor: Actor, at: datetime
) -> Iterator[Event]:
    attending = [known_participant(referral, each, field="attending") for each in command.attending]
    committed = both_sides(referral)
    for person in attending:
        if person.role in TWO_SIDES and person not in committed:
            raise Refused("not_taking_part", f"{person.id} has not agreed to take part.", "attending")
    for role in TWO_SIDES:
        if not any(person.role is role for person in attending):
            raise Refused("side_missing", "Both sides must attend or take part in the exchange.", "attending")
    if any(person.role is ParticipantRole.SUPPORTER for person in attending):
        two_sides = [person for person in attending if person.role in TWO_SIDES]
        missing = [person.id for person in two_sides if not in_force(referral, person, Purpose.SUPPORTERS)]
        if missing:
            raise Refused(
                "consent_missing",
                f"Supporters may attend only if everyone consents to it; missing: {', '.join(missing)}.",
                "attending",
            )
    yield event_from(ActivityBooked, command, method=referral.method)
    yield StageEntered(stage=Stage.CONFERENCE, left=referral.stage)


def _with_facilitators(referral: Referral, who: Facilitators) -> Referral:
    return referral.model_copy(
        update={
            "facilitator": who.facilitator,
            "co_facilitator": who.co_facilitator,
            "advanced_practitioner": who.advanced_practitioner,
        }
    )


def _ask_readiness_anew(referral: Referral) -> Referral:
    readiness = SignOffSubject.READINESS
    return referral.model_copy(
        update={
            "sign_offs": tuple(each for each in referral.sign_offs if each.subject is not readiness),
            "sign_off_requests": tuple(
                each for each in referral.sign_off_requests if each.subject is not readiness
            ),
            "overrides": tuple(
                each for each in referral.overrides if each is not OverridableGate.READINESS_SIGN_OFF
            ),
        }
    )


@apply.register
def apply_facilitators_assigned(
    event: FacilitatorsAssigned, referral: Referral, recorded: Recorded
) -> Referral:
    # The person who signed readiness off must not run the meeting.
    return _with_facilitators(_ask_readiness_anew(referral), event)


@apply.register
def apply_method_chosen(event: MethodChosen, referral: Referral, recorded: Recorded) -> Referral:
    # Readiness is signed off for one method; another method needs a new sign-off.
    return _ask_readiness_anew(referral).model_copy(update={"method": event.method})


@apply.register
def apply_preparation_meeting_held(
    event: PreparationMeetingHeld, referral: Referral, recorded: Recorded
) -> Referral:
    person = referral.participant(event.participant)
    booked = person.meeting_at if person else None
    # A meeting booked for a later day is still to come: holding this one does not replace it.
    later = booked is not None and booked.astimezone(LONDON).date() > event.held_on
    return change_participant(
        referral, event.participant, prepared_on=event.held_on, meeting_at=booked if later else None
    )


@apply.register
def apply_preparation_meeting_booked(
    event: PreparationMeetingBooked, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, meeting_at=event.starts_at)


@apply.register
def apply_preparation_meeting_cancelled(
    event: PreparationMeetingCancelled, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, meeting_at=None)


@apply.register
def apply_confirmed(event: Confirmed, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    if person is None or event.confirmation in (None, *person.confirmations):
        return referral
    return change_participant(referral, person.id, confirmations=(*person.confirmations, event.confirmation))


@apply.register
def apply_activity_booked(event: ActivityBooked, referral: Referral, recorded: Recorded) -> Referral:
    activity = Activity(method=event.method, starts_at=event.starts_at, attending=event.attending)
    return referral.model_copy(update={"activity": activity})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    if referral.stage is Stage.PREPARATION:
        reviewed = referral.reviewed.get(ReviewSubject.PREPARATION, referral.stage_entered_at)
        yield Clock(DeadlineName.PREPARATION_REVIEW, started_at=max(reviewed, referral.stage_entered_at))
