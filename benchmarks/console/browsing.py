"""What a browser makes of each page: bytes of a first visit and of the next, and whether anything moves."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Browser, Page

from benchmarks.console.serving import Served
from casework.signing_in.sessions import begin_session
from schemas.web import SignedInBy
from tests.browser.chromium import hold
from tests.browser.looking import NOTE_SHIFTS, shifted


@dataclass(frozen=True)
class Weighed:
    """A page in a browser.

    Attributes:
        first: bytes over the wire with an empty cache, everything that the page loads among them.
        after: bytes of the same page once more.
        shift: the layout shift by the measure of Chromium; 0 where nothing moves.
    """

    first: int
    after: int
    shift: float


async def weighed(browser: Browser, served: Served, staff_id: str, address: str) -> Weighed:
    """Open a page in a fresh browser, and once more."""
    context = await browser.new_context(base_url=served.address, viewport={"width": 1240, "height": 960})
    try:
        token = await begin_session(served.referrals, staff_id, SignedInBy.PASSWORD, "A benchmark")
        await hold(context, served.address, token)
        await context.add_init_script(NOTE_SHIFTS)
        page = await context.new_page()
        first = await _bytes(page, address)
        after = await _bytes(page, address)
        return Weighed(first, after, await shifted(page))
    finally:
        await context.close()


async def _bytes(page: Page, address: str) -> int:
    """What came over the wire, headers among it, by Chromium's own count."""
    devtools, total = await page.context.new_cdp_session(page), 0

    def add(finished: dict[str, float]) -> None:
        nonlocal total
        total += int(finished["encodedDataLength"])

    devtools.on("Network.loadingFinished", add)
    await devtools.send("Network.enable")
    await page.goto(address, wait_until="load")
    await devtools.detach()
    return total
