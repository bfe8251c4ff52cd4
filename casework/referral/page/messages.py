"""The messages of a referral: to whom, about what, and what became of each."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from casework.referral.page.case import Case
from casework.words import when
from casework.words.due import deadline_called
from lifecycle.notifying.notices import held_back
from lifecycle.notifying.tasks import open_tasks
from messages.notice_facts import template_in_words
from schemas.base import Model
from schemas.notices import Notice, Outcome, Party
from schemas.vocabulary import Channel
from stores import notices

MOST = 200
"""Messages that are shown; a referral has more after years only."""

_BECAME = {
    Outcome.DELIVERED: "Delivered",
    Outcome.REFUSED: "Refused by every safe way",
    Outcome.NO_SAFE_CHANNEL: "Not sent: there is no safe way",
    Outcome.NOT_SET_UP: "Not sent: the service is not set up for any safe way",
    Outcome.TOO_LATE: "Not sent: it would have come too late",
    Outcome.WITHHELD: "Withheld: contact was stopped",
    Outcome.NOT_WANTED: "Not sent: no longer needed",
}


class MessageLine(Model):
    """A message.

    Attributes:
        what: it tells, in words.
        about: of what in particular: a day, a deadline; may be empty.
        to: for whom it is, as they are called.
        became: what became of it, or where it is, in words.
        waits: whether it is on its way.
        failed: whether somebody outside was not told by it.
        to_tell: the id of the task to tell them in person, while that is open.
    """

    id: str
    at: AwareDatetime
    party: Party
    what: str
    about: str
    to: str = Field(repr=False)
    became: str
    channel: Channel | None
    settled_at: AwareDatetime | None
    waits: bool
    failed: bool
    to_tell: str | None


class Messages(Model):
    """The messages of a referral, the latest first.

    Attributes:
        outside: to the people of the referral and to who sent it.
        colleagues: to staff.
        more: whether there are older ones that are not shown.
    """

    outside: tuple[MessageLine, ...]
    colleagues: tuple[MessageLine, ...]
    more: bool


async def messages_of(case: Case) -> Messages:
    """The messages of a referral, and what became of each."""
    found = await notices.of_referral(case.session.referrals.pool, case.reference, limit=MOST + 1)
    tasks = {each.id for each in open_tasks(case.referral)}
    lines = [_line(case, each, tasks) for each in found[:MOST]]
    return Messages(
        outside=tuple(each for each in lines if each.party is not Party.STAFF),
        colleagues=tuple(each for each in lines if each.party is Party.STAFF),
        more=len(found) > MOST,
    )


def _line(case: Case, message: notices.MessageOf, tasks: set[str]) -> MessageLine:
    notice = message.notice
    participant = notice.party is Party.PARTICIPANT
    waits = notice.outward and message.outcome is None
    failed = message.outcome is not None and message.outcome is not Outcome.DELIVERED
    return MessageLine(
        id=notice.id,
        at=notice.at,
        party=notice.party,
        what=template_in_words(notice.template),
        about=_about(case, notice),
        to=case.called(notice.to) if participant else case.colleague(notice.to),
        became=_became(case, message),
        channel=message.channel,
        settled_at=message.settled_at,
        waits=waits,
        failed=failed and notice.party is not Party.STAFF and message.outcome is not Outcome.NOT_WANTED,
        to_tell=notice.id if notice.id in tasks else None,
    )


def _about(case: Case, notice: Notice) -> str:
    about = notice.about
    if about.starts_at is not None:
        return when(about.starts_at)
    return deadline_called(about.deadline, case.called) if about.deadline else ""


def _became(case: Case, message: notices.MessageOf) -> str:
    if message.outcome is not None:
        return _BECAME[message.outcome]
    if not message.notice.outward:
        return "Read in their inbox" if message.read_at else "In their inbox"
    if held_back(case.referral, message.notice):
        return "Held back with everything else"
    if message.tried is not None:
        return "On its way"
    return "Leaves in safe hours" if message.notice.party is Party.PARTICIPANT else "On its way"
