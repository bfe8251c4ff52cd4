"""Answers on the public pages that were not sent yet: sealed, for a while, for who holds the key."""

from __future__ import annotations

from datetime import timedelta

from stores.database import Pool

KEPT_FOR = timedelta(minutes=30)
"""After the last answer."""

MOST_OF_ONE = 50
"""How many may be kept of one network address; the oldest goes. An office or a library shares one. Our judgement."""


async def begin(pool: Pool, answers_id: bytes, sender: bytes, sealed: bytes) -> None:
    """Keep the first answers of somebody.

    Args:
        sender: stands for their network address.
    """
    await pool.nowhere.execute(
        "WITH too_many AS (DELETE FROM unsent_answers WHERE id IN ("
        "  SELECT id FROM unsent_answers WHERE sender = $2 ORDER BY kept_until DESC OFFSET $5))"
        " INSERT INTO unsent_answers (id, sender, sealed, kept_until)"
        " VALUES ($1, $2, $3, clock_timestamp() + $4::interval)",
        answers_id,
        sender,
        sealed,
        KEPT_FOR,
        MOST_OF_ONE - 1,
    )


async def read(pool: Pool, answers_id: bytes) -> bytes | None:
    """What is kept; None where it never was or is no longer."""
    found: bytes | None = await pool.nowhere.fetchval(
        "SELECT sealed FROM unsent_answers WHERE id = $1 AND kept_until > clock_timestamp()", answers_id
    )
    return found


async def keep(pool: Pool, answers_id: bytes, sealed: bytes) -> bool:
    """Keep this in place of what was kept, from now on; whether anything still was."""
    status = await pool.nowhere.execute(
        "UPDATE unsent_answers SET sealed = $2, kept_until = clock_timestamp() + $3::interval"
        " WHERE id = $1 AND kept_until > clock_timestamp()",
        answers_id,
        sealed,
        KEPT_FOR,
    )
    return status == "UPDATE 1"


async def drop(pool: Pool, answers_id: bytes) -> None:
    """Keep it no longer."""
    await pool.nowhere.execute("DELETE FROM unsent_answers WHERE id = $1", answers_id)


async def drop_ended(pool: Pool) -> None:
    """Keep nothing whose time is over."""
    await pool.nowhere.execute("DELETE FROM unsent_answers WHERE kept_until <= clock_timestamp()")
