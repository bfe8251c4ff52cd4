"""Which referrals are open: whose, in which area, and under which policy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from schemas.areas import Area
from schemas.policy import Policy
from schemas.vocabulary import Stage
from stores.database import Pool


class KeptPolicy(NamedTuple):
    """A policy pinned by open referrals of an area.

    Attributes:
        referrals: how many.
    """

    area: Area
    policy: Policy
    referrals: int


async def open_references(pool: Pool) -> frozenset[str]:
    """The references of all referrals that are not closed."""
    rows = await pool.fetch("SELECT reference FROM referral WHERE stage <> 'closed'")
    return frozenset(row["reference"] for row in rows)


async def open_count(pool: Pool) -> int:
    """How many referrals are not closed."""
    found: int = await pool.fetchval("SELECT count(*) FROM referral WHERE stage <> 'closed'")
    return found


async def open_among(pool: Pool, references: Collection[str]) -> frozenset[str]:
    """Those of the references whose referral is not closed."""
    rows = await pool.fetch(
        "SELECT reference FROM referral WHERE stage <> 'closed' AND reference = ANY($1)", list(references)
    )
    return frozenset(row["reference"] for row in rows)


async def last_told(pool: Pool, reference: str) -> int:
    """The sequence of the last event that a referral's workflow should know; 0 where there is none.

    Outcomes of messages are recorded without it; it reads them with its next step.
    """
    found: int = await pool.fetchval(
        "SELECT coalesce(max(e.sequence), 0) FROM event e"
        " JOIN event first ON first.reference = e.reference AND first.sequence = e.step"
        " WHERE e.reference = $1 AND first.kind <> 'notice_settled'",
        reference,
    )
    return found


async def owned(
    pool: Pool,
    caseworker: str,
    *,
    area: Area | None = None,
    stage: Stage | None = None,
    references: Collection[str] = (),
    after: str = "",
    limit: int,
) -> tuple[list[str], int]:
    """A page of a caseworker's open referrals that match, by reference, and how many there are from its first on.

    Args:
        references: only these; none named: all.
        after: only references after this one.
        limit: how many at the most in the page.
    """
    rows = await pool.fetch(
        "SELECT reference, count(*) OVER () AS remaining FROM referral"
        " WHERE caseworker = $1 AND stage <> 'closed' AND ($2::text IS NULL OR area = $2)"
        " AND ($3::text IS NULL OR stage = $3) AND reference > $4 AND ($6::text[] = '{}' OR reference = ANY($6))"
        " ORDER BY reference LIMIT $5",
        caseworker,
        area,
        stage,
        after,
        limit,
        list(references),
    )
    return [row["reference"] for row in rows], rows[0]["remaining"] if rows else 0


async def open_in_areas(
    pool: Pool, areas: Collection[Area], *, after: str = "", limit: int
) -> tuple[list[tuple[str, Area]], int]:
    """The open referrals of some areas, by reference: a page of them, and how many there are from it on.

    Args:
        after: only references after this one.
        limit: how many at the most in the page.
    """
    rows = await pool.fetch(
        "SELECT reference, area, count(*) OVER () AS remaining FROM referral"
        " WHERE area = ANY($1) AND stage <> 'closed' AND reference > $2 ORDER BY reference LIMIT $3",
        list(areas),
        after,
        limit,
    )
    found = [(row["reference"], Area(row["area"])) for row in rows]
    return found, rows[0]["remaining"] if rows else 0


async def owned_by_area(
    pool: Pool, caseworker: str, *, stage: Stage | None = None, references: Collection[str] = ()
) -> dict[Area, int]:
    """How many open referrals a caseworker has in each area.

    Args:
        references: only these; none named: all.
    """
    rows = await pool.fetch(
        "SELECT area, count(*) AS open FROM referral WHERE caseworker = $1 AND stage <> 'closed'"
        " AND ($2::text IS NULL OR stage = $2) AND ($3::text[] = '{}' OR reference = ANY($3))"
        " GROUP BY area ORDER BY area",
        caseworker,
        stage,
        list(references),
    )
    return {Area(row["area"]): row["open"] for row in rows}


async def facilitated(pool: Pool, facilitator: str, areas: Collection[Area]) -> list[str]:
    """The open referrals of some areas that somebody facilitates, or facilitates an activity of, by reference."""
    rows = await pool.fetch(
        "SELECT reference FROM referral r WHERE stage <> 'closed' AND area = ANY($2)"
        " AND (facilitator = $1 OR $1 = ANY(facilitators) AND EXISTS ("
        "  SELECT FROM event e WHERE e.kind = 'facilitators_assigned' AND e.reference = r.reference"
        "  AND e.body ->> 'activity' IS NOT NULL AND e.body ->> 'facilitator' = $1)) ORDER BY reference",
        facilitator,
        list(areas),
    )
    return [row["reference"] for row in rows]


async def open_by_area(pool: Pool) -> dict[Area, int]:
    """How many open referrals there are in each area that has any."""
    rows = await pool.fetch(
        "SELECT area, count(*) AS open FROM referral WHERE stage <> 'closed' GROUP BY area ORDER BY area"
    )
    return {Area(row["area"]): row["open"] for row in rows}


# Of those that keep the same one only the first one's log is read.
_POLICIES = """
WITH kept AS (
    SELECT area, policy_print, count(*) AS referrals, min(reference) AS one FROM referral
    WHERE stage <> 'closed' AND policy_print IS NOT NULL AND ($1::text[] IS NULL OR area = ANY($1))
    GROUP BY area, policy_print
)
SELECT kept.area, settled.policy, kept.referrals FROM kept CROSS JOIN LATERAL (
    SELECT body ->> 'policy' AS policy FROM event
    WHERE event.reference = kept.one AND kind IN ('referral_received', 'policy_adopted', 'transfer_accepted')
    ORDER BY sequence DESC LIMIT 1
) AS settled
ORDER BY kept.area
"""


async def policies_kept(pool: Pool, areas: Collection[Area] | None = None) -> list[KeptPolicy]:
    """The different policies that open referrals keep, by area.

    Args:
        areas: only of these; None: of all.
    """
    rows = await pool.fetch(_POLICIES, None if areas is None else list(areas))
    return [
        KeptPolicy(Area(row["area"]), Policy.model_validate_json(row["policy"]), row["referrals"])
        for row in rows
    ]


async def caseworkers(pool: Pool, references: Sequence[str]) -> dict[str, str | None]:
    """The caseworker of each of these referrals."""
    rows = await pool.fetch(
        "SELECT reference, caseworker FROM referral WHERE reference = ANY($1)", references
    )
    return {row["reference"]: row["caseworker"] for row in rows}
