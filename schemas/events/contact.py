"""Events of contact, information, interest and acknowledgement."""

from typing import Literal

from pydantic import Field

from schemas import facts


class ContactAttempted(facts.ContactAttempt):
    """Somebody tried to reach a person."""

    kind: Literal["contact_attempted"] = "contact_attempted"
    unsafe_channel: bool = Field(
        default=False, description="the channel was not marked as safe for this person"
    )


class InformationGiven(facts.Information):
    """A person was told what restorative justice is."""

    kind: Literal["information_given"] = "information_given"


class InterestRecorded(facts.InterestShown):
    """A person said whether they want to take part."""

    kind: Literal["interest_recorded"] = "interest_recorded"


class FactsAcknowledged(facts.Acknowledgement):
    """A person responsible acknowledged the basic facts, or denied them."""

    kind: Literal["facts_acknowledged"] = "facts_acknowledged"
