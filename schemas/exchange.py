"""The communications of an indirect activity: letters, recorded messages and what is carried by word of mouth.

What they say never enters the system. What a check took out, and why, is a sealed note.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.base import ActivityId, Model, Note, ParticipantId
from schemas.facts import Reason
from schemas.people import StaffId

CommunicationId = Annotated[
    str,
    StringConstraints(pattern=r"^c[0-9]{1,3}$"),
    Field(description="a communication's id within the referral, such as c1; `rj show` prints it"),
]


class CommunicationForm(StrEnum):
    """The form of a communication."""

    LETTER = "letter"
    RECORDED_MESSAGE = "recorded_message"
    SPOKEN = "spoken"


class DraftOrigin(StrEnum):
    """How a communication came to the service."""

    DRAFTED_WITH_AUTHOR = "drafted_with_author"
    GIVEN_TO_FACILITATOR = "given_to_facilitator"


class CheckResult(StrEnum):
    """What a check of a communication found."""

    FIT = "fit"
    TO_BE_CHANGED = "to_be_changed"


class CommunicationAnswer(StrEnum):
    """What a person says to a communication that they are offered."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"


class Delivery(StrEnum):
    """How far a communication has come with one recipient."""

    NOT_OFFERED = "not_offered"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    HANDED_OVER = "handed_over"


class Draft(Model):
    """A communication that was drafted, or drafted again after a check."""

    communication: CommunicationId | None = Field(
        default=None, description="which one is drafted again; absent: a new one, which gets the next id"
    )
    activity: ActivityId | None = Field(
        default=None, description="the activity that it belongs to; absent: the only one that it could be"
    )
    author: ParticipantId
    to: tuple[ParticipantId, ...] = Field(
        min_length=1, max_length=20, description="who is to get it: one or more people of the other side"
    )
    form: CommunicationForm
    origin: DraftOrigin = DraftOrigin.DRAFTED_WITH_AUTHOR
    reply_to: CommunicationId | None = Field(
        default=None, description="the communication that it answers; absent: none"
    )
    received_by: StaffId | None = Field(
        default=None,
        description="who drafted it with the author or was given it; absent: whoever records this",
    )
    note: Note = None

    @model_validator(mode="after")
    def _each_recipient_once(self) -> Self:
        if len(set(self.to)) != len(self.to):
            raise ValueError("to: each person may be named once")
        return self


class Check(Model):
    """A check of a communication, by somebody who had no part in drafting it."""

    communication: CommunicationId
    result: CheckResult
    taken_out: Note = Field(default=None, description="what was, or is to be, taken out; sealed")
    reason: Reason = Field(
        default=None, description="why; needed where something is taken out or to be changed; sealed"
    )


class Offer(Model):
    """The offer of a communication to one of its recipients."""

    communication: CommunicationId
    participant: ParticipantId
    note: Note = None


class OfferAnswer(Model):
    """What a recipient said to the offer."""

    communication: CommunicationId
    participant: ParticipantId
    answer: CommunicationAnswer
    note: Note = None


class HandOver(Model):
    """The moment at which a recipient gets a communication."""

    communication: CommunicationId
    participant: ParticipantId
    agrees: bool = Field(description="the person agrees, now, to get it; nothing is handed over without")
    note: Note = None


class Recipient(Model):
    """How far a communication has come with one recipient."""

    participant: ParticipantId
    delivery: Delivery = Delivery.NOT_OFFERED
    at: AwareDatetime | None = Field(default=None, description="when that was recorded")
    held_before: int = Field(
        default=0, ge=0, description="how often the activity had been held when it was handed over"
    )


class Communication(Model):
    """A communication from one side of an activity to the other."""

    id: CommunicationId
    activity: ActivityId
    author: ParticipantId
    form: CommunicationForm
    origin: DraftOrigin
    reply_to: CommunicationId | None = None
    recipients: tuple[Recipient, ...]
    drafted_by: tuple[StaffId, ...] = Field(description="all who recorded or received a draft of it")
    result: CheckResult | None = Field(default=None, description="of the check of the present draft")
    checked_by: StaffId | None = None
    ended_at: AwareDatetime | None = Field(
        default=None, description="when its author left, so that it goes to nobody any more"
    )

    def recipient(self, participant_id: str) -> Recipient | None:
        """The recipient with that id; None where it is not for them."""
        return next((each for each in self.recipients if each.participant == participant_id), None)

    @property
    def handed_over(self) -> bool:
        """Whether at least one recipient has it."""
        return any(each.delivery is Delivery.HANDED_OVER for each in self.recipients)
