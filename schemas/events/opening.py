"""Events of a referral that is received, checked, given to somebody and goes from stage to stage."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model
from schemas.policy import Policy
from schemas.vocabulary import Stage


class ReferralReceived(facts.ReferralForm):
    """A referral was sent to the service."""

    kind: Literal["referral_received"] = "referral_received"
    reference: str
    policy: Policy = Field(description="the policy that the referral is opened under and keeps")
    known: tuple[facts.KnownOfPerson, ...] = Field(
        default=(), description="what the rules need of what is sealed about each participant"
    )


class DuplicateChecked(facts.DuplicateCheck):
    """The referral was checked for a duplicate."""

    kind: Literal["duplicate_checked"] = "duplicate_checked"


class Allocated(facts.Allocation):
    """The referral was given to a caseworker."""

    kind: Literal["allocated"] = "allocated"


class StageEntered(Model):
    """The referral moved to another stage."""

    kind: Literal["stage_entered"] = "stage_entered"
    stage: Stage
    left: Stage
    reason: facts.Reason = None


class Reassigned(facts.Allocation):
    """The referral went to another caseworker."""

    kind: Literal["reassigned"] = "reassigned"
    reason: facts.Reason = None
