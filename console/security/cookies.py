"""The cookie of a session, and a few words on the browser that holds it."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "__Host-session"
"""The prefix has browsers take it from this very host by a safe connection alone, and send it nowhere else."""


def token_of(request: Request) -> str | None:
    """What the browser holds, if it holds anything that may be a token."""
    found = request.cookies.get(COOKIE, "")
    return found if re.fullmatch(r"[\w-]{43}", found, re.ASCII) else None


def give(response: Response, token: str) -> None:
    """Have the browser hold a token, until it is closed."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")


def take_away(response: Response) -> None:
    """Have the browser forget the token, and whatever else it keeps of us."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


SIGN_IN, PROVIDER, INVITATION = "__Host-sign-in", "__Host-provider", "__Host-invitation"
"""What a browser holds between two steps of signing in, each for one way."""


def keep_for(response: Response, name: str, value: str, seconds: int) -> None:
    """Have the browser hold something until the next step."""
    response.set_cookie(name, value, seconds, path="/", secure=True, httponly=True, samesite="lax")


def forget(response: Response, *names: str) -> None:
    """Have the browser forget what it held for a step."""
    for name in names:
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "Mac", "Linux": "Linux"
}  # fmt: skip


def device_of(request: Request) -> str:
    """The browser and the system that somebody uses, in a few words, for the list of their own sessions."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), None)
    return f"{browser} on {system}" if system else browser
