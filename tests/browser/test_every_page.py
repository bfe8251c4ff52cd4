"""Every page of every role, in a real browser: no barrier, well formed, and no scrolling sideways on a small phone.

Each role follows the links from its first page on, until it has seen every page that it is led to, and the pages of a
referral in every state.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import pytest
from playwright.async_api import Error, Page
from starlette.routing import Match, Route

from console.app import make_app
from console.asked import Console
from console.pages import Whose, all_pages
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas.people import Role
from tests.browser.caseload import CASEWORKER, PEOPLE, Caseload
from tests.browser.conftest import DESK, PHONE, Desks
from tests.browser.looking import barriers, contrast, cut_off, faults, shifted, wider_than_screen

_LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')
_MOST = 150
EVERY_ROLE = "RJ_EVERY_ROLE" in os.environ
"""Whether each page is looked at as every role (`make look`, a quarter of an hour), or as the first that it is for."""
ONE = "/referrals/{reference}"
LED_BY_A_FORM: Mapping[Role, tuple[str, ...]] = {
    Role.SUPERVISOR: (
        f"{ONE}/access-log",
        f"{ONE}/risk/assess/h1",
        "/policy/adoptions/all",
    ),
    Role.AUDITOR: (f"/audit/access-log?by={CASEWORKER}",),
}
"""Addresses from which each role begins beside its first page, as a form and no link leads there."""
ELSEWHERE: Mapping[str, str] = {
    "/self-referral": "test_asking_to_be_called",
    "/hunanatgyfeirio": "test_asking_to_be_called",
    "/sign-in/": "test_sign_in_pages and test_sign_in_at_provider",
    "/signed-out": "test_sign_in_pages",
    "/invitation": "test_sign_in_pages",
    "/account/password": "test_sign_in_pages",
    "/account/recovery-codes": "test_sign_in_pages",
    "/team/workload/{giver}/to/": "test_team_pages",
    "/new-referral/": "test_search_and_opening",
    "/import/{upload}": "test_search_and_opening",
    "/referrals/{reference}/steps/{kind}/confirm": "test_acting",
    "/team/sign-offs/{reference}/{subject}/{activity}": "the same page as without the activity",
}
"""Beginnings of pages that take more than a link to come to, and where they are looked at."""

EMPTY: Mapping[str, str] = {
    "/my-work?part=later&page=99": "There is nothing in this part now.",
    "/referrals?unallocated=yes&on_hold=yes&safeguarding=yes&stuck=yes": "No referral is like that",
    "/referrals?list=offered": "Nothing is offered to us now.",
    f"{ONE}/timeline?by=nobody-1": "No step is like that",
}
"""Lists in which nothing is, and what they say then."""


class Ways:
    """Which page an address is of."""

    def __init__(self, console: Console) -> None:
        self._pages = {page.path: page for page in all_pages() if not page.waits and "GET" in page.methods}
        self._routes = [
            each for each in make_app(console).routes if isinstance(each, Route) and each.path in self._pages
        ]

    def page(self, address: str) -> str | None:
        """The path of its page in the table of pages; None where it is of no page."""
        scope = {"type": "http", "method": "GET", "path": address.partition("?")[0], "root_path": ""}
        return next((each.path for each in self._routes if each.matches(scope)[0] is Match.FULL), None)

    def of(self, role: Role) -> set[str]:
        """The paths of the pages that this role is to see here, as the first that they are for."""
        others = {self.page(each) for addresses in LED_BY_A_FORM.values() for each in addresses} - {"/"}
        return {
            path
            for path in self._pages.keys() - others
            if self.first_of(path) is role and not path.startswith(tuple(ELSEWHERE))
        }

    def first_of(self, path: str) -> Role | None:
        """The first role whose page it is; None where none of the tests' people has it."""
        whose = self._pages[path].whose
        return next((role for role in PEOPLE if isinstance(whose, Whose) or role in whose), None)


@pytest.fixture(scope="session")
def ways(referrals: Referrals) -> Ways:
    """Which page an address is of."""
    return Ways(Console(referrals, Settings.load()))


@pytest.mark.parametrize("role", PEOPLE)
async def test_nothing_on_a_page_of_a_role_stands_in_the_way_of_anybody(
    desks: Desks, caseload: Caseload, ways: Ways, role: Role
) -> None:
    page = await desks.sit_down(PEOPLE[role])
    led = [each.format(reference=caseload.states["risk assessment"]) for each in LED_BY_A_FORM.get(role, ())]
    waiting, seen, wrong = ["/", *led], set[str](), list[str]()
    while waiting and len(seen) < _MOST:
        address = waiting.pop(0)
        path = ways.page(address)
        if path is None or path in seen:
            continue
        seen.add(path)
        if EVERY_ROLE or ways.first_of(path) is role or address in led:
            html, told = await looked_at(page, address)
            wrong += [f"{path}: {each}" for each in told]
        else:
            html = await html_of(page, address)
        waiting += [each.replace("&amp;", "&") for each in _LINK.findall(html)]
    assert not wrong, "\n".join(wrong)
    assert not (left := ways.of(role) - seen), left


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.SUPERVISOR])
async def test_nothing_on_a_referral_in_any_state_stands_in_the_way_of_anybody(
    desks: Desks, caseload: Caseload, role: Role
) -> None:
    page = await desks.sit_down(PEOPLE[role])
    wrong = []
    for state, reference in caseload.states.items():
        _, told = await looked_at(page, f"/referrals/{reference}")
        wrong += [f"{state}: {each}" for each in told]
    assert not wrong, "\n".join(wrong)


async def test_nothing_on_an_empty_list_stands_in_the_way_of_anybody(
    desks: Desks, caseload: Caseload
) -> None:
    page = await desks.sit_down(PEOPLE[Role.SUPERVISOR])
    wrong = []
    for address, says in EMPTY.items():
        html, told = await looked_at(page, address.format(reference=caseload.to_be_reached))
        wrong += [f"{address}: {each}" for each in told]
        wrong += [] if says in html else [f"{address}: does not say {says!r}"]
    assert not wrong, "\n".join(wrong)


async def html_of(page: Page, address: str) -> str:
    """What a page says, for the links on it."""
    answer = await page.context.request.get(address)
    return await answer.text() if "text/html" in answer.headers.get("content-type", "") else ""


async def looked_at(page: Page, address: str) -> tuple[str, list[str]]:
    """Open a page; what it says, and what is wrong with it."""
    try:
        answer = await page.goto(address)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return "", []
    assert answer is not None, address
    html = await answer.text()
    # Who is a stranger to a sensitive case is asked for a reason first.
    asked_why = answer.status == 403 and 'name="reason"' in html
    wrong = [] if answer.status == 200 or asked_why else [f"answered with {answer.status}"]
    wrong += faults(html)
    wrong += await barriers(page)
    if await shifted(page) and await page.goto(address) and await shifted(page):
        # Once can be what somebody else recorded meanwhile, which the page shows.
        wrong.append("something moved by itself, each time that it was loaded")
    await page.emulate_media(color_scheme="dark")
    wrong += [f"in the dark: {each}" for each in await contrast(page)]
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(PHONE)
    if await wider_than_screen(page):
        wrong.append("wider than a phone of 320 pixels")
    await page.set_viewport_size(DESK)
    wrong += [f"with text twice as large: {each}" for each in await cut_off(page, 200)]
    await shifted(page)  # so that this is over before the next page comes
    return html, wrong
