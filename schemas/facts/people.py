"""The facts of persons: who they are, how they are reached, what they consent to, when they leave."""

from typing import Annotated

from pydantic import Field

from schemas.base import Day, Model, Note, ParticipantId
from schemas.people import ContactSafety, Person
from schemas.privacy import Sensitive, Special
from schemas.vocabulary import (
    AgeBand,
    Agency,
    Channel,
    ConsentForm,
    Custody,
    EndReason,
    Ethnicity,
    Gender,
    ParticipantRole,
    Purpose,
    SentenceDate,
)
from schemas.vocabulary.characteristics import (
    Disability,
    GenderIdentity,
    PregnancyOrMaternity,
    Religion,
    SexualOrientation,
)


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
