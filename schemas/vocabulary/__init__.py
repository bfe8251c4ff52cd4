"""The closed lists of restorative justice: stages, roles, purposes of consent, methods, reasons and others."""

from schemas.vocabulary.activities import ActivityEndReason, ActivityState, Confirmation, Method
from schemas.vocabulary.closing import ClosureReason, EndReason, ErasureReason
from schemas.vocabulary.consents import Agency, ConsentForm, Purpose
from schemas.vocabulary.contact import Channel, ContactOutcome, Interest
from schemas.vocabulary.following_up import FollowUpContact, ItemOutcome, Need, Occasion, Scale
from schemas.vocabulary.oversight import (
    ComplaintAbout,
    ComplaintOutcome,
    OverridableGate,
    ReviewSubject,
    SignOffSubject,
    TaskResult,
    Work,
)
from schemas.vocabulary.people import AgeBand, Custody, Ethnicity, Gender, ParticipantRole, PractitionerLevel
from schemas.vocabulary.referral import (
    Initiator,
    JusticeStage,
    Offence,
    Plea,
    SensitiveCategory,
    SentenceDate,
    Source,
    Stage,
)
from schemas.vocabulary.risk import Level, RiskFactor, Verdict

__all__ = [
    "ActivityEndReason",
    "ActivityState",
    "AgeBand",
    "Agency",
    "Channel",
    "ClosureReason",
    "ComplaintAbout",
    "ComplaintOutcome",
    "Confirmation",
    "ConsentForm",
    "ContactOutcome",
    "Custody",
    "EndReason",
    "ErasureReason",
    "Ethnicity",
    "FollowUpContact",
    "Gender",
    "Initiator",
    "Interest",
    "ItemOutcome",
    "JusticeStage",
    "Level",
    "Method",
    "Need",
    "Occasion",
    "Offence",
    "OverridableGate",
    "ParticipantRole",
    "Plea",
    "PractitionerLevel",
    "Purpose",
    "ReviewSubject",
    "RiskFactor",
    "Scale",
    "SensitiveCategory",
    "SentenceDate",
    "SignOffSubject",
    "Source",
    "Stage",
    "TaskResult",
    "Verdict",
    "Work",
]
