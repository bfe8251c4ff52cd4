"""What supervisors decide, review and override; tasks, time spent and complaints."""

from enum import StrEnum


class SignOffSubject(StrEnum):
    """What a supervisor signs off."""

    RISK_ASSESSMENT = "risk_assessment"
    READINESS = "readiness"
    CLOSURE = "closure"


class ReviewSubject(StrEnum):
    """What a review looks at; each answers a deadline of the same name."""

    UNREACHABLE = "unreachable_review"
    THINKING_TIME = "thinking_time"
    PREPARATION = "preparation_review"
    OFFENDER_DECISION = "offender_decision"
    SUPERVISION = "supervision"


class OverridableGate(StrEnum):
    """The gates that a supervisor may override with a reason. No consent is among them, nor can be."""

    RISK_SIGN_OFF = "risk_sign_off"
    READINESS_SIGN_OFF = "readiness_sign_off"
    RISK_RECONFIRMATION = "risk_reconfirmation"
    ADVANCED_PRACTITIONER = "advanced_practitioner"
    CONFIRMATIONS = "confirmations"


class TaskResult(StrEnum):
    """The outcome of a task to tell somebody something in person."""

    PASSED_ON = "passed_on"
    NOT_NEEDED = "not_needed"


class Work(StrEnum):
    """What staff spend time on."""

    CONTACT = "contact"
    MEETING = "meeting"
    ACTIVITY = "activity"
    TRAVEL = "travel"
    ADMINISTRATION = "administration"


class ComplaintAbout(StrEnum):
    """What a complaint is about."""

    CONDUCT = "conduct"
    DECISION = "decision"
    DELAY = "delay"
    INFORMATION = "information"
    PRIVACY = "privacy"
    OTHER = "other"


class ComplaintOutcome(StrEnum):
    """How a complaint was answered."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    WITHDRAWN = "withdrawn"
