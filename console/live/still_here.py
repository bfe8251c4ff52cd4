"""How long a session lasts yet, for the warning before it ends, and keeping it from ending."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from console.asked import Asked


async def time_left(asked: Asked) -> Response:
    """Say how long the session lasts yet. To ask does not make it last longer."""
    return _said(*asked.seconds_left(used=False))


async def stay(asked: Asked) -> Response:
    """Say that the person is still there, as every page that they open does."""
    return _said(*asked.seconds_left())


def _said(idle: int, longest: int) -> Response:
    return JSONResponse({"idle": idle, "longest": longest})
