"""Commands on contact, information, interest and acknowledgement."""

from typing import Literal

from schemas import facts
from schemas.base import Model


class RecordContactAttempt(facts.ContactAttempt):
    """Record an attempt to reach a person."""

    kind: Literal["record_contact_attempt"] = "record_contact_attempt"


class RecordInformationGiven(facts.Information):
    """Record that a person was told what restorative justice is."""

    kind: Literal["record_information_given"] = "record_information_given"


class RecordInterest(facts.InterestShown):
    """Record whether a person wants to take part."""

    kind: Literal["record_interest"] = "record_interest"


class RecordAcknowledgement(facts.Acknowledgement):
    """Record whether a person responsible acknowledges the basic facts. A denial ends their part."""

    kind: Literal["record_acknowledgement"] = "record_acknowledgement"


class BeginVictimContact(Model):
    """Go on to the harmed person of a referral that the person responsible asked for."""

    kind: Literal["begin_victim_contact"] = "begin_victim_contact"
