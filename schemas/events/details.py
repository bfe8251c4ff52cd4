"""Events of what is known about the case and of its record."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import Model, Note
from schemas.referral import Referral


class ReferralAmended(facts.CaseAmendment):
    """What is known about the referral was corrected or updated."""

    kind: Literal["referral_amended"] = "referral_amended"


class CourtUpdated(facts.CourtNews):
    """There was a plea, an adjournment or a court date."""

    kind: Literal["court_updated"] = "court_updated"


class TimeSpentRecorded(facts.TimeSpent):
    """Somebody spent time on the referral."""

    kind: Literal["time_spent_recorded"] = "time_spent_recorded"


class NoteAdded(Model):
    """A note was added."""

    kind: Literal["note_added"] = "note_added"
    note: Note = None


class StepCorrected(Model):
    """An earlier step was a mistake and no longer counts. The step stays in the log; this names it."""

    kind: Literal["step_corrected"] = "step_corrected"
    corrects: int = Field(ge=1, description="the sequence number of the step's first event")
    reason: facts.Reason = None
    becomes: Referral = Field(description="the referral as it is without that step")
