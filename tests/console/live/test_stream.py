"""A page that is looked at is told within two seconds of what changes there, for as long as the session lasts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from casework.signing_in.sessions import begin_session, find_session
from console.asked import Console
from console.live import stream
from runtime.referrals import Referrals
from runtime.settings import Settings
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.web import SignedInBy
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.console.listening import Served, served
from tests.console.visiting import visiting
from tests.life import HARMED
from tests.register import enter

HERE = Area.AVON_AND_SOMERSET
NOTE = c.AddNote(note="Canary-Who-Sings")


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    recorded = Book(pool, keys, HERE, "av")
    await recorded.hire()
    await enter(pool, keys, Staff(id="av-1", role=Role.CASEWORKER, areas=(HERE,), name="Cass Invented"))
    await enter(pool, keys, Staff(id="av-pa", role=Role.PARTNER, areas=(HERE,)))
    return recorded


@pytest_asyncio.fixture
async def console(pool: Pool, referrals: Referrals) -> AsyncIterator[Served]:
    async with served(Console(referrals, Settings.load())) as ours:
        yield ours


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the session lasts is looked at all the time."""
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)


async def test_a_step_by_one_person_is_on_the_page_of_another_within_two_seconds(
    console: Served, book: Book
) -> None:
    reference = await book.allocated()
    async with console.waiting("av-su", f"/live?about={reference}") as page:
        began = time.monotonic()
        await book.take(reference, "cw-1", NOTE, MONDAY)
        assert await page.event() == ("change", {})
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("about", ["work", "areas"])
async def test_a_list_is_told_of_a_change_of_what_is_on_it(console: Served, book: Book, about: str) -> None:
    reference = await book.allocated()
    async with console.waiting("av-1", f"/live?about={about}") as page:
        await book.take(reference, "su-1", NOTE, MONDAY)
        assert await page.event() == ("change", {})


async def test_ones_work_is_not_told_of_the_work_of_others(console: Served, book: Book) -> None:
    others, mine = await book.allocated(), await book.allocated()
    await book.take(mine, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
    async with (
        console.waiting("av-2", "/live?about=work") as page,
        console.waiting("av-su", "/live?about=work") as supervisors,
    ):
        await book.take(mine, "cw-1", NOTE, MONDAY)
        while await page.soon():
            pass
        await book.take(others, "cw-1", NOTE, MONDAY)
        while await supervisors.soon():
            pass
        assert not await page.soon()
        await book.take(mine, "cw-1", NOTE, MONDAY)
        assert await page.event() == ("change", {})


async def test_a_message_is_told_to_whom_it_is_for_wherever_they_look(console: Served, book: Book) -> None:
    reference, looked_at = await book.allocated(), await book.open()
    async with console.waiting("av-2", f"/live?about={looked_at}") as page:
        await book.take(reference, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
        assert await page.event() == ("inbox", {})


async def test_a_page_with_a_form_is_told_who_recorded_what_when_and_nobodys_name(
    console: Served, book: Book
) -> None:
    reference = await book.allocated()
    began = await event_log.length(book.pool, reference)
    async with console.waiting("av-su", f"/live?about={reference}&after={began}") as page:
        attempt = c.RecordContactAttempt.model_validate(
            {"participant": HARMED, "channel": "phone", "outcome": "no_answer", "note": "Canary-Who-Sings"}
        )
        await book.take(reference, "cw-1", attempt, MONDAY)
        name, told = await page.event()
    assert name == "happened"
    [step] = told["steps"]
    assert step["by"] == "Cass Invented"
    assert datetime.fromisoformat(step["at"]) <= datetime.now(UTC)
    assert "h1" in step["says"]
    assert "Canary" not in str(told)
    # What was recorded before they began to listen is told as well.
    async with console.waiting("av-su", f"/live?about={reference}&after={began}") as page:
        assert await page.event() == (name, told)


async def test_the_news_are_for_who_may_see_the_referral(console: Served, book: Book) -> None:
    reference = await book.allocated()
    for who, about, status in (
        ("cw-kent", reference, 403),
        ("co-1", reference, 403),
        ("av-pa", reference, 403),
        ("av-pa", "work", 403),
        ("co-1", "areas", 403),
        ("av-1", "RJ-0000-0000", 404),
        ("av-1", "", 404),
    ):
        async with console.asking(who) as client:
            assert (await client.get("/live", params={"about": about})).status_code == status, (who, about)


async def test_who_sees_the_status_alone_is_not_told_what_happened(console: Served, book: Book) -> None:
    await book.hire()
    reference = await book.allocated()
    async with console.asking("av-pa") as client:
        answer = await client.get("/live", params={"about": reference, "after": 0})
    assert answer.status_code == 403


async def test_the_news_end_with_the_session(console: Served, book: Book, hurried: None) -> None:
    reference = await book.allocated()
    token = await begin_session(console.console.referrals, "av-2", SignedInBy.PASSWORD, "A test")
    async with console.waiting("av-2", f"/live?about={reference}", token) as page:
        found = await find_session(console.console.referrals, token, used=False)
        assert found is not None
        await console.console.referrals.pool.nowhere.execute(
            "DELETE FROM web_session WHERE id = $1", found.web.id
        )
        assert await page.event() == ("ended", {})
        assert await page.ends()


async def test_the_news_end_for_who_is_not_active_any_more(
    console: Served, book: Book, pool: Pool, keys: KeyStore, hurried: None
) -> None:
    async with console.waiting("av-2", "/live?about=work") as page:
        leaves = Staff(id="av-2", role=Role.CASEWORKER, areas=(HERE,), active=False)
        await enter(pool, keys, leaves)
        assert await page.event() == ("ended", {})


async def test_to_listen_keeps_no_session_from_ending(
    console: Served, book: Book, owner_url: str, hurried: None
) -> None:
    token = await begin_session(console.console.referrals, "av-fb", SignedInBy.PASSWORD, "A test")
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE web_session SET seen_at = now() - interval '29 minutes' WHERE staff = 'av-fb'"
    )
    seen = await owner.fetchval("SELECT max(seen_at) FROM web_session WHERE staff = 'av-fb'")
    async with console.waiting("av-fb", "/live?about=work", token) as page:
        # A page that reads itself again, because something changed, is no sign of anybody either.
        async with console.asking("av-fb", token) as client:
            assert (await client.get("/my-work", headers={"X-Refresh": "1"})).status_code == 200
            left = (await client.get("/still-here")).json()
            assert 0 < left["idle"] <= 60 < left["longest"]
        assert await owner.fetchval("SELECT max(seen_at) FROM web_session WHERE staff = 'av-fb'") == seen
        await owner.execute(
            "UPDATE web_session SET seen_at = now() - interval '31 minutes' WHERE staff = 'av-fb'"
        )
        assert await page.event() == ("ended", {})
    await owner.close()


async def test_when_the_console_stops_open_pages_are_let_go_at_once(book: Book, referrals: Referrals) -> None:
    began = 0.0
    async with served(Console(referrals, Settings.load())) as ours:
        page_open = ours.waiting("av-1", "/live?about=work")
        page = await page_open.__aenter__()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert await page.ends()
    await page_open.__aexit__(None, None, None)


async def test_a_person_has_so_many_pages_that_refresh_by_themselves_and_no_more(
    console: Served, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_FOR_ONE", 1)
    async with console.waiting("av-1", "/live?about=work"), console.asking("av-1") as client:
        assert (await client.get("/live?about=work")).status_code == 429
    async with console.waiting("av-1", "/live?about=work"):
        pass


async def test_to_say_that_one_is_still_here_keeps_the_session(
    console: Served, book: Book, owner_url: str
) -> None:
    async with visiting(console.console, "av-fa") as visitor:
        owner = await connect(owner_url)
        await owner.execute(
            "UPDATE web_session SET seen_at = now() - interval '28 minutes' WHERE staff = 'av-fa'"
        )
        assert (await visitor.client.get("/still-here")).json()["idle"] <= 120
        assert (await visitor.post("/still-here/stay", status=200)).json()["idle"] == 1800
        assert (await visitor.client.get("/still-here")).json()["idle"] > 1700
        await owner.execute(
            "UPDATE web_session SET signed_in_at = now() - interval '11 hours 55 minutes' WHERE staff = 'av-fa'"
        )
        # Nothing keeps it longer than twelve hours.
        left = (await visitor.post("/still-here/stay", status=200)).json()
        assert left["idle"] == left["longest"] <= 300
        await owner.close()
