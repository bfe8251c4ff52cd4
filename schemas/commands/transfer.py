"""Commands on a referral that goes to another area."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model
from schemas.commands.texts import Why
from schemas.people import StaffId


class OfferTransfer(facts.TransferTo):
    """Offer the referral to another area, where the people now live or the case belongs."""

    kind: Literal["offer_transfer"] = "offer_transfer"
    reason: Why


class WithdrawTransferOffer(Model):
    """Take back the offer of the referral to another area."""

    kind: Literal["withdraw_transfer_offer"] = "withdraw_transfer_offer"
    reason: facts.Reason = None


class AcceptTransfer(Model):
    """Take over a referral that another area offers to yours."""

    kind: Literal["accept_transfer"] = "accept_transfer"
    caseworker: StaffId | None = Field(
        default=None, description="who of your area owns it from now on; absent: nobody yet"
    )


class RefuseTransfer(Model):
    """Refuse a referral that another area offers to yours; it stays where it is."""

    kind: Literal["refuse_transfer"] = "refuse_transfer"
    reason: Why
