"""What returns ask about a person, in the groups of the census of England and Wales 2021 and of the Equality Act 2010.

Each list has `prefer_not_to_say`, which is an answer, and `unknown`, which means that nobody has asked.
"""

from enum import StrEnum


class Disability(StrEnum):
    """Whether a person is disabled under the Equality Act 2010, section 6, and how far it limits what they do each day.

    Source: census 2021, questions 29 and 30; the harmonised standard of the Government Statistical Service.
    """

    LIMITED_A_LOT = "limited_a_lot"
    LIMITED_A_LITTLE = "limited_a_little"
    CONDITION_NOT_LIMITING = "condition_not_limiting"
    NONE = "none"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class Religion(StrEnum):
    """A person's religion or belief. Source: census 2021, question 16 (voluntary there too)."""

    NO_RELIGION = "no_religion"
    CHRISTIAN = "christian"
    BUDDHIST = "buddhist"
    HINDU = "hindu"
    JEWISH = "jewish"
    MUSLIM = "muslim"
    SIKH = "sikh"
    ANOTHER = "another"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class SexualOrientation(StrEnum):
    """A person's sexual orientation. Source: census 2021, question 26 (voluntary; asked from the age of 16)."""

    STRAIGHT = "straight"
    GAY_OR_LESBIAN = "gay_or_lesbian"
    BISEXUAL = "bisexual"
    ANOTHER = "another"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class GenderIdentity(StrEnum):
    """Whether a person's gender is the sex registered at their birth. Source: census 2021, question 27, without the
    words that people wrote in: no return asks for them."""

    SAME_AS_REGISTERED_AT_BIRTH = "same_as_registered_at_birth"
    DIFFERENT_FROM_REGISTERED_AT_BIRTH = "different_from_registered_at_birth"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"


class PregnancyOrMaternity(StrEnum):
    """Whether a person is pregnant or gave birth in the last 26 weeks. Source: Equality Act 2010, ss. 4 and 17."""

    PREGNANT = "pregnant"
    MATERNITY = "maternity"
    NEITHER = "neither"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    UNKNOWN = "unknown"
