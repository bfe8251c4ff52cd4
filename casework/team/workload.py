"""Who has how much in hand."""

from __future__ import annotations

from datetime import UTC, datetime

from casework.access import What, areas_to_see
from casework.session import Session
from schemas.areas import Area
from stores import supervision
from stores.supervision import Load

__all__ = ["Load", "workload"]


async def workload(session: Session, *, area: Area | None = None) -> list[Load]:
    """How much each caseworker of the person's areas has in hand, those with most overdue first.

    Raises:
        Refused: it is not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    return await supervision.workload(
        session.referrals.pool.within(areas), areas=areas, now=datetime.now(UTC)
    )
