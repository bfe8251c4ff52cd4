"""The event log: append-only, chained within a referral; marked fields are sealed with the referral's key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lifecycle import Refused
from schemas.events import EVENT, Recorded
from schemas.notices import Notice
from schemas.privacy import anything_marked, join, reseal, split, without_sensitive
from schemas.referral import Deadline, Referral
from schemas.steps import Request
from stores.database import Connection, Pool
from stores.keys.referral_keys import DataKey, KeyErased, KeyStore, KeyUnknown
from stores.logs.chain import ChainKey
from stores.logs.claims import advanced_in, named_in, not_as_claimed
from stores.notices import notice_rows
from stores.referrals import deadline_rows, referral_row

# One encoder for all: json.dumps would make one for each event.
_as_json = json.JSONEncoder(separators=(",", ":")).encode


class StepForged(Exception):
    """PostgreSQL refused a step that does not follow from its events and the log. Nothing was written."""

    def __init__(self, reference: str, what: str) -> None:
        super().__init__(f"A step of {reference} does not fit its log: {what}.")
        self.what = what


class Answer(StrEnum):
    """The answer to recording a step. Only RECORDED wrote anything."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    """The command is already in the log."""
    BEHIND = "behind"
    """The log is not at the state that the step was decided on."""
    EARLY = "early"
    """The step is dated before the last event."""


@dataclass(frozen=True)
class Written:
    """The answer to recording a step and, if recorded, the link of its last event."""

    answer: Answer
    head: bytes = b""


class Stored(NamedTuple):
    """An event as it is stored: what may be read, what is sealed, and its link."""

    body: str
    sealed: bytes | None
    link: bytes


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
    found_by: str,
    authors: Collection[str] = (),
) -> Written:
    """Write one step and its read models in one transaction.

    Args:
        key: of the referral.
        chain: makes the links.
        request: who asked for what.
        events: the step's, from the sequence after `before` on.
        before: the number of events before the step, and the link of the last.
        referral: its state after them.
        deadlines: the open ones after them.
        notices: the messages that the step calls for.
        facts: its changes to the coarse facts; see `stores.facts.as_arguments`.
        found_by: its changes to the blind index; see `stores.blind_index.as_argument`.
        authors: of what the step signs off.

    Raises:
        Refused: the actor or somebody named in the command is not as claimed, or the clocks differ.
        StepForged: the step does not follow from its events and the log: a bug or an attack.
    """
    after, head = before
    stored = sealed_and_linked(key, chain, head, events)
    answer: str = await pool.nowhere.fetchval(
        "SELECT record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        referral.reference,
        after,
        before[1],
        request.command_id,
        events[0].at,
        request.actor.id,
        request.actor.role,
        named_in(request),
        advanced_in(request),
        list(authors),
        [recorded.event.kind for recorded in events],
        [each.body for each in stored],
        [each.sealed for each in stored],
        [each.link for each in stored],
        json.dumps(referral_row(referral, deadlines)),
        json.dumps(deadline_rows(deadlines)),
        json.dumps(notice_rows(notices)),
        *facts,
        found_by,
    )
    match answer:
        case "recorded" | "repeated" | "behind" | "early":
            return Written(Answer(answer), stored[-1].link)
        case "erased":
            raise Refused("erased", "The personal data of this referral were erased; open a new one.")
        case "late":
            raise Refused("clock", "Temporal's clock is ahead of PostgreSQL's: correct both.")
    code, colon, who = answer.partition(":")
    if colon:
        raise not_as_claimed(code, who, request)
    raise StepForged(referral.reference, answer)


def sealed_and_linked(key: DataKey, chain: ChainKey, head: bytes, events: Sequence[Recorded]) -> list[Stored]:
    """Events as they are stored, in order.

    Args:
        key: of their referral.
        head: the link of the event before the first; empty where there is none.
    """
    stored = []
    for recorded in events:
        body, sealed = _seal(key, recorded)
        head = link_of(chain, head, key.reference, recorded, body, sealed)
        stored.append(Stored(body, sealed, head))
    return stored


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


def _seal(key: DataKey, recorded: Recorded) -> tuple[str, bytes | None]:
    if not anything_marked(type(recorded.event)):
        return recorded.event.model_dump_json(), None
    public, sealed = split(recorded.event)
    body = _as_json(public)
    if not sealed:
        return body, None
    return body, key.seal(json.dumps(sealed).encode(), _place(key.reference, recorded.sequence))


def sealed_as_today(
    reference: str, sequence: int, body: str, sealed: bytes | None, key: DataKey | None
) -> tuple[str, bytes | None]:
    """An older event as stored, with the fields sealed that are sealed today, otherwise unchanged.

    Args:
        key: of the referral; None where it was destroyed: then fields that would be sealed today are dropped.
    """
    place = _place(reference, sequence)
    opened = json.loads(key.open(sealed, place)) if key is not None and sealed is not None else {}
    before = json.loads(body)
    whole = join(before, opened)
    public, private = reseal(EVENT.validate_python(whole), whole)
    said = body if public == before else _as_json(public)
    if key is None or private == opened:
        # Without the key it stays unreadable; and what is already sealed correctly is not sealed again.
        return said, sealed
    return said, key.seal(json.dumps(private).encode(), place)


def _place(reference: str, sequence: int) -> bytes:
    # A sealed field opens only in its own event.
    return f"{reference}/{sequence}".encode()


async def read(
    pool: Pool | Connection, reference: str, *, after: int = 0, key: DataKey | None = None
) -> list[Recorded]:
    """The events of a referral in order, after a sequence.

    Args:
        key: opens sealed fields; without it they are absent.
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
    return await _read_many(pool, references, {})


async def _read_many(
    pool: Pool | Connection,
    references: Collection[str],
    keys: Mapping[str, DataKey],
) -> dict[str, list[Recorded]]:
    rows = await pool.fetch(
        "SELECT reference, sequence, step, at, actor, role, command_id, body, sealed FROM event"
        " WHERE reference = ANY($1) ORDER BY reference, sequence",
        list(references),
    )
    found: dict[str, list[Recorded]] = {}
    for row in rows:
        reference = row["reference"]
        found.setdefault(reference, []).append(_recorded(row, reference, keys.get(reference)))
    return found


async def history(
    pool: Pool | Connection, keys: KeyStore, reference: str, *, after: int = 0
) -> list[Recorded]:
    """The events of a referral in order, after a sequence, decrypted but without identifying fields.

    Of an erased referral, what the erasure left.

    Raises:
        KeyUnknown: the referral's key is missing though it was not erased.
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


async def histories(
    pool: Pool | Connection, keys: KeyStore, references: Collection[str]
) -> dict[str, list[Recorded]]:
    """The same of many referrals, asked for at once. What no key opens is absent, as of an erased referral."""
    found = await _read_many(pool, references, await keys.get_all(references))
    return {reference: [without_sensitive(each) for each in history] for reference, history in found.items()}


def recorded_without_key(row: asyncpg.Record) -> Recorded:
    """The event of a row of the log. What is sealed is absent."""
    return _recorded(row, row["reference"], None)


def opened_part(key: DataKey, reference: str, sequence: int, sealed: bytes | None) -> dict[str, Any]:
    """The sealed part of an event, opened with its referral's key; empty where nothing is sealed."""
    opened: dict[str, Any] = json.loads(key.open(sealed, _place(reference, sequence))) if sealed else {}
    return opened


def _recorded(row: asyncpg.Record, reference: str, key: DataKey | None) -> Recorded:
    body: dict[str, Any] = json.loads(row["body"])
    if key is not None:
        body = join(body, opened_part(key, reference, row["sequence"], row["sealed"]))
    # The event is read as a part of the whole: a reader of its own would have to be made besides.
    return Recorded.model_validate(
        {
            "sequence": row["sequence"],
            "step": row["step"],
            "at": row["at"],
            "actor": row["actor"],
            "role": row["role"],
            "command_id": row["command_id"],
            "event": body,
        }
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
    """How many events a referral has; 0 where there is no such referral."""
    found: int | None = await pool.fetchval("SELECT sequence FROM referral WHERE reference = $1", reference)
    return found or 0


async def last_at(pool: Pool, reference: str) -> datetime:
    """When the last event of a referral was recorded, UTC."""
    last: datetime = await pool.fetchval("SELECT max(at) FROM event WHERE reference = $1", reference)
    return last


async def knows(pool: Pool, reference: str, command_id: UUID) -> bool:
    """Whether a command is in the log."""
    return bool(
        await pool.fetchval(
            "SELECT EXISTS (SELECT FROM event WHERE reference = $1 AND command_id = $2 AND sequence = step)",
            reference,
            command_id,
        )
    )


async def took(pool: Pool, reference: str, command_id: UUID, staff_id: str) -> bool:
    """Whether a command is in the log as that person's."""
    return bool(
        await pool.fetchval(
            "SELECT EXISTS (SELECT FROM event WHERE reference = $1 AND command_id = $2 AND sequence = step"
            " AND actor = $3)",
            reference,
            command_id,
            staff_id,
        )
    )


async def commands_of(pool: Pool, references: Sequence[str]) -> dict[str, frozenset[UUID]]:
    """The ids of the recorded commands of each of these referrals that has any."""
    rows = await pool.fetch(
        "SELECT reference, array_agg(command_id) AS commands FROM event"
        " WHERE reference = ANY($1) AND sequence = step GROUP BY reference",
        references,
    )
    return {row["reference"]: frozenset(row["commands"]) for row in rows}
