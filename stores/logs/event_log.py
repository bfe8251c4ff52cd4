"""The event log: append-only, chained within a referral; all but figures sealed with the referral's key."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg

from lifecycle import Refused
from schemas.events import EVENT, Recorded
from schemas.notices import Notice
from schemas.people import Role
from schemas.privacy import join, reseal, split, without_sensitive
from schemas.referral import Deadline, Referral
from schemas.steps import Request
from stores.database import Connection, Pool
from stores.keys.referral_keys import DataKey, KeyErased, KeyStore, KeyUnknown
from stores.logs.chain import ChainKey
from stores.notices import notice_rows
from stores.referrals import deadline_rows, referral_row

_PROBLEMS = {
    "staff_unknown": "is not in the staff register",
    "staff_inactive": "is no longer active",
    "staff_other_role": "does not have the role that was claimed",
    "staff_other_area": "does not work in this referral's area",
    "staff_not_advanced": "is not an advanced practitioner in the staff register",
    "staff_made_by_author": "was given the role within a day by who made what is to be signed off",
}


class StepForged(Exception):
    """PostgreSQL refused a step that says what its events and the log do not lead to. Nothing was written."""

    def __init__(self, reference: str, what: str) -> None:
        super().__init__(f"A step of {reference} does not fit its log: {what}.")
        self.what = what


class Answer(StrEnum):
    """What became of a step that was to be recorded. Only the first wrote anything."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """This command stands in the log already."""
    BEHIND = "behind"
    """The log stands elsewhere than the state that was decided on."""
    EARLY = "early"
    """The step is dated before the last event."""


@dataclass(frozen=True)
class Written:
    """What became of a step, and the link of the last event where it was recorded."""

    answer: Answer
    head: bytes = b""


async def record(
    pool: Pool,
    key: DataKey,
    chain: ChainKey,
    request: Request,
    events: Sequence[Recorded],
    before: tuple[int, bytes],
    referral: Referral,
    deadlines: Sequence[Deadline],
    notices: Sequence[Notice],
    facts: tuple[str, list[str]],
    authors: Collection[str] = (),
) -> Written:
    """Write one step with what is read from it, in one transaction.

    Args:
        key: of the referral.
        chain: makes the links.
        request: who asked for what.
        events: what happened, from the sequence after `before` on.
        before: how many events the referral is known to have, and the link of the last.
        referral: its state after them.
        deadlines: what is open after them.
        notices: the messages that the step leads to.
        facts: what it changes of the coarse facts; see `stores.facts.as_arguments`.
        authors: of what the step signs off.

    Raises:
        Refused: the actor, or somebody whom the command names, is not as claimed, or the clocks are apart.
        StepForged: the step says what its events and the log do not lead to: a fault, or somebody's attempt.
    """
    after, head = before
    halves = [_seal(key, recorded) for recorded in events]
    links = []
    for recorded, (body, sealed) in zip(events, halves, strict=True):
        head = link_of(chain, head, referral.reference, recorded, body, sealed)
        links.append(head)
    answer: str = await pool.nowhere.fetchval(
        "SELECT record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        referral.reference,
        after,
        before[1],
        request.command_id,
        events[0].at,
        request.actor.id,
        request.actor.role,
        _named(request),
        _advanced(request),
        list(authors),
        [recorded.event.kind for recorded in events],
        [body for body, _ in halves],
        [sealed for _, sealed in halves],
        links,
        json.dumps(referral_row(referral, deadlines)),
        json.dumps(deadline_rows(deadlines)),
        json.dumps(notice_rows(notices)),
        *facts,
    )
    match answer:
        case "recorded" | "repeated" | "behind" | "early":
            return Written(Answer(answer), head)
        case "erased":
            raise Refused("erased", "The personal data of this referral were erased; open a new one.")
        case "late":
            raise Refused("clock", "The clock of Temporal is ahead of that of PostgreSQL: set both right.")
    code, colon, who = answer.partition(":")
    if colon:
        raise Refused(code, f"{who} {_PROBLEMS[code]}.", None if who == request.actor.id else "caseworker")
    raise StepForged(referral.reference, answer)


def link_of(
    chain: ChainKey, previous: bytes, reference: str, recorded: Recorded, body: str, sealed: bytes | None
) -> bytes:
    """The link of one event, over all that is stored of it."""
    return chain.link(
        previous,
        reference,
        recorded.sequence,
        recorded.step,
        recorded.at,
        recorded.event.kind,
        recorded.actor,
        recorded.role,
        recorded.command_id,
        body,
        sealed,
    )


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


def sealed_as_today(
    reference: str, sequence: int, body: str, sealed: bytes | None, key: DataKey | None
) -> tuple[str, bytes | None]:
    """What is stored of an older event, with sealed what is sealed today, and otherwise as it was.

    Args:
        key: of the referral; None where it was destroyed. Then what would be sealed today is gone with it.
    """
    place = _place(reference, sequence)
    opened = json.loads(key.open(sealed, place)) if key is not None and sealed is not None else {}
    before = json.loads(body)
    whole = join(before, opened)
    public, private = reseal(EVENT.validate_python(whole), whole)
    said = body if public == before else json.dumps(public, separators=(",", ":"))
    if key is None or private == opened:
        # Noise it stays where the key is gone; and what was sealed as it is to be need not be sealed again.
        return said, sealed
    return said, key.seal(json.dumps(private).encode(), place)


def _place(reference: str, sequence: int) -> bytes:
    # What is sealed opens only where it was put.
    return f"{reference}/{sequence}".encode()


async def read(
    pool: Pool | Connection, reference: str, *, after: int = 0, key: DataKey | None = None
) -> list[Recorded]:
    """The events of a referral in order, after a sequence.

    Args:
        key: opens what is sealed; without it those fields are absent.
    """
    rows = await pool.fetch(
        "SELECT sequence, step, at, actor, role, command_id, body, sealed FROM event"
        " WHERE reference = $1 AND sequence > $2 ORDER BY sequence",
        reference,
        after,
    )
    return [_recorded(row, reference, key) for row in rows]


async def outlines(pool: Pool | Connection, references: Collection[str]) -> dict[str, list[Recorded]]:
    """The events of many referrals in order, asked for at once. No key is used: what is sealed is absent."""
    rows = await pool.fetch(
        "SELECT reference, sequence, step, at, actor, role, command_id, body, sealed FROM event"
        " WHERE reference = ANY($1) ORDER BY reference, sequence",
        list(references),
    )
    found: dict[str, list[Recorded]] = {}
    for row in rows:
        found.setdefault(row["reference"], []).append(_recorded(row, row["reference"], None))
    return found


async def history(
    pool: Pool | Connection, keys: KeyStore, reference: str, *, after: int = 0
) -> list[Recorded]:
    """The events of a referral in order, after a sequence, as the rules need them: opened, without what identifies.

    Of an erased referral they are what the erasure left.

    Raises:
        KeyUnknown: there is such a referral, and its key is not there though it was not erased.
    """
    key: DataKey | None = None
    lost: KeyUnknown | None = None
    try:
        key = await keys.get(reference)
    except KeyErased:
        pass
    except KeyUnknown as unknown:
        lost = unknown
    found = await read(pool, reference, after=after, key=key)
    if found and lost is not None:
        raise lost
    return [without_sensitive(recorded) for recorded in found]


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


async def head(pool: Pool | Connection, reference: str, sequence: int) -> bytes | None:
    """The link of an event; empty for sequence 0, None where there is no such event."""
    if sequence == 0:
        return b""
    found: bytes | None = await pool.fetchval(
        "SELECT hash FROM event WHERE reference = $1 AND sequence = $2", reference, sequence
    )
    return found


async def length(pool: Pool, reference: str) -> int:
    """How many events a referral has; 0 where there is none of that reference."""
    found: int | None = await pool.fetchval("SELECT sequence FROM referral WHERE reference = $1", reference)
    return found or 0


async def last_at(pool: Pool, reference: str) -> datetime:
    """When the last event of a referral was recorded, UTC."""
    last: datetime = await pool.fetchval("SELECT max(at) FROM event WHERE reference = $1", reference)
    return last


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
