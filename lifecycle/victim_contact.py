"""Victim contact: a person is reached safely, informed, and says whether they want to take part.

Reaching, informing and asking the person responsible follows the same rules, in the stage of their consent.
"""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.clocks import Clock, clocks
from lifecycle.consents import committed_harmed, lacking
from lifecycle.core import ENTRY_GATES, OPEN_STAGES, apply, change_participant, gate, rule, told
from lifecycle.leaving import end_participation, known_participant
from lifecycle.refusal import Refused
from schemas.commands import BeginRiskAssessment, RecordContactAttempt, RecordInformationGiven, RecordInterest
from schemas.events import ContactAttempted, Event, InformationGiven, InterestRecorded, Recorded, StageEntered
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Attempt, Participant, Referral
from schemas.vocabulary import EndReason, Initiator, Interest, ParticipantRole, Purpose, Stage

# Who left by their own wish may change their mind; who died or was acquitted may not.
MAY_COME_BACK = frozenset(
    {
        EndReason.DECLINED,
        EndReason.DECLINED_BEFORE_SHARING,
        EndReason.WITHDREW,
        EndReason.NEEDS_MET_ANOTHER_WAY,
    }
)


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
def _(referral: Referral, command: RecordContactAttempt, actor: Actor, at: datetime) -> Iterator[Event]:
    person = known_participant(referral, command.participant)
    made_at = command.made_at or at
    if made_at > at:
        raise Refused("in_the_future", "An attempt is recorded after it was made, not before.", "made_at")
    unsafe = person.role is ParticipantRole.HARMED and command.channel not in person.safe_channels
    yield told(ContactAttempted, command, made_at=made_at, unsafe_channel=unsafe)


@rule(RecordInformationGiven, stages=OPEN_STAGES)
def _(referral: Referral, command: RecordInformationGiven, actor: Actor, at: datetime) -> Iterator[Event]:
    known_participant(referral, command.participant)
    yield told(InformationGiven, command)


@rule(RecordInterest, stages=OPEN_STAGES)
def _(referral: Referral, command: RecordInterest, actor: Actor, at: datetime) -> Iterator[Event]:
    person = known_participant(referral, command.participant, left=MAY_COME_BACK)
    if person.informed_at is None and command.interest is not Interest.DECLINED:
        raise Refused(
            "not_informed",
            "Interest counts only once the person was informed; record that first.",
            "participant",
        )
    yield told(InterestRecorded, command)
    if command.interest is Interest.DECLINED and person.active:
        reason = EndReason.DECLINED if person.informed_at else EndReason.DECLINED_BEFORE_SHARING
        yield from end_participation(referral, person, reason)


@rule(BeginRiskAssessment, stages=[Stage.VICTIM_CONTACT], leads_to=Stage.RISK_ASSESSMENT)
def _(referral: Referral, command: BeginRiskAssessment, actor: Actor, at: datetime) -> Iterator[Event]:
    yield StageEntered(stage=Stage.RISK_ASSESSMENT, left=referral.stage)


@apply.register
def _(event: ContactAttempted, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    if person is None:
        return referral
    attempt = Attempt(channel=event.channel, outcome=event.outcome, made_at=event.made_at or recorded.at)
    return change_participant(referral, person.id, attempts=(*person.attempts, attempt))


@apply.register
def _(event: InformationGiven, referral: Referral, recorded: Recorded) -> Referral:
    return change_participant(referral, event.participant, informed_at=recorded.at)


@apply.register
def _(event: InterestRecorded, referral: Referral, recorded: Recorded) -> Referral:
    person = referral.participant(event.participant)
    comes_back = (
        person is not None and person.ended in MAY_COME_BACK and event.interest is not Interest.DECLINED
    )
    changes = {"interest": event.interest, "interest_at": recorded.at}
    return change_participant(
        referral, event.participant, **changes, **({"ended": None} if comes_back else {})
    )


def unreachable(referral: Referral, person: Participant) -> datetime | None:
    """Since when a person counts as tried often enough: attempts and channels as the policy asks, never reached."""
    wanted = referral.policy.unreachable
    if person.reached or len(person.attempts) < wanted.attempts:
        return None
    if len({attempt.channel for attempt in person.attempts}) < wanted.channels:
        return None
    return min(attempt.made_at for attempt in person.attempts)


def contact_clocks(referral: Referral, role: ParticipantRole) -> Iterator[Clock]:
    """The clocks of reaching and asking the people of one side."""
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
    if referral.stage in (Stage.RECEIVED, Stage.VICTIM_CONTACT):
        offender_first = (
            referral.stage is Stage.RECEIVED and referral.initiator is Initiator.PERSON_RESPONSIBLE
        )
        first = ParticipantRole.RESPONSIBLE if offender_first else ParticipantRole.HARMED
        if not any(person.attempts for person in referral.taking_part(first)):
            # Offender-initiated: the person harmed is first approached when that stage begins.
            later = (
                referral.stage is Stage.VICTIM_CONTACT and referral.initiator is Initiator.PERSON_RESPONSIBLE
            )
            yield Clock(
                DeadlineName.FIRST_CONTACT,
                started_at=referral.stage_entered_at if later else referral.received_at,
            )
    if referral.stage is Stage.VICTIM_CONTACT:
        yield from contact_clocks(referral, ParticipantRole.HARMED)
