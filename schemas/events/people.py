"""Events of persons: who they are, what they consent to, when they leave."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model, Note, ParticipantId
from schemas.vocabulary import Channel, EndReason


class ConsentGiven(facts.ConsentGrant):
    """A consent was given."""

    kind: Literal["consent_given"] = "consent_given"


class ConsentWithdrawn(facts.ConsentRef):
    """A consent was withdrawn."""

    kind: Literal["consent_withdrawn"] = "consent_withdrawn"


class ParticipationEnded(Model):
    """A person's part in the referral ended."""

    kind: Literal["participation_ended"] = "participation_ended"
    participant: ParticipantId
    reason: EndReason
    note: Note = None


class ParticipantAdded(Model):
    """A person joined the referral."""

    kind: Literal["participant_added"] = "participant_added"
    participant: facts.NewParticipant
    known: facts.KnownOfPerson | None = None


class ParticipantAmended(facts.Amendment):
    """What is known about a person was corrected or updated."""

    kind: Literal["participant_amended"] = "participant_amended"
    no_longer_safe: tuple[Channel, ...] = Field(
        default=(), description="channels whose address changed and is not yet recorded as safe"
    )
    known: facts.KnownOfPerson | None = None


class ParticipantCameOfAge(Model):
    """A child turned 18: no parent or guardian need consent for them any more."""

    kind: Literal["participant_came_of_age"] = "participant_came_of_age"
    participant: ParticipantId


class ContactSafetyRecorded(facts.SafetyDetails):
    """It was recorded how a person may be reached safely."""

    kind: Literal["contact_safety_recorded"] = "contact_safety_recorded"


class CustodyDetailsRecorded(facts.CustodyDetails):
    """It was recorded where a person responsible serves a sentence, and by which day the work is best done."""

    kind: Literal["custody_details_recorded"] = "custody_details_recorded"
