"""What supervisors look at in a referral: risk, sign-offs, complaints, holds, concerns and escalations."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.base import FIRST_ACTIVITY, ActivityId, Model, ParticipantId
from schemas.people import StaffId
from schemas.policy import Rung
from schemas.privacy import Special
from schemas.vocabulary import (
    ClosureReason,
    ComplaintAbout,
    ComplaintOutcome,
    Level,
    RiskFactor,
    SignOffSubject,
    Verdict,
)


class Assessment(Model):
    """The risk levels of a person, or of the pair, in the present assessment."""

    about: ParticipantId | None
    levels: Annotated[dict[RiskFactor, Level], Special] = Field(default={})


class Risk(Model):
    """The present risk assessment. A new round starts empty."""

    assessments: tuple[Assessment, ...] = ()
    verdict: Verdict | None = None
    authors: tuple[StaffId, ...] = Field(default=(), description="all who assessed or gave the verdict")
    confirmed_at: AwareDatetime | None = Field(default=None, description="last verdict or re-confirmation")


class SignOffRequest(Model):
    """A request for a supervisor's sign-off."""

    subject: SignOffSubject
    activity: ActivityId | None = Field(default=None, description="whose readiness; None for other subjects")
    requested_by: StaffId
    requested_at: AwareDatetime
    closure_reason: ClosureReason | None = None

    @property
    def about(self) -> str:
        """How its deadline names it: readiness for the first activity, readiness/a2 for another."""
        return self.about_of(self.subject, self.activity)

    @staticmethod
    def about_of(subject: SignOffSubject, activity: str | None) -> str:
        """How the deadline of a request names it."""
        return subject if activity in (None, FIRST_ACTIVITY) else f"{subject}/{activity}"


class SignOff(Model):
    """What a supervisor approved in the present round."""

    subject: SignOffSubject
    activity: ActivityId | None = Field(default=None, description="whose readiness; None for other subjects")
    by: StaffId
    at: AwareDatetime


class Hold(Model):
    """The current hold."""

    since: AwareDatetime
    review_on: date


class Safeguarding(Model):
    """The safeguarding concern that is open."""

    since: AwareDatetime
    raised_by: StaffId


class Frozen(Model):
    """A past hold, or time spent closed: the clocks stood still from its start to its end."""

    since: AwareDatetime
    until: AwareDatetime
    closed: bool = Field(default=False, description="whether the referral was closed then, and not on hold")

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since


class ReachedPoint(Model):
    """A point of a deadline that was reached and recorded."""

    deadline: str
    point: str
    at: AwareDatetime


class Escalation(Model):
    """An escalation that is not cleared."""

    deadline: str
    point: str
    at: AwareDatetime = Field(description="when the point was to be reached")
    rung: Rung
    raised_at: AwareDatetime


class Complaint(Model):
    """A complaint about the service, and how it was answered."""

    id: str
    about: ComplaintAbout
    made_by: ParticipantId | None = None
    since: AwareDatetime
    outcome: ComplaintOutcome | None = Field(default=None, description="absent: it is not answered")
