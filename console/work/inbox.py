"""The inbox: what somebody was told, newest first. To look at it is to have read it, as on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from starlette.responses import Response

from casework.inbox import InboxMessage, load_wording, mark_read, read_inbox
from casework.staff import colleagues
from console.asked import Asked
from console.navigation import SUPERVISORS, WORKERS
from schemas.notices import Category

_SHOWN, _SHOWN_OF_ALL = 20, 70
_load_once = cache(load_wording)


class Line(NamedTuple):
    """A message, as the page shows it.

    Attributes:
        before, reference, after: what it says, with the reference in its middle; where it says none, all of it is in
            `before`.
        way: what leads to what it asks for, and its address; None: nothing does.
    """

    message: InboxMessage
    before: str
    reference: str
    after: str
    way: tuple[str, str] | None


async def inbox(asked: Asked) -> Response:
    """Show the inbox, and have what was new in it count as read."""
    settings = asked.console.settings
    # What staff are told to type elsewhere is a link here.
    wording = _load_once(settings.templates, console=settings.console_url or "here")
    most = _SHOWN_OF_ALL if asked.request.query_params.get("show") == "all" else _SHOWN
    found = await read_inbox(asked.session, wording, unread=False, limit=most, looked_up=_SHOWN)
    works = asked.session.member.role in WORKERS
    names = {each.id: each.name or each.id for each in await colleagues(asked.session)} if works else {}
    answer = asked.show(
        "work/inbox.html",
        lines=[_line(asked, each, names) for each in found.items],
        more=found.more,
        all_shown=most == _SHOWN_OF_ALL,
        works=works,
    )
    # A page that is read again by itself may be looked at by nobody.
    if not asked.refreshes:
        await mark_read(asked.session, [each for each in found.items if each.read_at is None])
    return answer


def _line(asked: Asked, message: InboxMessage, names: Mapping[str, str]) -> Line:
    said, who = message.says, message.about.colleague
    if who is not None:
        said = said.replace(who, names.get(who, who), 1)
    before, reference, after = said.partition(message.reference)
    return Line(message, before, reference, after, _way(asked, message))


def _way(asked: Asked, message: InboxMessage) -> tuple[str, str] | None:
    role = asked.session.member.role
    if message.template == "looked_at" and role in SUPERVISORS:
        return "See who looked", f"/referrals/{message.reference}/access-log"
    if message.still_open is not True or role not in WORKERS:
        return None
    if message.category is Category.SIGN_OFF and message.about.subject and role in SUPERVISORS:
        return "Read and decide", f"/team/sign-offs/{message.reference}/{message.about.subject}"
    return "Look", f"/referrals/{message.reference}"
