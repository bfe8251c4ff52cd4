"""The log of searches: who searched by what and how much they found, append-only, in one chain for each person.

What was searched for is in it as a keyed hash alone. A chain for each person keeps those who search from waiting for
one another; an anchor names the head of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from schemas.access import Searched, SearchKind, WayIn
from schemas.areas import Area
from schemas.people import Role
from stores.database import Connection, Pool
from stores.logs.access_log import LookBreak
from stores.logs.chain import ChainKey

SUFFIX = "#searches"
"""Follows the id of a person in the name of the log of their searches, where anchors name it."""


class LastSearch(NamedTuple):
    """Where the log of a person's searches stands.

    Attributes:
        length: how many there are.
        head: the link of the last; empty where there is none.
        now: by the clock of PostgreSQL, UTC.
    """

    length: int
    head: bytes
    now: datetime


async def last(pool: Pool, staff_id: str) -> LastSearch:
    """Where the log of a person's searches stands now."""
    [row] = await pool.fetch(
        "SELECT coalesce(last.sequence, 0) AS length, coalesce(last.hash, '') AS head, clock_timestamp() AS now"
        " FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT sequence, hash FROM search_log WHERE staff = $1"
        "  ORDER BY sequence DESC LIMIT 1) last ON TRUE",
        staff_id,
    )
    return LastSearch(row["length"], row["head"], row["now"])


async def record(pool: Pool, chain: ChainKey, searched: Searched, previous: bytes) -> str:
    """Write down a search.

    Args:
        searched: its sequence is one after that of the last.
        previous: the link of the last; empty where there is none.

    Returns:
        recorded; behind, where they searched meanwhile: nothing is written then, and it is tried again; or the code of
        why this person may not search any more.
    """
    fields = (
        searched.role,
        [str(each) for each in searched.areas],
        [str(each) for each in searched.kinds],
        bytes.fromhex(searched.sought),
        searched.found,
        searched.way_in,
    )
    answer: str = await pool.nowhere.fetchval(
        "SELECT record_search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        searched.staff,
        searched.sequence - 1,
        previous,
        searched.at,
        *fields,
        _link(chain, previous, searched.staff, searched.sequence, searched.at, *fields),
    )
    return answer


def _link(
    chain: ChainKey,
    previous: bytes,
    staff: str,
    sequence: int,
    at: datetime,
    role: str,
    areas: Sequence[str],
    kinds: Sequence[str],
    sought: bytes,
    found: int,
    way_in: str,
) -> bytes:
    """The link of one entry, over the link before and all that is stored of the entry."""
    of_it = (role, ",".join(areas), ",".join(kinds), sought, found, way_in)
    return chain.link(previous, "search log", staff, sequence, at, *of_it)


async def by_staff(pool: Pool, staff_id: str | None, limit: int) -> list[Searched]:
    """The searches of a person, or of everybody, in the areas of the pool, the newest first."""
    rows = await pool.fetch(
        "SELECT * FROM search_log WHERE $1::text IS NULL OR staff = $1"
        " ORDER BY at DESC, staff, sequence DESC LIMIT $2",
        staff_id,
        limit,
    )
    return [_searched(row) for row in rows]


async def heads(pool: Pool | Connection) -> dict[str, tuple[int, str]]:
    """Where the log of each person's searches stands: its length and its last link, in hexadecimal, by the name by
    which anchors name it."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (staff) staff, sequence, hash FROM search_log ORDER BY staff, sequence DESC"
    )
    return {row["staff"] + SUFFIX: (row["sequence"], row["hash"].hex()) for row in rows}


async def lost_since(pool: Pool | Connection, anchored: Mapping[str, tuple[int, str]]) -> list[str]:
    """The logs of searches that do not hold any more what they held when they were anchored, by the names of
    anchors."""
    names = sorted(name for name in anchored if name.endswith(SUFFIX))
    rows = await pool.fetch(
        "SELECT was.staff FROM unnest($1::text[], $2::bigint[], $3::text[]) AS was (staff, sequence, head)"
        " LEFT JOIN search_log s ON s.staff = was.staff AND s.sequence = was.sequence"
        " WHERE s.hash IS DISTINCT FROM decode(was.head, 'hex') ORDER BY 1",
        [name.removesuffix(SUFFIX) for name in names],
        [anchored[name][0] for name in names],
        [anchored[name][1] for name in names],
    )
    return [row["staff"] + SUFFIX for row in rows]


async def breaks(
    pool: Pool | Connection, chain: ChainKey, anchored: Mapping[str, tuple[int, str]]
) -> dict[str, LookBreak]:
    """The first entry of each person's searches that is not as it was recorded, by their id.

    Args:
        anchored: by the names of anchors, how many there were at the last, and the link of the last.
    """
    rows = await pool.fetch("SELECT * FROM search_log ORDER BY staff, sequence")
    of_each: dict[str, list[asyncpg.Record]] = {
        name.removesuffix(SUFFIX): [] for name in anchored if name.endswith(SUFFIX)
    }
    for row in rows:
        of_each.setdefault(row["staff"], []).append(row)
    found = {}
    for staff, theirs in of_each.items():
        broken = _first_break(chain, staff, theirs, anchored.get(staff + SUFFIX))
        if broken is not None:
            found[staff] = broken
    return found


def _first_break(
    chain: ChainKey, staff: str, rows: Sequence[asyncpg.Record], anchored: tuple[int, str] | None
) -> LookBreak | None:
    previous = b""
    for place, row in enumerate(rows, 1):
        if row["sequence"] != place:
            return LookBreak(place, "It is missing.")
        stored = (row[name] for name in ("at", "role", "areas", "kinds", "sought", "found", "way_in"))
        previous = _link(chain, previous, staff, place, *stored)
        if row["hash"] != previous:
            return LookBreak(place, "It is not as it was recorded.")
    if anchored is not None:
        length, last_link = anchored
        if length > len(rows) or rows[length - 1]["hash"].hex() != last_link:
            return LookBreak(
                min(length, len(rows) + 1), "It does not hold what it held when it was anchored."
            )
    return None


def _searched(row: asyncpg.Record) -> Searched:
    return Searched(
        staff=row["staff"],
        sequence=row["sequence"],
        at=row["at"],
        role=Role(row["role"]),
        areas=tuple(Area(each) for each in row["areas"]),
        kinds=tuple(SearchKind(each) for each in row["kinds"]),
        sought=row["sought"].hex(),
        found=row["found"],
        way_in=WayIn(row["way_in"]),
    )
