"""What is asked and settled after an activity."""

from enum import StrEnum


class FollowUpContact(StrEnum):
    """The contacts after an activity."""

    CHECK_IN = "check_in"
    SIX_WEEKS = "six_weeks"
    THREE_MONTHS = "three_months"


class ItemOutcome(StrEnum):
    """The outcome of an item of an outcome agreement."""

    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"


class Scale(StrEnum):
    """A validated or simple outcome scale."""

    IES_R = "ies_r"
    PCL_5 = "pcl_5"
    FEAR = "fear"
    ANGER = "anger"

    @property
    def highest(self) -> int:
        """The highest score; every scale starts at 0. Sources: IES-R manual (22 items of 0-4), PCL-5 (20 of 0-4)."""
        return {Scale.IES_R: 88, Scale.PCL_5: 80}.get(self, 10)


class Need(StrEnum):
    """The eight needs of a harmed person, asked before and after."""

    MENTAL_AND_PHYSICAL_HEALTH = "mental_and_physical_health"
    SHELTER_AND_ACCOMMODATION = "shelter_and_accommodation"
    FAMILY_FRIENDS_AND_CHILDREN = "family_friends_and_children"
    EDUCATION_SKILLS_AND_EMPLOYMENT = "education_skills_and_employment"
    DRUGS_AND_ALCOHOL = "drugs_and_alcohol"
    FINANCE_AND_BENEFITS = "finance_and_benefits"
    OUTLOOK_AND_ATTITUDES = "outlook_and_attitudes"
    SOCIAL_INTERACTIONS = "social_interactions"


class Occasion(StrEnum):
    """When a scale was taken."""

    BEFORE = "before"
    AFTER = "after"
