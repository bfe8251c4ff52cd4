"""A page shows what changes by itself, and takes nothing from who is at work on it; a session says before it ends."""

from __future__ import annotations

import re
import time

import pytest_asyncio
from playwright.async_api import Page, Route, expect

from schemas import commands as c
from schemas.areas import Area
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, wider_than_screen

HERE = Area.DEVON_AND_CORNWALL
ATTEMPT = c.RecordContactAttempt.model_validate(
    {"participant": "h1", "channel": "phone", "outcome": "no_answer", "note": "Invented"}
)
SECONDS = 1000.0


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    recorded = Book(pool, keys, HERE, "dc")
    await recorded.hire()
    await recorded.close_all()
    return recorded


async def waiting(desks: Desks, who: str, address: str) -> Page:
    """A page of somebody that listens already."""
    page = await desks.sit_down(who)
    async with page.expect_response(lambda answer: "/live?" in answer.url):
        await page.goto(address)
    return page


async def test_a_list_shows_a_change_within_two_seconds(desks: Desks, book: Book) -> None:
    reference = await book.allocated()
    page = await waiting(desks, "dc-1", "/my-work")
    row = page.locator(".rj-row", has_text=reference)
    await expect(row).to_contain_text("for the first time")
    began = time.monotonic()
    await book.take(reference, "cw-1", ATTEMPT, MONDAY)
    await expect(row).to_contain_text("Try again to reach", timeout=2 * SECONDS)
    assert time.monotonic() - began < 2.5
    other = await book.allocated()
    await expect(page.locator(".rj-row", has_text=other)).to_be_visible(timeout=2 * SECONDS)


async def test_a_change_leaves_focus_scroll_and_what_is_open_as_they_are(desks: Desks, book: Book) -> None:
    for _ in range(14):
        await book.allocated()
    page = await waiting(desks, "dc-1", "/referrals")
    await page.locator("#filter > summary").click()
    await page.locator(".rj-row").nth(12).get_by_role("link").focus()
    before = await page.evaluate("[scrollY, document.activeElement.href]")
    assert before[0] > 0
    new = await book.allocated()
    await expect(page.locator(f'a[href="/referrals/{new}"]')).to_be_attached(timeout=2 * SECONDS)
    assert (await page.evaluate("document.activeElement.href")) == before[1]
    assert abs(await page.evaluate("scrollY") - before[0]) < 120
    assert await page.evaluate("document.querySelector('#filter').open")


async def test_a_change_overwrites_nothing_that_was_chosen_or_typed(desks: Desks, book: Book) -> None:
    await book.allocated()
    page = await waiting(desks, "dc-1", "/referrals")
    await page.locator("#filter > summary").click()
    await page.get_by_label("Stage").select_option("preparation")
    await page.get_by_label("On hold").check()
    new = await book.allocated()
    await expect(page.locator(f'a[href="/referrals/{new}"]')).to_be_attached(timeout=2 * SECONDS)
    await expect(page.get_by_label("Stage")).to_have_value("preparation")
    await expect(page.get_by_label("On hold")).to_be_checked()


async def test_what_somebody_else_finishes_takes_the_focus_nowhere_far(desks: Desks, book: Book) -> None:
    reference = await book.allocated()
    page = await waiting(desks, "dc-1", "/my-work")
    await page.locator(f'a[href^="/referrals/{reference}/steps/"]').focus()
    await book.take(reference, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
    await expect(page.locator(".rj-row")).to_have_count(0, timeout=2 * SECONDS)
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_a_page_with_a_form_says_what_was_recorded_and_stays(desks: Desks, book: Book) -> None:
    reference = await book.allocated()
    after = await event_log.length(book.pool, reference)
    page = await desks.sit_down("dc-su")

    async def with_a_form(route: Route) -> None:
        answer = await route.fetch()
        live = f'data-live="/live?about={reference}&amp;after={after}" data-stays="/referrals/{reference}/timeline"'
        text = re.sub(r'data-live="[^"]*"', live, await answer.text())
        await route.fulfill(response=answer, body=text)

    await page.route("**/referrals", with_a_form)
    async with page.expect_response(lambda answer: "/live?" in answer.url):
        await page.goto("/referrals")
    await page.evaluate("document.querySelector('h1').dataset.same = 'yes'")
    await book.take(reference, "cw-1", ATTEMPT, MONDAY)
    news = page.locator("#news")
    await expect(news).to_contain_text(re.compile(r"dc-1, \d\d:\d\d: .*h1"), timeout=2 * SECONDS)
    await expect(news.get_by_role("link")).to_have_attribute("href", f"/referrals/{reference}/timeline")
    assert await page.evaluate("document.querySelector('h1').dataset.same") == "yes"
    assert await barriers(page) == []


async def test_a_page_that_nobody_looks_at_listens_to_nothing_and_catches_up(
    desks: Desks, book: Book
) -> None:
    reference = await book.allocated()
    page = await waiting(desks, "dc-1", "/my-work")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    changed = "document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(hide % "true" + changed)
    await book.take(reference, "cw-1", ATTEMPT, MONDAY)
    await page.evaluate(hide % "false" + changed)
    await expect(page.locator(".rj-row", has_text=reference)).to_contain_text(
        "Try again", timeout=2 * SECONDS
    )


# Before a session ends.


async def shortened(page: Page, address: str, seconds: int) -> None:
    """Open a page as if the session ended that soon."""

    async def sooner(route: Route) -> None:
        answer = await route.fetch()
        text = re.sub(r'data-idle="\d+"', f'data-idle="{seconds}"', await answer.text())
        await route.fulfill(response=answer, body=text)

    await page.route(f"**{address}", sooner)
    await page.goto(address)


async def test_before_a_session_ends_one_is_asked_and_may_stay(desks: Desks, book: Book) -> None:
    page = await desks.sit_down("dc-1")
    await shortened(page, "/my-work", 290)
    dialog = page.get_by_role("alertdialog", name="You are about to be signed out")
    await expect(dialog).to_be_visible()
    await expect(dialog).to_contain_text(re.compile(r"signed out at \d\d:\d\d"))
    await expect(dialog.get_by_role("button")).to_have_count(1)
    await expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page)
    await page.keyboard.press("Enter")
    await expect(dialog).not_to_be_visible()


async def test_when_a_session_ended_the_page_leads_to_where_one_signs_in(
    desks: Desks, book: Book, owner_url: str
) -> None:
    page = await desks.sit_down("dc-1")
    await shortened(page, "/my-work", 1)
    await page.unroute_all()
    await end_sessions(owner_url, "dc-1")
    await expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fmy-work"), timeout=10 * SECONDS)


async def test_when_a_session_ended_with_text_typed_the_page_stays(
    desks: Desks, book: Book, owner_url: str
) -> None:
    page = await waiting(desks, "dc-1", "/referrals")
    await page.locator("#filter > summary").click()
    await page.get_by_label("Stage").select_option("preparation")
    await end_sessions(owner_url, "dc-1")
    # It begins to listen again, as after a while in the background, and is not let in.
    await page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pageshow'))")
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("What you typed is still on this page", timeout=15 * SECONDS)
    await dialog.get_by_role("button", name="Go on").click()
    await expect(page.get_by_label("Stage")).to_have_value("preparation")


async def test_without_scripts_the_pages_show_how_it_stands_when_they_are_opened(
    desks: Desks, book: Book
) -> None:
    reference = await book.allocated()
    page = await desks.sit_down("dc-1", scripts=False)
    for address in ("/my-work", "/referrals"):
        await page.goto(address)
        await expect(page.locator(".rj-row", has_text=reference)).to_be_visible()
        await expect(page.get_by_role("alertdialog")).not_to_be_visible()
    await page.locator("#filter > summary").click()
    await page.get_by_label("Stage").select_option("closed")
    await page.get_by_role("button", name="Show these").click()
    await expect(page).to_have_url(re.compile(r"stage=closed"))


async def end_sessions(owner_url: str, staff_id: str) -> None:
    owner = await connect(owner_url)
    await owner.execute("DELETE FROM web_session WHERE staff = $1", staff_id)
    await owner.close()
