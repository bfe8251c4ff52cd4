"""Participants: who they are, how they are safely reached, and what they consent to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lifecycle.gates import gate
from lifecycle.people.details import check_new_participant, check_person, check_safety
from lifecycle.people.leaving import LEAVING_LEADS_TO, end_participation, known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, rule
from lifecycle.stages.intake import check_participant
from lifecycle.state import apply, as_participant, change_participant, event_from
from schemas.areas import LONDON
from schemas.commands import (
    AddParticipant,
    AmendParticipant,
    GiveConsent,
    RecordContactSafety,
    WithdrawConsent,
)
from schemas.events import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactSafetyRecorded,
    Event,
    ParticipantAdded,
    ParticipantAmended,
    Recorded,
)
from schemas.people import Actor, Person
from schemas.referral import Consent, Participant, Referral
from schemas.vocabulary import AgeBand, Channel, EndReason, ParticipantRole, Purpose, Stage

# These can still be withdrawn after closing: what they allow goes on.
_OUTLIVES_CLOSING = frozenset({Purpose.SHARE_OUTCOME, Purpose.EVALUATION, Purpose.CASE_STUDY})


@gate("nothing_to_withdraw", "There must be a consent in force that can be withdrawn")
def consent_to_withdraw(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if any(_may_withdraw(referral, consent) for consent in referral.consents) else ""


def _may_withdraw(referral: Referral, consent: Consent) -> bool:
    return consent.in_force and (not referral.closed or consent.purpose in _OUTLIVES_CLOSING)


@rule(GiveConsent, stages=OPEN_STAGES, on_hold=True)
def decide_give_consent(
    referral: Referral, command: GiveConsent, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if command.given_on > at.astimezone(LONDON).date():
        raise Refused("in_the_future", "A consent can be recorded only after it was given.", "given_on")
    if command.by_guardian is not None:
        guardian = known_participant(referral, command.by_guardian, field="by_guardian")
        if guardian.role is not ParticipantRole.GUARDIAN or guardian.accompanies != person.id:
            raise Refused(
                "not_their_guardian",
                f"{guardian.id} is not recorded as guardian of {person.id}.",
                "by_guardian",
            )
    if command.purpose is Purpose.RECORDING and not referral.policy.recording_allowed:
        raise Refused(
            "recording_not_allowed", "Recording is not allowed under this referral's policy.", "purpose"
        )
    if command.purpose is Purpose.SHARE_RISK_INFORMATION and not command.agencies:
        raise Refused(
            "agencies_missing", "Say with which agencies risk information may be shared.", "agencies"
        )
    yield event_from(ConsentGiven, command)


@rule(
    WithdrawConsent,
    stages=Stage,
    gates=[consent_to_withdraw],
    may_lead_to=LEAVING_LEADS_TO,
    on_hold=True,
    in_safeguarding=True,
)
def decide_withdraw_consent(
    referral: Referral, command: WithdrawConsent, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant, left=frozenset(EndReason))
    given = [
        consent
        for consent in referral.consents
        if consent.participant == person.id
        and consent.purpose is command.purpose
        and consent.by_guardian == command.by_guardian
        and consent.in_force
    ]
    if not given:
        raise Refused("no_such_consent", "No such consent of this person is in force.", "purpose")
    if not _may_withdraw(referral, given[0]):
        raise Refused("closed", "The referral is closed; this consent ended with it.", "purpose")
    yield event_from(ConsentWithdrawn, command)
    # A guardian has no say any more once the child is an adult.
    their_own = command.by_guardian is None or not person.grown_up
    if command.purpose is Purpose.TAKE_PART and person.active and their_own:
        yield from end_participation(referral, person, EndReason.WITHDREW, at)


@rule(AddParticipant, stages=OPEN_STAGES, on_hold=True)
def decide_add_participant(
    referral: Referral, command: AddParticipant, actor: Actor, at: datetime
) -> Iterator[Event]:
    known = frozenset(person.id for person in referral.participants)
    if command.participant.id in known:
        raise Refused("id_taken", f"There is already a participant {command.participant.id}.", "participant")
    check_participant(command.participant, known, "participant")
    person, of_person = check_new_participant(command.participant, referral.received_at, at, "participant")
    yield ParticipantAdded(participant=person, known=of_person)


@rule(AmendParticipant, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_amend_participant(
    referral: Referral, command: AmendParticipant, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    checked = check_person(
        command.person or Person(), person.id, command.age_band, referral.received_at, at, "", "person"
    )
    if person.birthday_known and not checked.known.birthday_known and command.age_band is not None:
        raise Refused(
            "age_contradicts",
            "The age band follows from the date of birth that is recorded; mend that instead.",
            "age_band",
        )
    turns_18 = checked.known.turns_18_on
    adult_now = turns_18 is not None and turns_18 <= at.astimezone(LONDON).date()
    grows_up = person.child and (adult_now or checked.age_band not in (None, AgeBand.UNDER_18))
    if grows_up and actor.role not in SUPERVISORS:
        raise Refused(
            "not_your_role",
            "Only a supervisor may change a child's age band to an adult's; no guardian need consent then.",
            "age_band" if command.age_band is not None else "person.date_of_birth",
        )
    yield event_from(
        ParticipantAmended,
        command,
        person=checked.person if command.person is not None else None,
        age_band=checked.age_band,
        no_longer_safe=_leads_elsewhere(command.person),
        known=checked.known if command.person is not None else None,
    )


def _leads_elsewhere(person: Person | None) -> tuple[Channel, ...]:
    # The old number being safe does not make the new one safe.
    if person is None:
        return ()
    new = {
        Channel.PHONE: person.phone,
        Channel.TEXT: person.phone,
        Channel.EMAIL: person.email,
        Channel.LETTER: person.address,
    }
    return tuple(channel for channel, address in new.items() if address)


@rule(RecordContactSafety, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def decide_record_contact_safety(
    referral: Referral, command: RecordContactSafety, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    check_safety(command.contact_safety, person.reachable_by, "contact_safety")
    yield event_from(ContactSafetyRecorded, command)


@apply.register
def apply_consent_given(event: ConsentGiven, referral: Referral, recorded: Recorded) -> Referral:
    consent = Consent(
        participant=event.participant,
        purpose=event.purpose,
        form=event.form,
        form_version=event.form_version,
        given_on=event.given_on,
        recorded_by=recorded.actor,
        by_guardian=event.by_guardian,
    )
    return referral.model_copy(update={"consents": (*referral.consents, consent)})


@apply.register
def apply_consent_withdrawn(event: ConsentWithdrawn, referral: Referral, recorded: Recorded) -> Referral:
    key = (event.participant, event.purpose, event.by_guardian)
    consents = tuple(
        consent.model_copy(update={"withdrawn_at": recorded.at})
        if consent.in_force and (consent.participant, consent.purpose, consent.by_guardian) == key
        else consent
        for consent in referral.consents
    )
    return referral.model_copy(update={"consents": consents})


@apply.register
def apply_participant_added(event: ParticipantAdded, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={"participants": (*referral.participants, as_participant(event.participant, event.known))}
    )


@apply.register
def apply_participant_amended(event: ParticipantAmended, referral: Referral, recorded: Recorded) -> Referral:
    known = {
        "age_band": event.age_band,
        "gender": event.gender,
        "ethnicity": event.ethnicity,
        "disability": event.disability,
        "religion": event.religion,
        "sexual_orientation": event.sexual_orientation,
        "gender_identity": event.gender_identity,
        "pregnancy_or_maternity": event.pregnancy_or_maternity,
        "interpreter_needed": event.interpreter_needed,
        "custody": event.custody,
    }
    person = referral.participant(event.participant)
    still = person.safe_channels if person else ()
    return change_participant(
        referral,
        event.participant,
        **_known_from_details(person, event),
        safe_channels=tuple(channel for channel in still if channel not in event.no_longer_safe),
        **{name: value for name, value in known.items() if value is not None},
    )


def _known_from_details(person: Participant | None, event: ParticipantAmended) -> dict[str, Any]:
    """The changes to what the rules know of a person's sealed details."""
    if event.known is None or person is None:
        return {}
    changes: dict[str, Any] = {}
    if person.reachable_by is not None:
        still = [channel for channel in person.reachable_by if channel not in event.no_longer_safe]
        changes["reachable_by"] = tuple(dict.fromkeys((*still, *event.known.reachable_by)))
    if event.known.birthday_known:
        changes |= {
            "birthday_known": True,
            "turns_18_on": event.known.turns_18_on,
            # The clock notices it anew by the date that is now recorded.
            "came_of_age": False,
        }
    return changes


@apply.register
def apply_contact_safety_recorded(
    event: ContactSafetyRecorded, referral: Referral, recorded: Recorded
) -> Referral:
    return change_participant(referral, event.participant, safe_channels=event.contact_safety.safe_channels)
