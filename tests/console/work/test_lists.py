"""The list of referrals by filters in the address, a partner's view of what they sent, and the inbox."""

from __future__ import annotations

import re
from importlib import import_module
from uuid import uuid4

import pytest
import pytest_asyncio

from console.asked import Console
from schemas import commands as c
from schemas.reading.reference import reference_from
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.console.visiting import Visitor, visiting
from tests.console.work.people import area_with_nothing_open, given, opened
from tests.life import HARMED, form, until_preparation
from tests.statements import counted


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    return await area_with_nothing_open(pool, keys)


def listed(page: str) -> list[str]:
    """The references of the rows, in order."""
    return re.findall(r'<li class="rj-row[^"]*" id="(RJ-[0-9A-Z]{4}-[0-9A-Z]{4})"', page)


async def test_the_list_is_of_ones_areas_soonest_due_first(console: Console, book: Book) -> None:
    later, sooner = await opened(book), await opened(book)
    attempt = c.RecordContactAttempt.model_validate(
        {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
    )
    await book.take(later, "cw-1", attempt, MONDAY)
    async with visiting(console, "lo-2") as visitor:
        page = await visitor.get("/referrals")
        assert listed(page) == [sooner, later]
    async with visiting(console, "cw-kent") as visitor:
        assert not {later, sooner} & set(listed(await visitor.get("/referrals")))


async def test_each_filter_in_the_address_narrows_the_list(console: Console, book: Book) -> None:
    mine, sensitive = await opened(book), await opened(book, sensitive_categories=["stalking"])
    others = await given(book, source="probation")
    held = await opened(book)
    hold = c.Hold.model_validate(
        {"reason": "waiting_for_information", "review_on": "2026-03-20", "note": "Invented"}
    )
    await book.take(held, "cw-1", hold, MONDAY)
    received = await book.open()
    async with visiting(console, "lo-1") as visitor:
        for query, found in (
            ("", {mine, sensitive, others, held, received}),
            ("stage=received", {received}),
            ("caseworker=lo-2", {others}),
            ("source=probation", {others}),
            ("sensitive=yes", {sensitive}),
            ("on_hold=yes", {held}),
            ("area=london&stage=&caseworker=", {mine, sensitive, others, held, received}),
            ("caseworker=lo-1&sensitive=yes", {sensitive}),
            ("overdue=yes&stage=received", {received}),
        ):
            assert set(listed(await visitor.get(f"/referrals?{query}"))) == found, query
        assert not {mine, others} & set(listed(await visitor.get("/referrals?stage=closed")))


async def test_a_filter_that_is_none_is_refused_in_a_sentence(console: Console, book: Book) -> None:
    async with visiting(console, "lo-1") as visitor:
        for query, name in (
            ("stage=banana", "Stage"),
            ("caseworker=cw-kent", "Caseworker"),
            ("area=atlantis", "Area"),
            ("source=<script>", "Source"),
            ("due_within_days=-1", "Due within days"),
            ("after=1.2.RJ-", "After"),
        ):
            page = await visitor.get(f"/referrals?{query}", status=422)
            assert re.search(rf"{name}: [^<]*\.", page), query
            assert "<script>" not in page
        await visitor.get("/referrals?area=kent", status=403)


async def test_pages_follow_one_another_and_hold_each_referral_once(
    console: Console, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("console.work.referrals"), "_PAGE", 2)
    made = {await opened(book) for _ in range(4)} | {await book.open()}
    seen: list[str] = []
    async with visiting(console, "lo-1") as visitor:
        address: str | None = "/referrals?area=london"
        while address is not None:
            page = await visitor.get(address)
            assert 0 < len(listed(page)) <= 2
            seen += listed(page)
            found = re.search(r'href="([^"]*)" rel="next"', page)
            address = found[1].replace("&amp;", "&") if found else None
            assert address is None or "area=london" in address
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == made


async def test_names_stand_in_the_list_for_who_works_on_a_referral_alone(
    console: Console, book: Book
) -> None:
    await opened(book)
    async with visiting(console, "lo-1") as visitor:
        assert "Junibella I. and Adamaro O." in await visitor.get("/referrals")
    async with visiting(console, "lo-2") as visitor:
        assert "Junibella" not in await visitor.get("/referrals")


async def test_the_list_takes_the_same_statements_for_few_and_many(console: Console, book: Book) -> None:
    found = []
    for more in (1, 5):
        for _ in range(more):
            await opened(book)
        async with visiting(console, "lo-1") as visitor:
            with counted() as statements:
                await visitor.get("/referrals")
        found.append(len(statements))
    assert found[0] == found[1] <= 11


async def test_a_partner_reads_the_status_of_what_they_sent_and_nothing_else(
    console: Console, book: Book
) -> None:
    theirs, sent = await book.open(), await sent_by_partner(book)
    async with visiting(console, "lo-pa") as visitor:
        page = await visitor.get("/referrals")
        assert sent in page
        assert theirs not in page
        assert "We have it, and nobody works on it yet" in page
        for word in ("received", "Cass", "Invented Harmed", "burglary", "Deadline", "data-live"):
            assert word not in page[page.index("<main") : page.index("</main>")]
        # No filter and no other list is theirs.
        assert listed(await visitor.get("/referrals?list=offered&stage=closed")) == []


async def sent_by_partner(book: Book) -> str:
    """A referral that the partner sent."""
    book._people["pa-1"] = "lo-pa"
    reference = reference_from(uuid4().int)
    await book.keys.create(reference)
    await book.take(reference, "pa-1", form("Invented", area=book.area), MONDAY)
    return reference


async def test_supervisors_see_what_is_offered_and_what_others_took_over(
    console: Console, book: Book
) -> None:
    async with visiting(console, "lo-su") as visitor:
        assert "Nothing is offered to us now." in await visitor.get("/referrals?list=offered")
        assert "None was taken over." in await visitor.get("/referrals?list=taken-over")
        assert "Offered to us" in await visitor.get("/referrals")
    async with visiting(console, "lo-1") as visitor:
        assert "Offered to us" not in await visitor.get("/referrals")
        await visitor.get("/referrals?list=offered", status=403)


# The inbox.


def unread(page: str) -> int:
    return page.count("rj-row--unread")


def badge(page: str) -> int:
    found = re.search(r'Inbox <span class="rj-badge">(\d+)', page)
    return int(found[1]) if found else 0


async def read_all(visitor: Visitor) -> None:
    await visitor.get("/inbox?show=all")


async def test_what_was_told_is_new_until_it_was_looked_at(console: Console, book: Book) -> None:
    async with visiting(console, "lo-2") as visitor:
        await read_all(visitor)
        reference = await given(book)
        assert badge(await visitor.get("/my-work")) == 1
        page = await visitor.get("/inbox")
        assert (unread(page), badge(page)) == (1, 1)
        assert f'href="/referrals/{reference}"' in page
        again = await visitor.get("/inbox")
        assert (unread(again), badge(again)) == (0, 0)
        assert reference in again


async def test_a_page_that_refreshes_by_itself_has_read_nothing(console: Console, book: Book) -> None:
    async with visiting(console, "lo-2") as visitor:
        await read_all(visitor)
        await given(book)
        for _ in range(2):
            answer = await visitor.client.get("/inbox", headers={"X-Refresh": "1"})
            assert unread(answer.text) == 1


async def test_nobody_reads_the_messages_of_another(console: Console, book: Book) -> None:
    reference = await given(book)
    async with visiting(console, "lo-fa") as visitor:
        assert reference not in await visitor.get("/inbox?show=all")
    async with visiting(console, "co-1") as visitor:
        await visitor.get("/inbox", status=403)


async def test_what_asks_for_a_sign_off_leads_there_for_who_gives_it(console: Console, book: Book) -> None:
    reference = await book.open(sensitive_categories=["stalking"])
    story = until_preparation(MONDAY.date())
    verdict = next(place for place, (_, each) in enumerate(story) if each.kind == "record_risk_verdict")
    await book.tell(reference, story[: verdict + 1], MONDAY)
    async with visiting(console, "lo-su") as visitor:
        page = await visitor.get("/inbox")
        assert f'href="/team/sign-offs/{reference}/risk_assessment"' in page
    await book.close_all()
    async with visiting(console, "lo-su") as visitor:
        page = await visitor.get("/inbox")
        assert f'href="/team/sign-offs/{reference}/risk_assessment"' not in page
        assert ">Over<" in page


async def test_the_inbox_takes_the_same_statements_for_few_and_many(console: Console, book: Book) -> None:
    found = []
    async with visiting(console, "lo-2") as visitor:
        for more in (1, 4):
            for _ in range(more):
                await given(book)
            await read_all(visitor)
            with counted() as statements:
                await visitor.get("/inbox")
            found.append(len(statements))
    assert found[0] == found[1] <= 8
