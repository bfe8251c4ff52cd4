"""The rounds of a risk assessment: what was assessed of a person in this round, and in the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.events import Recorded, RiskAssessed, StageEntered, StepCorrected
from schemas.facts import FactorAssessment
from schemas.vocabulary import RiskFactor, Stage


class Assessed(Model):
    """An assessment of a person, or of the pair.

    Attributes:
        by: who recorded it, by id.
        factors: each with its level, what that is based on and what is done about it.
    """

    at: AwareDatetime
    by: str
    factors: tuple[FactorAssessment, ...] = Field(repr=False)

    def factor(self, wanted: RiskFactor) -> FactorAssessment | None:
        """One of its factors; None where it was not assessed."""
        return next((each for each in self.factors if each.factor is wanted), None)


class Rounds(Model):
    """What was assessed of a person, or of the pair.

    Attributes:
        present: in this round; None: nothing yet.
        former: in the latest round before it; None: there was none.
    """

    present: Assessed | None = None
    former: Assessed | None = None


def rounds_of(history: Sequence[Recorded], about: str | None) -> Rounds:
    """What was assessed of a person in this round and before.

    Args:
        history: the log, opened.
        about: their id; None: the pair.
    """
    gone = {each.event.corrects for each in history if isinstance(each.event, StepCorrected)}
    standing = [each for each in history if each.step not in gone]
    began = [
        each.sequence
        for each in standing
        if isinstance(each.event, StageEntered) and each.event.stage is Stage.RISK_ASSESSMENT
    ]
    since = began[-1] if began else 0
    found = [
        (each.sequence > since, Assessed(at=each.at, by=each.actor, factors=each.event.factors))
        for each in standing
        if isinstance(each.event, RiskAssessed) and each.event.about == about
    ]
    present = [assessed for now, assessed in found if now]
    former = [assessed for now, assessed in found if not now]
    return Rounds(present=present[-1] if present else None, former=former[-1] if former else None)
