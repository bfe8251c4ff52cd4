"""What a member of staff or a partner was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from casework.listing import Listed, first
from casework.session import Session
from lifecycle.notifying.notices import still_wanted
from messages.notice_facts import facts, template_in_words
from messages.wording import TEMPLATES, Medium, Wording, media
from schemas.areas import Area
from schemas.base import Model
from schemas.notices import About, Category
from schemas.vocabulary import Stage
from stores import notices
from stores.notices import InboxMessage as StoredMessage
from stores.referrals import areas_and_stages, open_points

__all__ = ["MOST_COUNTED", "InboxMessage", "count_unread", "load_wording", "mark_read", "read_inbox"]

MOST_COUNTED = 100
"""Unread messages; whoever has more has them all to read anyway."""

# The kinds that ask somebody to act, or to come, until it is over. A task waits on a list of its own; the rest is news.
_ASKING = frozenset(
    {Category.REMINDER, Category.ESCALATION, Category.SIGN_OFF, Category.SAFEGUARDING, Category.MEETING}
)


class InboxMessage(Model):
    """One message as its reader sees it."""

    reference: str
    id: str
    at: AwareDatetime
    category: Category
    template: str
    about: About
    read_at: AwareDatetime | None
    says: str
    still_open: bool | None
    """Whether what it asks for waits still, by the log; None where it asks for nothing, or that was not looked up."""


def load_wording(own: Path | None, *, console: str | None = None) -> Wording:
    """The wording of messages, to be read once by a process.

    Args:
        own: the folder of a service's own templates; None: those that ship.
        console: the console's base address, to which staff are led; None: they are told what to type.

    Raises:
        BadTemplate: one of the service's own cannot be used.
    """
    return Wording.load(own, console=console)


async def read_inbox(
    session: Session, wording: Wording, *, unread: bool = True, limit: int = 50, looked_up: int | None = None
) -> Listed[InboxMessage]:
    """What the person was told, newest first. It counts as read only when :func:`mark_read` says so.

    Args:
        unread: only what they have not read yet.
        looked_up: of how many of the latest it is looked up in the logs whether what they ask for waits still; None: of
            all.
    """
    member = session.member
    # Of areas that they left, nothing is shown any more.
    pool = session.referrals.pool
    found = await notices.inbox(pool, member.id, areas=member.areas, unread=unread, limit=limit + 1)
    messages = first(found, limit)
    where = await areas_and_stages(pool, {message.reference for message in messages.items})
    waiting = await _still_open(session, messages.items[:looked_up])
    return Listed(
        items=tuple(
            InboxMessage(
                reference=message.reference,
                id=message.notice.id,
                at=message.notice.at,
                category=message.notice.category,
                template=message.notice.template,
                about=message.notice.about,
                read_at=message.read_at,
                says=_said(session, message, wording, where[message.reference]),
                still_open=waiting.get((message.reference, message.notice.id)),
            )
            for message in messages.items
        ),
        more=messages.more,
    )


async def count_unread(session: Session) -> int:
    """How many messages the person has not read; of very many, as many as are counted."""
    member = session.member
    return await notices.count_unread(session.referrals.pool, member.id, member.areas, at_most=MOST_COUNTED)


async def mark_read(session: Session, messages: Iterable[InboxMessage]) -> None:
    """Say that the person has read these. To be called after they were shown: what nobody could see is not read."""
    shown = [(each.reference, each.id) for each in messages]
    await notices.mark_read(session.referrals.pool, session.member.id, shown, datetime.now(UTC))


async def _still_open(
    session: Session, messages: Iterable[StoredMessage]
) -> Mapping[tuple[str, str], bool | None]:
    """Of each message, by reference and id, whether what it asks for waits still; None where it asks for nothing."""
    about = {message.reference for message in messages if message.notice.category in _ASKING}
    referrals = session.referrals
    states = await referrals.states.of(referrals.pool, about)
    points = await open_points(referrals.pool, about) if about else {}
    return {
        (message.reference, message.notice.id): still_wanted(
            states[message.reference], message.notice, points.get(message.reference, {})
        )
        if message.notice.category in _ASKING
        else None
        for message in messages
    }


def _said(session: Session, message: StoredMessage, wording: Wording, where: tuple[Area, Stage]) -> str:
    notice, (area, stage) = message.notice, where
    if notice.template not in TEMPLATES or Medium.INBOX not in media(notice.template):
        # A policy of one's own may tell staff by words that are for others, or that are no more.
        return f"{message.reference}: {template_in_words(notice.template)}."
    policy = session.referrals.policies.of(area)
    known = facts(message.reference, notice, policy, area=area, stage=stage)
    return wording.render(notice.template, Medium.INBOX, known, welsh=policy.welsh).body
