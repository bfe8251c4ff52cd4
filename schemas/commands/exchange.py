"""Commands on what the two sides send each other in an indirect activity."""

from typing import Literal

from schemas import exchange


class DraftCommunication(exchange.Draft):
    """Record that a letter, message or spoken word was drafted, or changed after a check. Its text is not entered."""

    kind: Literal["draft_communication"] = "draft_communication"


class CheckCommunication(exchange.Check):
    """Record the check of a draft that others drafted or were given."""

    kind: Literal["check_communication"] = "check_communication"


class OfferCommunication(exchange.Offer):
    """Record that a person was offered what was checked and is for them."""

    kind: Literal["offer_communication"] = "offer_communication"


class RecordAnswer(exchange.OfferAnswer):
    """Record whether a person accepts or refuses what they are offered, or leaves it for later."""

    kind: Literal["record_answer"] = "record_answer"


class HandOverCommunication(exchange.HandOver):
    """Record that a person, who agreed at that moment, was handed what they had accepted."""

    kind: Literal["hand_over_communication"] = "hand_over_communication"
