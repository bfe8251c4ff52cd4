"""Commands that send a referral, check it and give it to somebody."""

from typing import Annotated, Literal

from schemas import facts
from schemas.privacy import Special
from schemas.vocabulary import JusticeStage


class OpenReferral(facts.ReferralForm):
    """Send a referral to the service."""

    kind: Literal["open_referral"] = "open_referral"
    justice_stage: Annotated[JusticeStage, Special]


class RecordDuplicateCheck(facts.DuplicateCheck):
    """Record whether the service already has the same request."""

    kind: Literal["record_duplicate_check"] = "record_duplicate_check"


class Allocate(facts.Allocation):
    """Give the referral to a caseworker; it goes on to contact with whoever is asked first."""

    kind: Literal["allocate"] = "allocate"


class Reassign(facts.Allocation):
    """Give the referral to another caseworker."""

    kind: Literal["reassign"] = "reassign"
    reason: facts.Reason = None
