"""Answers for referrals that are not open yet, each sealed with the key that its referral will have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from stores.database import Pool
from stores.keys.referral_keys import KeyStore

KEPT_FOR = timedelta(days=14)
"""After which answers that nobody went on with are dropped, with their key."""


class Begun(NamedTuple):
    """That somebody began to open a referral, without what they answered.

    Attributes:
        reference: that the referral will have.
        command_id: of the opening: sent twice, it is opened once.
        sent_at: when it was sent to be opened; None where it was not.
    """

    reference: str
    command_id: UUID
    began_at: datetime
    changed_at: datetime
    sent_at: datetime | None


_FIELDS = "reference, command_id, began_at, changed_at, sent_at"


async def begin(pool: Pool, keys: KeyStore, reference: str, command_id: UUID, staff: str, text: str) -> None:
    """Keep the first answers, under a new key. The reference must be unused."""
    key = await keys.create(reference)
    await pool.execute(
        "INSERT INTO opening_draft (reference, command_id, staff, sealed) VALUES ($1, $2, $3, $4)",
        reference,
        command_id,
        staff,
        key.seal(text.encode(), _place(reference)),
    )


async def find(pool: Pool, keys: KeyStore, reference: str, staff: str) -> tuple[Begun, str] | None:
    """What a person began and what they answered; None where it is not there, or not theirs."""
    row = await pool.fetchrow(
        f"SELECT {_FIELDS}, sealed FROM opening_draft WHERE reference = $1 AND staff = $2"  # noqa: S608
        " AND changed_at > now() - $3::interval",
        reference,
        staff,
        KEPT_FOR,
    )
    if row is None:
        return None
    key = await keys.get(reference)
    return _begun(row), key.open(row["sealed"], _place(reference)).decode()


async def of_staff(pool: Pool, staff: str) -> list[Begun]:
    """What a person began and did not finish, the latest first."""
    rows = await pool.fetch(
        f"SELECT {_FIELDS} FROM opening_draft WHERE staff = $1"  # noqa: S608
        " AND changed_at > now() - $2::interval ORDER BY changed_at DESC",
        staff,
        KEPT_FOR,
    )
    return [_begun(row) for row in rows]


async def keep(pool: Pool, keys: KeyStore, reference: str, staff: str, text: str) -> bool:
    """Keep what a person answered instead of what they had; False where it was sent, or is not there any more."""
    key = await keys.get(reference)
    status = await pool.execute(
        "UPDATE opening_draft SET sealed = $3, changed_at = now()"
        " WHERE reference = $1 AND staff = $2 AND sent_at IS NULL",
        reference,
        staff,
        key.seal(text.encode(), _place(reference)),
    )
    return status == "UPDATE 1"


async def mark_sent(pool: Pool, reference: str, staff: str, *, sent: bool) -> None:
    """Note that it is sent to be opened, or that it was refused and is not."""
    await pool.execute(
        "UPDATE opening_draft SET sent_at = CASE WHEN $3 THEN now() END WHERE reference = $1 AND staff = $2",
        reference,
        staff,
        sent,
    )


async def drop(pool: Pool, reference: str) -> None:
    """Drop the answers, and the key unless it is a referral's by now or may be."""
    await pool.execute("SELECT drop_unopened($1)", reference)


async def drop_old(pool: Pool) -> None:
    """Drop what nobody went on with."""
    await pool.execute(
        "SELECT drop_unopened(reference) FROM opening_draft WHERE changed_at <= now() - $1::interval",
        KEPT_FOR,
    )


def _begun(row: asyncpg.Record) -> Begun:
    return Begun(*(row[name] for name in Begun._fields))


def _place(reference: str) -> bytes:
    # What is sealed opens only where it was put.
    return f"{reference}#opening".encode()
