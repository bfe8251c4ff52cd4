"""The offer of a referral to another area, and its transfers."""

from pydantic import AwareDatetime, Field

from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId


class TransferOffer(Model):
    """An offer of the referral to another area that waits for an answer."""

    area: Area = Field(description="the area that it is offered to")
    offered_by: StaffId
    offered_at: AwareDatetime


class Transferred(Model):
    """That the referral went from one area to another."""

    left: Area = Field(description="the area that it left")
    area: Area = Field(description="the area that took it over")
    at: AwareDatetime
