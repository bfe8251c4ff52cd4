"""Asking to be called in a real browser: no barrier on any page, without a script, and leaving at once."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Request

from casework.asking_to_be_called.questions import QUESTIONS
from console.public.cookie import COOKIE
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.browser.conftest import Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.register import enter

BASES = ("/self-referral", "/hunanatgyfeirio")


@pytest.fixture(autouse=True)
async def team(pool: Pool, keys: KeyStore) -> None:
    await enter(pool, keys, Staff(id="dp-su", role=Role.SUPERVISOR, areas=(Area.DYFED_POWYS,)))
    await pool.execute("DELETE FROM request_to_be_called")


@pytest.fixture
def elsewhere(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address of another origin, in the place of the site to which people leave, which no test asks."""
    there = f"{desks.address.replace('127.0.0.1', 'localhost')}/sign-in"
    monkeypatch.setattr("console.public.leaving.ELSEWHERE", there)
    return there


async def go_on(page: Page) -> None:
    await page.locator("main form button[type=submit]").click()


async def choose(page: Page, field: str, value: str) -> None:
    await page.locator(f'[name="{field}"][value="{value}"]').check()


async def answer(page: Page, name: str) -> None:
    """Answer the question that is asked."""
    match name:
        case "messages":
            await choose(page, "leave_message", "no")
        case "others":
            await choose(page, "others", "somebody")
            await page.locator("#seen_by").fill("Invented")
        case "times":
            await choose(page, "hours", "other")
            await page.locator("#safe_from").select_option("18:00")
            await page.locator("#safe_until").select_option("20:00")
        case "ways":
            for way in ("phone", "email", "letter"):
                await choose(page, "ways", way)
            await page.locator("#phone").fill("07700 900779")
            await page.locator("#email").fill("invented@example.org")
            await page.locator("#address").fill("1 Nowhere Street\nSA1 1AA")
        case "about":
            await choose(page, "who", "for_harmed")
        case "them":
            await choose(page, "who_to_them", "parent_or_carer")
        case "area":
            await page.locator("#area").select_option("unknown")
        case "help":
            await choose(page, "help", "interpreter")
            await page.locator("#language").fill("Polish")
    await go_on(page)


async def ask(page: Page, base: str = "/self-referral") -> None:
    """Answer every question."""
    await page.goto(base)
    await go_on(page)
    while (name := page.url.rpartition("/")[2]) != "check":
        await answer(page, name)


async def looked_at(page: Page) -> None:
    # Its address is known before it has come.
    await page.wait_for_load_state()
    assert faults(await page.content()) == [], page.url
    assert await barriers(page) == [], page.url
    assert not await wider_than_screen(page), page.url


@pytest.mark.parametrize("base", BASES)
async def test_nothing_on_a_public_page_stands_in_the_way_of_anybody(desks: Desks, base: str) -> None:
    page = await desks.sit_down(None, phone=True)
    await page.goto(base)
    await looked_at(page)
    await go_on(page)
    for name in QUESTIONS:
        await page.goto(f"{base}/{name}")
        await looked_at(page)
        if name not in ("name", "words", "help"):
            await go_on(page)
            await page.locator(".govuk-error-summary").wait_for()
            await looked_at(page)
        await page.emulate_media(color_scheme="dark")
        assert await barriers(page) == [], name
        await page.emulate_media(color_scheme="light")
    await ask(page, base)
    await looked_at(page)
    await go_on(page)
    assert page.url.endswith("/done")
    await looked_at(page)
    await page.goto(f"{base}/check")
    await looked_at(page)


async def test_it_is_answered_and_sent_without_scripts(desks: Desks) -> None:
    page = await desks.sit_down(None, phone=True, scripts=False)
    await ask(page)
    await go_on(page)
    assert page.url.endswith("/done")
    assert "RJ-" in await page.locator(".govuk-panel").inner_text()
    assert await page.context.cookies() == []


async def test_it_is_answered_by_the_keyboard_alone(desks: Desks) -> None:
    page = await desks.sit_down(None)
    await page.goto("/self-referral")
    await page.locator("main form button").press("Enter")
    await page.locator("#leave_message").press("Space")
    await page.locator("main form button").press("Enter")
    await page.wait_for_url("**/others")


@pytest.mark.parametrize("way", ["button", "shift", "no script"])
async def test_who_leaves_is_elsewhere_at_once_and_nothing_is_left(
    desks: Desks, elsewhere: str, way: str
) -> None:
    page = await desks.sit_down(None, scripts=way != "no script")
    await ask(page)
    assert [each.get("name") for each in await page.context.cookies()] == [COOKIE]
    before = await page.evaluate("history.length") if way != "no script" else 0
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    if way == "shift":
        await page.locator("body.js-enabled").wait_for()
        for _ in range(3):
            await page.keyboard.press("Shift")
    else:
        await page.locator(".govuk-exit-this-page a").click()
    await page.wait_for_url(elsewhere)
    assert await page.context.cookies() == []
    [leaving] = [each for each in asked if each.url == elsewhere]
    assert "referer" not in await leaving.all_headers()
    assert len(page.context.pages) == 1
    if way != "no script":
        assert await page.evaluate("history.length") == before, "the page is replaced in the browser's list"
        await page.go_back()
        assert await page.locator("h1").inner_text() == "Your answers are not here now"


async def test_shift_leaves_only_when_pressed_three_times_alone(desks: Desks, elsewhere: str) -> None:
    page = await desks.sit_down(None)
    await page.goto("/self-referral")
    await page.locator("body.js-enabled").wait_for()
    told = page.locator(".rj-presses")
    await page.keyboard.press("Shift")
    assert await told.inner_text() == "Shift, press 2 more times to leave."
    await page.keyboard.press("Shift")
    assert await told.inner_text() == "Shift, press 1 more time to leave."
    # Who types capital letters stays.
    await page.keyboard.press("a")
    for _ in range(2):
        await page.keyboard.press("Shift")
    assert page.url.endswith("/self-referral")
    assert await told.inner_text() == "Shift, press 1 more time to leave."


async def test_a_page_taken_back_from_the_browsers_memory_is_asked_for_again(desks: Desks) -> None:
    page = await desks.sit_down(None, phone=True)
    await ask(page)
    await go_on(page)
    await page.go_back()
    await page.locator("h1").wait_for()
    assert await page.locator("h1").inner_text() == "Your answers are not here now"
