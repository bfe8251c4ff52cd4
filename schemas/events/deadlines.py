"""Events of deadlines, escalations and messages."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas import facts
from schemas.base import Model
from schemas.notices import NoticeResult
from schemas.policy import Rung


class DeadlineExtended(facts.Extension):
    """A supervisor moved a deadline."""

    kind: Literal["deadline_extended"] = "deadline_extended"


class DeadlineReached(Model):
    """A deadline reached one of its points: a warning, the due date, or an escalation after it."""

    kind: Literal["deadline_reached"] = "deadline_reached"
    deadline: str
    point: str = Field(description="warn-1, warn-2 …, due, escalate-1 …")
    at: AwareDatetime = Field(description="when the point was to be reached")


class EscalationRaised(Model):
    """A missed deadline was escalated to a rung of the ladder."""

    kind: Literal["escalation_raised"] = "escalation_raised"
    deadline: str
    point: str
    at: AwareDatetime = Field(description="when the point was to be reached")
    rung: Rung


class EscalationCleared(Model):
    """An escalation was cleared: the work was done, the date moved, or the referral closed."""

    kind: Literal["escalation_cleared"] = "escalation_cleared"
    deadline: str
    point: str
    at: AwareDatetime = Field(description="of the escalation that is cleared")


class NoticeSettled(NoticeResult):
    """A message that was to be sent has an outcome."""

    kind: Literal["notice_settled"] = "notice_settled"
