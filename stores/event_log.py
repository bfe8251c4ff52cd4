"""The event log: append-only, chained by hash within a referral, what is Sensitive sealed with the referral's key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from lifecycle import Refused
from schemas.events import EVENT, Recorded
from schemas.notices import Notice
from schemas.people import Role
from schemas.privacy import join, split
from schemas.referral import Deadline, Referral
from schemas.steps import Request
from stores.database import Connection, Pool
from stores.keys import DataKey
from stores.notices import notice_rows
from stores.referrals import deadline_rows, referral_row

_PROBLEMS = {
    "staff_unknown": "is not in the staff register",
    "staff_inactive": "is no longer active",
    "staff_other_role": "does not have the role that was claimed",
    "staff_other_area": "does not work in this referral's area",
    "staff_not_advanced": "is not an advanced practitioner in the staff register",
}


@dataclass(frozen=True)
class Break:
    """Where a referral's log is not what was recorded.

    Attributes:
        reference: which referral.
        sequence: the first event that does not fit; after the last, events are missing at the end.
    """

    reference: str
    sequence: int


async def record(
    pool: Pool,
    key: DataKey,
    request: Request,
    events: Sequence[Recorded],
    after: int,
    referral: Referral,
    deadlines: Sequence[Deadline],
    notices: Sequence[Notice],
) -> str:
    """Write one step with what is read from it, in one transaction.

    Args:
        key: of the referral.
        request: who asked for what.
        events: what happened, from the sequence after `after` on.
        after: how many events the referral is known to have.
        referral: its state after them.
        deadlines: what is open after them.
        notices: the messages that the step leads to.

    Returns:
        "recorded"; "repeated" where this command stands in the log already; "behind" where the log has gone on
        since `after`. Only the first wrote anything.

    Raises:
        Refused: the actor, or somebody whom the command names, is not as claimed.
    """
    halves = [_seal(key, recorded) for recorded in events]
    answer: str = await pool.fetchval(
        "SELECT record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        referral.reference,
        after,
        request.command_id,
        events[0].at,
        request.actor.id,
        request.actor.role,
        referral.area,
        _named(request),
        _advanced(request),
        [recorded.event.kind for recorded in events],
        [body for body, _ in halves],
        [sealed for _, sealed in halves],
        json.dumps(referral_row(referral, deadlines)),
        json.dumps(deadline_rows(deadlines)),
        json.dumps(notice_rows(notices)),
    )
    if answer == "erased":
        raise Refused("erased", "The personal data of this referral were erased; open a new one.")
    code, colon, who = answer.partition(":")
    if colon:
        raise Refused(code, f"{who} {_PROBLEMS[code]}.", None if who == request.actor.id else "caseworker")
    return answer


def _named(request: Request) -> list[str]:
    fields = ("caseworker", "facilitator", "co_facilitator")
    named = (getattr(request.command, field, None) for field in fields)
    return [who for who in named if who is not None]


def _advanced(request: Request) -> str | None:
    claimed = getattr(request.command, "advanced_practitioner", False)
    return getattr(request.command, "facilitator", None) if claimed else None


def _seal(key: DataKey, recorded: Recorded) -> tuple[str, bytes | None]:
    public, sealed = split(recorded.event)
    body = json.dumps(public, separators=(",", ":"))
    if not sealed:
        return body, None
    return body, key.seal(json.dumps(sealed).encode(), _place(key.reference, recorded.sequence))


def _place(reference: str, sequence: int) -> bytes:
    # What is sealed opens only where it was put.
    return f"{reference}/{sequence}".encode()


async def read(
    pool: Pool | Connection, reference: str, *, after: int = 0, key: DataKey | None = None
) -> list[Recorded]:
    """The events of a referral in order, after a sequence.

    Args:
        key: opens what is Sensitive; without it those fields are absent.
    """
    rows = await pool.fetch(
        "SELECT sequence, step, at, actor, role, command_id, body, sealed FROM event"
        " WHERE reference = $1 AND sequence > $2 ORDER BY sequence",
        reference,
        after,
    )
    return [_recorded(row, reference, key) for row in rows]


def _recorded(row: asyncpg.Record, reference: str, key: DataKey | None) -> Recorded:
    body: dict[str, Any] = json.loads(row["body"])
    if key is not None and row["sealed"] is not None:
        body = join(body, json.loads(key.open(row["sealed"], _place(reference, row["sequence"]))))
    return Recorded(
        sequence=row["sequence"],
        step=row["step"],
        at=row["at"],
        actor=row["actor"],
        role=Role(row["role"]),
        command_id=row["command_id"],
        event=EVENT.validate_python(body),
    )


async def knows(pool: Pool, reference: str, command_id: UUID) -> bool:
    """Whether a command stands in the log."""
    return bool(
        await pool.fetchval(
            "SELECT EXISTS (SELECT FROM event WHERE reference = $1 AND command_id = $2 AND sequence = step)",
            reference,
            command_id,
        )
    )


async def commands_of(pool: Pool, references: Sequence[str]) -> dict[str, frozenset[UUID]]:
    """The ids of the commands that stand in the log, of each of these referrals that has any."""
    rows = await pool.fetch(
        "SELECT reference, array_agg(command_id) AS commands FROM event"
        " WHERE reference = ANY($1) AND sequence = step GROUP BY reference",
        references,
    )
    return {row["reference"]: frozenset(row["commands"]) for row in rows}


async def verify(
    pool: Pool | Connection, references: Sequence[str]
) -> AsyncIterator[tuple[str, Break | None]]:
    """Check the hash chain of each referral against what is stored; needs no key, and holds after erasure.

    Yields:
        Each reference with where its log is broken, or None.
    """
    for reference in references:
        rows = await pool.fetch(
            "SELECT e.sequence, e.step, e.at, e.kind, e.actor, e.role, e.command_id, e.body, e.sealed, e.hash"
            " FROM event e WHERE reference = $1 ORDER BY sequence",
            reference,
        )
        stands = await pool.fetchrow("SELECT sequence, head FROM referral WHERE reference = $1", reference)
        yield reference, _first_break(reference, rows, stands)


def _first_break(
    reference: str, rows: Sequence[asyncpg.Record], stands: asyncpg.Record | None
) -> Break | None:
    link = b""
    for place, row in enumerate(rows, 1):
        link = chain(link, reference, row)
        if row["sequence"] != place or row["hash"] != link:
            return Break(reference, place)
    if stands is None or stands["sequence"] != len(rows) or stands["head"] != link:
        return Break(reference, len(rows) + 1)
    return None


def chain(link: bytes, reference: str, row: asyncpg.Record) -> bytes:
    """The hash of an event, over all that is stored of it and the hash before; as record_step() computes it."""
    at: datetime = row["at"]
    command_id: UUID = row["command_id"]
    fields = (
        reference,
        row["sequence"],
        row["step"],
        int(at.timestamp()) * 1_000_000 + at.microsecond,
        row["kind"],
        row["actor"],
        row["role"],
        command_id,
        row["body"],
    )
    stored = "\x1f".join(str(field) for field in fields).encode()
    return hashlib.sha256(link + stored + (row["sealed"] or b"")).digest()
