"""A contact from the worklist to its receipt by Tab, Space and Enter alone, seeing at each moment where one is."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.caseload import CASEWORKER, Caseload
from tests.browser.conftest import Desks

_MOST = 200

_WHERE = r"""() => {
    const here = document.activeElement;
    const seen = [here, ...(here.labels || [])].flatMap(each => [null, "::before", "::after"].map(
        part => getComputedStyle(each, part)));
    const told = style => style.boxShadow !== "none" || style.backgroundColor === "rgb(255, 221, 0)"
        || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
            && style.outlineColor !== "rgba(0, 0, 0, 0)");
    const box = here.getBoundingClientRect();
    return {
        name: (here.labels?.[0] || here).innerText.trim(),
        kind: here.type || here.tagName,
        shown: seen.some(told),
        inside: box.bottom > 0 && box.top < innerHeight,
        group: here.type !== "radio" ? [] : [...document.getElementsByName(here.name)].map(
            each => each.labels[0].innerText.split("\n")[0].trim()),
    };
}"""
"""What has the focus: its name, and whether it can be seen that it has it."""


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
async def test_a_contact_is_recorded_by_the_keyboard_alone(
    desks: Desks, caseload: Caseload, scripts: bool
) -> None:
    reference = caseload.to_be_reached
    page = await desks.sit_down(CASEWORKER, scripts=scripts)
    await page.goto(f"/referrals/{reference}/people")
    await press(page, "Record a contact")
    await expect(page.get_by_role("heading", name="Record a contact with")).to_be_visible()
    await press(page, "Phone", "Space")
    await press(page, "No answer", "Space")
    await press(page, "Record")
    await expect(page.get_by_role("heading", name="Recorded")).to_be_visible()


async def press(page: Page, name: str, key: str = "Enter") -> None:
    """Go on by Tab until something has the focus, and by an arrow in its group, see it, and press a key."""
    for _ in range(_MOST):
        await page.keyboard.press("Tab")
        here = await page.evaluate(_WHERE)
        while any(is_called(each, name) for each in here["group"]) and not is_called(here["name"], name):
            await page.keyboard.press("ArrowDown")
            here = await page.evaluate(_WHERE)
        if here["kind"] != "BODY":
            assert here["shown"], f"it cannot be seen that {here['name']!r} has the focus"
            assert here["inside"], f"{here['name']!r} has the focus outside of what is seen"
        if is_called(here["name"], name):
            await page.keyboard.press(key)
            return
    raise AssertionError(f"nobody comes to {name!r} by Tab")


def is_called(here: str, name: str) -> bool:
    """Whether something has that name, perhaps with a tag or a few words for screen readers after it."""
    return re.match(rf"{name}(?: safe| not safe|\n|$)", here) is not None
