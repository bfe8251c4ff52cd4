"""The state of a referral as a whole."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.activity import Activity, Held, activities_of_older_state
from schemas.areas import Area
from schemas.base import FIRST_ACTIVITY, Model, ParticipantId
from schemas.exchange import Communication
from schemas.people import StaffId
from schemas.policy import Policy
from schemas.privacy import Special
from schemas.referral.oversight import (
    Complaint,
    Escalation,
    Frozen,
    Hold,
    ReachedPoint,
    Risk,
    Safeguarding,
    SignOff,
    SignOffRequest,
)
from schemas.referral.people import Consent, Participant
from schemas.referral.transfers import TransferOffer, Transferred
from schemas.referral.work import Item, Task
from schemas.vocabulary import (
    ClosureReason,
    Initiator,
    Interest,
    JusticeStage,
    Offence,
    OverridableGate,
    ParticipantRole,
    Plea,
    ReviewSubject,
    SensitiveCategory,
    Source,
    Stage,
    Work,
)
from schemas.vocabulary.offences import HateStrand, OffenceGroup


class Referral(Model):
    """One request about one incident. Made by folding its events; see :mod:`lifecycle`."""

    reference: str
    sequence: int = Field(ge=0, description="how many events have happened")
    policy: Policy
    area: Area
    source: Source
    initiator: Initiator
    asked_by: ParticipantId | None = Field(
        default=None, description="of a self-referral: the participant who asked"
    )
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
