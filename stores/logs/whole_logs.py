"""Writing whole logs at once, each with its read models, messages and facts: for histories that were not lived here.

Only the owner of the database can: the application adds to the log through record_step() alone, one step at a time.
What is written is what record_step() would have written, with the same links under the same keys, so that `rj verify`
and the anchors cover it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from lifecycle.coarse_facts import CoarseFact
from lifecycle.notifying.sending import Tried
from lifecycle.people.search_terms import found_by
from schemas.events import Recorded, TransferAccepted
from schemas.notices import Notice, Outcome
from schemas.referral import Deadline, Referral
from schemas.vocabulary import Channel
from stores.blind_index import IndexKey, index_key
from stores.database import Connection
from stores.facts import FactKey, fact_key
from stores.keys.referral_keys import DataKey, KeyStore
from stores.logs.carrying_over import KEYED
from stores.logs.chain import ChainKey, chain_key
from stores.logs.event_log import sealed_and_linked
from stores.referrals import deadline_rows, referral_row

_EVENT = (
    "reference",
    "sequence",
    "step",
    "at",
    "kind",
    "actor",
    "role",
    "command_id",
    "body",
    "sealed",
    "hash",
)
_NOTICE = (
    "reference",
    "id",
    "at",
    "template",
    "category",
    "party",
    "recipient",
    "about",
    "after_closing",
    "outward",
)
_BECAME = ("outcome", "channel", "settled_at", "read_at")
_TRY = ("reference", "notice", "channel", "began_at", "tried_at", "state")


class KeptNotice(NamedTuple):
    """A message and what became of it.

    Attributes:
        settled_at: when it came to its end, UTC; None while it is pending, and for one that stays in an inbox.
        read_at: when whoever has it in their inbox read it, UTC.
    """

    notice: Notice
    outcome: Outcome | None
    channel: Channel | None
    settled_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True)
class WholeLog:
    """One referral with everything that is stored of it.

    Attributes:
        events: its log, from the first event on.
        referral: the state after them.
        deadlines: those that are open then.
    """

    events: Sequence[Recorded]
    referral: Referral
    deadlines: Sequence[Deadline]
    notices: Sequence[KeptNotice]
    facts: Sequence[CoarseFact]


async def write(owner: Connection, keys: KeyStore, logs: Sequence[WholeLog]) -> None:
    """Write these logs in one transaction: all or none. Open referrals are noted as ones whose workflow must be told.

    Args:
        owner: a connection as the owner of the database.
        keys: makes each referral's own key.

    Raises:
        asyncpg.UniqueViolationError: there is such a referral already.
    """
    chain, facts, index = await chain_key(keys), await fact_key(keys), await index_key(keys)
    data_keys = await keys.create_all([log.referral.reference for log in logs])
    events: list[tuple[object, ...]] = []
    referrals: list[dict[str, Any]] = []
    for log in logs:
        rows, head = _events(log, data_keys[log.referral.reference], chain)
        events += rows
        row = referral_row(log.referral, log.deadlines)
        referrals.append(row | {"sequence": log.referral.sequence, "head": f"\\x{head.hex()}"})
    async with owner.transaction():
        await owner.execute(
            "INSERT INTO referral SELECT * FROM jsonb_populate_recordset(NULL::referral, $1)",
            json.dumps(referrals),
        )
        await owner.copy_records_to_table("event", records=events, columns=(*_EVENT, "chain"))
        await owner.execute(
            "INSERT INTO deadline (reference, key, due_at, points) SELECT new.* FROM"
            " jsonb_to_recordset($1) AS new (reference text, key text, due_at timestamptz, points jsonb)",
            json.dumps(
                [{"reference": each.referral.reference, **row} for each in logs for row in _due(each)]
            ),
        )
        kept = [row for log in logs for row in _notices(log)]
        await owner.copy_records_to_table("notice", records=kept, columns=(*_NOTICE, *_BECAME))
        tried = [row for log in logs for row in _tries(log)]
        await owner.copy_records_to_table("notice_try", records=tried, columns=_TRY)
        counted = [row for log in logs for row in _facts(log, facts)]
        await owner.copy_records_to_table(
            "fact", records=counted, columns=("id", "area", "month", "name", "value")
        )
        found = [row for log in logs for row in _tokens(log, index)]
        await owner.copy_records_to_table(
            "blind_index", records=found, columns=("reference", "participant", "tokens")
        )
        await owner.executemany(
            "INSERT INTO catching_up (reference) VALUES ($1) ON CONFLICT DO NOTHING",
            [(log.referral.reference,) for log in logs if not log.referral.closed],
        )


def _events(log: WholeLog, key: DataKey, chain: ChainKey) -> tuple[list[tuple[object, ...]], bytes]:
    """The rows of its events, and the link of the last."""
    stored = sealed_and_linked(key, chain, b"", log.events)
    rows: list[tuple[object, ...]] = [
        (
            log.referral.reference,
            recorded.sequence,
            recorded.step,
            recorded.at,
            recorded.event.kind,
            recorded.actor,
            recorded.role,
            recorded.command_id,
            *each,
            KEYED,
        )
        for recorded, each in zip(log.events, stored, strict=True)
    ]
    return rows, stored[-1].link


def _due(log: WholeLog) -> list[dict[str, Any]]:
    return deadline_rows(log.deadlines)


def _notices(log: WholeLog) -> Iterator[tuple[object, ...]]:
    for notice, outcome, channel, settled_at, read_at in log.notices:
        yield (
            log.referral.reference,
            notice.id,
            notice.at,
            notice.template,
            notice.category,
            notice.party,
            notice.to,
            notice.about.model_dump_json(exclude_defaults=True),
            notice.after_closing,
            notice.outward,
            outcome,
            channel,
            settled_at,
            read_at,
        )


def _tries(log: WholeLog) -> Iterator[tuple[object, ...]]:
    for each in log.notices:
        if each.channel is not None:
            yield (
                log.referral.reference,
                each.notice.id,
                each.channel,
                each.settled_at,
                each.settled_at,
                Tried.SENT,
            )


def _tokens(log: WholeLog, key: IndexKey) -> Iterator[tuple[object, ...]]:
    for who, terms in found_by(log.events).items():
        yield log.referral.reference, who, key.tokens(terms)


def _facts(log: WholeLog, key: FactKey) -> Iterator[tuple[object, ...]]:
    reference = log.referral.reference
    moves = [
        (each.sequence, each.event.left) for each in log.events if isinstance(each.event, TransferAccepted)
    ]
    for fact in log.facts:
        # As the step that brought it found the referral: a transfer moves no fact.
        area = next((left for at, left in moves if at > fact.sequence), log.referral.area)
        yield bytes.fromhex(key.id(reference, fact)), area, fact.month, fact.name, fact.value
