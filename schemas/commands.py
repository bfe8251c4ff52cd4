"""Commands, in the imperative: what a person asks for. :mod:`lifecycle` decides what follows from one."""

from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from schemas import exchange, facts
from schemas.base import ActivityId, Model, Note
from schemas.notices import NoticeResult
from schemas.people import StaffId
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import (
    ActivityEndReason,
    ClosureReason,
    Confirmation,
    JusticeStage,
    Need,
    RiskFactor,
    Scale,
)

Why = Annotated[str, Sensitive, Field(min_length=3, max_length=2000, description="why, in words; sealed")]

Said = Annotated[str, Sensitive, Field(min_length=3, max_length=4000, description="in words; sealed")]


class OpenReferral(facts.ReferralForm):
    """Send a referral to the service."""

    kind: Literal["open_referral"] = "open_referral"
    justice_stage: Annotated[JusticeStage, Special]


class RecordDuplicateCheck(facts.DuplicateCheck):
    """Record whether the service already has the same request."""

    kind: Literal["record_duplicate_check"] = "record_duplicate_check"


class Allocate(facts.Allocation):
    """Give the referral to a caseworker; it goes on to contact with whoever is asked first."""

    kind: Literal["allocate"] = "allocate"


class RecordContactAttempt(facts.ContactAttempt):
    """Record an attempt to reach a person."""

    kind: Literal["record_contact_attempt"] = "record_contact_attempt"


class RecordInformationGiven(facts.Information):
    """Record that a person was told what restorative justice is."""

    kind: Literal["record_information_given"] = "record_information_given"


class RecordInterest(facts.InterestShown):
    """Record whether a person wants to take part."""

    kind: Literal["record_interest"] = "record_interest"


class BeginRiskAssessment(Model):
    """Go on from victim contact to the risk assessment."""

    kind: Literal["begin_risk_assessment"] = "begin_risk_assessment"


class RecordRiskAssessment(facts.RiskFactors):
    """Record the risk factors of a person, or of the pair."""

    kind: Literal["record_risk_assessment"] = "record_risk_assessment"
    factors: Annotated[tuple[facts.FactorAssessment, ...], Special] = Field(
        min_length=1, max_length=len(RiskFactor)
    )


class RecordRiskVerdict(facts.RiskVerdict):
    """Give the verdict; where it needs no sign-off, the referral goes on at once."""

    kind: Literal["record_risk_verdict"] = "record_risk_verdict"


class RequestMoreInformation(Model):
    """Go back from the risk assessment to victim contact."""

    kind: Literal["request_more_information"] = "request_more_information"
    reason: Why


class ReassessRisk(Model):
    """Go back to the risk assessment because the risk has changed."""

    kind: Literal["reassess_risk"] = "reassess_risk"
    reason: Why


class ReconfirmRisk(Model):
    """Confirm that the risk stands as assessed, within the days before an activity."""

    kind: Literal["reconfirm_risk"] = "reconfirm_risk"
    note: Note = None
    activity: ActivityId | None = Field(
        default=None, description="the activity whose risk is confirmed; absent: all"
    )


class RecordAcknowledgement(facts.Acknowledgement):
    """Record whether a person responsible acknowledges the basic facts. A denial ends their part."""

    kind: Literal["record_acknowledgement"] = "record_acknowledgement"


class BeginVictimContact(Model):
    """Go on to the harmed person of a referral that the person responsible asked for."""

    kind: Literal["begin_victim_contact"] = "begin_victim_contact"


class BeginPreparation(Model):
    """Go on from consent to preparation."""

    kind: Literal["begin_preparation"] = "begin_preparation"


class AssignFacilitators(facts.Facilitators):
    """Settle who prepares and runs the activities, or one of them."""

    kind: Literal["assign_facilitators"] = "assign_facilitators"


class PlanActivity(facts.ActivityPlan):
    """Plan an activity, beside others where there are some: its method, and who takes part in it."""

    kind: Literal["plan_activity"] = "plan_activity"


class EndActivity(Model):
    """End an activity that will not take place, without ending anybody's part in the referral."""

    kind: Literal["end_activity"] = "end_activity"
    why: ActivityEndReason
    reason: Why
    activity: facts.Which = None


class ChooseMethod(facts.MethodChoice):
    """Choose or change the method of an activity."""

    kind: Literal["choose_method"] = "choose_method"


class RecordPreparationMeeting(facts.PreparationMeeting):
    """Record a meeting that prepared a person."""

    kind: Literal["record_preparation_meeting"] = "record_preparation_meeting"


class BookPreparationMeeting(facts.MeetingBooking):
    """Book a meeting that is to prepare a person, or move the one that is booked."""

    kind: Literal["book_preparation_meeting"] = "book_preparation_meeting"


class CancelPreparationMeeting(facts.MeetingCancellation):
    """Cancel a booked preparation meeting."""

    kind: Literal["cancel_preparation_meeting"] = "cancel_preparation_meeting"


class RecordConfirmation(facts.ConfirmationGiven):
    """Record what prison, offender manager or victim liaison confirmed."""

    kind: Literal["record_confirmation"] = "record_confirmation"
    confirmation: Annotated[Confirmation, Special]


class RequestReadinessSignOff(Model):
    """Ask a supervisor to sign off that everyone is ready for a direct meeting."""

    kind: Literal["request_readiness_sign_off"] = "request_readiness_sign_off"
    activity: facts.Which = None


class BookActivity(facts.Booking):
    """Book a direct meeting or indirect exchange; the referral is in the conference stage while one is booked."""

    kind: Literal["book_activity"] = "book_activity"


class RecordActivityHeld(facts.ActivityOutcome):
    """Record that an activity took place, wholly or partly; after the last that was booked comes follow-up."""

    kind: Literal["record_activity_held"] = "record_activity_held"


class AdjournActivity(facts.Adjournment):
    """Record that a direct meeting began and was adjourned. It stays booked where it is known when it goes on."""

    kind: Literal["adjourn_activity"] = "adjourn_activity"
    reason: Why


class PostponeActivity(facts.Postponement):
    """Postpone an activity; where no other is booked, the referral goes back to preparation."""

    kind: Literal["postpone_activity"] = "postpone_activity"
    reason: Why


class StopActivity(Model):
    """Record that an activity was stopped. The next step is chosen afterwards."""

    kind: Literal["stop_activity"] = "stop_activity"
    reason: Why
    activity: facts.Which = None


class ReturnToPreparation(Model):
    """Go back to preparation after an activity was stopped, to reconvene or change the method."""

    kind: Literal["return_to_preparation"] = "return_to_preparation"
    reason: Why
    activity: facts.Which = None


class DraftCommunication(exchange.Draft):
    """Record that a letter, message or spoken word was drafted, or changed after a check. Its text is not entered."""

    kind: Literal["draft_communication"] = "draft_communication"


class CheckCommunication(exchange.Check):
    """Record the check of a draft that others drafted or were given."""

    kind: Literal["check_communication"] = "check_communication"


class OfferCommunication(exchange.Offer):
    """Record that a person was offered what was checked and is for them."""

    kind: Literal["offer_communication"] = "offer_communication"


class RecordAnswer(exchange.OfferAnswer):
    """Record whether a person accepts or refuses what they are offered, or leaves it for later."""

    kind: Literal["record_answer"] = "record_answer"


class HandOverCommunication(exchange.HandOver):
    """Record that a person, who agreed at that moment, was handed what they had accepted."""

    kind: Literal["hand_over_communication"] = "hand_over_communication"


class RecordAgreement(facts.Agreement):
    """Record the outcome agreement."""

    kind: Literal["record_agreement"] = "record_agreement"


class SettleAgreementItem(facts.ItemResult):
    """Record that an item of the agreement was completed, or will not be."""

    kind: Literal["settle_agreement_item"] = "settle_agreement_item"


class RecordFollowUp(facts.FollowUp):
    """Record a contact after the activity."""

    kind: Literal["record_follow_up"] = "record_follow_up"


class RecordSurvey(facts.Survey):
    """Record what a person thought of the service."""

    kind: Literal["record_survey"] = "record_survey"


class RecordScale(facts.ScaleScore):
    """Record a score on an outcome scale."""

    kind: Literal["record_scale"] = "record_scale"
    scale: Annotated[Scale, Special]
    score: Annotated[int, Special] = Field(ge=0)


class RecordNeeds(facts.NeedsScores):
    """Record how well a harmed person's eight needs are met."""

    kind: Literal["record_needs"] = "record_needs"
    needs: Annotated[tuple[facts.NeedScore, ...], Special] = Field(min_length=1, max_length=len(Need))


class RequestFurtherActivity(Model):
    """Prepare an activity again after it was held, because a further meeting or exchange is wanted."""

    kind: Literal["request_further_activity"] = "request_further_activity"
    reason: Why
    activity: facts.Which = None


class ReportOutcome(facts.OutcomeShared):
    """Record that an outcome report went to an agency. Everyone who took part must have consented."""

    kind: Literal["report_outcome"] = "report_outcome"


class GiveConsent(facts.ConsentGrant):
    """Record a consent."""

    kind: Literal["give_consent"] = "give_consent"


class WithdrawConsent(facts.ConsentRef):
    """Record that a consent is withdrawn. Withdrawing the consent to take part ends the person's part."""

    kind: Literal["withdraw_consent"] = "withdraw_consent"


class Withdraw(facts.Leaving):
    """Record that a person leaves the process. Nothing may delay it."""

    kind: Literal["withdraw"] = "withdraw"


class EndParticipation(facts.Ending):
    """Record that a person's part ends: declined, died, moved, unsuitable and the like."""

    kind: Literal["end_participation"] = "end_participation"


class AddParticipant(Model):
    """Add a person to the referral."""

    kind: Literal["add_participant"] = "add_participant"
    participant: facts.NewParticipant


class AmendParticipant(facts.Amendment):
    """Correct or update what is known about a person."""

    kind: Literal["amend_participant"] = "amend_participant"


class RecordContactSafety(facts.SafetyDetails):
    """Record how a person may be reached safely."""

    kind: Literal["record_contact_safety"] = "record_contact_safety"


class AmendReferral(facts.CaseAmendment):
    """Correct or update what is known about the referral."""

    kind: Literal["amend_referral"] = "amend_referral"


class RecordCourtNews(facts.CourtNews):
    """Record a plea, an adjournment or a court date."""

    kind: Literal["record_court_news"] = "record_court_news"


class RecordCustodyDetails(facts.CustodyDetails):
    """Record where a person responsible serves a sentence, and a date in it that the work is best done by."""

    kind: Literal["record_custody_details"] = "record_custody_details"


class RecordTimeSpent(facts.TimeSpent):
    """Record the minutes that you spent on the referral."""

    kind: Literal["record_time_spent"] = "record_time_spent"


class RecordComplaint(facts.ComplaintMade):
    """Record a complaint about the service; a closed referral takes one too."""

    kind: Literal["record_complaint"] = "record_complaint"
    text: Said


class AnswerComplaint(facts.ComplaintAnswer):
    """Record how a complaint was answered. Who has the referral or facilitates it may not."""

    kind: Literal["answer_complaint"] = "answer_complaint"
    text: Said


class RaiseSafeguarding(Model):
    """Raise a safeguarding concern: every message and contact stops at once."""

    kind: Literal["raise_safeguarding"] = "raise_safeguarding"
    note: Why


class LiftSafeguarding(Model):
    """Lift the safeguarding freeze."""

    kind: Literal["lift_safeguarding"] = "lift_safeguarding"
    note: Why


class Hold(facts.Pause):
    """Pause the referral until a review date; its clocks stop."""

    kind: Literal["hold"] = "hold"
    reason: Why


class Resume(Model):
    """End the pause; the clocks go on where they stopped."""

    kind: Literal["resume"] = "resume"


class Reassign(facts.Allocation):
    """Give the referral to another caseworker."""

    kind: Literal["reassign"] = "reassign"
    reason: facts.Reason = None


class OfferTransfer(facts.TransferTo):
    """Offer the referral to another area, where the people now live or the case belongs."""

    kind: Literal["offer_transfer"] = "offer_transfer"
    reason: Why


class WithdrawTransferOffer(Model):
    """Take back the offer of the referral to another area."""

    kind: Literal["withdraw_transfer_offer"] = "withdraw_transfer_offer"
    reason: facts.Reason = None


class AcceptTransfer(Model):
    """Take over a referral that another area offers to yours."""

    kind: Literal["accept_transfer"] = "accept_transfer"
    caseworker: StaffId | None = Field(
        default=None, description="who of your area owns it from now on; absent: nobody yet"
    )


class RefuseTransfer(Model):
    """Refuse a referral that another area offers to yours; it stays where it is."""

    kind: Literal["refuse_transfer"] = "refuse_transfer"
    reason: Why


class DecideSignOff(facts.SignOffDecision):
    """Sign off what is waiting, or return it. Its authors may not."""

    kind: Literal["sign_off"] = "sign_off"


class OverrideGate(Model):
    """Override a gate, with a reason. No consent can be overridden."""

    kind: Literal["override_gate"] = "override_gate"
    gate: str = Field(
        description="risk_sign_off, readiness_sign_off, risk_reconfirmation, advanced_practitioner or confirmations"
    )
    reason: Why
    activity: facts.Which = None


class RecordReview(facts.Review):
    """Record a review that a deadline asked for."""

    kind: Literal["record_review"] = "record_review"


class CompleteTask(facts.TaskDone):
    """Record that you told somebody in person what a message could not, or that there was no need."""

    kind: Literal["complete_task"] = "complete_task"


class ExtendDeadline(facts.Extension):
    """Move a deadline."""

    kind: Literal["extend_deadline"] = "extend_deadline"
    reason: Why


class AdoptPolicy(Model):
    """Adopt the service's current policy for the referral."""

    kind: Literal["adopt_policy"] = "adopt_policy"
    version: str = Field(
        min_length=1,
        max_length=40,
        description="the version of the policy to adopt, as `rj policy show` prints it",
    )


class AddNote(Model):
    """Add a note to the timeline."""

    kind: Literal["add_note"] = "add_note"
    note: Annotated[str, Sensitive, Field(min_length=1, max_length=4000)]


class CorrectStep(Model):
    """Take back an earlier step that was a mistake. The log keeps both."""

    kind: Literal["correct_step"] = "correct_step"
    step: int = Field(ge=1, description="the step's number, as `rj timeline` prints it")
    reason: Why


class Close(Model):
    """Close the referral. Closing as unreachable or unsafe waits for a sign-off."""

    kind: Literal["close"] = "close"
    reason: ClosureReason
    note: Note = None


class Reopen(Model):
    """Reopen a closed referral in the stage it was closed in."""

    kind: Literal["reopen"] = "reopen"
    reason: Why


class ReachDeadline(Model):
    """Record that a deadline reached a point. Sent by the referral's own clock."""

    kind: Literal["reach_deadline"] = "reach_deadline"
    deadline: str
    point: str


class SettleNotice(NoticeResult):
    """Record the outcome of a message. Sent by the message's workflow."""

    kind: Literal["settle_notice"] = "settle_notice"


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
    Field(discriminator="kind"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command, config=ConfigDict(defer_build=True))
COMMANDS: dict[str, type[Model]] = {
    command.model_fields["kind"].default: command for command in get_args(get_args(Command)[0])
}


def parse_command(kind: str, body: dict[str, Any]) -> Command:
    """Parse a command of that kind from input.

    Raises:
        KeyError: there is no such kind of command.
        pydantic.ValidationError: a field is unknown, missing or not valid.
    """
    return COMMAND.validate_python(
        {**body, "kind": COMMANDS[kind].model_fields["kind"].default}, extra="forbid"
    )
