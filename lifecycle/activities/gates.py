"""What an activity lacks before it is signed off, booked or held. Only those who take part in it are asked."""

from collections.abc import Iterable
from datetime import datetime

from lifecycle.activities.communications import begins_at, nothing_handed_over
from lifecycle.activities.state import facilitators_of, people_of
from lifecycle.gates import activity_gate
from lifecycle.people.consents import TWO_SIDES, in_force, lacking
from lifecycle.rules import ENTRY_GATES
from lifecycle.stages.risk_assessment import confirmed_recently
from schemas.activity import Activity
from schemas.people import Actor
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    Confirmation,
    ConsentForm,
    Custody,
    Interest,
    OverridableGate,
    ParticipantRole,
    Purpose,
    SignOffSubject,
    Stage,
    Verdict,
)


def _of_side(people: Iterable[Participant], role: ParticipantRole) -> list[Participant]:
    return [person for person in people if person.role is role]


@activity_gate("method_missing", "The method must be chosen")
def method_chosen(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    return None if activity.method else ""


@activity_gate("method_not_direct", "Only a direct method needs a sign-off of readiness")
def method_is_direct(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    return None if activity.method and activity.method.direct else ""


@activity_gate("method_unsafe", "Where the risk assessment allows an indirect method only, it must be one")
def method_allowed(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    indirect_only = referral.risk.verdict is Verdict.PROCEED_INDIRECT
    return "" if indirect_only and activity.method and activity.method.direct else None


@activity_gate(
    "facilitators_missing",
    "Facilitators must be assigned; a sensitive case needs an advanced practitioner and a co-facilitator",
)
def facilitators_fit(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    facilitator, co_facilitator, advanced_practitioner = facilitators_of(referral, activity)
    if facilitator is None:
        return "none is assigned"
    if not referral.sensitive or OverridableGate.ADVANCED_PRACTITIONER in activity.overrides:
        return None
    if not advanced_practitioner:
        return "the facilitator is no advanced practitioner"
    return None if co_facilitator else "no co-facilitator is assigned"


@activity_gate("facilitators_missing", "A facilitator must be assigned, who ran it")
def somebody_runs_it(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    """One that was booked before the referral went to another area has nobody there until somebody is assigned."""
    facilitator, _, _ = facilitators_of(referral, activity)
    return "" if facilitator is None else None


@activity_gate("not_prepared", "Everyone taking part must have had a preparation meeting")
def everyone_prepared(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    people = people_of(referral, activity)
    return ", ".join(each.id for each in people if activity.part(each.id).prepared_on is None) or None


@activity_gate(
    "confirmations_missing", "Where a person is in prison or on licence, those in charge must confirm"
)
def custody_confirmed(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    if OverridableGate.CONFIRMATIONS in activity.overrides:
        return None
    missing = [
        f"{each.replace('_', ' ')} for {person.id}"
        for person in people_of(referral, activity)
        for each in _confirmations_needed(person)
        if each not in person.confirmations
    ]
    return ", ".join(missing) or None


def _confirmations_needed(person: Participant) -> tuple[Confirmation, ...]:
    match person.custody:
        case Custody.IN_PRISON:
            return tuple(Confirmation)
        case Custody.ON_LICENCE:
            return (Confirmation.OFFENDER_MANAGER, Confirmation.VICTIM_LIAISON)
        case _:
            return ()


def readiness_is_signed_off(referral: Referral, activity: Activity) -> bool:
    """Whether a supervisor has signed off the readiness for an activity."""
    return any(
        each.subject is SignOffSubject.READINESS and each.activity == activity.id
        for each in referral.sign_offs
    )


def readiness_waits(referral: Referral, activity: Activity) -> bool:
    """Whether the readiness for an activity waits for a sign-off."""
    return any(
        each.subject is SignOffSubject.READINESS and each.activity == activity.id
        for each in referral.sign_off_requests
    )


@activity_gate("readiness_not_signed_off", "Readiness for a direct meeting must be signed off")
def readiness_signed_off(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    if activity.method is None or not activity.method.direct:
        return None
    if OverridableGate.READINESS_SIGN_OFF in activity.overrides:
        return None
    if not readiness_is_signed_off(referral, activity):
        return ""
    # People who joined or came back since were not covered by the sign-off.
    unprepared = everyone_prepared.lacks(referral, activity, actor, at)
    return f"not prepared when it was: {unprepared}" if unprepared else None


@activity_gate(
    "readiness_already_asked", "Readiness must not already be signed off or waiting for a sign-off"
)
def readiness_not_asked_yet(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    asked = readiness_waits(referral, activity) or readiness_is_signed_off(referral, activity)
    return "" if asked else None


@activity_gate(
    "risk_confirmation_old",
    "The risk must be confirmed within the days that the policy sets before the activity",
)
def risk_confirmed_now(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    overridden = OverridableGate.RISK_RECONFIRMATION in activity.overrides
    return None if overridden or confirmed_recently(referral, activity, at) else ""


@activity_gate("method_consent_missing", "Everyone taking part must consent to the method")
def method_consents(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    if activity.method is None:
        return None
    return lacking(referral, people_of(referral, activity), activity.method.purpose)


@activity_gate("facts_not_acknowledged", "A person responsible must have acknowledged the basic facts")
def facts_acknowledged(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    return None if _of_side(people_of(referral, activity), ParticipantRole.RESPONSIBLE) else ""


@activity_gate(
    "responsible_consent_missing", "Every person responsible who goes on must consent in writing to take part"
)
def responsible_consent_in_writing(
    referral: Referral, activity: Activity, actor: Actor, at: datetime
) -> str | None:
    missing = [
        person.id
        for person in _of_side(people_of(referral, activity), ParticipantRole.RESPONSIBLE)
        if not in_force(referral, person, Purpose.TAKE_PART, ConsentForm.WRITTEN)
    ]
    return ", ".join(missing) or None


@activity_gate(
    "harmed_consent_missing", "The consent of every interested person harmed to take part must be in force"
)
def harmed_take_part(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    harmed = _of_side(people_of(referral, activity), ParticipantRole.HARMED)
    return lacking(referral, harmed, Purpose.TAKE_PART) if harmed else "nobody harmed is interested"


TAKING_PART = (facts_acknowledged, responsible_consent_in_writing, harmed_take_part)
"""That both sides of an activity have agreed to take part; without it nothing is prepared, booked or held."""

ENTRY_GATES[Stage.CONFERENCE] = (*TAKING_PART, method_consents)


@activity_gate(
    "attending_consent_missing",
    "Everyone attending must consent, when the activity begins, to taking part, to the method and to supporters there",
)
def attending_consent(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    if activity.booked is None:
        return None
    return missing_when_it_began(referral, activity, begins_at(referral, activity, activity.booked))


@activity_gate(
    "nothing_handed_over",
    "Of an exchange with letters, messages or spoken words, at least one must have been handed over",
)
def something_handed_over(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> str | None:
    return "" if activity.booked and nothing_handed_over(referral, activity) else None


def missing_when_it_began(referral: Referral, activity: Activity, began: datetime) -> str | None:
    """Whose consent was missing when a booked activity began; None where none was.

    Somebody who left afterwards still attended.
    """
    booked = activity.booked
    if booked is None:
        return None
    attending = [person for person in referral.participants if person.id in booked.attending]
    two_sides = [person for person in attending if person.role in TWO_SIDES]
    for role in TWO_SIDES:
        if not _of_side(two_sides, role):
            return f"no {role} person attends any more"
    for person in two_sides:
        undecided_since = person.interest_at if person.interest is Interest.UNDECIDED else None
        if undecided_since and undecided_since <= began:
            return f"{person.id} is undecided"
    purposes = [Purpose.TAKE_PART, booked.method.purpose]
    if any(person.role is ParticipantRole.SUPPORTER for person in attending):
        purposes.append(Purpose.SUPPORTERS)
    return lacking(referral, two_sides, *purposes, moment=began)
