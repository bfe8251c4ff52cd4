"""What is still to be done or was undertaken on a referral: agreement items, tasks and deadlines."""

from datetime import date

from pydantic import AwareDatetime, Field

from schemas.base import FIRST_ACTIVITY, ActivityId, Model, ParticipantId
from schemas.notices import Outcome
from schemas.policy import DeadlineName
from schemas.vocabulary import ItemOutcome


class Item(Model):
    """An item of an outcome agreement."""

    id: str
    activity: ActivityId = FIRST_ACTIVITY
    by: ParticipantId
    due_on: date
    outcome: ItemOutcome | None = None


class Task(Model):
    """A message that could not be sent, so that staff must tell it in person."""

    id: str = Field(description="the message's")
    template: str
    to: str = Field(description="a participant's id, or that of the partner who sent the referral")
    why: Outcome
    since: AwareDatetime
    appointment: str | None = Field(
        default=None, description="the appointment it is about: conference, or preparation/h1"
    )
    starts_at: AwareDatetime | None = Field(default=None, description="when that appointment begins")
    cancelled: bool = Field(default=False, description="whether the appointment is off")


class Deadline(Model):
    """An open deadline with its points as instants, in UTC."""

    key: str = Field(
        description="its name and what it is about: first_contact, thinking_time/h1, agreement_item/i1"
    )
    started_at: AwareDatetime | None = Field(description="when its clock started; None: it has its own date")
    due_at: AwareDatetime
    points: dict[str, AwareDatetime] = Field(description="warn-1 …, due, escalate-1 …, in order of time")

    @property
    def name(self) -> DeadlineName:
        """Its name in the policy."""
        return DeadlineName(self.key.partition("/")[0])
