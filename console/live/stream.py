"""The news that a page waits for, as server-sent events.

A page names what it shows, and when it was read. It is told that something changed, and then reads itself again: no
page's content goes this way. Only a page with a form is told what was recorded meanwhile, since it is not read again.
"""

from __future__ import annotations

import json
import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from casework.failures import Refused, failure_of
from casework.live import Followed, follow, happened_since
from casework.signing_in.sessions import find_session
from console.asked import Asked
from runtime.changes import Waiting

HEARTBEAT = 20.0
"""Seconds without news after which a line is sent, so that no proxy ends the connection, and it is looked whether the
session lasts."""

MOST_FOR_ONE = 40
"""Pages of one person in this process that may wait for news at the same time."""

_KIND = "text/event-stream"
_open: Counter[str] = Counter()

log = structlog.stdlib.get_logger(__name__)


async def live(asked: Asked) -> Response:
    """Tell a page of what changes, until it goes away, the session ends, or the console stops."""
    asking = asked.request.query_params
    followed = await follow(asked.session, asking.get("about", ""))
    since = _number(asking.get("since"))
    after = _number(asking.get("after"))
    if after is not None and not followed.tells:
        raise Refused("not_told", "What happened is told of one referral, to who may see it.", "after")
    if _open[followed.staff] >= MOST_FOR_ONE:
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS, "Too many pages are open that refresh by themselves."
        )
    told = _told(asked, followed, since, int(after) if after is not None else None)
    return StreamingResponse(told, media_type=_KIND, headers={"X-Accel-Buffering": "no"})


async def _told(
    asked: Asked, followed: Followed, since: float | None, after: int | None
) -> AsyncIterator[str]:
    _open[followed.staff] += 1
    try:
        with asked.console.changes.awaited(followed.concerned, since) as waiting:
            # Not all at once, where many had to begin again.
            yield f"retry: {1000 + secrets.randbelow(3000)}\n\n"
            async for each in _news(asked, followed, waiting, after):
                yield each
    except Exception as error:
        if failure_of(error) is None:
            log.exception("news were broken off")
        # The browser asks again, and is answered by a page that says why.
    finally:
        _open[followed.staff] -= 1
        if not _open[followed.staff]:
            del _open[followed.staff]


async def _news(asked: Asked, followed: Followed, waiting: Waiting, after: int | None) -> AsyncIterator[str]:
    if after is not None:
        after, said = await _happened(asked, followed, after)
        if said:
            yield said
    while (changes := await waiting.changes(HEARTBEAT)) is not None:
        # That something changed may be said without looking; what was recorded may not.
        if (not changes or after is not None) and not await _lasts(asked):
            yield _event("ended", {})
            return
        if not changes:
            yield ": still here\n\n"
        elif not any(map(followed.shown, changes)):
            yield _event("inbox", {})
        elif after is None:
            yield _event("change", {})
        else:
            after, said = await _happened(asked, followed, after)
            yield said or ": nothing to tell\n\n"


async def _happened(asked: Asked, followed: Followed, after: int) -> tuple[int, str]:
    """How many events a referral has, where more than there were, and what is told of them."""
    found = await happened_since(asked.session, followed.reference or "", after)
    if not found:
        return after, ""
    told = [{"at": each.at.isoformat(), "by": each.by, "says": each.sentence} for each in found]
    return found[-1].sequence, _event("happened", {"steps": told})


async def _lasts(asked: Asked) -> bool:
    """Whether the session lasts, and the person is who they were; if not, the browser asks again and is told why."""
    found = await find_session(asked.referrals, asked.token, used=False)
    return found is not None and found.member == asked.session.member


def _event(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _number(said: str | None) -> float | None:
    if said is None:
        return None
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "since and after are numbers.")
    return number
