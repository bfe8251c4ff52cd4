"""What people have begun to write and not recorded yet, sealed with the key of the referral that it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from stores.database import Connection, Pool
from stores.keys.referral_keys import DataKey, KeyErased

KEPT_FOR = timedelta(days=14)
"""After which a draft that nobody went on with is dropped."""


class Place(NamedTuple):
    """Which draft it is; there is one of each.

    Attributes:
        kind: of the command.
        subject: what the step is about, such as h1; empty: the referral as a whole.
    """

    staff: str
    reference: str
    kind: str
    subject: str


class Kept(NamedTuple):
    """A draft, opened."""

    text: str
    saved_at: datetime


class Begun(NamedTuple):
    """That there is a draft, without what it says."""

    place: Place
    saved_at: datetime


async def keep(pool: Pool, key: DataKey, place: Place, text: str) -> datetime:
    """Keep a draft instead of the one that was kept before.

    Returns:
        When, by the clock of PostgreSQL.

    Raises:
        KeyErased: the referral was erased.
    """
    saved_at: datetime | None = await pool.fetchval(
        "INSERT INTO draft (staff, reference, kind, subject, saved_at, sealed)"
        " SELECT $1, $2, $3, $4, clock_timestamp(), $5"
        " WHERE NOT EXISTS (SELECT FROM keys.erasure WHERE reference = $2)"
        " ON CONFLICT (staff, reference, kind, subject)"
        " DO UPDATE SET saved_at = excluded.saved_at, sealed = excluded.sealed RETURNING saved_at",
        *place,
        key.seal(text.encode(), _sealed_for(place)),
    )
    if saved_at is None:
        raise KeyErased(place.reference)
    return saved_at


async def find(pool: Pool, key: DataKey, place: Place) -> Kept | None:
    """The draft that is kept there; None where there is none, or it is too old."""
    row = await pool.fetchrow(
        "SELECT saved_at, sealed FROM draft"
        " WHERE staff = $1 AND reference = $2 AND kind = $3 AND subject = $4 AND saved_at > now() - $5::interval",
        *place,
        KEPT_FOR,
    )
    return Kept(key.open(row["sealed"], _sealed_for(place)).decode(), row["saved_at"]) if row else None


async def of_staff(pool: Pool, staff: str) -> list[Begun]:
    """The drafts of a person, the latest first."""
    rows = await pool.fetch(
        "SELECT staff, reference, kind, subject, saved_at FROM draft"
        " WHERE staff = $1 AND saved_at > now() - $2::interval ORDER BY saved_at DESC",
        staff,
        KEPT_FOR,
    )
    return [Begun(Place(*row[:4]), row["saved_at"]) for row in rows]


async def drop(pool: Pool, place: Place) -> None:
    """Drop a draft, where there is one."""
    await pool.execute(
        "DELETE FROM draft WHERE staff = $1 AND reference = $2 AND kind = $3 AND subject = $4", *place
    )


async def drop_all_about(connection: Connection, reference: str) -> None:
    """Drop the drafts of everybody about a referral."""
    await connection.execute("DELETE FROM draft WHERE reference = $1", reference)


async def drop_old(pool: Pool) -> None:
    """Drop what nobody went on with."""
    await pool.execute("DELETE FROM draft WHERE saved_at <= now() - $1::interval", KEPT_FOR)


def _sealed_for(place: Place) -> bytes:
    # What is sealed opens only where it was put.
    return f"{place.reference}#draft/{place.staff}/{place.kind}/{place.subject}".encode()
