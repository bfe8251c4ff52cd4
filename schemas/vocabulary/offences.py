"""Offences as the police count them, and the strands of hate crime."""

from enum import StrEnum

from schemas.vocabulary.referral import Offence

# Any group goes with these: the broad kind says nothing, or is no offence in law.
_FITS_ANY = frozenset({Offence.OTHER, Offence.ANTISOCIAL_BEHAVIOUR})


class OffenceGroup(StrEnum):
    """An offence group or subgroup of police recorded crime. Source: Home Office, Counting Rules for Recorded Crime."""

    HOMICIDE = "homicide"
    DEATH_OR_SERIOUS_INJURY_BY_DRIVING = "death_or_serious_injury_by_driving"
    VIOLENCE_WITH_INJURY = "violence_with_injury"
    VIOLENCE_WITHOUT_INJURY = "violence_without_injury"
    STALKING_AND_HARASSMENT = "stalking_and_harassment"
    RAPE = "rape"
    OTHER_SEXUAL_OFFENCES = "other_sexual_offences"
    ROBBERY_OF_BUSINESS_PROPERTY = "robbery_of_business_property"
    ROBBERY_OF_PERSONAL_PROPERTY = "robbery_of_personal_property"
    BURGLARY_RESIDENTIAL = "burglary_residential"
    BURGLARY_BUSINESS_AND_COMMUNITY = "burglary_business_and_community"
    VEHICLE_OFFENCES = "vehicle_offences"
    THEFT_FROM_THE_PERSON = "theft_from_the_person"
    BICYCLE_THEFT = "bicycle_theft"
    SHOPLIFTING = "shoplifting"
    ALL_OTHER_THEFT = "all_other_theft"
    CRIMINAL_DAMAGE = "criminal_damage"
    ARSON = "arson"
    TRAFFICKING_OF_DRUGS = "trafficking_of_drugs"
    POSSESSION_OF_DRUGS = "possession_of_drugs"
    POSSESSION_OF_WEAPONS = "possession_of_weapons"
    PUBLIC_ORDER = "public_order"
    MISCELLANEOUS_CRIMES_AGAINST_SOCIETY = "miscellaneous_crimes_against_society"
    FRAUD = "fraud"
    COMPUTER_MISUSE = "computer_misuse"

    @property
    def offence(self) -> Offence:
        """The broad kind of offence that the group belongs to."""
        return _OFFENCES.get(self, Offence.OTHER)

    def fits(self, offence: Offence) -> bool:
        """Whether a referral of that broad kind of offence can be of this group."""
        return offence in _FITS_ANY or offence is self.offence


_OFFENCES = {
    OffenceGroup.HOMICIDE: Offence.HOMICIDE,
    OffenceGroup.DEATH_OR_SERIOUS_INJURY_BY_DRIVING: Offence.DEATH_OR_INJURY_BY_DRIVING,
    OffenceGroup.VIOLENCE_WITH_INJURY: Offence.VIOLENCE,
    OffenceGroup.VIOLENCE_WITHOUT_INJURY: Offence.VIOLENCE,
    OffenceGroup.STALKING_AND_HARASSMENT: Offence.VIOLENCE,
    OffenceGroup.RAPE: Offence.SEXUAL,
    OffenceGroup.OTHER_SEXUAL_OFFENCES: Offence.SEXUAL,
    OffenceGroup.ROBBERY_OF_BUSINESS_PROPERTY: Offence.ROBBERY,
    OffenceGroup.ROBBERY_OF_PERSONAL_PROPERTY: Offence.ROBBERY,
    OffenceGroup.BURGLARY_RESIDENTIAL: Offence.BURGLARY,
    OffenceGroup.BURGLARY_BUSINESS_AND_COMMUNITY: Offence.BURGLARY,
    OffenceGroup.VEHICLE_OFFENCES: Offence.THEFT,
    OffenceGroup.THEFT_FROM_THE_PERSON: Offence.THEFT,
    OffenceGroup.BICYCLE_THEFT: Offence.THEFT,
    OffenceGroup.SHOPLIFTING: Offence.THEFT,
    OffenceGroup.ALL_OTHER_THEFT: Offence.THEFT,
    OffenceGroup.CRIMINAL_DAMAGE: Offence.CRIMINAL_DAMAGE,
    OffenceGroup.ARSON: Offence.CRIMINAL_DAMAGE,
    OffenceGroup.PUBLIC_ORDER: Offence.PUBLIC_ORDER,
    OffenceGroup.FRAUD: Offence.FRAUD,
}


class HateStrand(StrEnum):
    """A strand of hate crime. Source: College of Policing and Crown Prosecution Service, the five monitored strands."""

    RACE = "race"
    RELIGION = "religion"
    SEXUAL_ORIENTATION = "sexual_orientation"
    DISABILITY = "disability"
    TRANSGENDER = "transgender"
