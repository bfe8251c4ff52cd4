"""Commands on what is known about the case and on its record."""

from typing import Annotated, Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model
from schemas.commands.texts import Why
from schemas.privacy import Sensitive


class AmendReferral(facts.CaseAmendment):
    """Correct or update what is known about the referral."""

    kind: Literal["amend_referral"] = "amend_referral"


class RecordCourtNews(facts.CourtNews):
    """Record a plea, an adjournment or a court date."""

    kind: Literal["record_court_news"] = "record_court_news"


class RecordTimeSpent(facts.TimeSpent):
    """Record the minutes that you spent on the referral."""

    kind: Literal["record_time_spent"] = "record_time_spent"


class AddNote(Model):
    """Add a note to the timeline."""

    kind: Literal["add_note"] = "add_note"
    note: Annotated[str, Sensitive, Field(min_length=1, max_length=4000)]


class CorrectStep(Model):
    """Take back an earlier step that was a mistake. The log keeps both."""

    kind: Literal["correct_step"] = "correct_step"
    step: int = Field(ge=1, description="the step's number, as `rj timeline` prints it")
    reason: Why
