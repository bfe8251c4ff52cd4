"""What people do on the pages: they press what they read, and fill in what they are asked."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from console.acting.titles import title_of

MAIN = "main form button.govuk-button:not(.govuk-button--secondary)"


async def go_on(page: Page) -> None:
    """Press the one button of a form that leads on."""
    await page.locator(MAIN).first.click()


async def choose(page: Page, question: str, answer: str) -> None:
    """Choose one of several answers, or tick one."""
    await page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


async def open_referral(page: Page, reference: str) -> None:
    """Go to a referral by the list, from the first page on."""
    await page.goto("/")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Referrals").click()
    await page.get_by_role("link", name=reference).first.click()
    await expect(page.locator("h1")).to_contain_text(reference)


async def begin_step(page: Page, kind: str) -> None:
    """Go to the form of a step from the referral's page, by its list of actions."""
    await page.get_by_role("button", name="More actions").click()
    await page.locator("main").get_by_role("link", name=title_of(kind).page, exact=True).click()


async def take_step(page: Page, kind: str, **answers: str) -> None:
    """Take a step from the referral's page, and come back there with the receipt.

    Args:
        answers: see :func:`fill_in`.
    """
    await begin_step(page, kind)
    await fill_in(page, answers)
    await record(page)


async def fill_in(page: Page, answers: dict[str, str]) -> None:
    """Answer questions of a form by the names of their fields: a choice by its value, all else as it is typed."""
    for name, answer in answers.items():
        field = page.locator(f'main [name="{name}"]')
        kind = await field.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            await page.locator(f'main [name="{name}"][value="{answer}"]').check()
        elif await field.evaluate("field => field.tagName") == "SELECT":
            await field.select_option(answer)
        else:
            await field.fill(answer)


async def record(page: Page) -> None:
    """Record what is filled in, confirm where it cannot be taken back, and see the receipt."""
    await go_on(page)
    if await page.get_by_role("heading", name="This is what will follow").count():
        await go_on(page)
    await expect(page.get_by_role("heading", name="Recorded"), await problems(page)).to_be_visible()


async def problems(page: Page) -> str:
    """What a page says is wrong, for a test that fails."""
    told = page.locator(".govuk-error-summary, .rj-not-yet, main h1")
    return re.sub(r"\s+", " ", " / ".join(await told.all_inner_texts()))
