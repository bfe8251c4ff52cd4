"""Who looked at what is said about people: the words of the access log."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.areas import Area
from schemas.base import Model
from schemas.people import Role, StaffId
from schemas.privacy import Sensitive

LONGEST_REASON = 2000
"""Characters."""


class WayIn(StrEnum):
    """By which program somebody came."""

    COMMAND_LINE = "command_line"
    CONSOLE = "console"
    API = "api"


class Relation(StrEnum):
    """What a person has to do with a referral, by which they may see more or less of it."""

    OWN = "own"
    """They are its caseworker, facilitator or co-facilitator."""
    STANDS_IN = "stands_in"
    """They take the place of one of these, who is absent."""
    SENT = "sent"
    """They sent it, as a partner."""
    OWN_AREA = "own_area"
    """They work in its area, and none of the above."""
    OFFERED_TO = "offered_to"
    """They work in the area that it is offered to, and not in its own."""
    SENT_ON = "sent_on"
    """They work in an area that it left for another, and not in its own."""
    OTHER_AREA = "other_area"
    """They do not work in its area."""
    NOBODY = "nobody"
    """They are not in the staff register, or no longer active."""


class DataKind(StrEnum):
    """Which kind of data about people was looked at."""

    PEOPLE = "people"
    """What is said about people, where the way in does not say which part."""
    TIMELINE = "timeline"
    """The events with all that is said in them."""
    NAME = "name"
    """The first name and the initial, in a list."""
    CONTACT = "contact"
    """How a participant is reached: name, address, telephone, when it is safe."""
    SIGN_OFF = "sign_off"
    """What is to be signed off, with the words of who asks for it."""
    TRANSFER_OFFER = "transfer_offer"
    """Why a referral is offered to another area, in the words of who offers it."""
    ACCESS_LOG = "access_log"
    """Who looked, with the reasons that they gave."""


class Look(Model):
    """One entry of the access log: that somebody looked at what is said about the people of a referral."""

    reference: str
    sequence: int = Field(description="counts the looks at this referral from 1")
    at: AwareDatetime = Field(description="when, UTC, by the clock of PostgreSQL")
    staff: StaffId = Field(description="who looked")
    role: Role = Field(description="their role then")
    kind: DataKind
    relation: Relation = Field(description="why they may: what they had to do with the referral then")
    way_in: WayIn
    reason_given: bool = Field(default=False, description="whether they said why they looked")
    reason: Annotated[str | None, Sensitive] = Field(
        default=None,
        max_length=LONGEST_REASON,
        description="why they looked, in their words; gone with the referral's key",
    )


class SearchKind(StrEnum):
    """What somebody searched by; a text may be read in several ways."""

    REFERENCE = "reference"
    """A reference, or a part of one."""
    NAME = "name"
    DATE_OF_BIRTH = "date_of_birth"
    PHONE = "phone"
    EMAIL = "email"
    CRIME_REFERENCE = "crime_reference"
    DUPLICATES = "duplicates"
    """All that would be entered of a new referral, to see whether the service has it already."""


class Searched(Model):
    """One entry of the log of searches: that somebody searched, and how much they found."""

    staff: StaffId = Field(description="who searched")
    sequence: int = Field(description="counts their searches from 1")
    at: AwareDatetime = Field(description="when, UTC, by the clock of PostgreSQL")
    role: Role = Field(description="their role then")
    areas: tuple[Area, ...] = Field(description="in which areas they searched")
    kinds: tuple[SearchKind, ...] = Field(description="by what")
    sought: str = Field(
        description="a keyed hash of what was searched for, in hexadecimal: the same for the same"
    )
    found: int = Field(description="how many referrals they were shown")
    way_in: WayIn
