"""Events of the risk assessment."""

from typing import Literal

from pydantic import Field

from schemas import facts
from schemas.base import ActivityId, Model, Note


class RiskAssessed(facts.RiskFactors):
    """A person, or the pair, was assessed."""

    kind: Literal["risk_assessed"] = "risk_assessed"


class RiskVerdictGiven(facts.RiskVerdict):
    """The risk assessment came to a verdict."""

    kind: Literal["risk_verdict_given"] = "risk_verdict_given"


class RiskReconfirmed(Model):
    """The risk was reviewed before an activity and remains as assessed."""

    kind: Literal["risk_reconfirmed"] = "risk_reconfirmed"
    note: Note = None
    activity: ActivityId | None = Field(default=None, description="whose risk; None: that of all")
