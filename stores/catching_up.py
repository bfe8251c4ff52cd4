"""The referrals with steps recorded without their workflow, which must be told until it has read them."""

from __future__ import annotations

from stores.database import Pool


async def note(pool: Pool, reference: str) -> None:
    """Note that a step was recorded without the referral's workflow."""
    await pool.execute("INSERT INTO catching_up (reference) VALUES ($1) ON CONFLICT DO NOTHING", reference)


async def behind(pool: Pool) -> dict[str, int]:
    """The referrals whose workflow must be told, each with the number of events in its log."""
    rows = await pool.fetch("SELECT reference, sequence FROM catching_up JOIN referral USING (reference)")
    return {row["reference"]: row["sequence"] for row in rows}


async def done(pool: Pool, reference: str, length: int) -> None:
    """Note how many events the workflow knows; where the log has more by now, it must still be told."""
    await pool.execute(
        "DELETE FROM catching_up WHERE reference = $1"
        " AND NOT EXISTS (SELECT FROM referral r WHERE r.reference = $1 AND r.sequence > $2)",
        reference,
        length,
    )
