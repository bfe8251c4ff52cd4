"""The missed deadlines that have been escalated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from casework.access import What, areas_to_see
from casework.listing import Listed, first
from casework.session import Session
from schemas.areas import Area
from schemas.policy import Rung
from stores import supervision
from stores.supervision import OpenEscalation, PastEscalation

__all__ = ["HISTORY", "OpenEscalation", "PastEscalation", "open_escalations", "past_escalations"]

HISTORY = timedelta(days=90)
"""How far back past escalations are looked for where nobody says."""


async def open_escalations(
    session: Session, *, area: Area | None = None, rung: Rung | None = None, limit: int = 50
) -> Listed[OpenEscalation]:
    """The missed deadlines that have been escalated and are still open, oldest first, in the person's areas.

    Args:
        rung: on this rung of the ladder only.

    Raises:
        Refused: they are not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    pool = session.referrals.pool.within(areas)
    return first(await supervision.open_escalations(pool, areas=areas, rung=rung, limit=limit + 1), limit)


async def past_escalations(
    session: Session,
    *,
    area: Area | None = None,
    rung: Rung | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> Listed[PastEscalation]:
    """The escalations that were raised, cleared or not, newest first, in the person's areas.

    Args:
        since: raised since then (aware); None: in the last 90 days.

    Raises:
        Refused: they are not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    begin = since or datetime.now(UTC) - HISTORY
    pool = session.referrals.pool.within(areas)
    found = await supervision.escalation_history(pool, areas=areas, rung=rung, since=begin, limit=limit + 1)
    return first(found, limit)
