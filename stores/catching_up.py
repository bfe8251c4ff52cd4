"""The referrals whose workflow was passed by, and has to be told until it has caught up with the log."""

from __future__ import annotations

from stores.database import Pool


async def note(pool: Pool, reference: str) -> None:
    """Say that a step was recorded without the referral's workflow."""
    await pool.execute("INSERT INTO catching_up (reference) VALUES ($1) ON CONFLICT DO NOTHING", reference)


async def behind(pool: Pool) -> dict[str, int]:
    """The referrals whose workflow has to be told, with how many events their log has."""
    rows = await pool.fetch("SELECT reference, sequence FROM catching_up JOIN referral USING (reference)")
    return {row["reference"]: row["sequence"] for row in rows}


async def done(pool: Pool, reference: str, length: int) -> None:
    """Say that its workflow knows of so many events; where the log has more by now, it has to be told still."""
    await pool.execute(
        "DELETE FROM catching_up WHERE reference = $1"
        " AND NOT EXISTS (SELECT FROM referral r WHERE r.reference = $1 AND r.sequence > $2)",
        reference,
        length,
    )
