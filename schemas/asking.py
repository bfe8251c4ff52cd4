"""What somebody says who asks on the public pages to be called: question by question, before it is a referral."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.areas import Area
from schemas.base import Model
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import Channel


class SafeHours(StrEnum):
    """When it is safe to contact somebody, as the page offers it."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    OTHER = "other"
    """From one hour to another that they name."""
    NOT_SURE = "not_sure"
    """No hour is safe, as far as they said."""


class Others(StrEnum):
    """Whether somebody else may see or hear what is sent to somebody."""

    NOBODY = "nobody"
    SOMEBODY = "somebody"
    NOT_SURE = "not_sure"


class WhoAsks(StrEnum):
    """On which side somebody asks, and for whom."""

    HARMED = "harmed"
    RESPONSIBLE = "responsible"
    FOR_HARMED = "for_harmed"
    FOR_RESPONSIBLE = "for_responsible"

    @property
    def for_somebody_else(self) -> bool:
        """Whether they ask on somebody's behalf."""
        return self in (WhoAsks.FOR_HARMED, WhoAsks.FOR_RESPONSIBLE)


class WhoToThem(StrEnum):
    """Who somebody is to the person for whom they ask."""

    PARENT_OR_CARER = "parent_or_carer"
    SOMEBODY_ELSE = "somebody_else"


class Help(StrEnum):
    """What helps somebody to talk with the service."""

    WELSH = "welsh"
    SIGN_LANGUAGE = "sign_language"
    INTERPRETER = "interpreter"


class Answers(Model):
    """The answers of somebody who asks to be called, as far as they were given. Nothing defaults to safe."""

    answered: tuple[str, ...] = Field(
        default=(), description="the questions that were answered, some with nothing"
    )
    leave_message: bool | None = Field(default=None, description="whether a voice message may be left")
    others: Others | None = Field(default=None, description="whether somebody else may see or hear messages")
    seen_by: Annotated[str | None, Sensitive] = Field(default=None, max_length=200)
    hours: SafeHours | None = None
    safe_from: str | None = Field(default=None, description="London time, such as 09:00")
    safe_until: str | None = None
    hours_note: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    ways: tuple[Channel, ...] = Field(default=(), description="the ways that they called safe")
    phone: Annotated[str | None, Sensitive] = None
    email: Annotated[str | None, Sensitive] = None
    address: Annotated[str | None, Sensitive] = None
    name: Annotated[str | None, Sensitive] = None
    who: WhoAsks | None = None
    who_to_them: WhoToThem | None = None
    what: Annotated[str | None, Sensitive] = Field(default=None, max_length=2000)
    area: Area | None = Field(default=None, description="absent: they do not know it")
    help: Annotated[tuple[Help, ...], Special] = ()
    language: Annotated[str | None, Sensitive] = Field(default=None, max_length=60)
    needs: Annotated[str | None, Sensitive] = Field(default=None, max_length=1000)
    in_welsh: bool = Field(default=False, description="whether they answered on the Welsh pages last")


class Asked(Model):
    """The answer to who asked to be called."""

    reference: str
    contact_by: AwareDatetime | None = Field(
        default=None, description="by when they are contacted first; absent: the policy sets no such deadline"
    )


class Unsent(Model):
    """What is kept for who is answering: their answers or, once they were sent, what came of it."""

    reference: str = Field(description="of the referral to open; sent twice, the request opens it once")
    command_id: UUID = Field(description="of the command that opens it")
    answers: Answers = Answers()
    asked: Asked | None = None
