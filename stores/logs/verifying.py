"""Verification that everything is as recorded: the links of each log, its anchors and its read models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from lifecycle import deadlines, fold
from schemas.events import EVENT, Recorded
from schemas.people import Role
from stores.database import Connection, Pool
from stores.keys.referral_keys import KeyErased, KeyStore, KeyUnknown
from stores.logs.carrying_over import KEYED
from stores.logs.chain import ChainKey, chain_key
from stores.logs.event_log import history, link_of
from stores.referrals import SEALED_GROUNDS, referral_row

_SHOWN = (
    "area",
    "offered_to",
    "stage",
    "caseworker",
    "facilitator",
    "sensitive",
    "on_hold",
    "safeguarding",
    "justice_stage",
)
_DUE = ("inactive_from", "supervision_due_at", "review_due_at")


@dataclass(frozen=True)
class Break:
    """A place where something is not as recorded.

    Attributes:
        reference: which referral's log.
        sequence: the first event that does not fit; one after the last event where events are missing at the end; None
            where the log itself is as recorded.
        said: what is wrong, in one sentence.
    """

    reference: str
    sequence: int | None
    said: str


async def verify(
    pool: Pool,
    keys: KeyStore,
    references: Sequence[str],
    anchored: Mapping[str, tuple[int, str]],
) -> AsyncIterator[tuple[str, Break | None]]:
    """Check the logs of these referrals; holds after erasure.

    Args:
        keys: the referrals', since read models depend on sealed fields, and the key of the links.
        anchored: the heads by the anchors; see `stores.logs.anchors.fold`.

    Yields:
        Each reference with the first thing that is wrong, or None.
    """
    chain = await chain_key(keys)
    for reference in references:
        # Of one moment: a step that is recorded meanwhile would look like a difference.
        async with pool.snapshot() as connection:
            yield reference, await first_break(connection, keys, chain, reference, anchored.get(reference))


async def orphans(pool: Pool) -> list[Break]:
    """The logs whose referral is missing."""
    rows = await pool.fetch(
        "SELECT DISTINCT reference FROM event e"
        " WHERE NOT EXISTS (SELECT FROM referral r WHERE r.reference = e.reference) ORDER BY 1"
    )
    return [Break(row["reference"], 1, "There are events of it, but no such referral.") for row in rows]


def gone(references: Sequence[str], anchored: Mapping[str, tuple[int, str]]) -> list[Break]:
    """The referrals that were anchored and are gone."""
    here = set(references)
    return [
        Break(name, 1, "It was there when it was anchored, and is gone.")
        for name in anchored
        if name.startswith("RJ-") and "#" not in name and name not in here
    ]


async def first_break(
    connection: Connection,
    keys: KeyStore,
    chain: ChainKey,
    reference: str,
    anchored: tuple[int, str] | None = None,
) -> Break | None:
    """The first thing about a referral's log that is not as it was recorded, or None.

    Args:
        anchored: its number of events and its head, in hexadecimal, at the last anchor.
    """
    rows = await connection.fetch(
        "SELECT sequence, step, at, kind, actor, role, command_id, body, sealed, hash, chain FROM event"
        " WHERE reference = $1 ORDER BY sequence",
        reference,
    )
    stands = await connection.fetchrow("SELECT * FROM referral WHERE reference = $1", reference)
    link = b""
    for place, row in enumerate(rows, 1):
        try:
            recorded = _recorded(row)
        except ValueError:
            return Break(reference, place, "Its body cannot be read.")
        link = link_of(chain, link, reference, recorded, row["body"], row["sealed"])
        if row["sequence"] != place or row["hash"] != link or row["kind"] != recorded.event.kind:
            return Break(reference, place, _why(row))
    if anchored is not None:
        length, head = anchored
        if length > len(rows) or rows[length - 1]["hash"].hex() != head:
            at = min(length, len(rows) + 1)
            return Break(reference, at, "It does not hold what it held when it was anchored.")
    if stands is None or stands["sequence"] != len(rows) or stands["head"] != link:
        return Break(reference, len(rows) + 1, "Events are missing at its end, or were added.")
    return await _read_model(connection, keys, reference, stands)


def _why(row: asyncpg.Record) -> str:
    if row["chain"] < KEYED:
        return "It was not as recorded when older logs were carried over."
    return "It is not as it was recorded."


def _recorded(row: asyncpg.Record) -> Recorded:
    return Recorded(
        sequence=row["sequence"],
        step=row["step"],
        at=row["at"],
        actor=row["actor"],
        role=Role(row["role"]),
        command_id=row["command_id"],
        event=EVENT.validate_json(row["body"]),
    )


async def _read_model(
    connection: Connection, keys: KeyStore, reference: str, stands: asyncpg.Record
) -> Break | None:
    """The first difference between the read model and the log, if any."""
    unknown: Collection[str] = ()
    try:
        await keys.get(reference)
    except KeyErased:
        unknown = SEALED_GROUNDS
    except KeyUnknown:
        return Break(reference, None, "Its key is not there, though it was not erased.")
    referral = fold(await history(connection, keys, reference))
    open_now = deadlines(referral)
    wanted = referral_row(referral, open_now)
    for name in _SHOWN:
        if name not in unknown and stands[name] != wanted[name]:
            return Break(
                reference, None, f"Lists show another {name.replace('_', ' ')} than its log leads to."
            )
    # What was there before a worklist looked for it may tell of more than there is, until the next step.
    if not all(wanted[name] <= stands[name] for name in ("unchecked_draft", "unanswered_complaint")):
        return Break(reference, None, "Worklists lack something that its log leads to.")
    if not set(wanted["facilitators"]) <= set(stands["facilitators"]):
        return Break(reference, None, "Worklists lack a facilitator whom its log leads to.")
    rows = await connection.fetch("SELECT key, due_at FROM deadline WHERE reference = $1", reference)
    same = all((stands[name].isoformat() if stands[name] else None) == wanted[name] for name in _DUE)
    if not same or {row["key"]: row["due_at"] for row in rows} != {
        each.key: each.due_at for each in open_now
    }:
        return Break(reference, None, "Lists show other deadlines than its log leads to.")
    waits = [] if referral.closed else wanted["escalations"]
    rows = await connection.fetch(
        "SELECT deadline, point, rung FROM escalation WHERE reference = $1 ORDER BY number", reference
    )
    if [tuple(row) for row in rows] != [(each["deadline"], each["point"], each["rung"]) for each in waits]:
        return Break(reference, None, "Lists show other escalations than its log leads to.")
    waits = [] if referral.closed else wanted["sign_offs"]
    rows = await connection.fetch(
        "SELECT subject, activity FROM sign_off_request WHERE reference = $1 ORDER BY number", reference
    )
    if [tuple(row) for row in rows] != [(each["subject"], each.get("activity")) for each in waits]:
        return Break(reference, None, "Lists show other requests for a sign-off than its log leads to.")
    return None
