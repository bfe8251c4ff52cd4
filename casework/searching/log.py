"""Who searched: every search is written down before anything that it found is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

from casework.access import What, areas_to_see
from casework.session import Session
from lifecycle import Refused
from runtime.referrals import NotAnswered
from schemas.access import Searched, SearchKind
from schemas.areas import Area
from stores import blind_index
from stores.logs import search_log
from stores.logs.chain import chain_key

# How often a search is tried to be written down while the same person searches elsewhere.
_TRIES = 20


async def note_search(
    session: Session,
    areas: Sequence[Area],
    kinds: Collection[SearchKind],
    values: Iterable[tuple[str, str]],
    found: int,
) -> None:
    """Write down that the signed-in person searched.

    Args:
        areas: in which.
        kinds: by what.
        values: what was searched for, each with its kind; kept as a keyed hash.
        found: how many referrals they are shown.

    Raises:
        Refused: they may not search any more.
    """
    referrals, member = session.referrals, session.member
    key = await blind_index.index_key(referrals.keys)
    sought = key.sought(values).hex()
    for tries in range(_TRIES):
        await asyncio.sleep(0.01 * tries)
        last = await search_log.last(referrals.pool, member.id)
        searched = Searched(
            staff=member.id,
            sequence=last.length + 1,
            at=last.now,
            role=member.role,
            areas=tuple(areas),
            kinds=tuple(sorted(kinds)),
            sought=sought,
            found=found,
            way_in=session.way_in,
        )
        answer = await search_log.record(referrals.pool, await chain_key(referrals.keys), searched, last.head)
        match answer:
            case "recorded":
                return
            case "behind":
                continue
            case _:
                raise Refused(answer, f"{member.id} may not search any more.", "as")
    raise NotAnswered("You search elsewhere at the same moment; try again.")


async def searches(session: Session, *, by: str | None = None, limit: int = 50) -> list[Searched]:
    """The searches in the areas of who asks, the newest first. None says what was searched for.

    Args:
        by: of this person only.
        limit: how many at the most.

    Raises:
        Refused: the person is unknown, or access logs are not for who asks.
    """
    areas = areas_to_see(session.member, What.ACCESS_LOG)
    if by is not None:
        await session.referrals.registered(by, "by")
    return await search_log.by_staff(session.referrals.pool.within(areas), by, limit)
