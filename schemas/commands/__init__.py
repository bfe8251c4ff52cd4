"""Commands, in the imperative: what a person asks for. :mod:`lifecycle` decides what follows from one."""

from functools import cache
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from schemas.base import ByKind, Model
from schemas.commands.activities import (
    AdjournActivity,
    BookActivity,
    ChooseMethod,
    EndActivity,
    PlanActivity,
    PostponeActivity,
    RecordActivityHeld,
    RequestFurtherActivity,
    ReturnToPreparation,
    StopActivity,
)
from schemas.commands.closing import Close, Reopen
from schemas.commands.contact import (
    BeginVictimContact,
    RecordAcknowledgement,
    RecordContactAttempt,
    RecordInformationGiven,
    RecordInterest,
)
from schemas.commands.details import AddNote, AmendReferral, CorrectStep, RecordCourtNews, RecordTimeSpent
from schemas.commands.exchange import (
    CheckCommunication,
    DraftCommunication,
    HandOverCommunication,
    OfferCommunication,
    RecordAnswer,
)
from schemas.commands.following_up import (
    RecordAgreement,
    RecordFollowUp,
    RecordNeeds,
    RecordScale,
    RecordSurvey,
    ReportOutcome,
    SettleAgreementItem,
)
from schemas.commands.opening import Allocate, OpenReferral, Reassign, RecordDuplicateCheck
from schemas.commands.oversight import (
    AdoptPolicy,
    AnswerComplaint,
    CompleteTask,
    DecideSignOff,
    ExtendDeadline,
    Hold,
    LiftSafeguarding,
    OverrideGate,
    RaiseSafeguarding,
    RecordComplaint,
    RecordReview,
    Resume,
)
from schemas.commands.people import (
    AddParticipant,
    AmendParticipant,
    EndParticipation,
    GiveConsent,
    RecordContactSafety,
    RecordCustodyDetails,
    Withdraw,
    WithdrawConsent,
)
from schemas.commands.preparation import (
    AssignFacilitators,
    BeginPreparation,
    BookPreparationMeeting,
    CancelPreparationMeeting,
    RecordConfirmation,
    RecordPreparationMeeting,
    RequestReadinessSignOff,
)
from schemas.commands.risk import (
    BeginRiskAssessment,
    ReassessRisk,
    ReconfirmRisk,
    RecordRiskAssessment,
    RecordRiskVerdict,
    RequestMoreInformation,
)
from schemas.commands.system import ReachDeadline, SettleNotice
from schemas.commands.texts import Said, Why
from schemas.commands.transfer import AcceptTransfer, OfferTransfer, RefuseTransfer, WithdrawTransferOffer

__all__ = [
    "COMMANDS",
    "AcceptTransfer",
    "AddNote",
    "AddParticipant",
    "AdjournActivity",
    "AdoptPolicy",
    "Allocate",
    "AmendParticipant",
    "AmendReferral",
    "AnswerComplaint",
    "AssignFacilitators",
    "BeginPreparation",
    "BeginRiskAssessment",
    "BeginVictimContact",
    "BookActivity",
    "BookPreparationMeeting",
    "CancelPreparationMeeting",
    "CheckCommunication",
    "ChooseMethod",
    "Close",
    "Command",
    "CompleteTask",
    "CorrectStep",
    "DecideSignOff",
    "DraftCommunication",
    "EndActivity",
    "EndParticipation",
    "ExtendDeadline",
    "GiveConsent",
    "HandOverCommunication",
    "Hold",
    "LiftSafeguarding",
    "OfferCommunication",
    "OfferTransfer",
    "OpenReferral",
    "OverrideGate",
    "PlanActivity",
    "PostponeActivity",
    "RaiseSafeguarding",
    "ReachDeadline",
    "ReassessRisk",
    "Reassign",
    "ReconfirmRisk",
    "RecordAcknowledgement",
    "RecordActivityHeld",
    "RecordAgreement",
    "RecordAnswer",
    "RecordComplaint",
    "RecordConfirmation",
    "RecordContactAttempt",
    "RecordContactSafety",
    "RecordCourtNews",
    "RecordCustodyDetails",
    "RecordDuplicateCheck",
    "RecordFollowUp",
    "RecordInformationGiven",
    "RecordInterest",
    "RecordNeeds",
    "RecordPreparationMeeting",
    "RecordReview",
    "RecordRiskAssessment",
    "RecordRiskVerdict",
    "RecordScale",
    "RecordSurvey",
    "RecordTimeSpent",
    "RefuseTransfer",
    "Reopen",
    "ReportOutcome",
    "RequestFurtherActivity",
    "RequestMoreInformation",
    "RequestReadinessSignOff",
    "Resume",
    "ReturnToPreparation",
    "Said",
    "SettleAgreementItem",
    "SettleNotice",
    "StopActivity",
    "Why",
    "Withdraw",
    "WithdrawConsent",
    "WithdrawTransferOffer",
    "parse_command",
]


Command = Annotated[
    OpenReferral
    | RecordDuplicateCheck
    | Allocate
    | RecordContactAttempt
    | RecordInformationGiven
    | RecordInterest
    | BeginRiskAssessment
    | RecordRiskAssessment
    | RecordRiskVerdict
    | RequestMoreInformation
    | ReassessRisk
    | ReconfirmRisk
    | RecordAcknowledgement
    | BeginVictimContact
    | BeginPreparation
    | AssignFacilitators
    | PlanActivity
    | ChooseMethod
    | RecordPreparationMeeting
    | BookPreparationMeeting
    | CancelPreparationMeeting
    | RecordConfirmation
    | RequestReadinessSignOff
    | BookActivity
    | RecordActivityHeld
    | AdjournActivity
    | PostponeActivity
    | StopActivity
    | ReturnToPreparation
    | EndActivity
    | DraftCommunication
    | CheckCommunication
    | OfferCommunication
    | RecordAnswer
    | HandOverCommunication
    | RecordAgreement
    | SettleAgreementItem
    | RecordFollowUp
    | RecordSurvey
    | RecordScale
    | RecordNeeds
    | RequestFurtherActivity
    | ReportOutcome
    | GiveConsent
    | WithdrawConsent
    | Withdraw
    | EndParticipation
    | AddParticipant
    | AmendParticipant
    | RecordContactSafety
    | AmendReferral
    | RecordCourtNews
    | RecordCustodyDetails
    | RecordTimeSpent
    | RecordComplaint
    | AnswerComplaint
    | RaiseSafeguarding
    | LiftSafeguarding
    | Hold
    | Resume
    | Reassign
    | OfferTransfer
    | WithdrawTransferOffer
    | AcceptTransfer
    | RefuseTransfer
    | DecideSignOff
    | OverrideGate
    | RecordReview
    | CompleteTask
    | ExtendDeadline
    | AdoptPolicy
    | AddNote
    | CorrectStep
    | Close
    | Reopen
    | ReachDeadline
    | SettleNotice,
    ByKind(),
]


COMMANDS: dict[str, type[Model]] = {
    command.model_fields["kind"].default: command for command in get_args(get_args(Command)[0])
}


def parse_command(kind: str, body: dict[str, Any]) -> Command:
    """Parse a command of that kind from input.

    Raises:
        KeyError: there is no such kind of command.
        pydantic.ValidationError: a field is unknown, missing or not valid; the kind stands first in each place.
    """
    return _reader(kind).validate_python({**body, "kind": kind}, extra="forbid")


@cache
def _reader(kind: str) -> TypeAdapter[Command]:
    """What reads commands of one kind: that of all would take long to make, and one is asked for."""
    command: Any = COMMANDS[kind]
    return TypeAdapter(Annotated[command, Field(discriminator="kind")])
