"""The shared bodies of commands and events: an event repeats what its command said.

Sealed fields may be absent here, as they are in an erased event; a command requires the ones it needs.

Dates without a time are days in England and Wales. Instants without an offset are London time.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.areas import Area
from schemas.base import ActivityId, Day, Model, Moment, Note, ParticipantId
from schemas.characteristics import (
    Disability,
    GenderIdentity,
    PregnancyOrMaternity,
    Religion,
    SexualOrientation,
)
from schemas.offences import HateStrand, OffenceGroup
from schemas.people import ContactSafety, Person, StaffId
from schemas.privacy import Sensitive, Special
from schemas.reference import Reference
from schemas.vocabulary import (
    AgeBand,
    Agency,
    Channel,
    ComplaintAbout,
    ComplaintOutcome,
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
    SentenceDate,
    SignOffSubject,
    Source,
    TaskResult,
    Verdict,
    Work,
)

Reason = Annotated[
    str | None, Sensitive, Field(min_length=3, max_length=2000, description="why, in words; sealed")
]

CrimeReference = Annotated[
    str | None,
    Sensitive,
    Field(max_length=40, description="the crime reference number of the police; sealed"),
]
District = Annotated[
    str | None,
    Special,
    Field(
        pattern=r"^(E0[6-9]|W06)\d{6}$",
        description="the local authority district, by its nine-character code of the Office for National Statistics, "
        "such as E06000047 (County Durham)",
    ),
]
"""The district where the harm happened. The police area is in the clear; with a district a rare offence could single
somebody out, so it is sealed and counted as a coarse fact. Whether a well-formed code is in use is not checked."""


Which = Annotated[
    ActivityId | None,
    Field(description="the activity that is meant, such as a1; may be left out where only one can be meant"),
]


class NewParticipant(Model):
    """A person who joins a referral. The sender gives each an id: h1, h2 for persons harmed, and so on."""

    id: ParticipantId
    role: ParticipantRole
    age_band: AgeBand = AgeBand.UNKNOWN
    gender: Gender = Gender.UNKNOWN
    ethnicity: Annotated[Ethnicity, Special] = Ethnicity.UNKNOWN
    disability: Annotated[Disability, Special] = Disability.UNKNOWN
    religion: Annotated[Religion, Special] = Religion.UNKNOWN
    sexual_orientation: Annotated[SexualOrientation, Special] = SexualOrientation.UNKNOWN
    gender_identity: Annotated[GenderIdentity, Special] = GenderIdentity.UNKNOWN
    pregnancy_or_maternity: Annotated[PregnancyOrMaternity, Special] = PregnancyOrMaternity.UNKNOWN
    interpreter_needed: Annotated[bool | None, Special] = Field(
        default=None, description="whether an interpreter is needed; absent: nobody has asked"
    )
    custody: Annotated[Custody, Special] = Custody.UNKNOWN
    accompanies: ParticipantId | None = Field(
        default=None,
        description="whom a supporter, guardian, interpreter or appropriate adult accompanies",
    )
    person: Person = Person()
    contact_safety: ContactSafety = ContactSafety()


class KnownOfPerson(Model):
    """What the rules need of a person's sealed details."""

    participant: ParticipantId
    reachable_by: tuple[Channel, ...] = Field(
        default=(), description="the ways for which a usable address was given"
    )
    birthday_known: bool = Field(default=False, description="whether a date of birth was given")
    turns_18_on: Annotated[Day | None, Special] = Field(
        default=None, description="of who was a child when the referral was received"
    )


class ReferralForm(Model):
    """What is known when a referral is sent."""

    area: Area
    source: Source
    initiator: Initiator
    offence: Offence
    offence_group: OffenceGroup | None = Field(
        default=None, description="the offence group by which the police count it"
    )
    conflict: bool = Field(
        default=False,
        description="a conflict without a crime: both sides are parties to it; where the policy accepts these",
    )
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...], Special] = ()
    hate_strands: Annotated[tuple[HateStrand, ...], Special] = Field(default=(), max_length=len(HateStrand))
    district: District = None
    crime_reference: CrimeReference = None
    justice_stage: Annotated[JusticeStage | None, Special] = None
    court_date: Day | None = Field(default=None, description="the sentencing hearing, for pre-sentence work")
    deferred_on: Day | None = Field(default=None, description="when sentence was deferred")
    incident_on: Day | None = None
    participants: tuple[NewParticipant, ...] = Field(min_length=2, max_length=20)
    linked_to: Reference | None = Field(
        default=None, description="the closed referral that this one continues"
    )
    summary: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what happened"
    )
    sent_by: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=200, description="the person at the agency who sent it"
    )


class DuplicateCheck(Model):
    """Whether the service already has the same request. No reference: it has not."""

    duplicate_of: Reference | None = None


class Allocation(Model):
    """Who owns the referral from now on."""

    caseworker: StaffId


class TransferTo(Model):
    """The area that a referral is offered to, and why."""

    area: Area = Field(description="the police area whose service is asked to take the referral over")
    reason: Reason = None


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
    """Whether a person, once informed, wants to take part."""

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
    """The verdict of the risk assessment."""

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
        default=False,
        description="the facilitator is an advanced practitioner; checked against the staff register",
    )
    activity: ActivityId | None = Field(
        default=None, description="the activity that they run; absent: every one without its own facilitators"
    )


class ActivityPlan(Model):
    """A plan for an activity beside others: by which method, and who of the two sides takes part in it."""

    method: Method
    taking_part: tuple[ParticipantId, ...] = Field(
        default=(), max_length=40, description="ids of both sides; absent: everyone who is committed"
    )
    reason: Reason = None


class Adjournment(Model):
    """The adjournment of a direct activity that began and did not come to its end."""

    began_at: Moment | None = Field(default=None, description="when it began; absent: as booked")
    resumes_at: Moment | None = Field(
        default=None, description="when it goes on; absent: it is to be booked again"
    )
    reason: Reason = None
    activity: Which = None


class MethodChoice(Model):
    """How the two sides will communicate."""

    method: Method
    reason: Reason = None
    activity: Which = None


class PreparationMeeting(Model):
    """A meeting that prepares one person for the activity."""

    participant: ParticipantId
    held_on: Day
    channel: Channel
    note: Note = None
    activity: Which = None


class MeetingBooking(Model):
    """A booked meeting to prepare one person. Booking it again moves it."""

    participant: ParticipantId
    starts_at: Moment
    channel: Channel = Channel.IN_PERSON
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    activity: Which = None


class MeetingCancellation(Model):
    """The cancellation of a booked preparation meeting."""

    participant: ParticipantId
    reason: Reason = None
    activity: Which = None


class ConfirmationGiven(Model):
    """What prison, offender manager or victim liaison confirmed about a person responsible."""

    participant: ParticipantId
    confirmation: Annotated[Confirmation | None, Special] = None


class Booking(Model):
    """An activity that is booked, by the chosen method: a direct meeting or an indirect exchange."""

    starts_at: Moment
    attending: tuple[ParticipantId, ...] = Field(min_length=2)
    venue: Annotated[str | None, Sensitive] = Field(default=None, max_length=500)
    activity: Which = None


class ActivityOutcome(Model):
    """How the booked activity took place."""

    partly: bool = Field(default=False, description="it began but was not completed")
    started_at: Moment | None = Field(default=None, description="when it began; absent: as booked")
    note: Note = None
    activity: Which = None


class Postponement(Model):
    """The postponement of the booked activity."""

    asked_by: ParticipantId | None = Field(default=None, description="who asked; absent: the service")
    reason: Reason = None
    activity: Which = None


class AgreementItem(Model):
    """One thing a person undertakes."""

    id: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    by: ParticipantId
    due_on: Day
    text: Annotated[str | None, Sensitive] = Field(default=None, max_length=2000)


class Agreement(Model):
    """The outcome agreement of an activity."""

    items: tuple[AgreementItem, ...] = Field(min_length=1, max_length=30)
    activity: Which = None

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("each item needs its own id")
        return self


class ItemResult(Model):
    """The outcome of an agreement item."""

    item: str = Field(pattern=r"^i[0-9]{1,2}$", description="the item's id, such as i1")
    outcome: ItemOutcome
    harmed_person_told: bool = Field(default=False, description="the person harmed was told of it")


class FollowUp(Model):
    """A contact after the activity."""

    participant: ParticipantId
    contact: FollowUpContact
    note: Note = None
    activity: Which = None


class Survey(Model):
    """A person's answers about the service. Every answer is optional."""

    participant: ParticipantId
    satisfied: Annotated[bool | None, Special] = None
    would_recommend: Annotated[bool | None, Special] = None
    feels: Annotated[str | None, Special] = Field(
        default=None, pattern="^(better|same|worse)$", description="better, same or worse"
    )
    rating: Annotated[int | None, Special] = Field(default=None, ge=0, le=10, description="0 to 10")
    comment: Note = None
    activity: Which = None


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
    """An outcome report to an agency."""

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
    """A person's withdrawal by their own wish."""

    participant: ParticipantId
    note: Note = None


class Ending(Model):
    """The end of a person's part for another reason."""

    participant: ParticipantId
    reason: EndReason
    note: Note = None


class Amendment(Model):
    """Changes to what is known about a person; only the fields given are replaced."""

    participant: ParticipantId
    person: Person | None = None
    age_band: AgeBand | None = None
    gender: Gender | None = None
    ethnicity: Annotated[Ethnicity | None, Special] = None
    disability: Annotated[Disability | None, Special] = None
    religion: Annotated[Religion | None, Special] = None
    sexual_orientation: Annotated[SexualOrientation | None, Special] = None
    gender_identity: Annotated[GenderIdentity | None, Special] = None
    pregnancy_or_maternity: Annotated[PregnancyOrMaternity | None, Special] = None
    interpreter_needed: Annotated[bool | None, Special] = None
    custody: Annotated[Custody | None, Special] = None


class SafetyDetails(Model):
    """How a person may be reached safely; replaces all that was recorded before."""

    participant: ParticipantId
    contact_safety: ContactSafety


class CaseAmendment(Model):
    """Changes to what is known about the referral; only the fields given are replaced."""

    offence: Offence | None = None
    offence_group: OffenceGroup | None = None
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...] | None, Special] = None
    hate_strands: Annotated[tuple[HateStrand, ...] | None, Special] = Field(
        default=None, max_length=len(HateStrand)
    )
    district: District = None
    crime_reference: CrimeReference = None
    justice_stage: Annotated[JusticeStage | None, Special] = None
    court_date: Day | None = None
    deferred_on: Day | None = None
    summary: Annotated[str | None, Sensitive] = Field(default=None, max_length=4000)


class CourtNews(Model):
    """News from the court or the parties; only the fields given have changed."""

    plea: Plea | None = None
    adjourned: bool | None = Field(
        default=None, description="whether sentencing was adjourned for restorative justice"
    )
    court_date: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.plea is None and self.adjourned is None and self.court_date is None:
            raise ValueError("say at least one of plea, adjourned, court_date")
        return self


class CustodyDetails(Model):
    """Where a person responsible serves a sentence; replaces all that was recorded before."""

    participant: ParticipantId
    prison: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=120, description="the prison, where they are in one"
    )
    prison_number: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=20, description="their prison number, such as A1234BC"
    )
    sentence_date: Annotated[Day | None, Special] = Field(
        default=None, description="the day by which the work is best done; it has a clock of its own"
    )
    sentence_date_is: Annotated[SentenceDate | None, Special] = Field(
        default=None, description="what that day is"
    )


class TimeSpent(Model):
    """Time that somebody spent on the referral."""

    minutes: int = Field(ge=1, le=1440, description="1 to 1440")
    work: Work = Field(description="what it was spent on")
    participant: ParticipantId | None = None
    spent_on: Day | None = Field(default=None, description="the day; absent: today")


ComplaintId = Annotated[
    str, Field(pattern=r"^k[0-9]{1,2}$", description="the complaint's id, such as k1, as `rj show` prints it")
]


class ComplaintMade(Model):
    """A complaint about the service."""

    about: ComplaintAbout
    made_by: ParticipantId | None = Field(default=None, description="who complained; absent: somebody else")
    received_on: Day | None = Field(default=None, description="the day it came; absent: today")
    text: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what was complained about; sealed"
    )


class ComplaintAnswer(Model):
    """The answer to a complaint."""

    complaint: ComplaintId
    outcome: ComplaintOutcome
    text: Annotated[str | None, Sensitive] = Field(
        default=None, max_length=4000, description="what was answered; sealed"
    )


class SignOffDecision(Model):
    """A supervisor's decision on a requested sign-off."""

    subject: SignOffSubject
    approved: bool
    reason: Reason = Field(default=None, description="needed when it is not approved; sealed")
    activity: Which = None


class GateOverride(Model):
    """A gate that a supervisor overrides for this referral. Consent is not among these gates."""

    gate: OverridableGate
    reason: Annotated[str | None, Sensitive] = Field(default=None, min_length=3, max_length=2000)
    activity: Which = None


class Review(Model):
    """A review, which answers the deadline of the same name."""

    subject: ReviewSubject
    participant: ParticipantId | None = None
    note: Note = None


class TaskDone(Model):
    """The outcome of a task to tell somebody something in person."""

    task: str = Field(pattern=r"^\d{1,6}-\d{1,4}$", description="the task's id, as `rj tasks` prints it")
    result: TaskResult
    note: Note = None


class Pause(Model):
    """A hold and its review date."""

    review_on: Day
    reason: Reason = None


class Concern(Model):
    """A safeguarding concern, or the reason for lifting it."""

    note: Note = None


class Extension(Model):
    """A later due time that a supervisor gives a deadline."""

    deadline: str = Field(description="its key, as `rj show` prints it")
    until: Moment
    reason: Reason = None
