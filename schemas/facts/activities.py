"""The facts of activities: who runs them, how, when, and how people are prepared."""

from typing import Annotated

from pydantic import Field

from schemas.base import ActivityId, Day, Model, Moment, Note, ParticipantId
from schemas.facts.shared import Reason, Which
from schemas.people import StaffId
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import Channel, Confirmation, Method


class Facilitators(Model):
    """Who prepares and runs the activity."""

    facilitator: StaffId
    co_facilitator: StaffId | None = None
    advanced_practitioner: bool = Field(
        default=False,
        description="the facilitator is an advanced practitioner; checked against the staff register",
    )
    activity: ActivityId | None = Field(
        default=None, description="the activity that they run; absent: every one without its own facilitators"
    )


class ActivityPlan(Model):
    """A plan for an activity beside others: by which method, and who of the two sides takes part in it."""

    method: Method
    taking_part: tuple[ParticipantId, ...] = Field(
        default=(), max_length=40, description="ids of both sides; absent: everyone who is committed"
    )
    reason: Reason = None


class Adjournment(Model):
    """The adjournment of a direct activity that began and did not come to its end."""

    began_at: Moment | None = Field(default=None, description="when it began; absent: as booked")
    resumes_at: Moment | None = Field(
        default=None, description="when it goes on; absent: it is to be booked again"
    )
    reason: Reason = None
    activity: Which = None


class MethodChoice(Model):
    """How the two sides will communicate."""

    method: Method
    reason: Reason = None
    activity: Which = None


class PreparationMeeting(Model):
    """A meeting that prepares one person for the activity."""

    participant: ParticipantId
    held_on: Day
    channel: Channel
    note: Note = None
    activity: Which = None


class MeetingBooking(Model):
    """A booked meeting to prepare one person. Booking it again moves it."""

    participant: ParticipantId
    starts_at: Moment
    channel: Channel = Channel.IN_PERSON
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    activity: Which = None


class MeetingCancellation(Model):
    """The cancellation of a booked preparation meeting."""

    participant: ParticipantId
    reason: Reason = None
    activity: Which = None


class ConfirmationGiven(Model):
    """What prison, offender manager or victim liaison confirmed about a person responsible."""

    participant: ParticipantId
    confirmation: Annotated[Confirmation | None, Special] = None


class Booking(Model):
    """An activity that is booked, by the chosen method: a direct meeting or an indirect exchange."""

    starts_at: Moment
    attending: tuple[ParticipantId, ...] = Field(min_length=2)
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    activity: Which = None


class ActivityOutcome(Model):
    """How the booked activity took place."""

    partly: bool = Field(default=False, description="it began but was not completed")
    started_at: Moment | None = Field(default=None, description="when it began; absent: as booked")
    note: Note = None
    activity: Which = None


class Postponement(Model):
    """The postponement of the booked activity."""

    asked_by: ParticipantId | None = Field(default=None, description="who asked; absent: the service")
    reason: Reason = None
    activity: Which = None
