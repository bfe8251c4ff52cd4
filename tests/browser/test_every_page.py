"""Every page of every role, in a real browser: no barrier, well formed, and no scrolling sideways on a small phone."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen

PAGES = [
    (None, "/sign-in"),
    ("cw-1", "/my-work"),
    ("su-1", "/my-work"),
    ("cw-1", "/referrals"),
    ("su-1", "/referrals?list=offered"),
    ("pa-1", "/referrals"),
    ("cw-1", "/inbox"),
]


@pytest.mark.parametrize(("staff_id", "address"), PAGES)
async def test_nothing_on_the_page_stands_in_the_way_of_anybody(
    desks: Desks, staff_id: str | None, address: str
) -> None:
    page = await desks.sit_down(staff_id)
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert faults(await answer.text()) == []
    assert await barriers(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await barriers(page) == []
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert not await wider_than_screen(page)
