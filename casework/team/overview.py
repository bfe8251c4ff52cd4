"""A team's work as a whole: how much there is, what waits for a sign-off of who asks, and who has how much.

It is made from what names nobody, in a number of statements that does not grow with the caseload; no key is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import AwareDatetime

from casework.access import What, areas_to_see
from casework.listing import Listed, first
from casework.session import Session
from casework.worklist.duties import duties_of
from lifecycle.activities.state import activity_of
from lifecycle.case.oversight import authors, made_by_an_author
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import working_days_between
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.people import Staff, StaffId
from schemas.policy import Rung
from schemas.referral import Referral, SignOffRequest
from schemas.vocabulary import ClosureReason, Method, SignOffSubject, Verdict
from stores import staff, supervision
from stores.database import Pool
from stores.supervision import Counts, Load, OpenEscalation, WaitingSignOff

__all__ = [
    "Counts",
    "Load",
    "OpenEscalation",
    "SignOffLine",
    "TeamOverview",
    "escalated_to_me",
    "sign_offs_for_me",
    "team_overview",
]

SIGN_OFFS_READ = 200
"""How many waiting sign-offs are looked at, the oldest: of each the log says who made it."""


class SignOffLine(WaitingSignOff):
    """A sign-off that waits for a supervisor, as a list shows it.

    Attributes:
        waits: since how many working days.
        verdict: of a risk assessment.
        method: of a readiness.
        closure_reason: of a closure.
    """

    waits: int
    verdict: Verdict | None = None
    method: Method | None = None
    closure_reason: ClosureReason | None = None


class TeamOverview(Model):
    """What a team has in hand.

    Attributes:
        areas: whose.
        at: as of when, UTC.
        sign_offs: what waits for a sign-off that the person may give, the oldest first.
        workload: by caseworker, those with most overdue first.
        people: of the staff register, by id, who work in the areas or did before they left.
    """

    areas: tuple[Area, ...]
    at: AwareDatetime
    counts: Counts
    sign_offs: Listed[SignOffLine]
    workload: tuple[Load, ...]
    people: dict[StaffId, Staff]


async def team_overview(session: Session, *, area: Area | None = None, limit: int = 20) -> TeamOverview:
    """What the teams of a person's areas have in hand.

    Args:
        area: of this one only.
        limit: how many sign-offs at the most.

    Raises:
        Refused: it is not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    pool, now = session.referrals.pool.within(areas), datetime.now(UTC)
    people = await _people(session, areas)
    rungs = _rungs(session.member, areas, people, now)
    return TeamOverview(
        areas=tuple(areas),
        at=now,
        counts=await supervision.counts(pool, areas, rungs, now),
        sign_offs=await _sign_offs(session, pool, areas, now, limit),
        workload=tuple(await supervision.workload(pool, areas=areas, now=now)),
        people={each.id: each for each in people},
    )


async def sign_offs_for_me(
    session: Session, *, area: Area | None = None, limit: int = 100
) -> Listed[SignOffLine]:
    """What waits for a sign-off that the person may give, oldest first; without what it is about.

    Raises:
        Refused: it is not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    pool = session.referrals.pool.within(areas)
    return await _sign_offs(session, pool, areas, datetime.now(UTC), limit)


async def escalated_to_me(
    session: Session, *, area: Area | None = None, limit: int = 100
) -> Listed[OpenEscalation]:
    """The escalations that a person answers for, themself or for somebody who is away, oldest first.

    Raises:
        Refused: they are not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    people = await _people(session, areas)
    rungs = _rungs(session.member, areas, people, datetime.now(UTC))
    pool = session.referrals.pool.within(areas)
    return first(await supervision.escalated_to(pool, rungs, limit=limit + 1), limit)


async def _people(session: Session, areas: Sequence[Area]) -> list[Staff]:
    return await staff.list_staff(session.referrals.pool.nowhere, areas=areas)


def _rungs(
    member: Staff, areas: Sequence[Area], people: Sequence[Staff], now: datetime
) -> list[tuple[Area, Rung]]:
    people = [each for each in people if each.active]
    return [(area, rung) for area in areas for rung in sorted(duties_of(member, area, people, now).rungs)]


async def _sign_offs(
    session: Session, pool: Pool, areas: Sequence[Area], now: datetime, limit: int
) -> Listed[SignOffLine]:
    if session.member.role not in SUPERVISORS:
        return Listed(items=())
    waiting = await supervision.waiting_sign_offs(pool, areas=areas, limit=SIGN_OFFS_READ)
    # Who made what is to be signed off, and what it comes to, is not sealed.
    states = await session.referrals.states.of(pool, {each.reference for each in waiting})
    return first(_theirs(session.member, waiting, states, now), limit)


def _theirs(
    member: Staff, waiting: Sequence[WaitingSignOff], states: Mapping[str, Referral], now: datetime
) -> list[SignOffLine]:
    found = []
    for each in waiting:
        referral = states.get(each.reference)
        request = request_of(referral, each.about) if referral else None
        if referral is not None and request is not None and may_decide(member, referral, request, now):
            found.append(_line(each, referral, request, now))
    return found


def request_of(referral: Referral, about: str) -> SignOffRequest | None:
    """The request for a sign-off of this, as its deadline names it; None where none waits."""
    return next((each for each in referral.sign_off_requests if each.about == about), None)


def may_decide(member: Staff, referral: Referral, request: SignOffRequest, now: datetime) -> bool:
    """Whether somebody may sign this off: it is not their own, nor was their role given them by its author today."""
    made = authors(referral, request)
    actor = member.acting_in(referral.area)
    return member.role in SUPERVISORS and member.id not in made and not made_by_an_author(actor, made, now)


def working_days_since(at: datetime, now: datetime, referral: Referral) -> int:
    """How many working days something has waited on a referral, by the closures of its policy."""
    days = (at.astimezone(LONDON).date(), now.astimezone(LONDON).date())
    return working_days_between(*days, frozenset(referral.policy.closures))


def _line(waiting: WaitingSignOff, referral: Referral, request: SignOffRequest, now: datetime) -> SignOffLine:
    readiness = request.subject is SignOffSubject.READINESS
    return SignOffLine(
        **waiting.model_dump(),
        waits=working_days_since(waiting.requested_at, now, referral),
        verdict=referral.risk.verdict if request.subject is SignOffSubject.RISK_ASSESSMENT else None,
        method=activity_of(referral, request.activity).method if readiness else None,
        closure_reason=request.closure_reason,
    )
