"""What a signed-in person has to do next, soonest first: why, by when, and the commands that answer it.

It names no people, only ids and sides, for it is shown on screens that others see; no key is used to make it, so
that nothing sealed can be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from casework.access import What, areas_to_see
from casework.session import Session
from casework.worklist.duties import Duties, duties_of
from casework.worklist.finding import ItemFinder, offer_to_decide
from casework.worklist.items import WorkItem, Worklist, soonest_first
from casework.worklist.supervising import SOON
from casework.worklist.wording import word_item
from lifecycle import fold
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import add_span
from schemas.areas import Area
from schemas.policy import Rung
from stores import staff
from stores.logs import event_log
from stores.referrals import offered_to
from stores.worklists import on_hand


async def worklist(session: Session) -> Worklist:
    """What the signed-in person has to do next.

    Raises:
        Refused: they do no work on referrals. It says what they have instead.
    """
    return await worklist_at(session, datetime.now(UTC))


async def worklist_at(session: Session, at: datetime) -> Worklist:
    """What the signed-in person has to do as of an instant, aware of its zone. Raises Refused; see :func:`worklist`."""
    member = session.member
    areas = areas_to_see(member, What.CASELOAD)
    pool = session.referrals.pool.within(areas)
    register = [each for each in await staff.list_staff(session.referrals.pool.nowhere) if each.active]
    duties = {area: duties_of(member, area, register, at) for area in areas}
    rungs = {rung for each in duties.values() for rung in each.rungs}
    answered = session.referrals.policies.base.deadlines.items()
    found = await on_hand(
        pool,
        areas,
        workers=sorted({who for each in duties.values() for who in each.workers}),
        rungs=sorted(rungs),
        supervising=member.role in SUPERVISORS,
        reviews=sorted(name for name, rule in answered if rule.answers is not Rung.CASEWORKER),
        now=at,
        soon=add_span(at, SOON),
    )
    histories = await event_log.outlines(pool, [each.reference for each in found])
    items: list[WorkItem] = []
    for row in found:
        # One that was erased since the statement before is not there any more.
        if row.reference in histories:
            referral = fold(histories[row.reference])
            found_here = ItemFinder(member, duties[row.area], row, referral, at).find()
            items += [word_item(each, referral, at) for each in found_here]
    items += await _offers(session, duties, at)
    return Worklist(staff=member.id, at=at, items=tuple(sorted(items, key=soonest_first)))


async def _offers(session: Session, duties: Mapping[Area, Duties], at: datetime) -> list[WorkItem]:
    """The referrals of other areas on whose offer the person decides."""
    member, pool = session.member, session.referrals.pool
    answers_for = [area for area, each in duties.items() if Rung.SUPERVISOR in each.rungs]
    if member.role not in SUPERVISORS or not answers_for:
        return []
    # Another area's referrals are not among those that the person may see; no more is told of them than an offer says.
    due = {each.reference: each.due_at for each in await offered_to(pool, answers_for)}
    histories = await event_log.outlines(pool, list(due)) if due else {}
    states = [fold(history) for history in histories.values()]
    return [
        word_item(offer_to_decide(each, due[each.reference]), each, at)
        for each in states
        if each.transfer_offer and each.transfer_offer.offered_by != member.id
    ]
