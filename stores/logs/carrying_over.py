"""Carrying older logs over: their links were plain hashes, which anybody with the database could recompute.

Before any change each log is verified and its head anchored (stores/logs/anchors.py); then its events get keyed links,
and fields that are sealed today and were not then are sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from lifecycle.coarse_facts import facts_of
from schemas.events import EVENT, Recorded
from schemas.people import Role
from schemas.vocabulary import JusticeStage
from stores.database import Connection
from stores.facts import FactKey, add, fact_key
from stores.keys.referral_keys import DataKey, KeyErased, KeyStore, KeyUnknown
from stores.logs.chain import ChainKey, chain_key
from stores.logs.event_log import history, link_of, sealed_as_today

KEYED = 2
"""The value of `event.chain` for links made with a key."""

log = structlog.stdlib.get_logger(__name__)


async def to_carry_over(connection: Connection) -> list[str]:
    """The referrals that have events with plain links, by reference."""
    rows = await connection.fetch(
        "SELECT DISTINCT reference FROM event WHERE chain < $1 ORDER BY reference", KEYED
    )
    return [row["reference"] for row in rows]


async def carry_over(
    owner: Connection, keys: KeyStore, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Give every event with a plain link a keyed one, one referral at a time. Safe to interrupt and repeat.

    Args:
        owner: a connection as the owner of the log.
        progress: called with the number of referrals done and the total.

    Returns:
        The references left unchanged because they are not as they were recorded.
    """
    references = await to_carry_over(owner)
    chain, facts = await chain_key(keys), await fact_key(keys)
    broken = []
    for done, reference in enumerate(references, 1):
        if not await _carry_one_over(owner, keys, chain, facts, reference):
            broken.append(reference)
            log.error(
                "a log is not as it was recorded and was not carried over",
                alert="log_broken",
                referral=reference,
            )
        if progress is not None:
            progress(done, len(references))
    return broken


async def _carry_one_over(
    owner: Connection, keys: KeyStore, chain: ChainKey, facts: FactKey, reference: str
) -> bool:
    try:
        key: DataKey | None = await keys.get(reference)
    except (KeyErased, KeyUnknown):
        key = None
    async with owner.transaction():
        stands = await owner.fetchrow(
            "SELECT sequence, head, justice_stage FROM referral WHERE reference = $1 FOR UPDATE", reference
        )
        rows = await owner.fetch(
            "SELECT sequence, step, at, kind, actor, role, command_id, body, sealed, hash, chain FROM event"
            " WHERE reference = $1 ORDER BY sequence",
            reference,
        )
        # Steps added since follow the last plain link, and get new links with the rest.
        old = [row for row in rows if row["chain"] < KEYED]
        if not _as_recorded(reference, old) or stands is None or stands["sequence"] != len(rows):
            return False
        link = b""
        for row in rows:
            body, sealed = sealed_as_today(reference, row["sequence"], row["body"], row["sealed"], key)
            recorded = Recorded(
                sequence=row["sequence"],
                step=row["step"],
                at=row["at"],
                actor=row["actor"],
                role=Role(row["role"]),
                command_id=row["command_id"],
                event=EVENT.validate_json(body),
            )
            link = link_of(chain, link, reference, recorded, body, sealed)
            await owner.execute(
                "UPDATE event SET body = $3::text::json, sealed = $4, hash = $5, chain = $6"
                " WHERE reference = $1 AND sequence = $2",
                reference,
                row["sequence"],
                body,
                sealed,
                link,
                KEYED,
            )
        await owner.execute(
            "UPDATE referral SET head = $2, justice_stage = $3 WHERE reference = $1",
            reference,
            link,
            # Lists no longer show whether somebody is in custody.
            JusticeStage(stands["justice_stage"]).coarse,
        )
        if key is not None:
            # Coarse facts, which reports need from fields that are now sealed.
            said = facts_of(await history(owner, keys, reference))
            await add(owner, facts, reference, said)
    return True


def _as_recorded(reference: str, rows: Sequence[asyncpg.Record]) -> bool:
    link = b""
    for place, row in enumerate(rows, 1):
        link = plain_link(link, reference, row)
        if row["sequence"] != place or row["hash"] != link:
            return False
    return True


def plain_link(link: bytes, reference: str, row: asyncpg.Record) -> bytes:
    """The link of an event as record_step() made it before there were keyed ones: a SHA-256 of all joined."""
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
