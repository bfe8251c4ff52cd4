"""What a referral is: its stage, where it came from, the offence, and how far the proceedings are."""

from enum import StrEnum


class Stage(StrEnum):
    """The stage of a referral, from first contact to follow-up."""

    RECEIVED = "received"
    VICTIM_CONTACT = "victim_contact"
    RISK_ASSESSMENT = "risk_assessment"
    OFFENDER_CONSENT = "offender_consent"
    PREPARATION = "preparation"
    CONFERENCE = "conference"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"


class Source(StrEnum):
    """Who sent the referral to the service."""

    SELF = "self"
    POLICE = "police"
    PROBATION = "probation"
    PRISON = "prison"
    YOUTH_JUSTICE = "youth_justice"
    COURT = "court"
    VICTIM_SERVICES = "victim_services"
    OTHER = "other"


class Initiator(StrEnum):
    """Who asked for restorative justice."""

    HARMED_PERSON = "harmed_person"
    PERSON_RESPONSIBLE = "person_responsible"
    AGENCY = "agency"


class Offence(StrEnum):
    """Broad kind of offence; never a description of what happened."""

    VIOLENCE = "violence"
    SEXUAL = "sexual"
    ROBBERY = "robbery"
    BURGLARY = "burglary"
    THEFT = "theft"
    FRAUD = "fraud"
    CRIMINAL_DAMAGE = "criminal_damage"
    PUBLIC_ORDER = "public_order"
    DEATH_OR_INJURY_BY_DRIVING = "death_or_injury_by_driving"
    HOMICIDE = "homicide"
    ANTISOCIAL_BEHAVIOUR = "antisocial_behaviour"
    OTHER = "other"
    NO_CRIME = "no_crime"
    """A conflict in which nobody is the offender; only where the policy accepts these."""
    UNKNOWN = "unknown"
    """Nobody has asked yet, as when somebody only asked to be called."""


class SensitiveCategory(StrEnum):
    """What makes a case sensitive and complex. Source: RJC code D for the first five; the rest are the service's."""

    SEXUAL_VIOLENCE = "sexual_violence"
    DOMESTIC_ABUSE = "domestic_abuse"
    STALKING = "stalking"
    HUMAN_TRAFFICKING = "human_trafficking"
    CHILD_SEXUAL_EXPLOITATION = "child_sexual_exploitation"
    HOMICIDE = "homicide"
    HATE_CRIME = "hate_crime"
    CHILD_PARTICIPANT = "child_participant"


class JusticeStage(StrEnum):
    """How far the criminal justice process has come."""

    OUT_OF_COURT = "out_of_court"
    PRE_SENTENCE = "pre_sentence"
    POST_SENTENCE_COMMUNITY = "post_sentence_community"
    POST_SENTENCE_CUSTODY = "post_sentence_custody"
    NO_PROCEEDINGS = "no_proceedings"
    UNKNOWN = "unknown"
    """Nobody has asked yet."""

    @property
    def coarse(self) -> str:
        """The form that is stored unencrypted; it does not tell whether somebody is in custody."""
        return "post_sentence" if self.startswith("post_sentence") else str(self)


class Plea(StrEnum):
    """What a person responsible pleaded."""

    GUILTY = "guilty"
    NOT_GUILTY = "not_guilty"


class SentenceDate(StrEnum):
    """What a date in a sentence is. The tariff is the time that must be served before release can be considered."""

    RELEASE = "release"
    TARIFF_END = "tariff_end"
    LICENCE_END = "licence_end"
    ORDER_END = "order_end"
