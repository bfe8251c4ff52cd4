"""The facts of a referral that is sent, checked and given to somebody."""

from typing import Annotated

from pydantic import Field

from schemas.areas import Area
from schemas.base import Day, Model, Moment, ParticipantId
from schemas.facts.people import NewParticipant
from schemas.facts.shared import Reason
from schemas.people import StaffId
from schemas.privacy import Sensitive, Special
from schemas.reading.reference import Reference
from schemas.vocabulary import Initiator, JusticeStage, Offence, SensitiveCategory, Source
from schemas.vocabulary.offences import HateStrand, OffenceGroup

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


class ReferralForm(Model):
    """What is known when a referral is sent."""

    area: Area
    source: Source
    initiator: Initiator
    asked_by: ParticipantId | None = Field(
        default=None,
        description="of a self-referral: the participant who asked, perhaps on behalf of whom they accompany",
    )
    asked_at: Moment | None = Field(
        default=None,
        description="when they asked, if that was before now; the clocks of the referral start then",
    )
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
