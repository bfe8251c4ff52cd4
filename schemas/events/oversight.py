"""Events of sign-offs, reviews, pauses, concerns, complaints and tasks."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model, Note
from schemas.policy import Policy
from schemas.vocabulary import ClosureReason, SignOffSubject


class ComplaintRecorded(facts.ComplaintMade):
    """Somebody complained about the service."""

    kind: Literal["complaint_recorded"] = "complaint_recorded"
    complaint: facts.ComplaintId


class ComplaintAnswered(facts.ComplaintAnswer):
    """A complaint was answered."""

    kind: Literal["complaint_answered"] = "complaint_answered"


class SafeguardingRaised(facts.Concern):
    """A safeguarding concern stopped every message and contact."""

    kind: Literal["safeguarding_raised"] = "safeguarding_raised"


class SafeguardingLifted(facts.Concern):
    """A supervisor lifted the safeguarding concern."""

    kind: Literal["safeguarding_lifted"] = "safeguarding_lifted"


class PutOnHold(facts.Pause):
    """The referral was paused; its clocks stop."""

    kind: Literal["put_on_hold"] = "put_on_hold"


class Resumed(Model):
    """The pause ended; the clocks go on where they stopped."""

    kind: Literal["resumed"] = "resumed"


class SignOffRequested(Model):
    """Something waits for a supervisor's sign-off."""

    kind: Literal["sign_off_requested"] = "sign_off_requested"
    subject: SignOffSubject
    closure_reason: ClosureReason | None = None
    note: Note = None
    activity: facts.Which = None


class SignedOff(facts.SignOffDecision):
    """A supervisor signed off what was waiting, or returned it."""

    kind: Literal["signed_off"] = "signed_off"


class GateOverridden(facts.GateOverride):
    """A supervisor overrode a gate, with a reason."""

    kind: Literal["gate_overridden"] = "gate_overridden"


class Reviewed(facts.Review):
    """A review was made."""

    kind: Literal["reviewed"] = "reviewed"


class TaskCompleted(facts.TaskDone):
    """Staff completed the task that an unsendable message had left."""

    kind: Literal["task_completed"] = "task_completed"


class PolicyAdopted(Model):
    """The referral goes on under another version of the policy."""

    kind: Literal["policy_adopted"] = "policy_adopted"
    was: str = Field(description="the version before")
    version: str
    policy: Policy
