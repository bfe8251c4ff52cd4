"""Requests to be called that wait to be opened as referrals, and the limits by which they wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from schemas.areas import Area
from stores.database import Pool

TRIED_AGAIN_AFTER = timedelta(minutes=1)
"""How long one that could not be opened rests, so that it holds up no other. Our judgement."""


class Limits(NamedTuple):
    """How many requests are opened within a time; what exceeds them waits.

    Attributes:
        of_one: from one network address.
        of_all: from all of them.
    """

    of_one: int = 5
    of_all: int = 60
    within: timedelta = timedelta(hours=1)


class Waiting(NamedTuple):
    """A request that waits to be opened."""

    reference: str
    command_id: UUID
    sealed: bytes


class Queue(NamedTuple):
    """How many requests wait to be opened, and since when the oldest does."""

    length: int
    oldest: datetime | None


# Of the waiting the one that the limits let through, who asked once before who asked often. They count what was opened
# lately or is being opened now.
_NEXT = (
    "WITH counted AS (SELECT sender FROM request_to_be_called WHERE opened_at > clock_timestamp() - $3::interval"
    "  OR opened_at IS NULL AND tried_at > clock_timestamp() - $4::interval)"
    " UPDATE request_to_be_called SET tried_at = clock_timestamp() WHERE reference = ("
    "  SELECT waiting.reference FROM request_to_be_called waiting WHERE opened_at IS NULL"
    "  AND coalesce(tried_at <= clock_timestamp() - $4::interval, TRUE) AND ($5::text IS NULL OR reference = $5)"
    "  AND (SELECT count(*) FROM counted) < $2"
    "  AND (SELECT count(*) FROM counted c WHERE c.sender = waiting.sender) < $1"
    "  ORDER BY place, asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING reference, command_id, sealed"
)


async def enter(
    pool: Pool, reference: str, command_id: UUID, area: Area, sender: bytes, sealed: bytes, limits: Limits
) -> None:
    """Let a request wait; entered twice it waits once.

    Args:
        command_id: of the command that will open it.
        sender: stands for the network address that it came from.
        sealed: the referral to open, under its own key.
    """
    await pool.execute(
        "INSERT INTO request_to_be_called (reference, command_id, area, sender, sealed, place)"
        " SELECT $1, $2, $3, $4, $5, 1 + count(*) FROM request_to_be_called"
        " WHERE sender = $4 AND (opened_at IS NULL OR opened_at > clock_timestamp() - $6::interval)"
        " ON CONFLICT DO NOTHING",
        reference,
        command_id,
        area,
        sender,
        sealed,
        limits.within,
    )


async def next_to_open(pool: Pool, limits: Limits, reference: str | None = None) -> Waiting | None:
    """A request that the limits let through now; None where there is none. No other caller gets it for a while.

    Args:
        reference: only this one.
    """
    row = await pool.fetchrow(
        _NEXT,
        limits.of_one,
        limits.of_all,
        limits.within,
        TRIED_AGAIN_AFTER,
        reference,
    )
    return Waiting(row["reference"], row["command_id"], row["sealed"]) if row else None


async def opened(pool: Pool, reference: str) -> None:
    """Note that a request is a referral now, and keep nothing of what it said."""
    await pool.execute(
        "UPDATE request_to_be_called SET sealed = NULL, opened_at = clock_timestamp()"
        " WHERE reference = $1 AND opened_at IS NULL",
        reference,
    )


async def forget_opened(pool: Pool, limits: Limits) -> None:
    """Forget the opened ones that no limit counts any more."""
    await pool.execute(
        "DELETE FROM request_to_be_called WHERE opened_at <= clock_timestamp() - $1::interval", limits.within
    )


async def queue(pool: Pool) -> Queue:
    """How many wait."""
    row = await pool.fetchrow(
        "SELECT count(*) AS length, min(asked_at) AS oldest FROM request_to_be_called WHERE opened_at IS NULL"
    )
    return Queue(row["length"], row["oldest"]) if row else Queue(0, None)
