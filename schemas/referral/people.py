"""The people of a referral as the rules know them, and what they consented to."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.areas import LONDON
from schemas.base import Model, ParticipantId
from schemas.people import StaffId
from schemas.privacy import Special
from schemas.vocabulary import (
    AgeBand,
    Channel,
    Confirmation,
    ConsentForm,
    ContactOutcome,
    Custody,
    EndReason,
    Ethnicity,
    Gender,
    Interest,
    ParticipantRole,
    Purpose,
)
from schemas.vocabulary.characteristics import (
    Disability,
    GenderIdentity,
    PregnancyOrMaternity,
    Religion,
    SexualOrientation,
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
