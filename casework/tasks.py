"""What people have to tell somebody themselves, because no message could."""

from __future__ import annotations

from casework.access import What, areas_to_see
from casework.listing import Listed, first
from casework.session import Session
from messages.notice_facts import template_in_words
from schemas.areas import Area
from stores import tasks as store
from stores.tasks import OpenTask

__all__ = ["Task", "open_tasks"]


class Task(OpenTask):
    """A message that could not be sent safely, and that nobody has told yet."""

    what: str
    """What is to be told, in words: the time of an appointment."""


async def open_tasks(
    session: Session, *, area: Area | None = None, caseworker: str | None = None, limit: int = 50
) -> Listed[Task]:
    """What waits to be told in the person's areas, oldest first; on closed referrals too.

    Args:
        caseworker: on the referrals of this one only.

    Raises:
        Refused: tasks are not theirs to see, or there is no such caseworker.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    if caseworker is not None:
        await session.referrals.registered(caseworker, "caseworker")
    found = await store.open_tasks(
        session.referrals.pool.within(areas),
        areas=areas,
        caseworkers=[caseworker] if caseworker is not None else None,
        limit=limit + 1,
    )
    return first((Task(**each.model_dump(), what=template_in_words(each.template)) for each in found), limit)
