"""Events, in the past tense. They are the record of truth: events are added and never edited.

A field may only be added, with a default, so that old events can still be read.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from schemas import exchange, facts
from schemas.areas import Area
from schemas.base import ActivityId, Model, Note, ParticipantId
from schemas.notices import NoticeResult
from schemas.people import Role, StaffId
from schemas.policy import Policy, Rung
from schemas.referral import Referral
from schemas.vocabulary import (
    ActivityEndReason,
    Channel,
    ClosureReason,
    EndReason,
    Method,
    SignOffSubject,
    Stage,
)


class ReferralReceived(facts.ReferralForm):
    """A referral was sent to the service."""

    kind: Literal["referral_received"] = "referral_received"
    reference: str
    policy: Policy = Field(description="the policy that the referral is opened under and keeps")
    known: tuple[facts.KnownOfPerson, ...] = Field(
        default=(), description="what the rules need of what is sealed about each participant"
    )


class DuplicateChecked(facts.DuplicateCheck):
    """The referral was checked for a duplicate."""

    kind: Literal["duplicate_checked"] = "duplicate_checked"


class Allocated(facts.Allocation):
    """The referral was given to a caseworker."""

    kind: Literal["allocated"] = "allocated"


class StageEntered(Model):
    """The referral moved to another stage."""

    kind: Literal["stage_entered"] = "stage_entered"
    stage: Stage
    left: Stage
    reason: facts.Reason = None


class ContactAttempted(facts.ContactAttempt):
    """Somebody tried to reach a person."""

    kind: Literal["contact_attempted"] = "contact_attempted"
    unsafe_channel: bool = Field(
        default=False, description="the channel was not marked as safe for this person"
    )


class InformationGiven(facts.Information):
    """A person was told what restorative justice is."""

    kind: Literal["information_given"] = "information_given"


class InterestRecorded(facts.InterestShown):
    """A person said whether they want to take part."""

    kind: Literal["interest_recorded"] = "interest_recorded"


class RiskAssessed(facts.RiskFactors):
    """A person, or the pair, was assessed."""

    kind: Literal["risk_assessed"] = "risk_assessed"


class RiskVerdictGiven(facts.RiskVerdict):
    """The risk assessment came to a verdict."""

    kind: Literal["risk_verdict_given"] = "risk_verdict_given"


class RiskReconfirmed(Model):
    """The risk was reviewed before an activity and remains as assessed."""

    kind: Literal["risk_reconfirmed"] = "risk_reconfirmed"
    note: Note = None
    activity: ActivityId | None = Field(default=None, description="whose risk; None: that of all")


class FactsAcknowledged(facts.Acknowledgement):
    """A person responsible acknowledged the basic facts, or denied them."""

    kind: Literal["facts_acknowledged"] = "facts_acknowledged"


class FacilitatorsAssigned(facts.Facilitators):
    """The facilitators were assigned."""

    kind: Literal["facilitators_assigned"] = "facilitators_assigned"


class ActivityPlanned(facts.ActivityPlan):
    """An activity was planned: its method, and who takes part in it."""

    kind: Literal["activity_planned"] = "activity_planned"
    activity: ActivityId


class MethodChosen(facts.MethodChoice):
    """A method was chosen, or replaced by a safer one."""

    kind: Literal["method_chosen"] = "method_chosen"
    replaces: Method | None = None


class PreparationMeetingHeld(facts.PreparationMeeting):
    """A person was prepared."""

    kind: Literal["preparation_meeting_held"] = "preparation_meeting_held"


class PreparationMeetingBooked(facts.MeetingBooking):
    """A preparation meeting was booked, or moved."""

    kind: Literal["preparation_meeting_booked"] = "preparation_meeting_booked"


class PreparationMeetingCancelled(facts.MeetingCancellation):
    """A booked preparation meeting will not take place."""

    kind: Literal["preparation_meeting_cancelled"] = "preparation_meeting_cancelled"
    starts_at: AwareDatetime = Field(description="when it was to begin")


class Confirmed(facts.ConfirmationGiven):
    """Prison, offender manager or victim liaison confirmed."""

    kind: Literal["confirmed"] = "confirmed"


class ActivityBooked(facts.Booking):
    """A direct meeting or an indirect exchange was booked."""

    kind: Literal["activity_booked"] = "activity_booked"
    method: Method


class ActivityHeld(facts.ActivityOutcome):
    """The activity took place, wholly or partly."""

    kind: Literal["activity_held"] = "activity_held"
    method: Method


class ActivityPostponed(facts.Postponement):
    """The activity was postponed."""

    kind: Literal["activity_postponed"] = "activity_postponed"
    booked_for: AwareDatetime


class ActivityStopped(Model):
    """The activity was stopped and did not reach its purpose."""

    kind: Literal["activity_stopped"] = "activity_stopped"
    reason: facts.Reason = None
    activity: facts.Which = None


class ActivityAdjourned(facts.Adjournment):
    """A direct meeting began and was adjourned."""

    kind: Literal["activity_adjourned"] = "activity_adjourned"


class ActivityTakenUp(Model):
    """An activity that was stopped or held is prepared again."""

    kind: Literal["activity_taken_up"] = "activity_taken_up"
    activity: ActivityId
    reason: facts.Reason = None


class ActivityEnded(Model):
    """An activity will not take place."""

    kind: Literal["activity_ended"] = "activity_ended"
    activity: ActivityId
    why: ActivityEndReason
    reason: facts.Reason = None


class CommunicationDrafted(exchange.Draft):
    """A letter, message or spoken word was drafted, or drafted again."""

    kind: Literal["communication_drafted"] = "communication_drafted"
    communication: exchange.CommunicationId
    activity: ActivityId


class CommunicationChecked(exchange.Check):
    """A draft was checked by somebody who had no part in it."""

    kind: Literal["communication_checked"] = "communication_checked"
    activity: ActivityId


class CommunicationOffered(exchange.Offer):
    """A person was offered a communication."""

    kind: Literal["communication_offered"] = "communication_offered"
    activity: ActivityId


class CommunicationAnswered(exchange.OfferAnswer):
    """A person accepted or refused a communication, or left it for later."""

    kind: Literal["communication_answered"] = "communication_answered"
    activity: ActivityId


class CommunicationHandedOver(exchange.HandOver):
    """A communication was handed over to a person who agreed at that moment."""

    kind: Literal["communication_handed_over"] = "communication_handed_over"
    activity: ActivityId


class AgreementMade(facts.Agreement):
    """An outcome agreement was made."""

    kind: Literal["agreement_made"] = "agreement_made"


class AgreementItemSettled(facts.ItemResult):
    """An item of the agreement was completed, or will not be."""

    kind: Literal["agreement_item_settled"] = "agreement_item_settled"


class FollowedUp(facts.FollowUp):
    """A person was followed up after the activity."""

    kind: Literal["followed_up"] = "followed_up"


class SurveyAnswered(facts.Survey):
    """A person said what they thought of the service."""

    kind: Literal["survey_answered"] = "survey_answered"


class ScaleScored(facts.ScaleScore):
    """A person was scored on an outcome scale."""

    kind: Literal["scale_scored"] = "scale_scored"


class NeedsScored(facts.NeedsScores):
    """A harmed person's eight needs were scored."""

    kind: Literal["needs_scored"] = "needs_scored"


class OutcomeReported(facts.OutcomeShared):
    """An outcome report went to an agency."""

    kind: Literal["outcome_reported"] = "outcome_reported"


class ConsentGiven(facts.ConsentGrant):
    """A consent was given."""

    kind: Literal["consent_given"] = "consent_given"


class ConsentWithdrawn(facts.ConsentRef):
    """A consent was withdrawn."""

    kind: Literal["consent_withdrawn"] = "consent_withdrawn"


class ParticipationEnded(Model):
    """A person's part in the referral ended."""

    kind: Literal["participation_ended"] = "participation_ended"
    participant: ParticipantId
    reason: EndReason
    note: Note = None


class ParticipantAdded(Model):
    """A person joined the referral."""

    kind: Literal["participant_added"] = "participant_added"
    participant: facts.NewParticipant
    known: facts.KnownOfPerson | None = None


class ParticipantAmended(facts.Amendment):
    """What is known about a person was corrected or updated."""

    kind: Literal["participant_amended"] = "participant_amended"
    no_longer_safe: tuple[Channel, ...] = Field(
        default=(), description="channels whose address changed and is not yet recorded as safe"
    )
    known: facts.KnownOfPerson | None = None


class ParticipantCameOfAge(Model):
    """A child turned 18: no parent or guardian need consent for them any more."""

    kind: Literal["participant_came_of_age"] = "participant_came_of_age"
    participant: ParticipantId


class ContactSafetyRecorded(facts.SafetyDetails):
    """It was recorded how a person may be reached safely."""

    kind: Literal["contact_safety_recorded"] = "contact_safety_recorded"


class ReferralAmended(facts.CaseAmendment):
    """What is known about the referral was corrected or updated."""

    kind: Literal["referral_amended"] = "referral_amended"


class CourtUpdated(facts.CourtNews):
    """There was a plea, an adjournment or a court date."""

    kind: Literal["court_updated"] = "court_updated"


class CustodyDetailsRecorded(facts.CustodyDetails):
    """It was recorded where a person responsible serves a sentence, and by which day the work is best done."""

    kind: Literal["custody_details_recorded"] = "custody_details_recorded"


class TimeSpentRecorded(facts.TimeSpent):
    """Somebody spent time on the referral."""

    kind: Literal["time_spent_recorded"] = "time_spent_recorded"


class ComplaintRecorded(facts.ComplaintMade):
    """Somebody complained about the service."""

    kind: Literal["complaint_recorded"] = "complaint_recorded"
    complaint: facts.ComplaintId


class ComplaintAnswered(facts.ComplaintAnswer):
    """A complaint was answered."""

    kind: Literal["complaint_answered"] = "complaint_answered"


class SafeguardingRaised(facts.Concern):
    """A safeguarding concern froze every message and contact."""

    kind: Literal["safeguarding_raised"] = "safeguarding_raised"


class SafeguardingLifted(facts.Concern):
    """A supervisor lifted the safeguarding freeze."""

    kind: Literal["safeguarding_lifted"] = "safeguarding_lifted"


class PutOnHold(facts.Pause):
    """The referral was paused; its clocks stop."""

    kind: Literal["put_on_hold"] = "put_on_hold"


class Resumed(Model):
    """The pause ended; the clocks go on where they stopped."""

    kind: Literal["resumed"] = "resumed"


class Reassigned(facts.Allocation):
    """The referral went to another caseworker."""

    kind: Literal["reassigned"] = "reassigned"
    reason: facts.Reason = None


class TransferOffered(facts.TransferTo):
    """The referral was offered to another area."""

    kind: Literal["transfer_offered"] = "transfer_offered"


class TransferOfferWithdrawn(Model):
    """The offer ended without an answer: taken back, or because the referral closed or a consent was withdrawn."""

    kind: Literal["transfer_offer_withdrawn"] = "transfer_offer_withdrawn"
    area: Area = Field(description="the area that it was offered to")
    reason: facts.Reason = None


class TransferAccepted(Model):
    """Another area took the referral over, and it goes on under that area's policy."""

    kind: Literal["transfer_accepted"] = "transfer_accepted"
    left: Area = Field(description="the area that it left")
    area: Area = Field(description="the area that took it over")
    caseworker: StaffId | None = Field(default=None, description="who owns it there; absent: nobody yet")
    was: str = Field(description="the version of the policy before")
    version: str
    policy: Policy


class TransferRefused(Model):
    """The area that the referral was offered to does not take it over."""

    kind: Literal["transfer_refused"] = "transfer_refused"
    area: Area = Field(description="the area that it was offered to")
    reason: facts.Reason = None


class SignOffRequested(Model):
    """Something waits for a supervisor's sign-off."""

    kind: Literal["sign_off_requested"] = "sign_off_requested"
    subject: SignOffSubject
    closure_reason: ClosureReason | None = None
    note: Note = None
    activity: facts.Which = None


class SignedOff(facts.SignOffDecision):
    """A supervisor signed off what was waiting, or returned it."""

    kind: Literal["signed_off"] = "signed_off"


class GateOverridden(facts.GateOverride):
    """A supervisor overrode a gate, with a reason."""

    kind: Literal["gate_overridden"] = "gate_overridden"


class Reviewed(facts.Review):
    """A review was made."""

    kind: Literal["reviewed"] = "reviewed"


class TaskCompleted(facts.TaskDone):
    """Staff completed the task that an unsendable message had left."""

    kind: Literal["task_completed"] = "task_completed"


class DeadlineExtended(facts.Extension):
    """A supervisor moved a deadline."""

    kind: Literal["deadline_extended"] = "deadline_extended"


class DeadlineReached(Model):
    """A deadline reached one of its points: a warning, the due date, or an escalation after it."""

    kind: Literal["deadline_reached"] = "deadline_reached"
    deadline: str
    point: str = Field(description="warn-1, warn-2 …, due, escalate-1 …")
    at: AwareDatetime = Field(description="when the point was to be reached")


class EscalationRaised(Model):
    """A missed deadline was escalated to a rung of the ladder."""

    kind: Literal["escalation_raised"] = "escalation_raised"
    deadline: str
    point: str
    at: AwareDatetime = Field(description="when the point was to be reached")
    rung: Rung


class EscalationCleared(Model):
    """An escalation was cleared: the work was done, the date moved, or the referral closed."""

    kind: Literal["escalation_cleared"] = "escalation_cleared"
    deadline: str
    point: str
    at: AwareDatetime = Field(description="of the escalation that is cleared")


class NoticeSettled(NoticeResult):
    """A message that was to be sent has an outcome."""

    kind: Literal["notice_settled"] = "notice_settled"


class PolicyAdopted(Model):
    """The referral goes on under another version of the policy."""

    kind: Literal["policy_adopted"] = "policy_adopted"
    was: str = Field(description="the version before")
    version: str
    policy: Policy


class AppointmentCalledOff(Model):
    """A future meeting will not take place at its time, for whatever reason."""

    kind: Literal["appointment_called_off"] = "appointment_called_off"
    appointment: str = Field(description="conference, or preparation/h1")
    starts_at: AwareDatetime = Field(description="when it was to begin")
    participants: tuple[ParticipantId, ...] = Field(description="who was to be there and may not know")


class NoteAdded(Model):
    """A note was added."""

    kind: Literal["note_added"] = "note_added"
    note: Note = None


class StepCorrected(Model):
    """An earlier step was a mistake and no longer counts. The step stays in the log; this names it."""

    kind: Literal["step_corrected"] = "step_corrected"
    corrects: int = Field(ge=1, description="the sequence number of the step's first event")
    reason: facts.Reason = None
    becomes: Referral = Field(description="the referral as it is without that step")


class ReferralClosed(Model):
    """The referral closed."""

    kind: Literal["referral_closed"] = "referral_closed"
    reason: ClosureReason
    stage: Stage = Field(description="the stage it was closed in")
    note: Note = None


class ReferralReopened(Model):
    """A supervisor reopened the referral in the stage it was closed in."""

    kind: Literal["referral_reopened"] = "referral_reopened"
    stage: Stage
    reason: facts.Reason = None


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
    Field(discriminator="kind"),
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
