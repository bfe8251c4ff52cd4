"""What each page of a referral shows to a signed-in person, read once and decided here."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from casework.access import ACCESS, Known, Permission, What, require_access
from casework.access_log import looks_at
from casework.referral.contact import ContactDetails
from casework.referral.page.activities import ActivityCard, activities_of
from casework.referral.page.agreement import ItemLine, agreement_of
from casework.referral.page.case import Case, open_case
from casework.referral.page.clocks import DeadlineLine, deadlines_of_case
from casework.referral.page.head import Head, head_of
from casework.referral.page.messages import Messages, messages_of
from casework.referral.page.people import PersonCard, card_of, contact_in, people_of_case
from casework.referral.page.receipt import StepReceipt, receipt_of
from casework.referral.page.record import Record, Sought, StepOnRecord, latest, record_of
from casework.referral.page.risk import RiskView, risk_of
from casework.referral.page.to_do import Step, ToDo, every_step, to_do
from casework.referral.steps import permitted
from casework.referral.view import OfferView, SentOnView, StatusView, view_referral
from casework.session import Session
from lifecycle import Refused
from schemas.access import DataKind, Look
from schemas.areas import Area
from schemas.base import Model
from schemas.people import Role
from schemas.vocabulary import Initiator, JusticeStage, Offence, Plea, Source

LATEST = 4
"""Steps that the overview shows."""


class Facts(Model):
    """What is known about a referral as a case.

    Attributes:
        district, justice_stage: None: not known, or not shown.
        linked_to: the closed referral that it continues.
    """

    area: Area
    source: Source
    initiator: Initiator
    offence: Offence
    conflict: bool
    justice_stage: JusticeStage | None
    received_at: AwareDatetime
    court_date: date | None
    plea: Plea | None
    linked_to: str | None
    policy_version: str
    caseworker: str
    facilitators: tuple[str, ...]


class Overview(Model):
    """The overview of a referral.

    Attributes:
        next: what comes next.
        latest: the latest steps that people took, and how it came.
        steps: how many steps there are.
        receipt: of the step that the reader has just recorded.
    """

    head: Head
    next: ToDo
    people: tuple[PersonCard, ...]
    deadlines: tuple[DeadlineLine, ...]
    facts: Facts
    latest: tuple[StepOnRecord, ...]
    steps: int
    receipt: StepReceipt | None


class PeoplePage(Model):
    """The people of a referral."""

    head: Head
    people: tuple[PersonCard, ...]


class PersonPage(Model):
    """One person of a referral, with names and addresses."""

    head: Head
    person: PersonCard
    contact: ContactDetails = Field(repr=False)


class RiskPage(Model):
    """The risk of a referral."""

    head: Head
    risk: RiskView


class ActivitiesPage(Model):
    """The activities of a referral."""

    head: Head
    activities: tuple[ActivityCard, ...]


class AgreementPage(Model):
    """The outcome agreement of a referral."""

    head: Head
    items: tuple[ItemLine, ...]


class MessagesPage(Model):
    """The messages of a referral."""

    head: Head
    messages: Messages


class TimelinePage(Model):
    """What happened on a referral."""

    head: Head
    record: Record


class DeadlinesPage(Model):
    """The deadlines of a referral."""

    head: Head
    deadlines: tuple[DeadlineLine, ...]
    policy_name: str
    policy_version: str


class LooksPage(Model):
    """Who looked at what is said about the people of a referral.

    Attributes:
        names: of the staff, by id.
    """

    head: Head
    looks: tuple[Look, ...]
    names: dict[str, str]


class StepsPage(Model):
    """Every step that somebody may take on a referral now."""

    head: Head
    steps: tuple[Step, ...]


class OutsideView(Model):
    """A referral for somebody who does not work in its area.

    Attributes:
        view: what they may see of it.
        permitted: the kinds of step that they may take.
    """

    view: StatusView | OfferView | SentOnView
    permitted: frozenset[str]


async def overview(
    session: Session, reference: str, *, names: bool, recorded: int | None = None
) -> Overview | OutsideView:
    """The overview of a referral, or what somebody from outside sees of it.

    Args:
        names: whether names are to be shown.
        recorded: the sequence of an event of a step that the reader has just taken.

    Raises:
        Refused: it is unknown, not theirs to see, or they have to say why.
    """
    relation = await require_access(session, What.STATUS, reference, known=Known(session.member))
    if ACCESS[session.member.role, What.CASELOAD, relation] is Permission.NO:
        return await _outside(session, reference)
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return Overview(
        head=head_of(case),
        next=to_do(case),
        people=people_of_case(case),
        deadlines=() if case.erasure else deadlines_of_case(case),
        facts=_facts(case),
        latest=latest(case, LATEST),
        steps=len({each.step for each in case.history}),
        receipt=receipt_of(case, recorded) if recorded is not None else None,
    )


async def people_page(session: Session, reference: str, *, names: bool) -> PeoplePage:
    """The people of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return PeoplePage(head=head_of(case), people=people_of_case(case))


async def person_page(session: Session, reference: str, participant: str) -> PersonPage:
    """One person of a referral with names and addresses.

    Raises:
        Refused: the referral or the person is unknown or erased, or see :func:`overview`.
    """
    case = await open_case(session, reference, DataKind.CONTACT, participant=participant)
    if not case.opened:
        raise Refused("erased", "The personal data of this referral were erased.")
    return PersonPage(
        head=head_of(case), person=card_of(case, participant), contact=contact_in(case, participant)
    )


async def risk_page(session: Session, reference: str, *, names: bool) -> RiskPage:
    """The risk of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return RiskPage(head=head_of(case), risk=risk_of(case))


async def activities_page(session: Session, reference: str, *, names: bool) -> ActivitiesPage:
    """The activities of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return ActivitiesPage(head=head_of(case), activities=activities_of(case))


async def agreement_page(session: Session, reference: str, *, names: bool) -> AgreementPage:
    """The outcome agreement of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return AgreementPage(head=head_of(case), items=agreement_of(case))


async def messages_page(session: Session, reference: str, *, names: bool) -> MessagesPage:
    """The messages of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return MessagesPage(head=head_of(case), messages=await messages_of(case))


async def timeline_page(session: Session, reference: str, sought: Sought, *, names: bool) -> TimelinePage:
    """What happened on a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.TIMELINE, names=names)
    return TimelinePage(head=head_of(case), record=record_of(case, sought))


async def deadlines_page(session: Session, reference: str, *, names: bool) -> DeadlinesPage:
    """The deadlines of a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    policy = case.referral.policy
    return DeadlinesPage(
        head=head_of(case),
        deadlines=() if case.erasure else deadlines_of_case(case),
        policy_name=policy.name,
        policy_version=policy.version,
    )


async def looks_page(session: Session, reference: str, *, limit: int) -> LooksPage:
    """Who looked at what is said about the people of a referral. Names of these stand nowhere on it.

    Args:
        limit: how many looks at the most.

    Raises:
        Refused: it is unknown, or its access log is not for them.
    """
    looks = await looks_at(session, reference, limit=limit)
    case = await open_case(session, reference, DataKind.ACCESS_LOG, names=False)
    return LooksPage(
        head=head_of(case),
        looks=tuple(looks),
        names={each.staff: case.colleague(each.staff) for each in looks},
    )


async def steps_page(session: Session, reference: str, *, names: bool) -> StepsPage:
    """Every step that somebody may take on a referral. Raises Refused; see :func:`overview`."""
    case = await open_case(session, reference, DataKind.PEOPLE, names=names)
    return StepsPage(head=head_of(case), steps=every_step(case))


async def look_with_reason(session: Session, reference: str) -> None:
    """Record that somebody looks at a sensitive case of others, and why; for a while they need not say it again.

    Raises:
        Refused: the session says no reason, or it is not theirs to see.
    """
    await require_access(session, What.PEOPLE, reference, DataKind.PEOPLE)


async def _outside(session: Session, reference: str) -> OutsideView:
    view = await view_referral(session, reference)
    if not isinstance(view, StatusView | OfferView | SentOnView):
        raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
    takes_steps = session.member.role is Role.PARTNER or isinstance(view, OfferView)
    found = await permitted(session, reference) if takes_steps else ()
    return OutsideView(view=view, permitted=frozenset(each.kind for each in found))


def _facts(case: Case) -> Facts:
    referral = case.referral
    named = (referral.facilitator, referral.co_facilitator)
    return Facts(
        area=referral.area,
        source=referral.source,
        initiator=referral.initiator,
        offence=referral.offence,
        conflict=referral.conflict,
        justice_stage=referral.justice_stage,
        received_at=referral.received_at,
        court_date=referral.court_date,
        plea=referral.plea,
        linked_to=referral.linked_to,
        policy_version=referral.policy.version,
        caseworker=case.colleague(referral.caseworker),
        facilitators=tuple(case.colleague(each) for each in named if each),
    )
