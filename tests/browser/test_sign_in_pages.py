"""The pages to sign in and to keep one's account, in a real browser, with and without scripts."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from casework.session import WayIn, sign_in
from console.asked import Console
from console.serving import console_served, door
from runtime.referrals import Referrals
from schemas.people import Role
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.casework.signing_in.people import PASSWORD, Account, People, settings

# Where pictures of the pages are put, for whoever wants to look at them.
_PICTURES = os.environ.get("RJ_TEST_PICTURES")


@pytest_asyncio.fixture
async def front_desks(browser: Browser, referrals: Referrals) -> AsyncIterator[Desks]:
    """Browsers in front of a console whose people have passwords."""
    with door(None) as at:
        console = Console(referrals, settings(console_url=at.address))
        async with console_served(console, at), AsyncExitStack() as stack:
            yield Desks(browser, at.address, referrals, stack)


@pytest.fixture
async def account(referrals: Referrals) -> Account:
    """Somebody with an account."""
    people = People(referrals, 9000)
    manager = await people.member("sm-lancs", Role.SERVICE_MANAGER)
    session = await sign_in(referrals, manager.id, WayIn.COMMAND_LINE)
    member = await people.member("la-browser", name="Robin Invented")
    await people.member("la-stands-in", name="Kit Invented")
    token = await people.link(session, member.id)
    return Account(referrals, member, token, [])


async def nothing_in_the_way(page: Page, name: str) -> None:
    """Check a page as it stands, in light and in dark, and on a small telephone."""
    # Between two pages a browser has none.
    await page.locator("h1").first.wait_for()
    assert faults(await page.content()) == [], name
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        assert await barriers(page) == [], (name, scheme)
    desk = page.viewport_size
    await page.set_viewport_size(PHONE)
    if _PICTURES:
        await page.screenshot(path=Path(_PICTURES) / f"{name}-dark-phone.png", full_page=True)
    assert not await wider_than_screen(page), name
    await page.set_viewport_size(desk or PHONE)
    await page.emulate_media(color_scheme="light")
    if _PICTURES:
        await page.screenshot(path=Path(_PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
async def test_an_account_is_set_up_and_used_by_clicks_alone(
    front_desks: Desks, account: Account, scripts: bool
) -> None:
    page = await front_desks.sit_down(None, scripts=scripts)

    async def check(name: str) -> None:
        if scripts:
            await nothing_in_the_way(page, name)

    await page.goto(f"/invitation?token={account.secret}")
    assert "token" not in page.url
    await check("invitation")
    await page.get_by_label("Password", exact=True).fill("short")
    await page.get_by_label("The same password again").fill("short")
    await page.get_by_role("button", name="Continue").click()
    await check("invitation-error")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()
    account.secret = re.sub(" ", "", await page.locator(".rj-key").inner_text())
    await check("authenticator")
    await page.get_by_label("Code", exact=True).fill(account.code(datetime.now(UTC)))
    await page.get_by_role("button", name="Set up my account").click()
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    codes = await page.locator(".rj-codes li").all_inner_texts()
    await check("recovery-codes")
    await page.get_by_role("button", name="I have kept them").click()
    await page.get_by_role("link", name="Robin Invented").click()
    await check("account")
    for link, name in (
        ("Change your password", "account-password"),
        ("Make new ones", "account-recovery-codes"),
        ("Change what you are told", "account-messages"),
        ("Say that you will be away", "account-absence"),
    ):
        await page.get_by_role("link", name=link).click()
        await check(name)
        async with page.expect_navigation():
            await page.locator("main form button.govuk-button:not([type=button])").first.click()
        await check(f"{name}-sent")
        await page.goto("/account")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="You are signed out").wait_for()
    await check("signed-out")
    await page.get_by_role("button", name="Sign in").click()
    await check("sign-in")
    await page.get_by_role("button", name="Continue").click()
    await check("sign-in-error")
    await page.get_by_label("Staff ID").fill(account.member.id)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()
    await check("code")
    await page.get_by_role("link", name="I do not have my telephone").click()
    await check("recovery-code")
    await page.get_by_label("Recovery code").fill(codes[0])
    await page.get_by_role("button", name="Sign in").click()
    await page.goto("/account")
    await page.get_by_text("9 left of 10").wait_for()
