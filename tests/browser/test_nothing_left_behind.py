"""What says who somebody is stands on the pages that show it, and nowhere else: in no address, title, log, header or
cookie, and in nothing that a browser keeps once somebody has signed out."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, Request, Response, async_playwright

from casework.signing_in.sessions import begin_session
from runtime.logging import configure_logging
from runtime.referrals import Referrals
from schemas.web import SignedInBy
from tests.browser.caseload import SUPERVISOR, Caseload
from tests.browser.chromium import FLAGS, hold, program
from tests.browser.conftest import Desks
from tests.browser.hands import fill_in, go_on
from tests.browser.planting import NEEDLES, WORD, plant

TABS = (
    *(
        "",
        "/people",
        "/people/h1",
        "/people/r1",
        "/risk",
        "/activities",
        "/agreement",
        "/messages",
        "/timeline",
    ),
    *("/timeline?page=2", "/deadlines", "/access-log", "/steps", "/steps/amend_participant?participant=h1"),
    *("/steps/amend_referral", "/steps/record_contact_attempt?participant=h1", "/risk/assess/h1"),
)
LISTS = ("/my-work", "/referrals", "/referrals?closed=yes", "/team", "/team/sign-offs", "/inbox", "/search")


@pytest_asyncio.fixture(scope="session")
async def planted(caseload: Caseload, referrals: Referrals, owner_url: str) -> list[str]:
    """Referrals with a word in every field that identifies."""
    return await plant(referrals, owner_url)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, down to the least severe."""
    kept = io.StringIO()
    configure_logging("json", "debug", kept)
    yield kept
    configure_logging("console", "info")


@pytest_asyncio.fixture
async def profile(tmp_path: Path, desks: Desks) -> AsyncIterator[BrowserContext]:
    """A browser that keeps on disk whatever it is let keep, signed in as a supervisor."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=program(), args=list(FLAGS), base_url=desks.address
        )
        token = await begin_session(desks.referrals, SUPERVISOR, SignedInBy.PASSWORD, "A test")
        await hold(context, desks.address, token)
        yield context
        await context.close()


class Seen:
    """What a browser and a server say to each other besides the pages themselves."""

    def __init__(self, page: Page) -> None:
        self.told: list[str] = []
        self.shown = 0
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        self.told += [request.url, *(f"{name}: {value}" for name, value in request.headers.items())]

    def _answered(self, response: Response) -> None:
        self.told += [response.url, *(f"{name}: {value}" for name, value in response.headers.items())]

    async def look(self, page: Page, address: str) -> None:
        """Open a page, and note its title and address."""
        await page.goto(address)
        self.told += [await page.title(), page.url]
        self.shown += bool(found_in(await page.content()))


def found_in(text: str) -> list[str]:
    """The words about people that stand in a text, however they are written."""
    small = re.sub(r"\s+", " ", text).lower()
    return [needle for needle in NEEDLES if needle in small]


async def test_what_identifies_stands_on_pages_alone(
    profile: BrowserContext, desks: Desks, planted: list[str], log: io.StringIO, tmp_path: Path
) -> None:
    page = await profile.new_page()
    seen = Seen(page)
    for reference in planted:
        for tab in TABS:
            await seen.look(page, f"/referrals/{reference}{tab}")
    for address in LISTS:
        await seen.look(page, address)
    assert seen.shown > len(planted) * 4, "the pages show it to whom they should"
    await fill_in(page, {"text": WORD})
    await go_on(page)
    seen.told += [await page.title(), page.url]
    await write_and_be_refused(page, planted[0])
    await seen.look(page, f"/referrals/{planted[0]}/people")
    seen.told += [str(each) for each in await profile.cookies()]
    await page.get_by_role("button", name="Sign out").click()
    await (
        page.get_by_role("heading", name="Signed out")
        .or_(page.get_by_role("heading", name="Sign in"))
        .wait_for()
    )
    kept = await page.evaluate(
        "async () => JSON.stringify([localStorage, sessionStorage, await caches.keys(), await indexedDB.databases()])"
    )
    assert kept == "[{},{},[],[]]"
    assert await profile.cookies() == []
    assert [each for each in seen.told if found_in(each)] == []
    assert len(log.getvalue().splitlines()) > len(planted) * len(TABS)
    assert found_in(log.getvalue()) == []
    await page.go_back()
    assert found_in(await page.content()) == [], "the browser shows nothing from its memory"
    await profile.close()
    assert [path.name for path in files(tmp_path / "profile") if found_in(as_text(path))] == []


async def write_and_be_refused(page: Page, reference: str) -> None:
    """Type the word into a form, have it kept as a draft, and be told what is wrong."""
    await page.goto(f"/referrals/{reference}/steps/record_contact_attempt?participant=h1")
    async with page.expect_response(lambda answer: "/draft" in answer.url):
        await page.get_by_label("Note").fill(f"{WORD} was not at home.")
    await go_on(page)
    await page.get_by_role("alert").wait_for()


def files(folder: Path) -> Iterator[Path]:
    """What a browser left on the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path


def as_text(path: Path) -> str:
    """The letters of a file, whether it holds one byte or two for each."""
    whole = path.read_bytes()
    return whole.decode("latin-1") + whole.decode("utf-16-le", "ignore")
