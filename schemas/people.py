"""Staff and partners, and how to reach a participant safely."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from schemas.areas import Area
from schemas.base import Model
from schemas.notices import AT_ONCE, Category
from schemas.privacy import Sensitive
from schemas.vocabulary import Channel, PractitionerLevel

STAFF_ID = r"^[a-z][a-z0-9-]{1,30}$"
StaffId = Annotated[
    str,
    StringConstraints(pattern=STAFF_ID),
    Field(description="a member of staff's opaque id, such as cw-1: small letters, digits and hyphens"),
]


class Role(StrEnum):
    """The role of a member of staff or a partner."""

    CASEWORKER = "caseworker"
    FACILITATOR = "facilitator"
    SUPERVISOR = "supervisor"
    SERVICE_MANAGER = "service_manager"
    COMMISSIONER = "commissioner"
    PARTNER = "partner"
    AUDITOR = "auditor"
    SYSTEM = "system"


class Actor(Model):
    """Who acts, with the role and area they claim; checked against the staff register when the step is recorded."""

    id: StaffId
    role: Role
    area: Area
    role_since: AwareDatetime | None = Field(
        default=None, description="when they were given their present role or areas, by the register"
    )
    role_by: StaffId | None = Field(default=None, description="by whom")


class Staff(Model):
    """A member of staff or of a partner agency as the register knows them."""

    id: StaffId
    role: Role
    areas: tuple[Area, ...] = Field(min_length=1)
    name: str | None = Field(
        default=None,
        # Left out of the repr, so that no error or log line prints it.
        repr=False,
        description="a colleague's name, kept in the register in the clear; only `rj staff list` shows it",
    )
    advanced_practitioner: bool = Field(default=False, description="may lead a sensitive case (RJC register)")
    trainee: bool = Field(
        default=False, description="still learns; nobody is this and an advanced practitioner"
    )
    volunteer: bool = Field(default=False, description="gives their time unpaid")
    active: bool = True
    absent_until: AwareDatetime | None = Field(
        default=None, description="holiday or sickness cover until then"
    )
    stand_in: StaffId | None = Field(default=None, description="id of the stand-in while absent")
    email: str | None = Field(
        default=None,
        repr=False,
        max_length=254,
        description="where messages are sent; absent: the inbox only",
    )
    at_once: tuple[Category, ...] = Field(
        default=AT_ONCE,
        description="the categories e-mailed to them at once; every message is in their inbox",
    )
    digest: bool = Field(default=True, description="whether they get the summary on working mornings")
    role_since: AwareDatetime | None = Field(
        default=None,
        description="when they were given their role or a further area, or made active again; set by the register",
    )
    role_by: StaffId | None = Field(default=None, description="who gave it; set by the register")

    @property
    def level(self) -> PractitionerLevel:
        """How far they have come as a practitioner."""
        if self.advanced_practitioner:
            return PractitionerLevel.ADVANCED_PRACTITIONER
        return PractitionerLevel.TRAINEE if self.trainee else PractitionerLevel.PRACTITIONER

    def absent(self, at: datetime) -> bool:
        """Whether they are absent at that moment."""
        return self.absent_until is not None and at < self.absent_until

    def acting_in(self, area: Area) -> Actor:
        """This person as the actor on a referral of the area."""
        return Actor(id=self.id, role=self.role, area=area, role_since=self.role_since, role_by=self.role_by)


class ContactSafety(Model):
    """How a participant may be reached safely. Nothing defaults to safe."""

    safe_channels: tuple[Channel, ...] = Field(default=(), description="only these may be used")
    safe_from: Annotated[str | None, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        default=None,
        description="the start of the safe hours, London time, such as 09:00; absent: no hour is safe",
    )
    safe_until: Annotated[str | None, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        default=None, description="the end of the safe hours, London time, such as 17:30"
    )
    may_leave_voicemail: bool = False
    neutral_words_only: bool = Field(
        default=True, description="no word of restorative justice in any message"
    )
    seen_by: Annotated[str | None, Sensitive] = Field(default=None, description="who else may see messages")


class Person(Model):
    """Who a participant is and how to reach them; everything here is sealed."""

    name: Annotated[str | None, Sensitive] = Field(default=None, max_length=200)
    date_of_birth: Annotated[str | None, Sensitive] = Field(
        default=None, pattern=r"^\d{4}-\d{2}-\d{2}$", description="year-month-day, such as 1990-05-17"
    )
    phone: Annotated[str | None, Sensitive] = Field(default=None, max_length=40)
    email: Annotated[str | None, Sensitive] = Field(default=None, max_length=254)
    address: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    language: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=60, description="the language they speak best, or British Sign Language"
    )
    contact_note: Annotated[str | None, Sensitive] = Field(
        default=None,
        max_length=2000,
        description="how they are reached, in words: what is no number or address that can be checked",
    )
    needs: Annotated[str | None, Sensitive] = Field(
        default=None,
        max_length=2000,
        description="language, health, learning: what helps this person take part",
    )

    @field_validator("date_of_birth")
    @classmethod
    def _exists(cls, day: str | None) -> str | None:
        if day is not None:
            try:
                date.fromisoformat(day)
            except ValueError:
                raise ValueError("there is no such day") from None
        return day
