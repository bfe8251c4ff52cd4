"""How long a session lasts yet, for the warning before it ends, and keeping it from ending."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import JSONResponse, Response

from console.asked import Asked
from schemas.web import IDLE, LONGEST, WebSession


def seconds_left(web: WebSession, now: datetime) -> tuple[int, int]:
    """In how many seconds a session ends where nothing is done, and in how many at the latest."""
    idle, longest = web.seen_at + IDLE - now, web.signed_in_at + LONGEST - now
    return max(0, int(min(idle, longest).total_seconds())), max(0, int(longest.total_seconds()))


async def time_left(asked: Asked) -> Response:
    """Say how long the session lasts yet. To ask does not make it last longer."""
    idle, longest = seconds_left(asked.web, asked.console.now())
    return JSONResponse({"idle": idle, "longest": longest})


async def stay(asked: Asked) -> Response:
    """Say that the person is still there, as every page that they open does."""
    longest = seconds_left(asked.web, asked.console.now())[1]
    return JSONResponse({"idle": min(longest, int(IDLE.total_seconds())), "longest": longest})
