"""Commands on sign-offs, reviews, pauses, concerns, complaints, tasks and deadlines."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model
from schemas.commands.texts import Said, Why


class RecordComplaint(facts.ComplaintMade):
    """Record a complaint about the service; a closed referral takes one too."""

    kind: Literal["record_complaint"] = "record_complaint"
    text: Said


class AnswerComplaint(facts.ComplaintAnswer):
    """Record how a complaint was answered. Who has the referral or facilitates it may not."""

    kind: Literal["answer_complaint"] = "answer_complaint"
    text: Said


class RaiseSafeguarding(Model):
    """Raise a safeguarding concern: every message and contact stops at once."""

    kind: Literal["raise_safeguarding"] = "raise_safeguarding"
    note: Why


class LiftSafeguarding(Model):
    """Lift the safeguarding concern."""

    kind: Literal["lift_safeguarding"] = "lift_safeguarding"
    note: Why


class Hold(facts.Pause):
    """Pause the referral until a review date; its clocks stop."""

    kind: Literal["hold"] = "hold"
    reason: Why


class Resume(Model):
    """End the pause; the clocks go on where they stopped."""

    kind: Literal["resume"] = "resume"


class DecideSignOff(facts.SignOffDecision):
    """Sign off what is waiting, or return it. Its authors may not."""

    kind: Literal["sign_off"] = "sign_off"


class OverrideGate(Model):
    """Override a gate, with a reason. No consent can be overridden."""

    kind: Literal["override_gate"] = "override_gate"
    gate: str = Field(
        description="risk_sign_off, readiness_sign_off, risk_reconfirmation, advanced_practitioner or confirmations"
    )
    reason: Why
    activity: facts.Which = None


class RecordReview(facts.Review):
    """Record a review that a deadline asked for."""

    kind: Literal["record_review"] = "record_review"


class CompleteTask(facts.TaskDone):
    """Record that you told somebody in person what a message could not, or that there was no need."""

    kind: Literal["complete_task"] = "complete_task"


class ExtendDeadline(facts.Extension):
    """Move a deadline."""

    kind: Literal["extend_deadline"] = "extend_deadline"
    reason: Why


class AdoptPolicy(Model):
    """Adopt the service's current policy for the referral."""

    kind: Literal["adopt_policy"] = "adopt_policy"
    version: str = Field(
        min_length=1,
        max_length=40,
        description="the version of the policy to adopt, as `rj policy show` prints it",
    )
