"""Messages: the inboxes of staff, and how far those that leave the house have come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
from pydantic import AwareDatetime

from lifecycle.notifying.sending import Tried
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
        tried_at: when it was last tried.
        sent_id: what the provider calls it, once it was taken.
        uncertain: whether a try was broken off of which nobody will ever know whether it left.
    """

    state: Tried
    began_at: datetime
    tried_at: datetime
    sent_id: str | None
    uncertain: bool


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


async def get(pool: Pool, reference: str, notice_id: str) -> Notice | None:
    """A message; None where there is none of that id."""
    row = await pool.fetchrow(
        f"SELECT {_FIELDS} FROM notice WHERE reference = $1 AND id = $2",  # noqa: S608
        reference,
        notice_id,
    )
    return _notice(row) if row else None


async def outcome(pool: Pool, reference: str, notice_id: str) -> Outcome | None:
    """What became of a message; None while it is on its way."""
    found = await pool.fetchval(
        "SELECT outcome FROM notice WHERE reference = $1 AND id = $2", reference, notice_id
    )
    return Outcome(found) if found is not None else None


async def give_up(pool: Pool, reference: str, notice_id: str, at: datetime) -> None:
    """Say that a message of an erased referral is not wanted; its log takes nothing more."""
    await pool.execute("SELECT give_up_notice($1, $2, $3)", reference, notice_id, at)


async def tries(pool: Pool, reference: str, notice_id: str) -> dict[Channel, Try]:
    """How far a message has come on each channel that was tried."""
    rows = await pool.fetch(
        "SELECT channel, state, began_at, tried_at, sent_id, uncertain FROM notice_try"
        " WHERE reference = $1 AND notice = $2",
        reference,
        notice_id,
    )
    return {
        Channel(row["channel"]): Try(
            Tried(row["state"]), row["began_at"], row["tried_at"], row["sent_id"], row["uncertain"]
        )
        for row in rows
    }


async def begin(
    pool: Pool, reference: str, notice_id: str, channel: Channel, at: datetime, *, sequence: int
) -> bool:
    """Say that a message is about to leave by a channel, if the referral has not changed since it was looked at.

    Begun again without having heard of the try before, it is uncertain whether that one left.

    Args:
        at: when.
        sequence: how many events the referral had when it was looked at.

    Returns:
        Whether it may leave.
    """
    return bool(
        await pool.fetchval(
            "INSERT INTO notice_try (reference, notice, channel, began_at, tried_at, state)"
            " SELECT $1, $2, $3, $4, $4, $5 FROM referral WHERE reference = $1 AND sequence = $6"
            " ON CONFLICT (reference, notice, channel) DO UPDATE"
            " SET tried_at = excluded.tried_at, state = excluded.state,"
            " uncertain = notice_try.uncertain OR notice_try.state = excluded.state"
            " RETURNING TRUE",
            reference,
            notice_id,
            channel,
            at,
            Tried.BEGUN,
            sequence,
        )
    )


async def mark(
    pool: Pool,
    reference: str,
    notice_id: str,
    channel: Channel,
    state: Tried,
    *,
    sent_id: str | None = None,
    uncertain: bool = False,
) -> None:
    """Say how far a message that was begun has come on a channel."""
    await pool.execute(
        "UPDATE notice_try SET state = $4, sent_id = coalesce($5, sent_id), uncertain = uncertain OR $6"
        " WHERE reference = $1 AND notice = $2 AND channel = $3",
        reference,
        notice_id,
        channel,
        state,
        sent_id,
        uncertain,
    )


async def inbox(pool: Pool, staff_id: str, *, unread: bool = True, limit: int = 50) -> list[Letter]:
    """What a member of staff or a partner was told, newest first.

    Args:
        unread: True keeps only what they have not read yet.
        limit: how many at the most.
    """
    rows = await pool.fetch(
        f"SELECT reference, read_at, {_FIELDS} FROM notice JOIN referral USING (reference)"  # noqa: S608
        " WHERE recipient = $1 AND party <> 'participant' AND (NOT $2 OR read_at IS NULL)"
        # What a hold or a safeguarding concern keeps from leaving, a partner does not read here either.
        " AND (party = 'staff' OR NOT (on_hold OR safeguarding))"
        " ORDER BY at DESC, reference, id LIMIT $3",
        staff_id,
        unread,
        limit,
    )
    return [Letter(reference=row["reference"], notice=_notice(row), read_at=row["read_at"]) for row in rows]


async def mark_read(pool: Pool, staff_id: str, messages: Iterable[tuple[str, str]], at: datetime) -> None:
    """Say that a person has read these, each named by its referral and its id."""
    await pool.executemany(
        "UPDATE notice SET read_at = $4"
        " WHERE reference = $1 AND id = $2 AND recipient = $3 AND read_at IS NULL",
        [(reference, notice_id, staff_id, at) for reference, notice_id in messages],
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
