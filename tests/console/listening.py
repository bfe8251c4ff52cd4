"""A console that is served for real, and pages that wait for its news."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from casework.signing_in.sessions import begin_session
from console.asked import Console
from console.security.cookies import COOKIE
from console.serving import console_served, door
from schemas.web import SignedInBy

WITHIN = 15.0
"""Seconds in which an event that is due comes, on a busy machine."""


class Page:
    """A page that waits for news."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.began = asyncio.Event()
        self._came: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()

    async def read(self, answer: httpx.Response) -> None:
        """Read an answer for as long as it goes on."""
        name = ""
        try:
            async for line in answer.aiter_lines():
                self.began.set()
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self._came.put_nowait((name, json.loads(line.removeprefix("data: "))))
        finally:
            self._came.put_nowait(None)

    async def event(self, within: float = WITHIN) -> tuple[str, Any]:
        """The next event: its name and what it says. Fails where the stream ends."""
        async with asyncio.timeout(within):
            found = await self._came.get()
        assert found is not None, "the news have ended"
        return found

    async def soon(self) -> bool:
        """Whether anything comes in a moment."""
        try:
            await self.event(0.3)
        except TimeoutError:
            return False
        return True

    async def ends(self) -> bool:
        """Whether the stream ends without another event."""
        async with asyncio.timeout(WITHIN):
            return await self._came.get() is None


class Served:
    """A console that is served.

    Attributes:
        base: its address.
    """

    def __init__(self, console: Console, base: str) -> None:
        self.console, self.base = console, base

    @asynccontextmanager
    async def waiting(self, who: str, address: str, token: str | None = None) -> AsyncIterator[Page]:
        """A page of a member of staff that waits for news. Fails where that is refused."""
        async with self.asking(who, token) as client, client.stream("GET", address) as answer:
            assert answer.status_code == 200, answer.status_code
            assert answer.headers["content-type"].startswith("text/event-stream")
            page = Page()
            reading = asyncio.create_task(page.read(answer))
            try:
                # The first line comes once the console listens for them.
                await asyncio.wait_for(page.began.wait(), WITHIN)
                yield page
            finally:
                reading.cancel()
                await asyncio.wait([reading])

    @asynccontextmanager
    async def asking(self, who: str, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A client of a member of staff."""
        token = token or await begin_session(self.console.referrals, who, SignedInBy.PASSWORD, "A test")
        cookie = {"Cookie": f"{COOKIE}={token}"}
        async with httpx.AsyncClient(base_url=self.base, headers=cookie, timeout=WITHIN) as client:
            yield client


@asynccontextmanager
async def served(console: Console) -> AsyncIterator[Served]:
    """A console that is served until the context ends, and hears of changes already."""
    with door("127.0.0.1:0") as at:
        async with console_served(console, at):
            async with asyncio.timeout(WITHIN):
                await console.changes.until_heard()
            yield Served(console, at.address)
