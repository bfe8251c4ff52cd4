"""The service's rules as data: deadlines, notices, gates and switches. Every number carries its source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.areas import Area
from schemas.base import Day, Model
from schemas.notices import Addressee, Category
from schemas.vocabulary import JusticeStage, OverridableGate, SensitiveCategory

_SPAN = re.compile(
    r"^(?:(?P<working>\d{1,3})wd|(?P<weeks>\d{1,3})w|(?P<months>\d{1,2})m|PT(?P<seconds>\d{1,6})S)$"
)


def _span(text: str) -> str:
    if not _SPAN.match(text):
        raise ValueError(
            "not a span of time: write 2wd (working days), 6w (weeks), 3m (months) or PT30S (seconds)"
        )
    return text


Span = Annotated[
    str,
    AfterValidator(_span),
    Field(
        description="2wd (working days of England and Wales), 6w (weeks), 3m (calendar months), PT30S (seconds)"
    ),
]


class Ground(StrEnum):
    """Where a number comes from."""

    LAW = "law"
    STANDARD = "standard"
    BORROWED = "borrowed"
    LOCAL = "local"


class DeadlineName(StrEnum):
    """Every clock that a referral may run."""

    ALLOCATION = "allocation"
    FIRST_CONTACT = "first_contact"
    UNREACHABLE_REVIEW = "unreachable_review"
    THINKING_TIME = "thinking_time"
    RISK_ASSESSMENT = "risk_assessment"
    SIGN_OFF = "sign_off"
    OFFENDER_DECISION = "offender_decision"
    PREPARATION_REVIEW = "preparation_review"
    RISK_RECONFIRMATION = "risk_reconfirmation"
    COURT_DATE = "court_date"
    CHECK_IN = "check_in"
    SURVEY = "survey"
    FOLLOW_UP_SIX_WEEKS = "follow_up_six_weeks"
    FOLLOW_UP_THREE_MONTHS = "follow_up_three_months"
    AGREEMENT_ITEM = "agreement_item"
    INACTIVITY = "inactivity"
    HOLD_REVIEW = "hold_review"
    TASK = "task"
    SENTENCE_DATE = "sentence_date"
    SUPERVISION = "supervision"
    COMPLAINT = "complaint"
    COMING_OF_AGE = "coming_of_age"
    TRANSFER_ANSWER = "transfer_answer"


class Timing(Model):
    """The points of one deadline."""

    due: Span | None = Field(
        default=None, description="after its clock starts; absent: the deadline has its own date"
    )
    warn: tuple[Span, ...] = Field(
        default=(), description="after its clock starts; with its own date: before that date"
    )
    escalate: tuple[Span, ...] = Field(default=(), description="after it is due")


class Rung(StrEnum):
    """The rungs of the escalation ladder, lowest first."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    SERVICE_MANAGER = "service_manager"

    def above(self, steps: int) -> "Rung":
        """The rung that many steps higher; the highest is the service manager."""
        rungs = tuple(Rung)
        return rungs[min(rungs.index(self) + steps, len(rungs) - 1)]


class DeadlineRule(Timing):
    """One deadline of the policy, with where its numbers come from."""

    answers: Rung = Field(
        default=Rung.CASEWORKER,
        description="who must act and is told of its warnings and due date; escalations start one rung above",
    )
    ground: Ground
    source: str = Field(min_length=3, description="the text, system or judgement that the numbers come from")
    by_justice_stage: dict[JusticeStage, Timing] = Field(
        default={}, description="other points for referrals at that stage of justice"
    )

    def for_stage(self, stage: JusticeStage | None) -> Timing:
        """The points for a referral at that stage of justice; None: no longer known."""
        return self.by_justice_stage.get(stage, self) if stage else self


class NoticeRule(Model):
    """Who is told what when an event happens."""

    on: str = Field(description="the kind of event, such as escalation_raised")
    only: dict[str, tuple[str, ...]] = Field(
        default={},
        description="fields of the event, each with the values for which it is told; absent: always",
    )
    to: Addressee
    template: str = Field(pattern=r"^[a-z][a-z_]{1,40}$", description="the name of the file with its words")
    category: Category = Field(
        default=Category.NEWS,
        description="the category by which staff choose what is e-mailed to them at once",
    )
    after_closing: bool = Field(
        default=False, description="whether it is still sent once the referral has closed"
    )


class FactKind(StrEnum):
    """The kinds of coarse fact, which are kept for figures without a reference to a person."""

    AGE_BAND = "age_band"
    GENDER = "gender"
    ETHNICITY = "ethnicity"
    DISABILITY = "disability"
    RELIGION = "religion"
    SEXUAL_ORIENTATION = "sexual_orientation"
    GENDER_IDENTITY = "gender_identity"
    PREGNANCY_OR_MATERNITY = "pregnancy_or_maternity"
    CUSTODY = "custody"
    JUSTICE_STAGE = "justice_stage"
    SENSITIVE_CATEGORY = "sensitive_category"
    HATE_STRAND = "hate_strand"
    DISTRICT = "district"
    RISK_LEVEL = "risk_level"
    SCALE_SCORE = "scale_score"
    NEED_SCORE = "need_score"
    SURVEY_ANSWER = "survey_answer"


class Kept(StrEnum):
    """Whether a coarse fact is kept when its referral is erased."""

    STAYS = "stays"
    OF_WHO_DECLINED = "of_who_declined"
    """Only that of somebody who declined to take part."""
    GOES = "goes"


class FactRule(Model):
    """What an erasure keeps of one kind of coarse fact, and why."""

    after_erasure: Kept
    ground: Ground
    source: str = Field(min_length=3, description="the text or judgement behind keeping it or not")


class Attempts(Model):
    """When a person counts as unreachable."""

    attempts: int = Field(default=3, ge=1)
    channels: int = Field(default=2, ge=1)


class Policy(Model):
    """A service's settings, pinned to a referral when it is opened."""

    name: str = Field(min_length=1, max_length=80)
    version: str = Field(min_length=1, max_length=40)
    deadlines: dict[DeadlineName, DeadlineRule] = Field(
        description="one pinned before a deadline existed has no rule for it"
    )
    unreachable: Attempts = Attempts()
    inactivity_in_preparation: Span = "60wd"
    risk_confirmation_valid: Span = Field(
        default="5wd",
        description="how old a risk confirmation may be when an activity is booked and when it begins",
    )
    offender_initiated_refused: tuple[SensitiveCategory, ...] = Field(
        default=(
            SensitiveCategory.DOMESTIC_ABUSE,
            SensitiveCategory.SEXUAL_VIOLENCE,
            SensitiveCategory.STALKING,
        ),
        description="categories in which a referral may not be initiated by the person responsible",
    )
    overridable: tuple[OverridableGate, ...] = Field(
        default=tuple(OverridableGate),
        description="the gates that a supervisor may override; never a consent",
    )
    conflicts_without_crime_accepted: bool = Field(
        default=False,
        description="whether a conflict without a crime may be referred; both sides are parties",
    )
    recording_allowed: bool = Field(
        default=False, description="whether a consent to recording may be taken at all"
    )
    retention_years: int = Field(default=7, ge=1, description="after closing")
    facts: dict[FactKind, FactRule] = Field(
        default={},
        description="what an erasure keeps of the coarse facts; it deletes the kinds not named here. The policy on "
        "the day of the erasure applies",
    )
    closures: tuple[Day, ...] = Field(
        default=(), description="days on which the service is closed besides weekends and bank holidays"
    )
    service_name: str = Field(
        default="Our service",
        min_length=2,
        max_length=60,
        description="how messages name the service; neutral, because anybody may see it",
    )
    service_phone: str = Field(
        default="", max_length=30, description="the number that messages ask people to ring"
    )
    welsh: bool = Field(
        default=False, description="whether messages are sent in Welsh where a Welsh template exists"
    )
    notices: tuple[NoticeRule, ...] = Field(default=(), description="who is told what")
    invitations: bool = Field(
        default=True, description="whether booked meetings are put into the calendars of the staff concerned"
    )


@dataclass(frozen=True)
class Policies:
    """The policies of a service: one base and those of areas that differ.

    Attributes:
        base: the policy of every area without its own.
        areas: the complete policy of each area with its own.
    """

    base: Policy
    areas: Mapping[Area, Policy]

    def of(self, area: Area) -> Policy:
        """The policy under which a referral of the area is opened."""
        return self.areas.get(area, self.base)
