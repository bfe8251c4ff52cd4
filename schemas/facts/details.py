"""The facts of the case and the work on it: corrections, court and time spent."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Day, Model, ParticipantId
from schemas.facts.opening import CrimeReference, District
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import JusticeStage, Offence, Plea, SensitiveCategory, Work
from schemas.vocabulary.offences import HateStrand, OffenceGroup


class CaseAmendment(Model):
    """Changes to what is known about the referral; only the fields given are replaced."""

    offence: Offence | None = None
    offence_group: OffenceGroup | None = None
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...] | None, Special] = None
    hate_strands: Annotated[tuple[HateStrand, ...] | None, Special] = Field(
        default=None, max_length=len(HateStrand)
    )
    district: District = None
    crime_reference: CrimeReference = None
    justice_stage: Annotated[JusticeStage | None, Special] = None
    court_date: Day | None = None
    deferred_on: Day | None = None
    summary: Annotated[str | None, Sensitive] = Field(default=None, max_length=4000)


class CourtNews(Model):
    """News from the court or the parties; only the fields given have changed."""

    plea: Plea | None = None
    adjourned: bool | None = Field(
        default=None, description="whether sentencing was adjourned for restorative justice"
    )
    court_date: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.plea is None and self.adjourned is None and self.court_date is None:
            raise ValueError("say at least one of plea, adjourned, court_date")
        return self


class TimeSpent(Model):
    """Time that somebody spent on the referral."""

    minutes: int = Field(ge=1, le=1440, description="1 to 1440")
    work: Work = Field(description="what it was spent on")
    participant: ParticipantId | None = None
    spent_on: Day | None = Field(default=None, description="the day; absent: today")
