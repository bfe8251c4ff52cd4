"""How people are reached, what came of it, and whether they want to take part."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a person."""

    PHONE = "phone"
    TEXT = "text"
    EMAIL = "email"
    LETTER = "letter"
    IN_PERSON = "in_person"
    VIDEO = "video"
    THROUGH_AGENCY = "through_agency"


class ContactOutcome(StrEnum):
    """The result of an attempt to reach a person."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    VOICEMAIL_LEFT = "voicemail_left"
    MESSAGE_SENT = "message_sent"
    WRONG_DETAILS = "wrong_details"


class Interest(StrEnum):
    """Whether a person, once informed, wants to take part."""

    INTERESTED = "interested"
    UNDECIDED = "undecided"
    DECLINED = "declined"
