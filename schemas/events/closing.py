"""Events of a referral that closes and is reopened."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model, Note
from schemas.vocabulary import ClosureReason, Stage


class ReferralClosed(Model):
    """The referral closed."""

    kind: Literal["referral_closed"] = "referral_closed"
    reason: ClosureReason
    stage: Stage = Field(description="the stage it was closed in")
    note: Note = None


class ReferralReopened(Model):
    """A supervisor reopened the referral in the stage it was closed in."""

    kind: Literal["referral_reopened"] = "referral_reopened"
    stage: Stage
    reason: facts.Reason = None
