"""Events of what the two sides send each other in an indirect activity."""

from typing import Literal

from schemas import exchange
from schemas.base import ActivityId


class CommunicationDrafted(exchange.Draft):
    """A letter, message or spoken word was drafted, or drafted again."""

    kind: Literal["communication_drafted"] = "communication_drafted"
    communication: exchange.CommunicationId
    activity: ActivityId


class CommunicationChecked(exchange.Check):
    """A draft was checked by somebody who had no part in it."""

    kind: Literal["communication_checked"] = "communication_checked"
    activity: ActivityId


class CommunicationOffered(exchange.Offer):
    """A person was offered a communication."""

    kind: Literal["communication_offered"] = "communication_offered"
    activity: ActivityId


class CommunicationAnswered(exchange.OfferAnswer):
    """A person accepted or refused a communication, or left it for later."""

    kind: Literal["communication_answered"] = "communication_answered"
    activity: ActivityId


class CommunicationHandedOver(exchange.HandOver):
    """A communication was handed over to a person who agreed at that moment."""

    kind: Literal["communication_handed_over"] = "communication_handed_over"
    activity: ActivityId
