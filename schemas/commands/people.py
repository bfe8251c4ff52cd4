"""Commands on persons: who they are, what they consent to, when they leave."""

from typing import Literal

from schemas import facts
from schemas.base import Model


class GiveConsent(facts.ConsentGrant):
    """Record a consent."""

    kind: Literal["give_consent"] = "give_consent"


class WithdrawConsent(facts.ConsentRef):
    """Record that a consent is withdrawn. Withdrawing the consent to take part ends the person's part."""

    kind: Literal["withdraw_consent"] = "withdraw_consent"


class Withdraw(facts.Leaving):
    """Record that a person leaves the process. Nothing may delay it."""

    kind: Literal["withdraw"] = "withdraw"


class EndParticipation(facts.Ending):
    """Record that a person's part ends: declined, died, moved, unsuitable and the like."""

    kind: Literal["end_participation"] = "end_participation"


class AddParticipant(Model):
    """Add a person to the referral."""

    kind: Literal["add_participant"] = "add_participant"
    participant: facts.NewParticipant


class AmendParticipant(facts.Amendment):
    """Correct or update what is known about a person."""

    kind: Literal["amend_participant"] = "amend_participant"


class RecordContactSafety(facts.SafetyDetails):
    """Record how a person may be reached safely."""

    kind: Literal["record_contact_safety"] = "record_contact_safety"


class RecordCustodyDetails(facts.CustodyDetails):
    """Record where a person responsible serves a sentence, and a date in it that the work is best done by."""

    kind: Literal["record_custody_details"] = "record_custody_details"
