"""Filling in a step in a real browser: what is typed is kept, what follows is said, and nothing stands in the way."""

from __future__ import annotations

import pytest
import pytest_asyncio

from runtime.referrals import Referrals
from schemas import commands as c
from tests.browser.conftest import PHONE, Desks
from tests.browser.looking import barriers, faults, wider_than_screen
from tests.console.acting.people import PEOPLE, opening
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
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert not await wider_than_screen(page)
