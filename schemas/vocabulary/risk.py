"""What a risk assessment looks at, how high a risk is, and its verdict."""

from enum import StrEnum


class RiskFactor(StrEnum):
    """What a structured risk assessment looks at."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ATTITUDES = "attitudes"
    MOTIVATION = "motivation"
    SUBSTANCE_USE = "substance_use"
    MENTAL_HEALTH = "mental_health"
    PHYSICAL_AND_LEARNING_NEEDS = "physical_and_learning_needs"
    HARM_AND_IMPACT = "harm_and_impact"
    WANTED_OUTCOMES = "wanted_outcomes"
    JUSTICE_STAGE = "justice_stage"
    DENIAL_OR_MINIMISING = "denial_or_minimising"
    POWER_IMBALANCE = "power_imbalance"
    ONGOING_CONTACT = "ongoing_contact"
    THREATS = "threats"
    SELF_HARM = "self_harm"
    CHILDREN_PRESENT = "children_present"
    MEDIA_INTEREST = "media_interest"
    VENUE_AND_TRAVEL = "venue_and_travel"
    SUPPORTERS = "supporters"
    LANGUAGE = "language"
    SAFE_CONTACT = "safe_contact"
    NOT_PROCEEDING = "not_proceeding"


class Level(StrEnum):
    """How high a risk is; unknown counts as a gap."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """The verdict of a risk assessment."""

    PROCEED_DIRECT = "proceed_direct"
    PROCEED_INDIRECT = "proceed_indirect"
    NOT_YET = "not_yet"
    UNSAFE = "unsafe"

    @property
    def proceeds(self) -> bool:
        """Whether the referral may go on."""
        return self in (Verdict.PROCEED_DIRECT, Verdict.PROCEED_INDIRECT)
