"""Messages: the inboxes of staff, and how far those that leave the house have come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
from pydantic import AwareDatetime

from lifecycle.sending import Tried
from schemas.base import Model
from schemas.notices import About, Category, Notice, Outcome, Party
from schemas.vocabulary import Channel
from stores.database import Pool

_FIELDS = "id, at, template, category, party, recipient, about, after_closing, outward"


class Letter(Model):
    """A message in somebody's inbox."""

    reference: str
    notice: Notice
    read_at: AwareDatetime | None


class Try(NamedTuple):
    """How far a message has come on one channel.

    Attributes:
        began_at: when it was first tried, UTC.
        sent_id: what the provider calls it, once it was taken.
    """

    state: Tried
    began_at: datetime
    sent_id: str | None


def notice_rows(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """The messages' rows, JSON-ready."""
    return [
        {
            "id": notice.id,
            "template": notice.template,
            "category": notice.category,
            "party": notice.party,
            "recipient": notice.to,
            "about": notice.about.model_dump(mode="json", exclude_defaults=True),
            "after_closing": notice.after_closing,
            "outward": notice.outward,
        }
        for notice in notices
    ]


async def underway(pool: Pool, reference: str) -> list[Notice]:
    """The messages of a referral that are to leave the house and have no outcome yet, oldest first."""
    rows = await pool.fetch(
        f"SELECT {_FIELDS} FROM notice WHERE reference = $1 AND outward AND outcome IS NULL"  # noqa: S608
        " ORDER BY at, id",
        reference,
    )
    return [_notice(row) for row in rows]


async def outcome(pool: Pool, reference: str, notice_id: str) -> Outcome | None:
    """What became of a message; None while it is on its way."""
    found = await pool.fetchval(
        "SELECT outcome FROM notice WHERE reference = $1 AND id = $2", reference, notice_id
    )
    return Outcome(found) if found is not None else None


async def give_up(pool: Pool, reference: str, notice_id: str, at: datetime) -> None:
    """Say that a message of an erased referral is not wanted; its log takes nothing more."""
    await pool.execute(
        "UPDATE notice SET outcome = $3, settled_at = $4"
        " WHERE reference = $1 AND id = $2 AND outcome IS NULL",
        reference,
        notice_id,
        Outcome.NOT_WANTED,
        at,
    )


async def tries(pool: Pool, reference: str, notice_id: str) -> dict[Channel, Try]:
    """How far a message has come on each channel that was tried."""
    rows = await pool.fetch(
        "SELECT channel, state, began_at, sent_id FROM notice_try WHERE reference = $1 AND notice = $2",
        reference,
        notice_id,
    )
    return {
        Channel(row["channel"]): Try(Tried(row["state"]), row["began_at"], row["sent_id"]) for row in rows
    }


async def mark(
    pool: Pool,
    reference: str,
    notice_id: str,
    channel: Channel,
    state: Tried,
    at: datetime,
    sent_id: str | None = None,
) -> None:
    """Say how far a message has come on a channel; `at` counts the first time only."""
    await pool.execute(
        "INSERT INTO notice_try (reference, notice, channel, began_at, state, sent_id)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (reference, notice, channel) DO UPDATE"
        " SET state = excluded.state, sent_id = coalesce(excluded.sent_id, notice_try.sent_id)",
        reference,
        notice_id,
        channel,
        at,
        state,
        sent_id,
    )


async def inbox(pool: Pool, staff_id: str, *, unread: bool = True, limit: int = 50) -> list[Letter]:
    """What a member of staff or a partner was told, newest first.

    Args:
        unread: True keeps only what they have not read yet.
        limit: how many at the most.
    """
    rows = await pool.fetch(
        f"SELECT reference, read_at, {_FIELDS} FROM notice"  # noqa: S608
        " WHERE recipient = $1 AND party <> 'participant' AND (NOT $2 OR read_at IS NULL)"
        " ORDER BY at DESC, reference, id LIMIT $3",
        staff_id,
        unread,
        limit,
    )
    return [Letter(reference=row["reference"], notice=_notice(row), read_at=row["read_at"]) for row in rows]


async def mark_read(pool: Pool, staff_id: str, letters: Iterable[Letter], at: datetime) -> None:
    """Say that a person has read these."""
    await pool.executemany(
        "UPDATE notice SET read_at = $4"
        " WHERE reference = $1 AND id = $2 AND recipient = $3 AND read_at IS NULL",
        [(each.reference, each.notice.id, staff_id, at) for each in letters],
    )


def _notice(row: asyncpg.Record) -> Notice:
    return Notice(
        id=row["id"],
        template=row["template"],
        category=Category(row["category"]),
        party=Party(row["party"]),
        to=row["recipient"],
        about=About.model_validate(json.loads(row["about"])),
        after_closing=row["after_closing"],
        outward=row["outward"],
        at=row["at"],
    )
