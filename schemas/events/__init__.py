"""Events, in the past tense. They are the record of truth: events are added and never edited.

A field may only be added, with a default, so that old events can still be read.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from schemas.base import ByKind, Model
from schemas.events.activities import (
    ActivityAdjourned,
    ActivityBooked,
    ActivityEnded,
    ActivityHeld,
    ActivityPlanned,
    ActivityPostponed,
    ActivityStopped,
    ActivityTakenUp,
    AppointmentCalledOff,
    MethodChosen,
)
from schemas.events.closing import ReferralClosed, ReferralReopened
from schemas.events.contact import ContactAttempted, FactsAcknowledged, InformationGiven, InterestRecorded
from schemas.events.deadlines import (
    DeadlineExtended,
    DeadlineReached,
    EscalationCleared,
    EscalationRaised,
    NoticeSettled,
)
from schemas.events.details import CourtUpdated, NoteAdded, ReferralAmended, StepCorrected, TimeSpentRecorded
from schemas.events.exchange import (
    CommunicationAnswered,
    CommunicationChecked,
    CommunicationDrafted,
    CommunicationHandedOver,
    CommunicationOffered,
)
from schemas.events.following_up import (
    AgreementItemSettled,
    AgreementMade,
    FollowedUp,
    NeedsScored,
    OutcomeReported,
    ScaleScored,
    SurveyAnswered,
)
from schemas.events.opening import Allocated, DuplicateChecked, Reassigned, ReferralReceived, StageEntered
from schemas.events.oversight import (
    ComplaintAnswered,
    ComplaintRecorded,
    GateOverridden,
    PolicyAdopted,
    PutOnHold,
    Resumed,
    Reviewed,
    SafeguardingLifted,
    SafeguardingRaised,
    SignedOff,
    SignOffRequested,
    TaskCompleted,
)
from schemas.events.people import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactSafetyRecorded,
    CustodyDetailsRecorded,
    ParticipantAdded,
    ParticipantAmended,
    ParticipantCameOfAge,
    ParticipationEnded,
)
from schemas.events.preparation import (
    Confirmed,
    FacilitatorsAssigned,
    PreparationMeetingBooked,
    PreparationMeetingCancelled,
    PreparationMeetingHeld,
)
from schemas.events.risk import RiskAssessed, RiskReconfirmed, RiskVerdictGiven
from schemas.events.transfer import TransferAccepted, TransferOffered, TransferOfferWithdrawn, TransferRefused
from schemas.people import Role, StaffId

__all__ = [
    "EVENT",
    "ActivityAdjourned",
    "ActivityBooked",
    "ActivityEnded",
    "ActivityHeld",
    "ActivityPlanned",
    "ActivityPostponed",
    "ActivityStopped",
    "ActivityTakenUp",
    "AgreementItemSettled",
    "AgreementMade",
    "Allocated",
    "AppointmentCalledOff",
    "CommunicationAnswered",
    "CommunicationChecked",
    "CommunicationDrafted",
    "CommunicationHandedOver",
    "CommunicationOffered",
    "ComplaintAnswered",
    "ComplaintRecorded",
    "Confirmed",
    "ConsentGiven",
    "ConsentWithdrawn",
    "ContactAttempted",
    "ContactSafetyRecorded",
    "CourtUpdated",
    "CustodyDetailsRecorded",
    "DeadlineExtended",
    "DeadlineReached",
    "DuplicateChecked",
    "EscalationCleared",
    "EscalationRaised",
    "Event",
    "FacilitatorsAssigned",
    "FactsAcknowledged",
    "FollowedUp",
    "GateOverridden",
    "InformationGiven",
    "InterestRecorded",
    "MethodChosen",
    "NeedsScored",
    "NoteAdded",
    "NoticeSettled",
    "OutcomeReported",
    "ParticipantAdded",
    "ParticipantAmended",
    "ParticipantCameOfAge",
    "ParticipationEnded",
    "PolicyAdopted",
    "PreparationMeetingBooked",
    "PreparationMeetingCancelled",
    "PreparationMeetingHeld",
    "PutOnHold",
    "Reassigned",
    "Recorded",
    "ReferralAmended",
    "ReferralClosed",
    "ReferralReceived",
    "ReferralReopened",
    "Resumed",
    "Reviewed",
    "RiskAssessed",
    "RiskReconfirmed",
    "RiskVerdictGiven",
    "SafeguardingLifted",
    "SafeguardingRaised",
    "ScaleScored",
    "SignOffRequested",
    "SignedOff",
    "StageEntered",
    "StepCorrected",
    "SurveyAnswered",
    "TaskCompleted",
    "TimeSpentRecorded",
    "TransferAccepted",
    "TransferOfferWithdrawn",
    "TransferOffered",
    "TransferRefused",
]


Event = Annotated[
    ReferralReceived
    | DuplicateChecked
    | Allocated
    | StageEntered
    | ContactAttempted
    | InformationGiven
    | InterestRecorded
    | RiskAssessed
    | RiskVerdictGiven
    | RiskReconfirmed
    | FactsAcknowledged
    | FacilitatorsAssigned
    | ActivityPlanned
    | MethodChosen
    | PreparationMeetingHeld
    | PreparationMeetingBooked
    | PreparationMeetingCancelled
    | Confirmed
    | ActivityBooked
    | ActivityHeld
    | ActivityPostponed
    | ActivityStopped
    | ActivityAdjourned
    | ActivityTakenUp
    | ActivityEnded
    | CommunicationDrafted
    | CommunicationChecked
    | CommunicationOffered
    | CommunicationAnswered
    | CommunicationHandedOver
    | AgreementMade
    | AgreementItemSettled
    | FollowedUp
    | SurveyAnswered
    | ScaleScored
    | NeedsScored
    | OutcomeReported
    | ConsentGiven
    | ConsentWithdrawn
    | ParticipationEnded
    | ParticipantAdded
    | ParticipantAmended
    | ParticipantCameOfAge
    | ContactSafetyRecorded
    | ReferralAmended
    | CourtUpdated
    | CustodyDetailsRecorded
    | TimeSpentRecorded
    | ComplaintRecorded
    | ComplaintAnswered
    | SafeguardingRaised
    | SafeguardingLifted
    | PutOnHold
    | Resumed
    | Reassigned
    | TransferOffered
    | TransferOfferWithdrawn
    | TransferAccepted
    | TransferRefused
    | SignOffRequested
    | SignedOff
    | GateOverridden
    | Reviewed
    | TaskCompleted
    | DeadlineExtended
    | DeadlineReached
    | EscalationRaised
    | EscalationCleared
    | NoticeSettled
    | PolicyAdopted
    | AppointmentCalledOff
    | NoteAdded
    | StepCorrected
    | ReferralClosed
    | ReferralReopened,
    ByKind(),
]


EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))


class Recorded(Model):
    """An event as it stands in the log."""

    sequence: int = Field(ge=1, description="counts the events of one referral from 1, without a gap")
    step: int = Field(ge=1, description="the sequence of the first event of the same step")
    at: AwareDatetime = Field(description="when it was recorded, UTC")
    actor: StaffId
    role: Role
    command_id: UUID
    event: Event
