"""The facts of a risk assessment."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Model, Note, ParticipantId
from schemas.privacy import Special
from schemas.vocabulary import Level, RiskFactor, Verdict


class FactorAssessment(Model):
    """One factor of a risk assessment."""

    factor: Annotated[RiskFactor, Special]
    level: Annotated[Level, Special]
    evidence: Note = None
    mitigation: Note = None


class RiskFactors(Model):
    """A structured risk assessment of one person, or of the pair."""

    about: ParticipantId | None = Field(default=None, description="the person assessed; absent: the pair")
    factors: Annotated[tuple[FactorAssessment, ...], Special] = Field(default=(), max_length=len(RiskFactor))

    @model_validator(mode="after")
    def _each_factor_once(self) -> Self:
        named = [assessment.factor for assessment in self.factors]
        if len(set(named)) != len(named):
            raise ValueError("each factor may be assessed once")
        return self


class RiskVerdict(Model):
    """The verdict of the risk assessment."""

    verdict: Verdict
    missing: Note = Field(default=None, description="for not_yet: what is still needed; sealed")
