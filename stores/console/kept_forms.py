"""What people had typed when their session had run out, sealed, until they have signed in again."""

from __future__ import annotations

from datetime import datetime

from stores.database import Pool


async def keep(
    pool: Pool, staff_id: str, path: str, at: datetime, reference: str | None, sealed: bytes
) -> None:
    """Keep a form, instead of what was kept before of the same page.

    Args:
        reference: the referral whose key sealed it; None: the installation's did.
    """
    await pool.nowhere.execute(
        "INSERT INTO kept_form (staff, path, at, reference, sealed) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (staff, path) DO UPDATE"
        " SET at = excluded.at, reference = excluded.reference, sealed = excluded.sealed",
        staff_id,
        path,
        at,
        reference,
        sealed,
    )


async def find(pool: Pool, staff_id: str, path: str, since: datetime) -> tuple[str | None, bytes] | None:
    """The referral and what is sealed of the form of a page, kept since then; None where there is none."""
    row = await pool.nowhere.fetchrow(
        "SELECT reference, sealed FROM kept_form WHERE staff = $1 AND path = $2 AND at > $3",
        staff_id,
        path,
        since,
    )
    return (row["reference"], row["sealed"]) if row else None


async def drop(pool: Pool, staff_id: str, path: str) -> None:
    """Keep a form no longer."""
    await pool.nowhere.execute("DELETE FROM kept_form WHERE staff = $1 AND path = $2", staff_id, path)


async def drop_older(pool: Pool, than: datetime) -> None:
    """Keep what nobody came back for no longer."""
    await pool.nowhere.execute("DELETE FROM kept_form WHERE at <= $1", than)
