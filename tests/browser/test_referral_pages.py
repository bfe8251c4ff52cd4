"""The pages of a referral in a real browser: no barrier, well formed, and no scrolling sideways on a small phone."""

from __future__ import annotations

import pytest
import pytest_asyncio

from schemas import commands as c
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.console.referral.cases import CASEWORKER, STRANGER, SUPERVISOR, Cases
from tests.life import HARMED

TABS = (
    *("", "/people", f"/people/{HARMED}", "/risk", "/activities", "/agreement", "/messages"),
    *("/timeline?about=contact", "/deadlines", "/steps", "/access-log"),
)


@pytest_asyncio.fixture(scope="session")
async def reference(pool: Pool, keys: KeyStore) -> str:
    """A referral in preparation, with a concern, so that there is much on its pages."""
    cases = Cases(pool, keys)
    await cases.hire()
    made = await cases.prepared(sensitive_categories=["domestic_abuse"])
    await cases.now(made, "cw-1", c.AddNote(note="An invented note"))
    await cases.now(made, "cw-1", c.RaiseSafeguarding(note="An invented concern"))
    return made


@pytest.mark.parametrize("tab", TABS)
async def test_nothing_on_a_page_of_a_referral_stands_in_the_way_of_anybody(
    desks: Desks, reference: str, tab: str
) -> None:
    page = await desks.sit_down(SUPERVISOR if tab in ("", "/access-log", "/deadlines") else CASEWORKER)
    answer = await page.goto(f"/referrals/{reference}{tab}")
    assert answer is not None
    assert answer.status == 200
    assert faults(await answer.text()) == []
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert await barriers(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page)


async def test_a_stranger_says_why_they_look_and_then_sees_it(desks: Desks, reference: str) -> None:
    page = await desks.sit_down(STRANGER, scripts=False)
    await page.goto(f"/referrals/{reference}")
    await page.get_by_role("button", name="Look at it").click()
    assert await page.title() == f"Error: Say why you look \u2013 {reference} \u2013 Referrals"
    await page.get_by_label("Your reason").fill("She rang while nobody else was here")
    await page.get_by_role("button", name="Look at it").click()
    await page.get_by_role("heading", name=reference).wait_for()
    await page.get_by_role("link", name="People (3)").click()
    await page.get_by_text("June I.").first.wait_for()


async def test_a_button_of_what_comes_next_leads_to_its_form(desks: Desks, reference: str) -> None:
    page = await desks.sit_down(SUPERVISOR)
    await page.goto(f"/referrals/{reference}")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("heading", name="What you can do now").wait_for()
    found = await page.get_by_role("link", name="Lift the safeguarding concern").get_attribute("href")
    assert found == f"/referrals/{reference}/steps/lift_safeguarding"


async def test_a_referral_that_is_looked_at_shows_what_others_record(
    desks: Desks, pool: Pool, keys: KeyStore
) -> None:
    cases = Cases(pool, keys)
    await cases.hire()
    made = await cases.contacted()
    page = await desks.sit_down(CASEWORKER)
    async with page.expect_response("**/live?**"):
        await page.goto(f"/referrals/{made}")
    await cases.now(made, "fa-1", c.RaiseSafeguarding(note="An invented concern"))
    await page.get_by_role("heading", name="Safeguarding: contact nobody").wait_for(timeout=5000)
