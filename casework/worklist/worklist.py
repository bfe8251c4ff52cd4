"""What a signed-in person has to do next, soonest first: why, by when, and the commands that answer it.

Unless names are asked for it names no people, only ids and sides, for it is shown on screens that others see; no key is
used to make it then, so that nothing sealed can be in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from casework.access import What, areas_to_see
from casework.names import names_in_lists
from casework.session import Session
from casework.worklist.duties import Duties, duties_of
from casework.worklist.finding import ItemFinder, offer_to_decide
from casework.worklist.found import Found
from casework.worklist.items import Group, WorkItem, Worklist, soonest_first
from casework.worklist.supervising import SOON
from casework.worklist.wording import BY_ID, Called, word_item
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import add_span
from schemas.areas import Area
from schemas.people import Staff
from schemas.policy import Rung
from schemas.referral import Referral
from stores import staff
from stores.referrals import offered_to
from stores.worklists import on_hand


class _Duty(NamedTuple):
    """Something to do, with the referral that it is to be done on, and how it is said by ids."""

    found: Found
    referral: Referral
    item: WorkItem


async def worklist(session: Session) -> Worklist:
    """What the signed-in person has to do next.

    Raises:
        Refused: they do no work on referrals. It says what they have instead.
    """
    return await worklist_at(session, datetime.now(UTC))


async def worklist_at(session: Session, at: datetime) -> Worklist:
    """What the signed-in person has to do as of an instant, aware of its zone. Raises Refused; see :func:`worklist`."""
    duties = await _duties(session, await _register(session), at)
    return Worklist(staff=session.member.id, at=at, items=tuple(each.item for each in duties))


async def worklist_with_names(
    session: Session, at: datetime, *, names: bool = True, shown: range = range(100)
) -> Worklist:
    """The same, in which colleagues are called by the names that the register has, and the people of referrals by first
    name and initial, as far as the person sees these in lists.

    Args:
        names: whether the people of referrals are called by name; else by id and side.
        shown: the places in each group, from 0, of the items that are shown: only these tell names, for no more are
            looked at than are shown.

    Raises:
        Refused: see :func:`worklist`.
    """
    register = await _register(session)
    duties = await _duties(session, register, at)
    told = [*_at_places(duties, shown)]
    colleagues = {each.id: each.name for each in register if each.name}
    people = await names_in_lists(
        session, {duties[place].item.reference for place in told} if names else set()
    )
    items = [each.item for each in duties]
    for place in told:
        found, referral = duties[place].found, duties[place].referral
        called = Called(people.get(referral.reference, {}), colleagues, areas_in_full=True)
        items[place] = word_item(found, referral, at, called)
    return Worklist(staff=session.member.id, at=at, items=tuple(items))


def _at_places(duties: Sequence[_Duty], shown: range) -> Iterator[int]:
    """Where the items are that stand at these places of their group."""
    seen: dict[Group, int] = dict.fromkeys(Group, 0)
    for place, each in enumerate(duties):
        if seen[each.item.group] in shown:
            yield place
        seen[each.item.group] += 1


async def _register(session: Session) -> list[Staff]:
    return await staff.team(session.referrals.pool, *areas_to_see(session.member, What.CASELOAD))


async def _duties(session: Session, register: list[Staff], at: datetime) -> list[_Duty]:
    """What the person has to do, soonest first."""
    member = session.member
    areas = areas_to_see(member, What.CASELOAD)
    pool = session.referrals.pool.within(areas)
    duties = {area: duties_of(member, area, register, at) for area in areas}
    rungs = {rung for each in duties.values() for rung in each.rungs}
    answered = session.referrals.policies.base.deadlines.items()
    rows = await on_hand(
        pool,
        areas,
        workers=sorted({who for each in duties.values() for who in each.workers}),
        rungs=sorted(rungs),
        supervising=member.role in SUPERVISORS,
        reviews=sorted(name for name, rule in answered if rule.answers is not Rung.CASEWORKER),
        now=at,
        soon=add_span(at, SOON),
    )
    states = await session.referrals.states.of(pool, [each.reference for each in rows])
    found: list[tuple[Found, Referral]] = []
    for row in rows:
        # One that went to another area since the statement before is not there any more.
        if referral := states.get(row.reference):
            finder = ItemFinder(member, duties[row.area], row, referral, at)
            found += [(each, referral) for each in finder.find()]
    found += await _offers(session, duties)
    worded = [_Duty(each, referral, word_item(each, referral, at, BY_ID)) for each, referral in found]
    return sorted(worded, key=lambda duty: soonest_first(duty.item))


async def _offers(session: Session, duties: Mapping[Area, Duties]) -> list[tuple[Found, Referral]]:
    """The referrals of other areas on whose offer the person decides."""
    member, pool = session.member, session.referrals.pool
    answers_for = [area for area, each in duties.items() if Rung.SUPERVISOR in each.rungs]
    if member.role not in SUPERVISORS or not answers_for:
        return []
    # Another area's referrals are not among those that the person may see; no more is told of them than an offer says.
    due = {each.reference: each.due_at for each in await offered_to(pool, answers_for)}
    states = await session.referrals.states.of(pool, due)
    return [
        (offer_to_decide(each, due[each.reference]), each)
        for each in states.values()
        if each.transfer_offer and each.transfer_offer.offered_by != member.id
    ]
