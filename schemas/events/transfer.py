"""Events of a referral that goes to another area."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId
from schemas.policy import Policy


class TransferOffered(facts.TransferTo):
    """The referral was offered to another area."""

    kind: Literal["transfer_offered"] = "transfer_offered"


class TransferOfferWithdrawn(Model):
    """The offer ended without an answer: taken back, or because the referral closed or a consent was withdrawn."""

    kind: Literal["transfer_offer_withdrawn"] = "transfer_offer_withdrawn"
    area: Area = Field(description="the area that it was offered to")
    reason: facts.Reason = None


class TransferAccepted(Model):
    """Another area took the referral over, and it goes on under that area's policy."""

    kind: Literal["transfer_accepted"] = "transfer_accepted"
    left: Area = Field(description="the area that it left")
    area: Area = Field(description="the area that took it over")
    caseworker: StaffId | None = Field(default=None, description="who owns it there; absent: nobody yet")
    was: str = Field(description="the version of the policy before")
    version: str
    policy: Policy


class TransferRefused(Model):
    """The area that the referral was offered to does not take it over."""

    kind: Literal["transfer_refused"] = "transfer_refused"
    area: Area = Field(description="the area that it was offered to")
    reason: facts.Reason = None
