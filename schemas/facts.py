"""What a command says and its event repeats: the shared bodies of commands and events.

What is sealed may be absent here, as it is of an event that was erased; a command asks for what it needs.

Dates without a time are days in England and Wales. Instants without an offset are by the clock in London.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.areas import Area
from schemas.base import Day, Model, Moment, Note, ParticipantId
from schemas.people import ContactSafety, Person, StaffId
from schemas.privacy import Sensitive, Special
from schemas.reference import Reference
from schemas.vocabulary import (
    AgeBand,
    Agency,
    Channel,
    Confirmation,
    ConsentForm,
    ContactOutcome,
    Custody,
    EndReason,
    Ethnicity,
    FollowUpContact,
    Gender,
    Initiator,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Method,
    Need,
    Occasion,
    Offence,
    OverridableGate,
    ParticipantRole,
    Plea,
    Purpose,
    ReviewSubject,
    RiskFactor,
    Scale,
    SensitiveCategory,
    SignOffSubject,
    Source,
    TaskResult,
    Verdict,
)

Reason = Annotated[
    str | None, Sensitive, Field(min_length=3, max_length=2000, description="why, in words; sealed")
]


class NewParticipant(Model):
    """A person who joins a referral. Who sends it gives each an id: h1, h2 for persons harmed, and so on."""

    id: ParticipantId
    role: ParticipantRole
    age_band: AgeBand = AgeBand.UNKNOWN
    gender: Gender = Gender.UNKNOWN
    ethnicity: Annotated[Ethnicity, Special] = Ethnicity.UNKNOWN
    custody: Annotated[Custody, Special] = Custody.UNKNOWN
    accompanies: ParticipantId | None = Field(
        default=None, description="whom a supporter, guardian, interpreter or appropriate adult is there for"
    )
    person: Person = Person()
    contact_safety: ContactSafety = ContactSafety()


class ReferralForm(Model):
    """What is known when a referral is sent."""

    area: Area
    source: Source
    initiator: Initiator
    offence: Offence
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...], Special] = ()
    justice_stage: Annotated[JusticeStage | None, Special] = None
    court_date: Day | None = Field(default=None, description="the sentencing hearing, for pre-sentence work")
    deferred_on: Day | None = Field(default=None, description="when sentence was deferred")
    incident_on: Day | None = None
    participants: tuple[NewParticipant, ...] = Field(min_length=2, max_length=20)
    linked_to: Reference | None = Field(
        default=None, description="the closed referral that this one takes up again"
    )
    summary: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what happened"
    )
    sent_by: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=200, description="the person at the agency who sent it"
    )


class DuplicateCheck(Model):
    """Whether the same request is here already. Absent: it is not."""

    duplicate_of: Reference | None = None


class Allocation(Model):
    """Who owns the referral from now on."""

    caseworker: StaffId


class ContactAttempt(Model):
    """One attempt to reach a person."""

    participant: ParticipantId
    channel: Channel
    outcome: ContactOutcome
    made_at: Moment | None = Field(default=None, description="when it was made; absent: now")
    note: Note = None


class Information(Model):
    """Information about restorative justice, given to a person in a form that suits them."""

    participant: ParticipantId
    channel: Channel
    interpreter_offered: bool = False
    legal_advice_offered: bool = False


class InterestShown(Model):
    """What a person, once informed, said to taking part."""

    participant: ParticipantId
    interest: Interest
    note: Note = None


class FactorAssessment(Model):
    """One factor of a risk assessment."""

    factor: Annotated[RiskFactor, Special]
    level: Annotated[Level, Special]
    evidence: Note = None
    mitigation: Note = None


class RiskFactors(Model):
    """A structured risk assessment of one person, or of the pair."""

    about: ParticipantId | None = Field(default=None, description="the person assessed; absent: the pair")
    factors: Annotated[tuple[FactorAssessment, ...], Special] = Field(default=(), max_length=len(RiskFactor))

    @model_validator(mode="after")
    def _each_factor_once(self) -> Self:
        named = [assessment.factor for assessment in self.factors]
        if len(set(named)) != len(named):
            raise ValueError("each factor may be assessed once")
        return self


class RiskVerdict(Model):
    """What the risk assessment comes to."""

    verdict: Verdict
    missing: Note = Field(default=None, description="for not_yet: what is still needed; sealed")


class Acknowledgement(Model):
    """Whether a person responsible acknowledges the basic facts."""

    participant: ParticipantId
    acknowledges: bool


class Facilitators(Model):
    """Who prepares and runs the activity."""

    facilitator: StaffId
    co_facilitator: StaffId | None = None
    advanced_practitioner: bool = Field(
        default=False, description="the facilitator is one; checked against the staff register"
    )


class MethodChoice(Model):
    """How the two sides will communicate."""

    method: Method
    reason: Reason = None


class PreparationMeeting(Model):
    """A meeting that prepares one person for the activity."""

    participant: ParticipantId
    held_on: Day
    channel: Channel
    note: Note = None


class MeetingBooking(Model):
    """A meeting that is to prepare one person. Booked again, it moves."""

    participant: ParticipantId
    starts_at: Moment
    channel: Channel = Channel.IN_PERSON
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)


class MeetingCancellation(Model):
    """That a booked preparation meeting will not take place."""

    participant: ParticipantId
    reason: Reason = None


class ConfirmationGiven(Model):
    """What prison, offender manager or victim liaison confirmed about a person responsible."""

    participant: ParticipantId
    confirmation: Annotated[Confirmation | None, Special] = None


class Booking(Model):
    """An activity that is booked, by the chosen method: a direct meeting or an indirect exchange."""

    starts_at: Moment
    attending: tuple[ParticipantId, ...] = Field(min_length=2)
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)


class ActivityOutcome(Model):
    """That the booked activity took place."""

    partly: bool = Field(default=False, description="it began but was not brought to its end")
    started_at: Moment | None = Field(default=None, description="when it began; absent: as booked")
    note: Note = None


class Postponement(Model):
    """That the booked activity will not take place then."""

    asked_by: ParticipantId | None = Field(default=None, description="who asked; absent: the service")
    reason: Reason = None


class AgreementItem(Model):
    """One thing a person undertakes."""

    id: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    by: ParticipantId
    due_on: Day
    text: Annotated[str | None, Sensitive] = Field(default=None, max_length=2000)


class Agreement(Model):
    """The outcome agreement of an activity."""

    items: tuple[AgreementItem, ...] = Field(min_length=1, max_length=30)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("each item needs its own id")
        return self


class ItemResult(Model):
    """What became of an agreement item."""

    item: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    outcome: ItemOutcome
    harmed_person_told: bool = Field(default=False, description="the person harmed was told of it")


class FollowUp(Model):
    """A contact after the activity."""

    participant: ParticipantId
    contact: FollowUpContact
    note: Note = None


class Survey(Model):
    """What a person said of the service. Every answer may be left out."""

    participant: ParticipantId
    satisfied: Annotated[bool | None, Special] = None
    would_recommend: Annotated[bool | None, Special] = None
    feels: Annotated[str | None, Special] = Field(
        default=None, pattern="^(better|same|worse)$", description="better, same or worse"
    )
    rating: Annotated[int | None, Special] = Field(default=None, ge=0, le=10, description="0 to 10")
    comment: Note = None


class ScaleScore(Model):
    """A score on an outcome scale. IES-R 0-88, PCL-5 0-80, fear and anger 0-10."""

    participant: ParticipantId
    scale: Annotated[Scale | None, Special] = None
    occasion: Occasion
    score: Annotated[int | None, Special] = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _within_the_scale(self) -> Self:
        if self.scale and self.score and self.score > self.scale.highest:
            raise ValueError(f"score: {self.scale} runs from 0 to {self.scale.highest}")
        return self


class NeedScore(Model):
    """How well one of the eight needs is met, 1 (not at all) to 5 (fully)."""

    need: Annotated[Need, Special]
    score: Annotated[int, Special] = Field(ge=1, le=5)


class NeedsScores(Model):
    """The eight needs of a harmed person."""

    participant: ParticipantId
    occasion: Occasion
    needs: Annotated[tuple[NeedScore, ...], Special] = Field(default=(), max_length=len(Need))


class OutcomeShared(Model):
    """That an outcome report went to an agency."""

    agency: Agency


class ConsentGrant(Model):
    """One consent of one person for one purpose."""

    participant: ParticipantId
    purpose: Purpose
    form_version: str = Field(
        pattern=r"^[A-Za-z0-9.-]{1,20}$", description="the version of the form that was used, such as 2026.1"
    )
    given_on: Day
    form: ConsentForm
    by_guardian: ParticipantId | None = Field(
        default=None, description="the parent or guardian who consents for a child; absent: the person's own"
    )
    agencies: tuple[Agency, ...] = Field(default=(), description="with whom information may be shared")
    through: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=200, description="through whom it was given, if not to the recorder"
    )


class ConsentRef(Model):
    """Which consent is withdrawn."""

    participant: ParticipantId
    purpose: Purpose
    by_guardian: ParticipantId | None = None
    note: Note = None


class Leaving(Model):
    """That a person leaves the process by their own wish."""

    participant: ParticipantId
    note: Note = None


class Ending(Model):
    """That a person's part ends for another reason."""

    participant: ParticipantId
    reason: EndReason
    note: Note = None


class Amendment(Model):
    """What was wrong or has changed about a person; only what is given replaces what was known."""

    participant: ParticipantId
    person: Person | None = None
    age_band: AgeBand | None = None
    gender: Gender | None = None
    ethnicity: Annotated[Ethnicity | None, Special] = None
    custody: Annotated[Custody | None, Special] = None


class SafetyDetails(Model):
    """How a person may be reached safely; replaces what was known."""

    participant: ParticipantId
    contact_safety: ContactSafety


class CaseAmendment(Model):
    """What was wrong or has changed about the referral; only what is given replaces what was known."""

    offence: Offence | None = None
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...] | None, Special] = None
    justice_stage: Annotated[JusticeStage | None, Special] = None
    court_date: Day | None = None
    deferred_on: Day | None = None
    summary: Annotated[str | None, Sensitive] = Field(default=None, max_length=4000)


class CourtNews(Model):
    """What the court or the parties did; only what is given is news."""

    plea: Plea | None = None
    adjourned: bool | None = Field(default=None, description="whether sentencing was adjourned for the work")
    court_date: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.plea is None and self.adjourned is None and self.court_date is None:
            raise ValueError("say at least one of plea, adjourned, court_date")
        return self


class SignOffDecision(Model):
    """A supervisor's answer to what was asked to be signed off."""

    subject: SignOffSubject
    approved: bool
    reason: Reason = Field(default=None, description="needed when it is not approved; sealed")


class GateOverride(Model):
    """A gate that a supervisor opens for this referral's next step. Consent is not among the gates."""

    gate: OverridableGate
    reason: Annotated[str | None, Sensitive] = Field(default=None, min_length=3, max_length=2000)


class Review(Model):
    """A review that was made, and the clock it answers."""

    subject: ReviewSubject
    participant: ParticipantId | None = None
    note: Note = None


class TaskDone(Model):
    """What became of what a person had to tell somebody."""

    task: str = Field(pattern=r"^\d{1,6}-\d{1,4}$", description="the task's id, as `rj tasks` prints it")
    result: TaskResult
    note: Note = None


class Pause(Model):
    """A hold and when it is looked at again."""

    review_on: Day
    reason: Reason = None


class Concern(Model):
    """A safeguarding concern, or why it is lifted."""

    note: Note = None


class Extension(Model):
    """A deadline that a supervisor moves."""

    deadline: str = Field(description="its key, as `rj show` prints it")
    until: Moment
    reason: Reason = None
