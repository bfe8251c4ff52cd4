"""The log of the staff register: its changes, by whom, and its verification."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg

from schemas.people import Staff
from stores.database import Connection, Pool
from stores.logs.chain import ChainKey
from stores.register import Entry, Kind, State, link

SYSTEM = "system"
"""The actor of entries that are older than the log and were carried over."""

_ROWS = "SELECT sequence, at, actor, kind, subject, before::text, after::text, hash FROM staff_event ORDER BY sequence"
# These events do not change the person.
_CHANGE_NOBODY = frozenset({Kind.PROPOSED, Kind.DECLINED})


class RegisterBreak(NamedTuple):
    """A place where the register or its log is not as recorded.

    Attributes:
        sequence: the event that does not fit; None where the register differs from its events.
        subject: whose entry it is; None where unknown.
        why: the reason, without a full stop; `said` is the whole sentence.
    """

    sequence: int | None
    subject: str | None
    why: str

    @property
    def said(self) -> str:
        """A sentence."""
        what = "The entry" if self.sequence is None else f"Event {self.sequence}"
        return f"{what} {self.why}."


async def read(pool: Pool, *, of: str | None = None) -> list[Entry]:
    """The events of the register, oldest first.

    Args:
        of: only those about this person.
    """
    rows = await pool.fetch(
        "SELECT sequence, at, actor, kind, subject, before::text, after::text FROM staff_event"
        " WHERE $1::text IS NULL OR subject = $1 ORDER BY sequence",
        of,
    )
    return [_entry(row) for row in rows]


async def proposals(pool: Pool) -> list[Entry]:
    """The proposals that wait for a second service manager, oldest first."""
    rows = await pool.fetch(
        "SELECT sequence, at, actor, kind, subject, before::text, after::text FROM ("
        "  SELECT DISTINCT ON (subject) * FROM staff_event"
        "  WHERE kind IN ('first', 'entered', 'changed', 'proposed', 'confirmed', 'declined')"
        "  ORDER BY subject, sequence DESC"
        " ) latest WHERE kind = 'proposed' ORDER BY sequence"
    )
    return [_entry(row) for row in rows]


async def head(pool: Pool | Connection) -> tuple[int, bytes]:
    """The register's number of events and its latest link, as an anchor states them."""
    row = await pool.fetchrow("SELECT sequence, hash FROM staff_event ORDER BY sequence DESC LIMIT 1")
    return (row["sequence"], row["hash"]) if row else (0, b"")


async def verify(
    pool: Pool | Connection, key: ChainKey, anchored: tuple[int, str] | None = None
) -> list[RegisterBreak]:
    """Check the register's chain, and that each entry follows from its events.

    Args:
        anchored: its number of events and last link, in hexadecimal, at the last anchor. Without it, a cut-off end is
            not found if the register was changed to match.
    """
    rows = await pool.fetch(_ROWS)
    stands = await pool.fetch("SELECT id, staff_state(staff)::text AS state FROM staff ORDER BY id")
    breaks = [*_chain_breaks(rows, key), *_differences(rows, stands)]
    if anchored is not None:
        length, last = anchored
        if len(rows) < length or (length and rows[length - 1]["hash"].hex() != last):
            breaks.append(RegisterBreak(length, None, "is not what was anchored"))
    return breaks


async def carry_over(connection: Connection, key: ChainKey) -> int:
    """Start the log of a register that is older than its log: an event for each entry without one; how many there were.

    For the upgrade, as the database's owner. Safe to run twice.
    """
    async with connection.transaction():
        await connection.execute("LOCK TABLE staff_event IN SHARE ROW EXCLUSIVE MODE")
        rows = await connection.fetch(
            "SELECT id, staff_state(staff)::text AS state FROM staff"
            " WHERE NOT EXISTS (SELECT FROM staff_event WHERE subject = staff.id AND kind <> 'proposed') ORDER BY id"
        )
        sequence, previous = await head(connection)
        at: datetime = await connection.fetchval("SELECT clock_timestamp()")
        for row in rows:
            sequence += 1
            previous = link(
                key, previous, sequence, at, SYSTEM, Kind.CARRIED_OVER, row["id"], None, row["state"]
            )
            await connection.execute(
                "INSERT INTO staff_event VALUES ($1, $2, $3, $4, $5, NULL, $6, $7)",
                *(sequence, at, SYSTEM, str(Kind.CARRIED_OVER), row["id"], row["state"], previous),
            )
    return len(rows)


def _chain_breaks(rows: Sequence[asyncpg.Record], key: ChainKey) -> list[RegisterBreak]:
    """The first event that is not as recorded, if any; no later link can fit after it."""
    previous = b""
    for place, row in enumerate(rows, 1):
        made = link(key, previous, place, row["at"], *row[2:7])
        if row["sequence"] != place:
            return [RegisterBreak(place, None, "is missing")]
        if row["hash"] != made:
            return [RegisterBreak(place, row["subject"], "is not as it was recorded")]
        previous = made
    return []


def _differences(rows: Sequence[asyncpg.Record], stands: Sequence[asyncpg.Record]) -> list[RegisterBreak]:
    """The entries of the register that do not follow from their events."""
    led_to: dict[str, State] = {}
    for row in rows:
        if row["kind"] not in _CHANGE_NOBODY and row["after"] is not None:
            led_to[row["subject"]] = json.loads(row["after"])
    found = {row["id"]: json.loads(row["state"]) for row in stands}
    breaks = []
    for who in sorted(led_to.keys() | found.keys()):
        if who not in found:
            breaks.append(RegisterBreak(None, who, "is gone from the register"))
        elif who not in led_to:
            breaks.append(RegisterBreak(None, who, "is in the register and no event has entered them"))
        elif found[who] != led_to[who]:
            fields = sorted(name for name, value in found[who].items() if led_to[who].get(name) != value)
            breaks.append(
                RegisterBreak(None, who, f"differs from its events: {', '.join(fields) or 'a field'}")
            )
    return breaks


def _entry(row: asyncpg.Record) -> Entry:
    def person(text: str | None) -> Staff | None:
        return Staff.model_validate_json(text) if text else None

    return Entry(
        sequence=row["sequence"],
        at=row["at"].astimezone(UTC),
        actor=row["actor"],
        kind=Kind(row["kind"]),
        subject=row["subject"],
        before=person(row["before"]),
        after=person(row["after"]),
    )
