"""Having all logs compared with what was recorded from a page: it takes minutes, and is followed by whoever looks.

It runs in the process that was asked. Where that ends, the comparison ends with it, and says so by falling silent.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from pydantic import AwareDatetime

from casework.access import What, check_service
from casework.session import Session
from operations.anchoring import anchors_in
from operations.verifying import Verified, verify
from runtime.referrals import Referrals
from schemas.base import Model
from schemas.people import StaffId
from stores import verifications

__all__ = ["NotAsRecorded", "VerificationRun", "begin_verification", "verification_runs"]

# Seconds between two times that it is said how far one has come.
_SAY_EVERY = 1.0

log = structlog.stdlib.get_logger(__name__)
_going_on: set[asyncio.Task[None]] = set()


class NotAsRecorded(Model):
    """Something that is not as it was recorded.

    Attributes:
        where: which log.
        sequence: the first entry that does not fit; None where the log itself is as recorded.
    """

    where: str
    sequence: int | None
    said: str


class VerificationRun(Model):
    """One comparison of all logs.

    Attributes:
        total: how many referrals there are; None where that is not known yet.
        running: whether it goes on; where it neither goes on nor has ended it was broken off.
        ended_at: None where it goes on or was broken off.
        failed: whether it ended by a fault of ours, which the log names.
        anchors: how many anchors it was compared with.
        newest_anchor: when the last of them was made.
        broken: what is not as it was recorded; nothing, where all is.
    """

    asked_by: StaffId
    asked_at: AwareDatetime
    done: int
    total: int | None
    running: bool
    ended_at: AwareDatetime | None
    failed: bool
    anchors: int = 0
    newest_anchor: AwareDatetime | None = None
    broken: tuple[NotAsRecorded, ...] = ()


async def begin_verification(session: Session, anchors: Path) -> asyncio.Task[None] | None:
    """Begin to compare all logs with what was recorded, unless somebody has begun that already.

    Args:
        anchors: the folder where they are kept.

    Returns:
        The task that does it, which nobody needs to await; None where one goes on.

    Raises:
        Refused: it is not for them to see.
    """
    check_service(session.member, What.VERIFICATION)
    number = await verifications.begin(session.referrals.pool, session.member.id)
    if number is None:
        return None
    task = asyncio.create_task(_compare(session.referrals, anchors, number))
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    return task


async def verification_runs(session: Session, *, limit: int = 5) -> list[VerificationRun]:
    """The latest comparisons, newest first.

    Raises:
        Refused: they are not for them to see.
    """
    check_service(session.member, What.VERIFICATION)
    found = await verifications.latest(session.referrals.pool, limit)
    return [
        VerificationRun(
            **each.model_dump(exclude={"id", "found"}),
            failed=each.ended_at is not None and each.found is None,
            **(each.found or {}),
        )
        for each in found
    ]


async def _compare(referrals: Referrals, anchors: Path, number: int) -> None:
    come: tuple[int, int | None] = (0, None)

    def note(done: int, total: int) -> None:
        nonlocal come
        come = (done, total)

    work = asyncio.create_task(verify(referrals, anchors_in(referrals, anchors), None, note))
    try:
        while not work.done():
            await asyncio.wait([work], timeout=_SAY_EVERY)
            if not work.done():
                await verifications.note(referrals.pool, number, *come)
        found = work.result()
    except Exception:
        work.cancel()
        # Of an error only its type and where it came from are logged.
        log.exception("a comparison of the logs failed")
        await verifications.end(referrals.pool, number, come[0], None)
        return
    await verifications.end(referrals.pool, number, found.checked, _as_stored(found))


def _as_stored(found: Verified) -> dict[str, object]:
    return {
        "anchors": found.anchors,
        "newest_anchor": found.newest_anchor.isoformat() if found.newest_anchor else None,
        "broken": [
            {"where": each.reference, "sequence": each.sequence, "said": each.said} for each in found.breaks
        ],
    }
