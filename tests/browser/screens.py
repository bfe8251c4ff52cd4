"""`python -m tests.browser.screens`: takes the pictures of docs/screens anew, of the demo's invented people.

It starts `rj up --demo` on a folder of its own, goes where a person would go, and keeps what they see.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize

from tests.browser.chromium import chromium

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "docs" / "screens"
LARGEST = 120_000
"""Bytes of a picture at the most."""

DESK: ViewportSize = {"width": 1240, "height": 960}
LONG: ViewportSize = {"width": 1240, "height": 1400}
PHONE: ViewportSize = {"width": 390, "height": 780}
_READY_WITHIN = 180

Way: TypeAlias = Callable[[Page], Awaitable[object]]


class Screen(NamedTuple):
    """A picture.

    Attributes:
        who: as whom of the demo; None: nobody is signed in.
        way: what they do until they see it.
        shows: what it shows, for who cannot see it.
    """

    name: str
    who: str | None
    way: Way
    shows: str
    size: ViewportSize = DESK


def to(address: str) -> Way:
    """Go straight to a page."""
    return lambda page: page.goto(address)


def referral_of(person: str, tab: str | None = None) -> Way:
    """Open the referral of a person from the list, and one of its tabs."""

    async def go(page: Page) -> None:
        await page.goto("/referrals")
        await page.locator("li").filter(has_text=person).get_by_role("link").first.click()
        if tab is not None:
            await page.locator(".rj-tabs").get_by_role("link", name=tab).click()

    return go


async def _contact(page: Page) -> None:
    await page.goto("/my-work")
    await page.get_by_role("button", name=re.compile("^Record a contact")).first.click()
    await page.get_by_label("No answer").check()


async def _risk(page: Page) -> None:
    await referral_of("Gwen I.", "Risk")(page)
    await page.get_by_role("link", name="Assess the risk").click()
    await page.get_by_role("navigation", name="Who is assessed").get_by_role("link", name="Gwen I.").click()
    for factor, level in (("acknowledgement", "Low"), ("denial_or_minimising", "Not known")):
        async with page.expect_response(lambda answer: "/draft" in answer.url):
            await page.locator(f"#factor-{factor}").get_by_label(level).check()


async def _sign_off(page: Page) -> None:
    await page.goto("/team")
    await page.get_by_role("button", name=re.compile("^Read and decide")).first.click()
    await page.get_by_text("Your decision").wait_for()


async def _search(page: Page) -> None:
    await page.goto("/search")
    await page.get_by_label("What do you search for?").fill("June")
    await page.locator("main").get_by_role("button", name="Search").click()
    await page.locator("#found").wait_for()


async def _new_referral(page: Page) -> None:
    await page.goto("/new-referral")
    await page.get_by_role("button", name="Start").click()
    await page.wait_for_url("**/new-referral/**")


async def _self_referral(page: Page) -> None:
    await page.goto("/self-referral")
    await page.locator("main form button").first.click()
    await page.wait_for_url("**/self-referral/*")


SCREENS = (
    Screen("my-work", "cw-1", to("/my-work"), "My work: what to do next, soonest first"),
    Screen(
        "referral",
        "cw-1",
        referral_of("June I."),
        "A referral: its stage, what comes next, people, deadlines",
    ),
    Screen("record-contact", "cw-1", _contact, "The form of a contact, with the ways that are safe", LONG),
    Screen("risk-assessment", "cw-1", _risk, "The risk assessment: factors in five groups", LONG),
    Screen(
        "timeline", "cw-1", referral_of("Lily I.", "Timeline"), "What happened on a referral, in plain words"
    ),
    Screen("team", "su-1", to("/team"), "The team: what is overdue, what waits, and who has how much"),
    Screen("sign-off", "su-1", _sign_off, "A risk assessment that is to be signed off, on one page", LONG),
    Screen("workload", "su-1", to("/team/workload"), "Workload of each person, and holiday cover"),
    Screen("staff", "sm-1", to("/staff"), "The staff register: people with their roles and areas"),
    Screen("search", "cw-1", _search, "What a search by a first name found"),
    Screen("new-referral", "cw-1", _new_referral, "The first question about a new referral"),
    Screen("self-referral", None, _self_referral, "The first question to who asks to be called", PHONE),
)


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """`rj up --demo` on data that goes with it; the address of its console."""
    with tempfile.TemporaryDirectory(prefix="rj-screens-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        environment = {**os.environ, "RJ_DATA": str(folder / "data"), "PYTHONPATH": str(PROJECT)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROJECT / "starter.py"), "up", "--demo"),
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_READY_WITHIN):
                printed = (await process.stdout.readuntil(b"Ctrl-C")).decode()
            found = re.search(r"^Console\s+(http\S+)", printed, re.MULTILINE)
            assert found is not None, printed
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            await process.communicate()


async def take(browser: Browser, address: str, screen: Screen) -> bytes:
    """A picture as a PNG with few colours."""
    context = await browser.new_context(
        base_url=address, viewport=screen.size, locale="en-GB", timezone_id="Europe/London"
    )
    page = await context.new_page()
    if screen.who is not None:
        await page.goto("/sign-in")
        await page.locator(f'form:has(input[value="{screen.who}"]) button').click()
    await screen.way(page)
    await page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    whole = await page.screenshot(animations="disabled", caret="hide")
    await context.close()
    return fewer_colours(whole)


def fewer_colours(picture: bytes) -> bytes:
    """The same picture as a small file."""
    made = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(
        method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(made, "PNG", optimize=True)
    return made.getvalue()


async def main() -> None:
    """Take all pictures, and write the list of them."""
    FOLDER.mkdir(exist_ok=True)
    async with demo() as address, chromium() as browser:
        for screen in SCREENS:
            picture = await take(browser, address, screen)
            assert len(picture) <= LARGEST, f"{screen.name}: {len(picture)} bytes"
            (FOLDER / f"{screen.name}.png").write_bytes(picture)
    lines = [f"![{each.shows}]({each.name}.png)\n" for each in SCREENS]
    (FOLDER / "README.md").write_text(
        "# What the console looks like\n\n"
        "Taken by `make screens`, of the demo's invented people. "
        "[The guides](../guide/caseworker.md) show them by task.\n\n"
        + "\n".join(f"## {each.shows}\n\n{line}" for each, line in zip(SCREENS, lines, strict=True)),
        encoding="utf-8",
    )


if __name__ == "__main__":
    asyncio.run(main())
