"""What consents are for, how they are given, and with whom information may be shared."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a consent is for."""

    BE_CONTACTED = "be_contacted"
    TAKE_PART = "take_part"
    SHARE_RISK_INFORMATION = "share_risk_information"
    METHOD_DIRECT = "method_direct"
    METHOD_VIDEO = "method_video"
    METHOD_INDIRECT = "method_indirect"
    RECORDING = "recording"
    SUPPORTERS = "supporters"
    OUTCOME_AGREEMENT = "outcome_agreement"
    SHARE_OUTCOME = "share_outcome"
    EVALUATION = "evaluation"
    CASE_STUDY = "case_study"
    TRANSFER = "transfer"
    """Share the case with the service of another area, which takes it over."""


class ConsentForm(StrEnum):
    """How a consent was given."""

    WRITTEN = "written"
    VERBAL = "verbal"


class Agency(StrEnum):
    """An organisation with which information may be shared."""

    POLICE = "police"
    PROBATION = "probation"
    PRISON = "prison"
    YOUTH_JUSTICE = "youth_justice"
    COURT = "court"
    HEALTH = "health"
    SOCIAL_CARE = "social_care"
    VICTIM_SERVICES = "victim_services"
