"""The facts of sign-offs, reviews, pauses, concerns, complaints, tasks and moved deadlines."""

from typing import Annotated

from pydantic import Field

from schemas.base import Day, Model, Moment, Note, ParticipantId
from schemas.facts.shared import Reason, Which
from schemas.privacy import Sensitive
from schemas.vocabulary import (
    ComplaintAbout,
    ComplaintOutcome,
    OverridableGate,
    ReviewSubject,
    SignOffSubject,
    TaskResult,
)

ComplaintId = Annotated[
    str, Field(pattern=r"^k[0-9]{1,2}$", description="the complaint's id, such as k1, as `rj show` prints it")
]


class ComplaintMade(Model):
    """A complaint about the service."""

    about: ComplaintAbout
    made_by: ParticipantId | None = Field(default=None, description="who complained; absent: somebody else")
    received_on: Day | None = Field(default=None, description="the day it came; absent: today")
    text: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what was complained about; sealed"
    )


class ComplaintAnswer(Model):
    """The answer to a complaint."""

    complaint: ComplaintId
    outcome: ComplaintOutcome
    text: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what was answered; sealed"
    )


class SignOffDecision(Model):
    """A supervisor's decision on a requested sign-off."""

    subject: SignOffSubject
    approved: bool
    reason: Reason = Field(default=None, description="needed when it is not approved; sealed")
    activity: Which = None


class GateOverride(Model):
    """A gate that a supervisor overrides for this referral. Consent is not among these gates."""

    gate: OverridableGate
    reason: Annotated[str | None, Sensitive] = Field(default=None, min_length=3, max_length=2000)
    activity: Which = None


class Review(Model):
    """A review, which answers the deadline of the same name."""

    subject: ReviewSubject
    participant: ParticipantId | None = None
    note: Note = None


class TaskDone(Model):
    """The outcome of a task to tell somebody something in person."""

    task: str = Field(pattern=r"^\d{1,6}-\d{1,4}$", description="the task's id, as `rj tasks` prints it")
    result: TaskResult
    note: Note = None


class Pause(Model):
    """A hold and its review date."""

    review_on: Day
    reason: Reason = None


class Concern(Model):
    """A safeguarding concern, or the reason for lifting it."""

    note: Note = None


class Extension(Model):
    """A later due time that a supervisor gives a deadline."""

    deadline: str = Field(description="its key, as `rj show` prints it")
    until: Moment
    reason: Reason = None
