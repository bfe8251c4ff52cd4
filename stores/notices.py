"""Messages: the inboxes of staff, and the state of messages to be sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
from pydantic import AwareDatetime

from lifecycle.notifying.sending import Tried
from schemas.areas import Area
from schemas.base import Model
from schemas.notices import About, Category, Notice, Outcome, Party
from schemas.vocabulary import Channel
from stores.database import Pool

_FIELDS = "id, at, template, category, party, recipient, about, after_closing, outward"


class InboxMessage(Model):
    """A message in somebody's inbox."""

    reference: str
    notice: Notice
    read_at: AwareDatetime | None


class Try(NamedTuple):
    """The attempts to send a message on one channel.

    Attributes:
        began_at: when it was first tried, UTC.
        tried_at: when it was last tried.
        sent_id: the provider's id, once it accepted the message.
        uncertain: whether an attempt was interrupted and it will never be known whether it was sent.
    """

    state: Tried
    began_at: datetime
    tried_at: datetime
    sent_id: str | None
    uncertain: bool


class Waiting(Model):
    """A message that has been pending for long."""

    reference: str
    id: str
    template: str
    party: Party
    at: AwareDatetime
    held_back: bool
    """Whether a hold or a safeguarding concern holds it back; messages to staff are never held back."""
    channel: Channel | None
    state: Tried | None
    """Of the latest attempt; None where there was none."""


class MessageOf(Model):
    """A message of a referral, and what became of it.

    Attributes:
        outcome: None while it is on its way, and for one that is in an inbox only.
        channel: by which it was delivered.
        settled_at: since when it has its outcome.
        tried: the state of the latest attempt to send it; None where there was none.
    """

    notice: Notice
    outcome: Outcome | None
    channel: Channel | None
    settled_at: AwareDatetime | None
    tried: Tried | None
    read_at: AwareDatetime | None


class PendingMessage(NamedTuple):
    """A message that has no outcome yet."""

    reference: str
    id: str


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


async def pending(pool: Pool, reference: str) -> list[Notice]:
    """The messages of a referral that are to be sent and have no outcome yet, oldest first."""
    rows = await pool.fetch(
        f"SELECT {_FIELDS} FROM notice WHERE reference = $1 AND outward AND outcome IS NULL"  # noqa: S608
        " ORDER BY at, id",
        reference,
    )
    return [_notice(row) for row in rows]


async def of_referral(pool: Pool, reference: str, *, limit: int) -> list[MessageOf]:
    """The messages of a referral, the latest first, with what became of each."""
    rows = await pool.fetch(
        f"SELECT {_FIELDS}, outcome, channel, settled_at, read_at,"  # noqa: S608
        " (SELECT state FROM notice_try t WHERE t.reference = n.reference AND t.notice = n.id"
        "  ORDER BY began_at DESC LIMIT 1) AS tried"
        " FROM notice n WHERE reference = $1 ORDER BY at DESC, id DESC LIMIT $2",
        reference,
        limit,
    )
    names = ("outcome", "channel", "settled_at", "tried", "read_at")
    return [MessageOf(notice=_notice(row), **{name: row[name] for name in names}) for row in rows]


async def get(pool: Pool, reference: str, notice_id: str) -> Notice | None:
    """The message with that id; None where there is none."""
    row = await pool.fetchrow(
        f"SELECT {_FIELDS} FROM notice WHERE reference = $1 AND id = $2",  # noqa: S608
        reference,
        notice_id,
    )
    return _notice(row) if row else None


async def outcome(pool: Pool, reference: str, notice_id: str) -> Outcome | None:
    """The outcome of a message; None while it is pending."""
    found = await pool.fetchval(
        "SELECT outcome FROM notice WHERE reference = $1 AND id = $2", reference, notice_id
    )
    return Outcome(found) if found is not None else None


async def give_up(pool: Pool, reference: str, notice_id: str, at: datetime) -> None:
    """Record that a message of an erased referral is not wanted; its log accepts no more events."""
    await pool.execute("SELECT give_up_notice($1, $2, $3)", reference, notice_id, at)


async def tries(pool: Pool, reference: str, notice_id: str) -> dict[Channel, Try]:
    """The attempts on each channel that was tried."""
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
    """Record the start of an attempt on a channel, if the referral has not changed since the decision to send.

    Where the attempt before has no result, it becomes uncertain whether that one was sent.

    Args:
        at: now, UTC.
        sequence: the number of the referral's events at the decision.

    Returns:
        Whether the message may be sent.
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
    """Record the state of a started attempt on a channel."""
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


# What supervisors are told of a referral of another area; it says its reference and nothing else of it.
_OF_OTHER_AREAS = ["transfer_offered", "transfer_withdrawn", "transfer_accepted"]

_IN_INBOX = (
    "notice JOIN referral USING (reference) WHERE recipient = $1 AND party <> 'participant'"
    # What a hold or a safeguarding concern holds back, a partner cannot read here either.
    " AND (party = 'staff' OR NOT (on_hold OR safeguarding))"
    " AND ($2::text[] IS NULL OR area = ANY($2) OR template = ANY($3) OR party = 'agency' AND EXISTS ("
    "  SELECT FROM event e WHERE e.reference = notice.reference AND e.sequence = 1"
    "  AND e.body ->> 'area' = ANY($2)))"
)


async def inbox(
    pool: Pool,
    staff_id: str,
    *,
    areas: Collection[Area] | None = None,
    unread: bool = True,
    limit: int = 50,
) -> list[InboxMessage]:
    """The inbox of a member of staff or a partner, newest first.

    Args:
        areas: only of referrals of these, and what says nothing of one: of an offer to them and of one that they left;
            to a partner, of what was sent to these, wherever it is now. None: of all.
        unread: True keeps only what they have not read yet.
        limit: at most so many.
    """
    rows = await pool.fetch(
        f"SELECT reference, read_at, {_FIELDS}"  # noqa: S608
        f" FROM {_IN_INBOX} AND (NOT $4 OR read_at IS NULL) ORDER BY at DESC, reference, id LIMIT $5",
        staff_id,
        list(areas) if areas is not None else None,
        _OF_OTHER_AREAS,
        unread,
        limit,
    )
    return [
        InboxMessage(reference=row["reference"], notice=_notice(row), read_at=row["read_at"]) for row in rows
    ]


async def count_unread(pool: Pool, staff_id: str, areas: Collection[Area], *, at_most: int) -> int:
    """How many messages in an inbox are not read. For the arguments see :func:`inbox`.

    Args:
        at_most: no more are counted.
    """
    found: int = await pool.fetchval(
        f"SELECT count(*) FROM (SELECT FROM {_IN_INBOX} AND read_at IS NULL LIMIT $4) unread",  # noqa: S608
        staff_id,
        list(areas),
        _OF_OTHER_AREAS,
        at_most,
    )
    return found


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


async def pending_messages(
    pool: Pool, *, before: datetime, among: Collection[str] | None = None
) -> frozenset[PendingMessage]:
    """The messages that were to be sent before an instant and have no outcome.

    Args:
        among: of these referrals only.
    """
    rows = await pool.fetch(
        "SELECT reference, id FROM notice WHERE outward AND outcome IS NULL AND at < $1"
        " AND ($2::text[] IS NULL OR reference = ANY($2))",
        before,
        list(among) if among is not None else None,
    )
    return frozenset(PendingMessage(row["reference"], row["id"]) for row in rows)


async def messages_waiting(pool: Pool, *, before: datetime, limit: int) -> list[Waiting]:
    """The messages that were to be sent before an instant and have no outcome, oldest first."""
    rows = await pool.fetch(
        "SELECT n.reference, n.id, template, party, n.at, tried.channel, tried.state,"
        " party <> 'staff' AND (on_hold OR safeguarding) AS held_back"
        " FROM notice n JOIN referral USING (reference) LEFT JOIN LATERAL ("
        "  SELECT channel, state FROM notice_try t WHERE t.reference = n.reference AND t.notice = n.id"
        "  ORDER BY began_at DESC LIMIT 1) tried ON TRUE"
        " WHERE outward AND outcome IS NULL AND n.at < $1 ORDER BY n.at, n.reference, n.id LIMIT $2",
        before,
        limit,
    )
    return [Waiting.model_validate(dict(row)) for row in rows]
