"""The cookie of who is answering: a token under which their answers are kept. It is gone with the last page."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "__Host-page"
"""The prefix has browsers take it from this very host by a safe connection alone. The name tells nothing."""


def token_of(request: Request) -> str | None:
    """What the browser holds, if it may be a token."""
    found = request.cookies.get(COOKIE, "")
    return found if re.fullmatch(r"[\w-]{43}", found, re.ASCII) else None


def give(response: Response, token: str) -> None:
    """Have the browser hold a token, until it is closed. No other site can have it sent."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")


def take_away(response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
