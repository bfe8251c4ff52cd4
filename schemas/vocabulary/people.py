"""What is known about a person in a closed list, and how far a practitioner has come."""

from enum import StrEnum


class ParticipantRole(StrEnum):
    """A person's role in the referral."""

    HARMED = "harmed"
    RESPONSIBLE = "responsible"
    SUPPORTER = "supporter"
    GUARDIAN = "guardian"
    INTERPRETER = "interpreter"
    APPROPRIATE_ADULT = "appropriate_adult"


class AgeBand(StrEnum):
    """A person's age when the referral was received, in years."""

    UNDER_18 = "under_18"
    FROM_18_TO_24 = "18_to_24"
    FROM_25_TO_34 = "25_to_34"
    FROM_35_TO_54 = "35_to_54"
    OVER_54 = "over_54"
    UNKNOWN = "unknown"


class Gender(StrEnum):
    """As the person describes themselves."""

    FEMALE = "female"
    MALE = "male"
    ANOTHER = "another"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class Ethnicity(StrEnum):
    """The 19 groups of the census of England and Wales 2021 and their five heads, the first part of each value.

    A head alone is used where no more is known. Source: Office for National Statistics, census 2021, question 15.
    """

    ASIAN = "asian"
    ASIAN_BANGLADESHI = "asian_bangladeshi"
    ASIAN_CHINESE = "asian_chinese"
    ASIAN_INDIAN = "asian_indian"
    ASIAN_PAKISTANI = "asian_pakistani"
    ASIAN_ANY_OTHER = "asian_any_other"
    BLACK = "black"
    BLACK_AFRICAN = "black_african"
    BLACK_CARIBBEAN = "black_caribbean"
    BLACK_ANY_OTHER = "black_any_other"
    MIXED = "mixed"
    MIXED_WHITE_AND_ASIAN = "mixed_white_and_asian"
    MIXED_WHITE_AND_BLACK_AFRICAN = "mixed_white_and_black_african"
    MIXED_WHITE_AND_BLACK_CARIBBEAN = "mixed_white_and_black_caribbean"
    MIXED_ANY_OTHER = "mixed_any_other"
    WHITE = "white"
    WHITE_BRITISH = "white_british"
    WHITE_IRISH = "white_irish"
    WHITE_GYPSY_OR_IRISH_TRAVELLER = "white_gypsy_or_irish_traveller"
    WHITE_ROMA = "white_roma"
    WHITE_ANY_OTHER = "white_any_other"
    OTHER = "other"
    OTHER_ARAB = "other_arab"
    OTHER_ANY_OTHER = "other_any_other"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"

    @property
    def head(self) -> "Ethnicity":
        """The head that the group belongs to; a head, no answer and unknown are their own."""
        if self is Ethnicity.PREFER_NOT_TO_SAY:
            return self
        return Ethnicity(self.partition("_")[0])


class Custody(StrEnum):
    """A person responsible's status with prison and probation."""

    NONE = "none"
    COMMUNITY_ORDER = "community_order"
    ON_LICENCE = "on_licence"
    IN_PRISON = "in_prison"
    UNKNOWN = "unknown"


class PractitionerLevel(StrEnum):
    """How far a practitioner has come. Source: Restorative Justice Council, practitioner registration."""

    TRAINEE = "trainee"
    PRACTITIONER = "practitioner"
    ADVANCED_PRACTITIONER = "advanced_practitioner"
