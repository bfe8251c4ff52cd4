"""Victim contact: a person is reached safely, informed, and says whether they want to take part.

The same rules apply to contact with the person responsible, in the stage offender consent.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lifecycle.activities.state import prepared_anew
from lifecycle.gates import gate
from lifecycle.people.consents import committed_harmed, lacking
from lifecycle.people.leaving import LEAVING_LEADS_TO, end_participation, known_participant
from lifecycle.refusal import Refused
from lifecycle.rules import ENTRY_GATES, OPEN_STAGES, rule
from lifecycle.state import apply, change_participant, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.commands import BeginRiskAssessment, RecordContactAttempt, RecordInformationGiven, RecordInterest
from schemas.events import ContactAttempted, Event, InformationGiven, InterestRecorded, Recorded, StageEntered
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Attempt, Participant, Referral
from schemas.vocabulary import ContactOutcome, EndReason, Initiator, Interest, ParticipantRole, Purpose, Stage

# People who left by their own decision may come back; those who died or were acquitted may not.
MAY_COME_BACK = frozenset(
    {
        EndReason.DECLINED,
        EndReason.DECLINED_BEFORE_SHARING,
        EndReason.WITHDREW,
        EndReason.NEEDS_MET_ANOTHER_WAY,
        EndReason.DENIES,
    }
)
# Acknowledgement from before they left no longer counts.
RESET_ON_RETURN: dict[str, Any] = {"ended": None, "ended_at": None, "acknowledges": None}


@gate("nobody_interested", "A person harmed must have said that they are interested")
def harmed_interested(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if committed_harmed(referral) else ""


@gate(
    "consent_missing",
    "Every interested person harmed must consent to take part and to share risk information",
)
def harmed_consents(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return lacking(referral, committed_harmed(referral), Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)


ENTRY_GATES[Stage.RISK_ASSESSMENT] = (harmed_interested, harmed_consents)


@rule(RecordContactAttempt, stages=OPEN_STAGES)
def decide_record_contact_attempt(
    referral: Referral, command: RecordContactAttempt, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    made_at = command.made_at or at
    if made_at > at:
        raise Refused("in_the_future", "An attempt can be recorded only after it was made.", "made_at")
    unsafe = person.role is ParticipantRole.HARMED and command.channel not in person.safe_channels
    yield event_from(ContactAttempted, command, made_at=made_at, unsafe_channel=unsafe)


@rule(RecordInformationGiven, stages=OPEN_STAGES)
def decide_record_information_given(
    referral: Referral, command: RecordInformationGiven, actor: Actor, at: datetime
) -> Iterator[Event]:
    # Somebody who declined before being informed may come back to be informed.
    known_participant(referral, command.participant, left=MAY_COME_BACK)
    yield event_from(InformationGiven, command)


@rule(RecordInterest, stages=OPEN_STAGES, may_lead_to=LEAVING_LEADS_TO)
def decide_record_interest(
    referral: Referral, command: RecordInterest, actor: Actor, at: datetime
) -> Iterator[Event]:
    person = known_participant(referral, command.participant, left=MAY_COME_BACK)
    if person.informed_at is None and command.interest is not Interest.DECLINED:
        raise Refused(
            "not_informed",
            "Interest can be recorded only once the person was informed; record that first.",
            "participant",
        )
    yield event_from(InterestRecorded, command)
    if command.interest is Interest.DECLINED and person.active:
        reason = EndReason.DECLINED if person.informed_at else EndReason.DECLINED_BEFORE_SHARING
        yield from end_participation(referral, person, reason, at)


@rule(BeginRiskAssessment, stages=[Stage.VICTIM_CONTACT], leads_to=Stage.RISK_ASSESSMENT)
def decide_begin_risk_assessment(
    referral: Referral, command: BeginRiskAssessment, actor: Actor, at: datetime
) -> Iterator[Event]:
    yield StageEntered(stage=Stage.RISK_ASSESSMENT, left=referral.stage)


@apply.register
def apply_contact_attempted(event: ContactAttempted, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    if person is None:
        return referral
    attempt = Attempt(channel=event.channel, outcome=event.outcome, made_at=event.made_at or recorded.at)
    return change_participant(referral, person.id, attempts=(*person.attempts, attempt))


@apply.register
def apply_information_given(event: InformationGiven, referral: Referral, recorded: Recorded) -> Referral:
    return change_participant(referral, event.participant, informed_at=recorded.at)


@apply.register
def apply_interest_recorded(event: InterestRecorded, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    comes_back = (
        person is not None and person.ended in MAY_COME_BACK and event.interest is not Interest.DECLINED
    )
    changes = {"interest": event.interest, "interest_at": recorded.at}
    if comes_back:
        # Nor does preparation.
        referral = prepared_anew(referral, event.participant)
    return change_participant(
        referral, event.participant, **(RESET_ON_RETURN if comes_back else {}), **changes
    )


def unreachable(referral: Referral, person: Participant) -> datetime | None:
    """When the first unsuccessful attempt was made, once there are as many as the policy asks; None before that.

    Only attempts since the person was last heard from count.
    """
    wanted = referral.policy.unreachable
    heard = [attempt.made_at for attempt in person.attempts if attempt.outcome is ContactOutcome.REACHED]
    heard += [moment for moment in (person.informed_at, person.interest_at) if moment]
    tried = [attempt for attempt in person.attempts if not heard or attempt.made_at > max(heard)]
    if len(tried) < wanted.attempts or len({attempt.channel for attempt in tried}) < wanted.channels:
        return None
    return min(attempt.made_at for attempt in tried)


def asked_for(referral: Referral, role: ParticipantRole) -> Iterator[Participant]:
    """Who asked on behalf of somebody of a side, if anybody did: whom that side is first reached through."""
    asked = referral.participant(referral.asked_by) if referral.asked_by else None
    if asked is not None and asked.active and asked.accompanies:
        whom = referral.participant(asked.accompanies)
        if whom is not None and whom.role is role:
            yield asked


def contact_clocks(referral: Referral, role: ParticipantRole) -> Iterator[Clock]:
    """The clocks of contact with the people of one side."""
    for person in referral.taking_part(role):
        tried_since = unreachable(referral, person)
        if tried_since:
            since = max(tried_since, person.reviewed_at or tried_since)
            yield Clock(DeadlineName.UNREACHABLE_REVIEW, person.id, started_at=since)
        if person.interest is Interest.UNDECIDED and person.interest_at:
            since = max(person.interest_at, person.reviewed_at or person.interest_at)
            yield Clock(DeadlineName.THINKING_TIME, person.id, started_at=since)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    by_responsible = referral.initiator is Initiator.PERSON_RESPONSIBLE
    first = ParticipantRole.RESPONSIBLE if by_responsible else ParticipantRole.HARMED
    match referral.stage:
        case Stage.RECEIVED:
            yield from _first_contact(referral, first, referral.received_at)
        case Stage.OFFENDER_CONSENT if by_responsible and referral.risk.verdict is None:
            yield from _first_contact(referral, first, referral.received_at)
        case Stage.VICTIM_CONTACT:
            # Where the person responsible asked, the person harmed is first approached when this stage begins.
            since = referral.stage_entered_at if by_responsible else referral.received_at
            yield from _first_contact(referral, ParticipantRole.HARMED, since)
            yield from contact_clocks(referral, ParticipantRole.HARMED)


def _first_contact(referral: Referral, role: ParticipantRole, since: datetime) -> Iterator[Clock]:
    people = [*referral.taking_part(role), *asked_for(referral, role)]
    if not any(person.attempts for person in people):
        yield Clock(DeadlineName.FIRST_CONTACT, started_at=since)
