"""Signing in at a real OpenID provider, in a real browser."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from playwright.async_api import Browser, expect

from casework.signing_in.openid import OpenIdProvider
from console.asked import Console
from console.serving import console_served, door
from runtime.referrals import Referrals
from tests.browser.caseload import CASEWORKER, Caseload
from tests.browser.conftest import Desks
from tests.casework.signing_in.people import settings
from tests.console.oidc.conftest import SECRET, provider_program, started

__all__ = ["provider_program"]


async def test_somebody_signs_in_at_the_provider_comes_to_their_work_and_signs_out_there_too(
    browser: Browser, referrals: Referrals, caseload: Caseload, provider_program: Path
) -> None:
    with door(None) as at:
        async with started(provider_program, at.address) as (_, issuer), AsyncExitStack() as stack:
            known = settings(
                console_url=at.address,
                oidc_issuer=issuer,
                oidc_client_id="rj-console",
                oidc_client_secret=SECRET,
                oidc_claim="staff_id",
            )
            console = replace(Console(referrals, known), provider=OpenIdProvider.of(known))
            await stack.enter_async_context(console_served(console, at))
            page = await Desks(browser, at.address, referrals, stack).sit_down(None)
            await page.goto("/my-work")
            await page.get_by_role("button", name="Sign in with your organisation's account").click()
            await page.locator('input[name="login"]').fill(CASEWORKER)
            await page.locator('input[name="password"]').fill("any")
            await page.get_by_role("button").first.click()
            await page.get_by_role("button").first.click()
            await expect(page).to_have_url(f"{at.address}/my-work")
            await expect(page.get_by_role("heading", name="My work")).to_be_visible()
            await page.get_by_role("button", name="Sign out").click()
            await page.wait_for_url(f"{issuer}/session/end?**")
