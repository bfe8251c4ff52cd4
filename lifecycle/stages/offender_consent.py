"""Offender consent: the person responsible is approached, acknowledges the basic facts and consents in writing."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.people.consents import committed_harmed, committed_responsible, in_force, lacking
from lifecycle.people.leaving import LEAVING_LEADS_TO, end_participation, known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import ENTRY_GATES, OPEN_STAGES, rule
from lifecycle.stages.intake import offender_initiated_accepted
from lifecycle.stages.risk_assessment import risk_allows
from lifecycle.stages.victim_contact import contact_clocks
from lifecycle.state import apply, change_participant, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.commands import BeginPreparation, BeginVictimContact, RecordAcknowledgement
from schemas.events import Event, FactsAcknowledged, Recorded, StageEntered
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Referral
from schemas.vocabulary import (
    ConsentForm,
    EndReason,
    Initiator,
    ParticipantRole,
    Purpose,
    ReviewSubject,
    Stage,
)


@gate("facts_not_acknowledged", "A person responsible must have acknowledged the basic facts")
def facts_acknowledged(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if committed_responsible(referral):
        return None
    return (
        "in a conflict without a crime, the other party must want to take part" if referral.conflict else ""
    )


@gate("no_facts", "There must be an offence whose facts can be acknowledged")
def offence_to_acknowledge(referral: Referral, actor: Actor, at: datetime) -> str | None:
    if not referral.conflict:
        return None
    return "in a conflict without a crime, record whether this party wants to take part"


@gate(
    "responsible_consent_missing", "Every person responsible who goes on must consent in writing to take part"
)
def responsible_consent_in_writing(referral: Referral, actor: Actor, at: datetime) -> str | None:
    missing = [
        person.id
        for person in committed_responsible(referral)
        if not in_force(referral, person, Purpose.TAKE_PART, ConsentForm.WRITTEN)
    ]
    return ", ".join(missing) or None


@gate("harmed_consent_missing", "The consent of every interested person harmed to take part must be in force")
def harmed_take_part(referral: Referral, actor: Actor, at: datetime) -> str | None:
    harmed = committed_harmed(referral)
    return lacking(referral, harmed, Purpose.TAKE_PART) if harmed else "nobody harmed is interested"


@gate(
    "not_offender_initiated",
    "Only a referral that the person responsible asked for goes from here to victim contact",
)
def asked_for_by_responsible(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.initiator is Initiator.PERSON_RESPONSIBLE else ""


BOTH_CONSENTS = (facts_acknowledged, responsible_consent_in_writing, harmed_take_part)
ENTRY_GATES[Stage.PREPARATION] = BOTH_CONSENTS


@rule(
    RecordAcknowledgement,
    stages=OPEN_STAGES - {Stage.RECEIVED},
    gates=[offence_to_acknowledge],
    may_lead_to=LEAVING_LEADS_TO,
)
def decide_record_acknowledgement(
    referral: Referral, command: RecordAcknowledgement, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    if person.role is not ParticipantRole.RESPONSIBLE:
        raise Refused("not_responsible", "Only a person responsible acknowledges the facts.", "participant")
    yield event_from(FactsAcknowledged, command)
    if not command.acknowledges:
        yield from end_participation(referral, person, EndReason.DENIES, at)


@rule(
    BeginVictimContact,
    stages=[Stage.OFFENDER_CONSENT],
    gates=[
        asked_for_by_responsible,
        offender_initiated_accepted,
        facts_acknowledged,
        responsible_consent_in_writing,
    ],
    leads_to=Stage.VICTIM_CONTACT,
)
def decide_begin_victim_contact(
    referral: Referral, command: BeginVictimContact, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.VICTIM_CONTACT, left=referral.stage)


@rule(BeginPreparation, stages=[Stage.OFFENDER_CONSENT], gates=[risk_allows], leads_to=Stage.PREPARATION)
def decide_begin_preparation(
    referral: Referral, command: BeginPreparation, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.PREPARATION, left=referral.stage)


@apply.register
def apply_facts_acknowledged(event: FactsAcknowledged, referral: Referral, recorded: Recorded) -> Referral:
    return change_participant(referral, event.participant, acknowledges=event.acknowledges)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    if referral.stage is not Stage.OFFENDER_CONSENT:
        return
    reviewed = referral.reviewed.get(ReviewSubject.OFFENDER_DECISION, referral.stage_entered_at)
    yield Clock(DeadlineName.OFFENDER_DECISION, started_at=max(reviewed, referral.stage_entered_at))
    yield from contact_clocks(referral, ParticipantRole.RESPONSIBLE)
