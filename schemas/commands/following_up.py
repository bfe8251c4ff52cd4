"""Commands on agreements, follow-up, surveys, scales and outcome reports."""

from typing import Annotated, Literal

from pydantic import Field

from schemas import facts
from schemas.privacy import Special
from schemas.vocabulary import Need, Scale


class RecordAgreement(facts.Agreement):
    """Record the outcome agreement."""

    kind: Literal["record_agreement"] = "record_agreement"


class SettleAgreementItem(facts.ItemResult):
    """Record that an item of the agreement was completed, or will not be."""

    kind: Literal["settle_agreement_item"] = "settle_agreement_item"


class RecordFollowUp(facts.FollowUp):
    """Record a contact after the activity."""

    kind: Literal["record_follow_up"] = "record_follow_up"


class RecordSurvey(facts.Survey):
    """Record what a person thought of the service."""

    kind: Literal["record_survey"] = "record_survey"


class RecordScale(facts.ScaleScore):
    """Record a score on an outcome scale."""

    kind: Literal["record_scale"] = "record_scale"
    scale: Annotated[Scale, Special]
    score: Annotated[int, Special] = Field(ge=0)


class RecordNeeds(facts.NeedsScores):
    """Record how well a harmed person's eight needs are met."""

    kind: Literal["record_needs"] = "record_needs"
    needs: Annotated[tuple[facts.NeedScore, ...], Special] = Field(min_length=1, max_length=len(Need))


class ReportOutcome(facts.OutcomeShared):
    """Record that an outcome report went to an agency. Everyone who took part must have consented."""

    kind: Literal["report_outcome"] = "report_outcome"
