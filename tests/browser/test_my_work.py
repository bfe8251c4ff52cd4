"""From my work to what is recorded, as a caseworker clicks."""

from __future__ import annotations

import re

from playwright.async_api import expect

from runtime.referrals import Referrals
from schemas import commands as c
from tests.browser.conftest import Desks
from tests.console.acting.people import PEOPLE, opening
from tests.register import enter


async def test_a_contact_is_recorded_in_three_clicks_and_its_deadline_is_met(
    desks: Desks, referrals: Referrals
) -> None:
    await enter(referrals.pool, referrals.keys, *PEOPLE)
    reference = (await referrals.open(opening(), "cas-1")).reference
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cas-1")):
        await referrals.take(reference, command, "cas-1")
    page = await desks.sit_down("cas-1")
    await page.goto("/my-work")
    row = page.locator(".rj-row", has_text=reference)
    await expect(row).to_contain_text("for the first time")
    await row.get_by_role("button").click()
    await page.get_by_label("No answer").click()
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page).to_have_url(re.compile(rf"/referrals/{reference}\?recorded=\d+"))
    await page.goto("/my-work")
    await expect(row).to_contain_text("Tried once")
