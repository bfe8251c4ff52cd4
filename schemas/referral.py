"""The state of a referral: all that the rules need, and nothing that could identify a person."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.activity import Activity, Held, activities_of_older_state
from schemas.areas import LONDON, Area
from schemas.base import FIRST_ACTIVITY, ActivityId, Model, ParticipantId
from schemas.characteristics import (
    Disability,
    GenderIdentity,
    PregnancyOrMaternity,
    Religion,
    SexualOrientation,
)
from schemas.exchange import Communication
from schemas.notices import Outcome
from schemas.offences import HateStrand, OffenceGroup
from schemas.people import StaffId
from schemas.policy import DeadlineName, Policy, Rung
from schemas.privacy import Special
from schemas.vocabulary import (
    AgeBand,
    Channel,
    ClosureReason,
    ComplaintAbout,
    ComplaintOutcome,
    Confirmation,
    ConsentForm,
    ContactOutcome,
    Custody,
    EndReason,
    Ethnicity,
    Gender,
    Initiator,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Offence,
    OverridableGate,
    ParticipantRole,
    Plea,
    Purpose,
    ReviewSubject,
    RiskFactor,
    SensitiveCategory,
    SignOffSubject,
    Source,
    Stage,
    Verdict,
    Work,
)


class Attempt(Model):
    """An attempt to reach a participant."""

    channel: Channel
    outcome: ContactOutcome
    made_at: AwareDatetime


class Participant(Model):
    """A person in the referral, without anything that identifies them."""

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
    interpreter_needed: Annotated[bool | None, Special] = None
    custody: Annotated[Custody, Special] = Custody.UNKNOWN
    sentence_date: Annotated[date | None, Special] = Field(
        default=None, description="a date in their sentence that the work is best done by"
    )
    accompanies: ParticipantId | None = None
    safe_channels: tuple[Channel, ...] = ()
    reachable_by: tuple[Channel, ...] | None = Field(
        default=None,
        description="the ways for which there is a usable address; None: the log is older than that",
    )
    birthday_known: bool = Field(
        default=False, description="whether the age band follows from a date of birth"
    )
    turns_18_on: Annotated[date | None, Special] = Field(
        default=None,
        description="of who was a child when the referral was received, if a date of birth is known",
    )
    came_of_age: bool = Field(default=False, description="whether it was noticed that they turned 18")
    attempts: tuple[Attempt, ...] = ()
    informed_at: AwareDatetime | None = None
    interest: Interest | None = None
    interest_at: AwareDatetime | None = None
    acknowledges: bool | None = None
    confirmations: Annotated[tuple[Confirmation, ...], Special] = ()
    reviewed_at: AwareDatetime | None = Field(
        default=None, description="last review of this person's open question"
    )
    ended: EndReason | None = None
    ended_at: AwareDatetime | None = None

    @property
    def active(self) -> bool:
        """Whether their part has not ended."""
        return self.ended is None

    @property
    def child(self) -> bool:
        """Whether a parent or guardian must also consent."""
        return self.age_band is AgeBand.UNDER_18 and not self.came_of_age

    @property
    def grown_up(self) -> bool:
        """Whether they were a child when the referral was received and are none any more."""
        return self.turns_18_on is not None and not self.child

    def child_at(self, moment: datetime) -> bool:
        """Whether they are under 18 at that moment, aware. Without a date of birth they are as they were last."""
        if self.turns_18_on is None:
            return self.child
        return moment.astimezone(LONDON).date() < self.turns_18_on


class Consent(Model):
    """A consent that was given, and when it was withdrawn."""

    participant: ParticipantId
    purpose: Purpose
    form: ConsentForm
    form_version: str
    given_on: date
    recorded_by: StaffId
    by_guardian: ParticipantId | None = None
    withdrawn_at: AwareDatetime | None = None

    @property
    def in_force(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None


class Assessment(Model):
    """The risk levels of a person, or of the pair, in the present assessment."""

    about: ParticipantId | None
    levels: Annotated[dict[RiskFactor, Level], Special] = Field(default={})


class Risk(Model):
    """The present risk assessment. A new round starts empty."""

    assessments: tuple[Assessment, ...] = ()
    verdict: Verdict | None = None
    authors: tuple[StaffId, ...] = Field(default=(), description="all who assessed or gave the verdict")
    confirmed_at: AwareDatetime | None = Field(default=None, description="last verdict or re-confirmation")


class SignOffRequest(Model):
    """A request for a supervisor's sign-off."""

    subject: SignOffSubject
    activity: ActivityId | None = Field(default=None, description="whose readiness; None for other subjects")
    requested_by: StaffId
    requested_at: AwareDatetime
    closure_reason: ClosureReason | None = None

    @property
    def about(self) -> str:
        """How its deadline names it: readiness for the first activity, readiness/a2 for another."""
        return self.about_of(self.subject, self.activity)

    @staticmethod
    def about_of(subject: SignOffSubject, activity: str | None) -> str:
        """How the deadline of a request names it."""
        return subject if activity in (None, FIRST_ACTIVITY) else f"{subject}/{activity}"


class SignOff(Model):
    """What a supervisor approved in the present round."""

    subject: SignOffSubject
    activity: ActivityId | None = Field(default=None, description="whose readiness; None for other subjects")
    by: StaffId
    at: AwareDatetime


class Item(Model):
    """An item of an outcome agreement."""

    id: str
    activity: ActivityId = FIRST_ACTIVITY
    by: ParticipantId
    due_on: date
    outcome: ItemOutcome | None = None


class Hold(Model):
    """The current hold."""

    since: AwareDatetime
    review_on: date


class Safeguarding(Model):
    """The current safeguarding freeze."""

    since: AwareDatetime
    raised_by: StaffId


class Frozen(Model):
    """A past hold, or time spent closed: the clocks stood still from its start to its end."""

    since: AwareDatetime
    until: AwareDatetime
    closed: bool = Field(default=False, description="whether the referral was closed then, and not on hold")

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.until - self.since


class ReachedPoint(Model):
    """A point of a deadline that was reached and recorded."""

    deadline: str
    point: str
    at: AwareDatetime


class Escalation(Model):
    """An escalation that is not cleared."""

    deadline: str
    point: str
    at: AwareDatetime = Field(description="when the point was to be reached")
    rung: Rung
    raised_at: AwareDatetime


class Task(Model):
    """A message that could not be sent, so that staff must tell it in person."""

    id: str = Field(description="the message's")
    template: str
    to: str = Field(description="a participant's id, or that of the partner who sent the referral")
    why: Outcome
    since: AwareDatetime
    appointment: str | None = Field(
        default=None, description="the appointment it is about: conference, or preparation/h1"
    )
    starts_at: AwareDatetime | None = Field(default=None, description="when that appointment begins")
    cancelled: bool = Field(default=False, description="whether the appointment is off")


class Complaint(Model):
    """A complaint about the service, and how it was answered."""

    id: str
    about: ComplaintAbout
    made_by: ParticipantId | None = None
    since: AwareDatetime
    outcome: ComplaintOutcome | None = Field(default=None, description="absent: it is not answered")


class TransferOffer(Model):
    """An offer of the referral to another area that waits for an answer."""

    area: Area = Field(description="the area that it is offered to")
    offered_by: StaffId
    offered_at: AwareDatetime


class Transferred(Model):
    """That the referral went from one area to another."""

    left: Area = Field(description="the area that it left")
    area: Area = Field(description="the area that took it over")
    at: AwareDatetime


class Deadline(Model):
    """An open deadline with its points as instants, in UTC."""

    key: str = Field(
        description="its name and what it is about: first_contact, thinking_time/h1, agreement_item/i1"
    )
    started_at: AwareDatetime | None = Field(description="when its clock started; None: it has its own date")
    due_at: AwareDatetime
    points: dict[str, AwareDatetime] = Field(description="warn-1 …, due, escalate-1 …, in order of time")

    @property
    def name(self) -> DeadlineName:
        """Its name in the policy."""
        return DeadlineName(self.key.partition("/")[0])


class Referral(Model):
    """One request about one incident. Made by folding its events; see :mod:`lifecycle`."""

    reference: str
    sequence: int = Field(ge=0, description="how many events have happened")
    policy: Policy
    area: Area
    source: Source
    initiator: Initiator
    offence: Offence
    offence_group: OffenceGroup | None = None
    conflict: bool = Field(default=False, description="a conflict without a crime; both sides are parties")
    sensitive_categories: Annotated[tuple[SensitiveCategory, ...], Special] = ()
    hate_strands: Annotated[tuple[HateStrand, ...], Special] = ()
    district: Annotated[str | None, Special] = None
    justice_stage: Annotated[JusticeStage | None, Special] = None
    received_at: AwareDatetime
    linked_to: str | None = None
    sent_by_partner: StaffId | None = Field(default=None, description="the partner who sent it")
    court_date: date | None = None
    deferred_on: date | None = None
    plea: Plea | None = None
    adjourned: bool | None = None

    stage: Stage
    stage_entered_at: AwareDatetime
    last_activity_at: AwareDatetime
    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...] = ()
    duplicate_checked: bool = False
    duplicate_of: str | None = None
    caseworker: StaffId | None = None
    facilitator: StaffId | None = None
    co_facilitator: StaffId | None = None
    advanced_practitioner: bool = False

    risk: Risk = Risk()
    sign_off_requests: tuple[SignOffRequest, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    overrides: tuple[OverridableGate, ...] = Field(
        default=(), description="of the referral; those about an activity are the activity's"
    )
    activities: tuple[Activity, ...] = ()
    agreement: tuple[Item, ...] = ()
    communications: tuple[Communication, ...] = Field(
        default=(), description="what the people of its indirect activities write or say to each other"
    )

    hold: Hold | None = None
    frozen: tuple[Frozen, ...] = ()
    safeguarding: Safeguarding | None = None
    reviewed: dict[ReviewSubject, AwareDatetime] = Field(default={})
    extensions: dict[str, AwareDatetime] = Field(
        default={}, description="deadline key to its extended due time; a later pause still moves it"
    )
    extended_at: dict[str, AwareDatetime] = Field(
        default={}, description="deadline key to when its extension was given"
    )
    reached: tuple[ReachedPoint, ...] = ()
    escalations: tuple[Escalation, ...] = Field(default=(), description="those that are not cleared yet")

    tasks: tuple[Task, ...] = Field(default=(), description="those that nobody has dealt with yet")

    complaints: tuple[Complaint, ...] = ()
    minutes_spent: dict[Work, int] = Field(default={}, description="by staff, by what they were spent on")
    transfer_offer: TransferOffer | None = None
    transfers: tuple[Transferred, ...] = Field(default=(), description="from area to area, oldest first")

    closed_at: AwareDatetime | None = None
    closed_by: StaffId | None = None
    closure_reason: ClosureReason | None = None
    closed_from: Stage | None = None

    @model_validator(mode="before")
    @classmethod
    def _activities_of_older_states(cls, state: Any) -> Any:
        return activities_of_older_state(state) if isinstance(state, dict) else state

    @model_validator(mode="after")
    def _extensions_of_older_states(self) -> Self:
        # Older states did not record when an extension was given. It counted as activity, and earlier pauses had
        # moved it, so it is treated as given at the end of the last pause.
        unknown = [key for key in self.extensions if key not in self.extended_at]
        if not unknown:
            return self
        known = (self.last_activity_at, self.hold and self.hold.since, self.closed_at)
        given_at = min(moment for moment in known if moment)
        return self.model_copy(
            update={"extended_at": {**self.extended_at, **dict.fromkeys(unknown, given_at)}}
        )

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self.stage is Stage.CLOSED

    @property
    def sensitive(self) -> bool:
        """Whether it is a sensitive and complex case: by category, or because a child takes part."""
        return bool(self.sensitive_categories) or any(
            person.child
            and person.active
            and person.role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)
            for person in self.participants
        )

    @property
    def here_since(self) -> datetime:
        """When its present area got it: by transfer, or when it was received."""
        return self.transfers[-1].at if self.transfers else self.received_at

    @property
    def held(self) -> tuple[Held, ...]:
        """What took place, of every activity, in the order of time."""
        return tuple(sorted((each for one in self.activities for each in one.held), key=lambda each: each.at))

    @property
    def booked(self) -> tuple[Activity, ...]:
        """The activities that are booked."""
        return tuple(each for each in self.activities if each.booked is not None)

    def activity(self, activity_id: str | None) -> Activity | None:
        """The activity with that id, the first where none is named; None where there is none."""
        wanted = activity_id or FIRST_ACTIVITY
        return next((each for each in self.activities if each.id == wanted), None)

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with that id; None where there is none."""
        return next((person for person in self.participants if person.id == participant_id), None)

    def taking_part(self, role: ParticipantRole) -> tuple[Participant, ...]:
        """The people of a side who have neither left nor declined."""
        return tuple(
            person
            for person in self.participants
            if person.role is role and person.active and person.interest is not Interest.DECLINED
        )
