"""Search, a new referral and an import in a real browser: nothing in the way, with and without scripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page

from schemas.areas import Area
from schemas.people import Role, Staff
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.register import enter

CW = "cb-1"
NAME = "Wilhelmina Browser-Invented"
HEADINGS = "External id,Area,Source,Initiator,Offence,Justice stage,Person harmed name,Person harmed phone"


@pytest.fixture
async def desk(desks: Desks) -> Page:
    pool, keys = desks.referrals.pool, desks.referrals.keys
    await enter(pool, keys, Staff(id=CW, role=Role.CASEWORKER, areas=(Area.CHESHIRE,), name="Cass Invented"))
    return await desks.sit_down(CW)


async def looked_at(page: Page, name: str) -> None:
    """Look at a page in light, in dark and on a phone, and keep a picture where somebody asked for it."""
    await page.wait_for_load_state()
    assert faults(await page.content()) == [], name
    assert await barriers(page) == [], name
    if folder := os.environ.get("RJ_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == [], name
    size = page.viewport_size
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page), name
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}-phone.png", full_page=True)
    await page.set_viewport_size(size or PHONE)
    await page.emulate_media(color_scheme="light")


async def answer(page: Page, *, look: bool) -> None:
    """Answer what must be of a new referral, and who was harmed, by clicks and keys alone."""

    async def on(name: str) -> None:
        if look:
            await looked_at(page, f"new-referral-{name}")
        await page.get_by_role("button", name="Continue").click()

    await page.goto("/new-referral")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_label("Police", exact=True).check()
    await page.get_by_label("An agency", exact=True).check()
    await on("from")
    await page.get_by_label("Burglary", exact=True).check()
    await on("offence")
    await page.get_by_label("Hate crime", exact=True).check()
    await page.get_by_label("Race", exact=True).check()
    await on("sensitive")
    await page.get_by_label("Before sentence", exact=True).check()
    await on("proceedings")
    await page.get_by_label("Name", exact=False).first.fill(NAME)
    await page.get_by_label("Day", exact=True).fill("3")
    await page.get_by_label("Month", exact=True).fill("4")
    await page.get_by_label("Year", exact=True).fill("1985")
    await on("harmed")
    await page.get_by_label("Phone", exact=True).check()
    await page.get_by_label("Telephone number").fill("07700 900881")
    await page.get_by_label("Safe from").fill("9:00")
    await page.get_by_label("Safe until").fill("17:00")
    await on("contact")
    if look:
        await looked_at(page, "new-referral-responsible")
    await page.get_by_role("button", name="Skip").click()
    if look:
        await looked_at(page, "new-referral-summary")
    await page.get_by_role("button", name="Skip").click()


async def test_a_new_referral_from_the_first_question_to_a_possible_duplicate(desk: Page) -> None:
    await answer(desk, look=True)
    await looked_at(desk, "new-referral-check")
    assert NAME in await desk.content()
    assert NAME not in await desk.title()
    assert "Wilhelmina" not in desk.url
    await desk.get_by_role("button", name="Open the referral").click()
    await desk.get_by_role("heading", name="The referral is open").wait_for()
    await looked_at(desk, "new-referral-opened")
    await answer(desk, look=False)
    await desk.get_by_role("button", name="Open the referral").click()
    # A sensitive case that nobody has yet is nobody's to find by its people.
    await desk.get_by_role("heading", name="The referral is open").wait_for()


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_possible_duplicate_is_shown_and_decided_with_and_without_scripts(
    desks: Desks, desk: Page, scripts: bool
) -> None:
    page = await desks.sit_down(CW, scripts=scripts)
    for turn in range(2):
        await answer(page, look=False)
        address = page.url.removesuffix("/check")
        await page.goto(f"{address}/sensitive?from=check")
        await page.get_by_label("None of these", exact=True).check()
        if not scripts:
            for ticked in ("Hate crime", "Race"):
                await page.get_by_label(ticked, exact=True).uncheck()
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("button", name="Open the referral").click()
        # The first may be the first of all: then there is nothing to choose.
        asked = page.get_by_role("heading", name="Is it here already?")
        await asked.or_(page.get_by_role("heading", name="The referral is open")).wait_for()
        if turn or await asked.count():
            if scripts:
                await looked_at(page, "new-referral-duplicates")
            assert await page.get_by_role("radio").count() >= 2
            await page.get_by_role("button", name="Continue").click()
            assert "Choose whether it is here already" in await page.content()
            await page.get_by_label("It is another matter: open a new one").check()
            await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("heading", name="The referral is open").wait_for()
    await page.goto("/search")
    await page.get_by_label("What do you search for?").fill("Wilhelmina Browser")
    await page.get_by_role("button", name="Search").click()
    assert await page.get_by_role("link", name="RJ-").count() >= 2


async def test_the_pages_of_search_and_what_is_wrong_stand_in_nobodys_way(desk: Page) -> None:
    await desk.goto("/search")
    await looked_at(desk, "search")
    box, button = desk.get_by_label("What do you search for?"), desk.get_by_role("button", name="Search")
    for text, name, said in (
        ("Wilhelmina", "search-found", "found by"),
        ("Nobodyatall", "search-nothing", "Nothing was found"),
        ("%", "search-wrong", "There is a problem"),
    ):
        await box.fill(text)
        await button.click()
        await desk.get_by_text(said).first.wait_for()
        await looked_at(desk, name)
        assert text not in desk.url
    await desk.goto("/new-referral")
    await desk.get_by_role("button", name="Start").click()
    await desk.get_by_role("button", name="Continue").click()
    await looked_at(desk, "new-referral-wrong")
    await desk.get_by_role("link", name="Choose an answer to “Who sent it?”.").click()
    assert await desk.evaluate("document.activeElement.id") == "f-source"
    await desk.goto("/new-referral")
    await looked_at(desk, "new-referral-start")


async def test_an_import_shows_its_progress_by_itself(desk: Page) -> None:
    rows = [
        f"CB-{at},cheshire,police,agency,burglary,no proceedings,{NAME} {at},{'' if at else 'banana'}"
        for at in range(40)
    ]
    headings = HEADINGS.replace("External id", "Number")
    await desk.goto("/import")
    await looked_at(desk, "import")
    await desk.get_by_label("The spreadsheet").set_input_files(
        {"name": "cases.csv", "mimeType": "text/csv", "buffer": "\n".join([headings, *rows]).encode()}
    )
    await desk.get_by_role("button", name="Look at it").click()
    await looked_at(desk, "import-headings")
    await desk.get_by_label("“Number” means").fill("External id")
    await desk.get_by_role("button", name="Check the rows").click()
    await desk.get_by_role("heading", name="Nothing is recorded yet").wait_for()
    await looked_at(desk, "import-checked")
    await desk.get_by_role("button", name="Import 39 referrals").click()
    await desk.get_by_text(" of 40 rows").wait_for()
    await looked_at(desk, "import-progress")
    await desk.get_by_role("heading", name="Imported").wait_for()
    await looked_at(desk, "import-done")
    async with desk.expect_download() as download:
        await desk.get_by_role("link", name="Download the refused rows").click()
    assert (await download.value).suggested_filename == "refused-rows.csv"
    await desk.get_by_role("button", name="Finish").click()
    await desk.get_by_role("heading", name="Import referrals").wait_for()
