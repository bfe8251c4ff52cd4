"""The lists that people of the register keep for themselves, each under a name."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from stores.database import Pool


class Kept(NamedTuple):
    """A list that somebody keeps.

    Attributes:
        filters: JSON-ready; ids, numbers and words of closed lists.
    """

    id: int
    name: str
    filters: dict[str, Any]


async def of(pool: Pool, staff_id: str) -> list[Kept]:
    """What a person keeps, by name."""
    rows = await pool.nowhere.fetch(
        "SELECT id, name, filters FROM saved_view WHERE staff = $1 ORDER BY lower(name), name", staff_id
    )
    return [Kept(row["id"], row["name"], json.loads(row["filters"])) for row in rows]


async def keep(pool: Pool, staff_id: str, name: str, filters: dict[str, Any], *, most: int) -> bool:
    """Keep a list under a name, in the place of what had that name; whether it was kept.

    Args:
        most: how many a person keeps at the most.
    """
    kept = await pool.nowhere.fetchval(
        "INSERT INTO saved_view (staff, name, filters) SELECT $1, $2, $3"
        " WHERE (SELECT count(*) FROM saved_view WHERE staff = $1 AND name <> $2) < $4"
        " ON CONFLICT (staff, name) DO UPDATE SET filters = excluded.filters RETURNING id",
        staff_id,
        name,
        json.dumps(filters),
        most,
    )
    return kept is not None


async def remove(pool: Pool, staff_id: str, view_id: int) -> None:
    """Keep one of a person's lists no longer; another's is left alone."""
    await pool.nowhere.execute("DELETE FROM saved_view WHERE staff = $1 AND id = $2", staff_id, view_id)
