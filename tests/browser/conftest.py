"""A real browser in front of a real console, on the servers that the tests share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from casework.signing_in.sessions import begin_session
from console.asked import Console
from console.serving import console_served, door
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas.web import SignedInBy
from tests.browser.caseload import Caseload, write_caseload
from tests.browser.chromium import chromium, hold, program
from tests.browser.looking import NOTE_SHIFTS

DESK: ViewportSize = {"width": 1240, "height": 960}
PHONE: ViewportSize = {"width": 320, "height": 640}


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium. Where there is none, it is said that this was not tried; where the project is proven, there is one."""
    if program() is None:
        assert "CI" not in os.environ, "CI installs Chromium"
        pytest.skip("There is no Chromium on this machine, so nothing was tried in a browser.")
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="session")
async def console_address(referrals: Referrals) -> AsyncIterator[str]:
    """The base address of a console that is served over HTTP."""
    with door(None) as at:
        async with console_served(Console(referrals, Settings.load()), at):
            yield at.address


@pytest_asyncio.fixture(scope="session")
async def caseload(referrals: Referrals, owner_url: str) -> Caseload:
    """The small invented year of an area of its own."""
    return await write_caseload(referrals, owner_url)


@dataclass
class Desks:
    """Browsers of several people, each with cookies of their own.

    Attributes:
        address: the base address of the console.
    """

    browser: Browser
    address: str
    referrals: Referrals
    stack: AsyncExitStack

    async def sit_down(
        self, staff_id: str | None, *, phone: bool = False, scripts: bool = True, **options: object
    ) -> Page:
        """A page of a person who is signed in, or of nobody. Whatever the page's scripts complain of fails the test."""
        context: BrowserContext = await self.browser.new_context(
            base_url=self.address,
            viewport=PHONE if phone else DESK,
            java_script_enabled=scripts,
            locale="en-GB",
            timezone_id="Europe/London",
            **options,  # type: ignore[arg-type]
        )
        self.stack.push_async_callback(context.close)
        context.set_default_timeout(20_000)
        if staff_id is not None:
            token = await begin_session(self.referrals, staff_id, SignedInBy.PASSWORD, "A test")
            await hold(context, self.address, token)
        if scripts:
            await context.add_init_script(NOTE_SHIFTS)
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page


@pytest_asyncio.fixture
async def desks(browser: Browser, console_address: str, referrals: Referrals) -> AsyncIterator[Desks]:
    """Browsers of several people."""
    async with AsyncExitStack() as stack:
        yield Desks(browser, console_address, referrals, stack)
