"""The facts of contact, information, interest and acknowledgement."""

from pydantic import Field

from schemas.base import Model, Moment, Note, ParticipantId
from schemas.vocabulary import Channel, ContactOutcome, Interest


class ContactAttempt(Model):
    """One attempt to reach a person."""

    participant: ParticipantId
    channel: Channel
    outcome: ContactOutcome
    made_at: Moment | None = Field(default=None, description="when it was made; absent: now")
    note: Note = None


class Information(Model):
    """Information about restorative justice, given to a person in a form that suits them."""

    participant: ParticipantId
    channel: Channel
    interpreter_offered: bool = False
    legal_advice_offered: bool = False


class InterestShown(Model):
    """Whether a person, once informed, wants to take part."""

    participant: ParticipantId
    interest: Interest
    note: Note = None


class Acknowledgement(Model):
    """Whether a person responsible acknowledges the basic facts."""

    participant: ParticipantId
    acknowledges: bool
