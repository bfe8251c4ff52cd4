"""Commands on the risk assessment."""

from typing import Annotated, Literal

from pydantic import Field

from schemas import facts
from schemas.base import ActivityId, Model, Note
from schemas.commands.texts import Why
from schemas.privacy import Special
from schemas.vocabulary import RiskFactor


class BeginRiskAssessment(Model):
    """Go on from victim contact to the risk assessment."""

    kind: Literal["begin_risk_assessment"] = "begin_risk_assessment"


class RecordRiskAssessment(facts.RiskFactors):
    """Record the risk factors of a person, or of the pair."""

    kind: Literal["record_risk_assessment"] = "record_risk_assessment"
    factors: Annotated[tuple[facts.FactorAssessment, ...], Special] = Field(
        min_length=1, max_length=len(RiskFactor)
    )


class RecordRiskVerdict(facts.RiskVerdict):
    """Give the verdict; where it needs no sign-off, the referral goes on at once."""

    kind: Literal["record_risk_verdict"] = "record_risk_verdict"


class RequestMoreInformation(Model):
    """Go back from the risk assessment to victim contact."""

    kind: Literal["request_more_information"] = "request_more_information"
    reason: Why


class ReassessRisk(Model):
    """Go back to the risk assessment because the risk has changed."""

    kind: Literal["reassess_risk"] = "reassess_risk"
    reason: Why


class ReconfirmRisk(Model):
    """Confirm that the risk stands as assessed, within the days before an activity."""

    kind: Literal["reconfirm_risk"] = "reconfirm_risk"
    note: Note = None
    activity: ActivityId | None = Field(
        default=None, description="the activity whose risk is confirmed; absent: all"
    )
