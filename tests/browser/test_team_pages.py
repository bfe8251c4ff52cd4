"""The pages of the team and of the service in a real browser: no barrier, well formed, no scrolling sideways."""

from __future__ import annotations

import re

import pytest

from runtime.referrals import Referrals
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.console.derbyshire import allocated, hire, received, to_sign_off

TEAM = (
    "/team",
    "/referrals",
    "/referrals?overdue=yes&caseworker=dy-cw",
    "/team/sign-offs",
    "/team/escalations",
    "/team/workload",
    "/team/workload/dy-cw",
    "/team/absence/dy-cw",
)
SERVICE = (
    "/staff",
    "/staff/dy-cw",
    "/staff/dy-cw/change",
    "/staff/register/enter",
    "/staff/register/log",
    "/policy",
    "/health",
)
AUDIT = ("/audit", "/audit/access-log?by=dy-su", "/audit/register", "/audit/access-log?by=")
PAGES = [
    *(("dy-su", each) for each in TEAM),
    *(("dy-sm", each) for each in SERVICE),
    *(("dy-au", each) for each in AUDIT),
    ("dy-co", "/figures"),
]


@pytest.fixture
async def waiting(referrals: Referrals) -> str:
    """A referral that waits for a sign-off, among others."""
    await hire(referrals)
    await received(referrals)
    await allocated(referrals)
    return await to_sign_off(referrals)


async def looked_at(desks: Desks, staff_id: str, address: str) -> None:
    page = await desks.sit_down(staff_id)
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status in (200, 422)
    assert faults(await answer.text()) == []
    assert await barriers(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page)


@pytest.mark.parametrize(("staff_id", "address"), PAGES)
async def test_nothing_on_the_page_stands_in_the_way_of_anybody(
    desks: Desks, waiting: str, staff_id: str, address: str
) -> None:
    await looked_at(desks, staff_id, address)


async def test_what_is_to_be_signed_off_is_read_without_a_barrier(desks: Desks, waiting: str) -> None:
    await looked_at(desks, "dy-su", f"/team/sign-offs/{waiting}/risk_assessment")


async def test_a_sign_off_is_given_by_the_keyboard_alone_and_without_scripts(
    desks: Desks, waiting: str
) -> None:
    page = await desks.sit_down("dy-su", scripts=False)
    await page.goto(f"/team/sign-offs/{waiting}/risk_assessment")
    await page.locator("input[value=approve]").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/team?done={waiting}")
    await page.get_by_text("Recorded: your decision on").wait_for()


async def test_referrals_are_given_to_another_by_clicks(desks: Desks, waiting: str) -> None:
    page = await desks.sit_down("dy-su")
    await page.goto("/team")
    await page.get_by_role("link", name=re.compile("Give some to another.*Dana Invented")).click()
    await page.get_by_label("Who is to have them").select_option("dy-cx")
    await page.get_by_label("Those that I tick below").check()
    await page.get_by_label(waiting, exact=True).check()
    await page.get_by_role("button", name="See what would happen").click()
    await page.get_by_role("button", name="Give them to Dora Invented").click()
    await page.get_by_role("heading", name="1 referral given from Dana Invented to Dora Invented").wait_for()
