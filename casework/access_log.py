"""Who looked at what is said about people: the access log, for supervisors, service managers and auditors of its area.

Ground: Data Protection Act 2018 s.62: consultation and disclosure are logged, so that it can be checked whether they
were lawful. A list of looks names nobody who takes part in a referral; the reasons, which may, are read a referral at a
time, and that is a look of its own. An auditor sees that a reason was given, and not which.
"""

from __future__ import annotations

from casework.access import What, areas_to_see, require_access
from casework.session import Session
from schemas.access import Look
from schemas.people import Role
from stores.logs import access_log


async def looks_at(session: Session, reference: str, *, limit: int = 50) -> list[Look]:
    """The looks at a referral, the newest first, this one among them; with the reasons that were given, but for
    auditors.

    Args:
        limit: how many at the most.

    Raises:
        Refused: the referral is unknown, or its access log is not for them.
    """
    await require_access(session, What.ACCESS_LOG, reference)
    # A reason may say of people what an auditor has no part in.
    keys = None if session.member.role is Role.AUDITOR else session.referrals.keys
    return await access_log.at_referral(session.referrals.pool, keys, reference, limit)


async def looks_at_referrals_of(session: Session, staff_id: str, *, limit: int = 50) -> list[Look]:
    """The looks at the referrals that are a caseworker's now, in the areas of who asks, the newest first. Each says
    whether a reason was given, and not which.

    Args:
        limit: how many at the most.

    Raises:
        Refused: the caseworker is unknown, or access logs are not for who asks.
    """
    areas = areas_to_see(session.member, What.ACCESS_LOG)
    await session.referrals.registered(staff_id, "of")
    return await access_log.at_referrals_of(session.referrals.pool.within(areas), staff_id, limit)


async def looks_by(session: Session, staff_id: str, *, limit: int = 50) -> list[Look]:
    """The looks that a person made in the areas of who asks, the newest first. Each says whether a reason was given,
    and not which.

    Args:
        limit: how many at the most.

    Raises:
        Refused: the person is unknown, or access logs are not for who asks.
    """
    areas = areas_to_see(session.member, What.ACCESS_LOG)
    await session.referrals.registered(staff_id, "by")
    return await access_log.by_staff(session.referrals.pool.within(areas), staff_id, limit)
