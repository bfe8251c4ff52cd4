"""Filling in a step in a real browser: what is typed is kept, what follows is said, and nothing stands in the way."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from runtime.referrals import Referrals
from schemas import commands as c
from stores.logs import event_log
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.console.acting.people import PEOPLE, opening, until_risk_assessment
from tests.register import enter

STEPS = (
    "record_contact_attempt?participant=h1",
    "give_consent?participant=h1",
    "add_participant",
    "amend_participant?participant=h1",
    "record_agreement",
    "record_contact_safety?participant=h1",
    "close",
    "begin_preparation",
    "book_activity",
    "hold",
)


@pytest_asyncio.fixture
async def reference(referrals: Referrals) -> str:
    await enter(referrals.pool, referrals.keys, *PEOPLE)
    receipt = await referrals.open(opening(), "cas-1")
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cas-1")):
        await referrals.take(receipt.reference, command, "cas-1")
    return receipt.reference


@pytest.mark.parametrize("step", STEPS)
async def test_nothing_on_a_form_stands_in_the_way_of_anybody(
    desks: Desks, reference: str, step: str
) -> None:
    page = await desks.sit_down("cas-1")
    answer = await page.goto(f"/referrals/{reference}/steps/{step}")
    assert answer is not None
    assert answer.status == 200
    assert faults(await answer.text()) == []
    assert await barriers(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page)


async def test_what_is_typed_is_kept_as_it_is_typed_and_stands_there_on_another_machine(
    desks: Desks, reference: str
) -> None:
    page = await desks.sit_down("cas-1")
    await page.goto(f"/referrals/{reference}/steps/record_contact_attempt?participant=h1")
    await page.get_by_label("No answer").check()
    async with page.expect_response(lambda answer: "/draft" in answer.url):
        await page.get_by_label("Note").fill("Rang at ten, nobody picked up.")
    await expect(page.locator("#saved")).to_contain_text("Saved at")
    other = await desks.sit_down("cas-1")
    await other.goto(f"/referrals/{reference}/steps/record_contact_attempt?participant=h1")
    await expect(other.get_by_label("Note")).to_have_value("Rang at ten, nobody picked up.")
    await expect(other.get_by_label("No answer")).to_be_checked()


async def test_the_side_follows_what_is_typed(desks: Desks, reference: str) -> None:
    page = await desks.sit_down("cas-1")
    await page.goto(f"/referrals/{reference}/steps/hold")
    await expect(page.locator("#follows")).to_contain_text("once enough is filled in")
    for label, value in (
        ("Day", "1"),
        ("Month", "3"),
        ("Year", "2030"),
        ("Why is it on hold?", "She is away."),
    ):
        await page.get_by_label(label, exact=True).fill(value)
    await expect(page.locator("#follows")).to_contain_text("First contact stands still.")


async def test_a_question_is_asked_only_after_the_answer_that_calls_for_it(
    desks: Desks, reference: str
) -> None:
    page = await desks.sit_down("cas-1")
    await page.goto(f"/referrals/{reference}/steps/give_consent?participant=h1")
    agencies = page.get_by_text("With which agencies may it be shared?")
    await expect(agencies).to_be_hidden()
    await page.get_by_label("To what?").select_option("share_risk_information")
    await expect(agencies).to_be_visible()
    # Without scripts every question is there from the beginning.
    plain = await desks.sit_down("cas-1", scripts=False)
    await plain.goto(f"/referrals/{reference}/steps/give_consent?participant=h1")
    await expect(plain.get_by_text("With which agencies may it be shared?")).to_be_visible()


async def test_a_contact_is_recorded_by_keyboard_alone_and_without_scripts(
    desks: Desks, referrals: Referrals, reference: str
) -> None:
    page = await desks.sit_down("cas-1", scripts=False)
    await page.goto(f"/referrals/{reference}/steps/record_contact_attempt?participant=h1")
    await page.get_by_label("Phone").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Record").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**?recorded=*")
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    assert [each.event.outcome for each in history if each.event.kind == "contact_attempted"] == ["reached"]


async def test_what_is_wrong_is_told_first_and_leads_to_its_question(desks: Desks, reference: str) -> None:
    page = await desks.sit_down("cas-1")
    await page.goto(f"/referrals/{reference}/steps/record_contact_attempt?participant=h1")
    await page.get_by_role("button", name="Record").click()
    summary = page.get_by_role("alert")
    await expect(summary).to_contain_text("There is a problem")
    await summary.get_by_role("link").first.click()
    await expect(page.get_by_label("I reached them")).to_be_focused()
    assert await barriers(page) == []


async def test_a_risk_assessment_is_filled_in_as_one_goes(
    desks: Desks, referrals: Referrals, reference: str
) -> None:
    for command in until_risk_assessment():
        await referrals.take(reference, command, "cas-1")
    page = await desks.sit_down("cas-1")
    answer = await page.goto(f"/referrals/{reference}/risk/assess/h1")
    assert answer is not None
    assert faults(await answer.text()) == []
    assert await barriers(page) == []
    async with page.expect_response(lambda answer: "/draft" in answer.url):
        await page.locator("#factor-threats").get_by_label("Not known").check()
    await expect(page.locator("#progress")).to_contain_text("1 of 21")
    await page.reload()
    await expect(page.locator("#factor-threats").get_by_label("Not known")).to_be_checked()
    await expect(page.locator("#progress")).to_contain_text("1 not known")
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)
    assert not await wider_than_screen(page)
