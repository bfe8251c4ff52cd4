"""What a signed-in person has to do next, soonest first: why, by when, and the commands that answer it.

Unless names are asked for it names no people, only ids and sides, for it is shown on screens that others see; no key is
used to make it then, so that nothing sealed can be in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from casework.access import What, areas_to_see
from casework.names import names_in_lists
from casework.session import Session
from casework.worklist.duties import Duties, duties_of
from casework.worklist.finding import ItemFinder, offer_to_decide
from casework.worklist.found import Found
from casework.worklist.items import Group, Part, WorkItem, Worklist, soonest_first
from casework.worklist.supervising import SOON
from casework.worklist.wording import BY_ID, Called, group_of, word_item
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
    """Something to do, with the referral that it is to be done on, and the part of the worklist that it stands in."""

    found: Found
    referral: Referral
    group: Group


async def worklist(session: Session) -> Worklist:
    """What the signed-in person has to do next.

    Raises:
        Refused: they do no work on referrals. It says what they have instead.
    """
    return await worklist_at(session, datetime.now(UTC))


async def worklist_at(session: Session, at: datetime) -> Worklist:
    """What the signed-in person has to do as of an instant, aware of its zone. Raises Refused; see :func:`worklist`."""
    duties = await _duties(session, await _register(session), at)
    items = tuple(word_item(each.found, each.referral, at, BY_ID) for each in duties)
    return Worklist(staff=session.member.id, at=at, items=items)


async def parts_with_names(
    session: Session,
    at: datetime,
    choose: Callable[[Mapping[Group, int]], Mapping[Group, range]],
    *,
    names: bool,
) -> dict[Group, Part]:
    """The same in its parts, as far as they are shown. Colleagues are called by the names that the register has, and
    the people of referrals by first name and initial, as far as the person sees these in lists.

    Args:
        choose: which places of each part are shown, from 0, by how many items each has; no more is looked at than that.
        names: whether the people of referrals are called by name; else by id and side.

    Raises:
        Refused: see :func:`worklist`.
    """
    register = await _register(session)
    duties: dict[Group, list[_Duty]] = {group: [] for group in Group}
    for each in await _duties(session, register, at):
        duties[each.group].append(each)
    places = choose({group: len(found) for group, found in duties.items()})
    shown = {group: found[places[group].start : places[group].stop] for group, found in duties.items()}
    references = {each.referral.reference for found in shown.values() for each in found}
    people = await names_in_lists(session, references if names else ())
    colleagues = {each.id: each.name for each in register if each.name}

    def worded(duty: _Duty) -> WorkItem:
        called = Called(people.get(duty.referral.reference, {}), colleagues, areas_in_full=True)
        return word_item(duty.found, duty.referral, at, called)

    return {group: Part(len(found), [*map(worded, shown[group])]) for group, found in duties.items()}


async def _register(session: Session) -> list[Staff]:
    return await staff.team(session.referrals.pool, *areas_to_see(session.member, What.CASELOAD))


async def _duties(session: Session, register: list[Staff], at: datetime) -> list[_Duty]:
    """What the person has to do, soonest first."""
    member = session.member
    areas = areas_to_see(member, What.CASELOAD)
    pool = session.referrals.pool.within(areas)
    duties = {area: duties_of(member, area, register, at) for area in areas}
    rungs = {rung for each in duties.values() for rung in each.rungs}
    rows = await on_hand(
        pool,
        {area: each.people for area, each in duties.items()},
        workers=sorted({who for each in duties.values() for who in each.workers}),
        rungs=sorted(rungs),
        supervising=member.role in SUPERVISORS,
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
    return sorted((_Duty(each, referral, group_of(each, at)) for each, referral in found), key=_soonest_first)


def _soonest_first(duty: _Duty) -> tuple[int, bool, float, str, str]:
    return soonest_first(duty.group, duty.found.due_at, duty.referral.reference, duty.found.deadline)


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
