"""Chromium, started for the tests, the screenshots and the benchmark of the console."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright._impl._api_structures import SetCookieParam
from playwright.async_api import Browser, BrowserContext, async_playwright

from console.security.cookies import COOKIE

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
)


def program() -> str | None:
    """The path of the browser on this machine; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window, until the context ends."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        try:
            yield started
        finally:
            await started.close()


async def hold(context: BrowserContext, address: str, token: str) -> None:
    """Have a browser hold the token of a session, as if its person had signed in.

    Args:
        address: the base address of the console.
    """
    # Set as for TLS, or the browser would not take a cookie of that name; it counts this machine as safe and sends it.
    cookie: SetCookieParam = {
        "name": COOKIE,
        "value": token,
        "url": address.replace("http://", "https://"),
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
    }
    await context.add_cookies([cookie])
