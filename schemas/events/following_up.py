"""Events of agreements, follow-up, surveys, scales and outcome reports."""

from typing import Literal

from schemas import facts


class AgreementMade(facts.Agreement):
    """An outcome agreement was made."""

    kind: Literal["agreement_made"] = "agreement_made"


class AgreementItemSettled(facts.ItemResult):
    """An item of the agreement was completed, or will not be."""

    kind: Literal["agreement_item_settled"] = "agreement_item_settled"


class FollowedUp(facts.FollowUp):
    """A person was followed up after the activity."""

    kind: Literal["followed_up"] = "followed_up"


class SurveyAnswered(facts.Survey):
    """A person said what they thought of the service."""

    kind: Literal["survey_answered"] = "survey_answered"


class ScaleScored(facts.ScaleScore):
    """A person was scored on an outcome scale."""

    kind: Literal["scale_scored"] = "scale_scored"


class NeedsScored(facts.NeedsScores):
    """A harmed person's eight needs were scored."""

    kind: Literal["needs_scored"] = "needs_scored"


class OutcomeReported(facts.OutcomeShared):
    """An outcome report went to an agency."""

    kind: Literal["outcome_reported"] = "outcome_reported"
