"""My work: what to do in which order, by whom called how, and one button that leads on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib import import_module

import pytest
import pytest_asyncio

from casework.worklist.answers import Why
from casework.worklist.items import Action, Group, ReadFirst, WorkItem
from console.addresses import step_address
from console.asked import Console
from console.work.rows import Row, overview, rows_of
from schemas.areas import Area
from schemas.vocabulary import Stage
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.console.visiting import visiting
from tests.console.work.people import area_with_nothing_open, opened
from tests.life import HARMED
from tests.statements import counted

NOW = datetime(2026, 11, 26, 10, 41, tzinfo=UTC)
IN_TIME = {"overdue": False}


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    return await area_with_nothing_open(pool, keys)


@pytest.fixture
def monday(console: Console) -> Console:
    """A console that thinks it is the Monday on which the tests' referrals came."""
    return replace(console, now=lambda: MONDAY)


def text(page: str) -> str:
    """What a page says, without its markup."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def item(**known: object) -> WorkItem:
    fields: dict[str, object] = {
        "verb": "Try to reach June I. for the first time",
        "reference": "RJ-7KQ4-M2X1",
        "area": Area.DURHAM,
        "stage": Stage.VICTIM_CONTACT,
        "concerns": (HARMED,),
        "why": Why.DEADLINE,
        "because": "Nobody has tried yet; the referral came on Mon 23 Nov.",
        "deadline": "first_contact",
        "due_at": NOW - timedelta(days=2),
        "due_in_working_days": -2,
        "overdue": True,
        "group": Group.OVERDUE,
        "instead_of": None,
        "waits_for": None,
        "read_first": ReadFirst.CONTACT,
        "actions": (Action(when="", kind="record_contact_attempt", fields={"participant": HARMED}, asks=()),),
    }
    return WorkItem.model_validate(fields | known)


def row(**known: object) -> Row:
    [found] = rows_of([item(**known)], NOW)
    return found


# The rows.


@pytest.mark.parametrize(
    ("known", "tag"),
    [
        ({}, ("2 working days late", "red")),
        ({**IN_TIME, "due_at": NOW.replace(hour=15, minute=0), "group": Group.TODAY}, ("Today 15:00", "yellow")),
        ({**IN_TIME, "due_at": NOW + timedelta(days=4), "group": Group.THIS_WEEK}, ("Mon 30 Nov", "blue")),
        ({**IN_TIME, "due_at": None, "group": Group.NEXT_STEPS}, None),
        ({**IN_TIME, "waits_for": "a supervisor", "group": Group.WAITING}, ("Waiting for a supervisor", "purple")),
        ({**IN_TIME, "group": Group.AT_ONCE, "due_at": None}, ("At once", "red")),
        ({**IN_TIME, "due_at": NOW - timedelta(minutes=5), "group": Group.TODAY}, ("Now", "yellow")),
    ],
)  # fmt: skip
def test_a_tag_says_how_soon_and_for_whom_it_waits(
    known: dict[str, object], tag: tuple[str, str] | None
) -> None:
    assert row(**known).soon == tag


def test_the_button_opens_the_form_filled_with_what_is_known() -> None:
    found = row()
    assert found.way.label == "Record a contact"
    assert found.way.address == "/referrals/RJ-7KQ4-M2X1/steps/record_contact_attempt?participant=h1"
    assert found.others == ()


def test_what_may_answer_in_other_cases_stands_behind_the_button() -> None:
    actions = (
        Action(when="Afterwards", kind="record_court_news", fields={}, asks=()),
        Action(when="Afterwards, if sentence was passed", kind="amend_referral", fields={}, asks=()),
    )
    found = row(actions=actions, read_first=None)
    assert found.way.address.endswith("/steps/record_court_news")
    [other] = found.others
    assert (other.when, other.label) == (
        "Afterwards, if sentence was passed",
        "Correct what is known about the referral",
    )
    # What is to be recorded when it is over is nothing to press now.
    assert not found.presses


def test_a_sign_off_is_read_before_it_is_decided() -> None:
    actions = tuple(
        Action(
            when=when,
            kind="sign_off",
            fields={"subject": "readiness", "activity": "a2", "approved": said},
            asks=(),
        )
        for when, said in (("If you approve", "true"), ("If not", "false"))
    )
    found = row(actions=actions, read_first=ReadFirst.SIGN_OFFS)
    assert found.way == ("Read and decide", "/team/sign-offs/RJ-7KQ4-M2X1/readiness/a2", "", "", False)
    assert found.others == ()


def test_where_one_only_waits_one_may_look() -> None:
    waiting = row(
        verb="Faye Invented: lead the meeting of June I.", waits_for="Faye Invented", actions=(),
        read_first=ReadFirst.REFERRAL, group=Group.WAITING, overdue=False,
    )  # fmt: skip
    assert waiting.what == "Lead the meeting of June I."
    assert waiting.way == ("Look", "/referrals/RJ-7KQ4-M2X1", "", "", False)
    assert not waiting.presses


def test_why_is_said_in_quiet_words_without_breaking_a_name() -> None:
    said = row(because="Asked June I. Foster about it. It was escalated to the supervisor.").because
    assert said == "Asked June I. Foster about it · It was escalated to the supervisor"


def test_the_fields_of_a_form_are_kept_as_they_are_in_its_address() -> None:
    action = Action(when="", kind="book_activity", fields={"attending": "h1,r1"}, asks=())
    assert step_address("RJ-7KQ4-M2X1", action.kind, action.fields).endswith("?attending=h1%2Cr1")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((2, 3, 0), "Two things are overdue, three are for today."),
        ((1, 0, 0), "One thing is overdue."),
        ((0, 1, 0), "One thing is for today."),
        ((0, 0, 0), "Nothing is overdue, and nothing is for today."),
        ((12, 1, 1), "One concern is to be looked into at once, 12 are overdue, one is for today."),
    ],
)
def test_one_sentence_says_how_much_presses(counts: tuple[int, int, int], said: str) -> None:
    assert overview(*counts) == said


def test_no_two_rows_of_a_page_have_one_id() -> None:
    ids = [each.id for each in rows_of([item(), item(), item(deadline=None)], NOW)]
    assert len(set(ids)) == 3


# The page.


async def test_a_page_says_what_to_do_with_whom_and_where(monday: Console, book: Book) -> None:
    reference = await opened(book)
    async with visiting(monday, "lo-1") as visitor:
        page = await visitor.get("/my-work")
    said = text(page)
    assert "Monday 2 March 2026. Nothing is overdue, and nothing is for today." in said
    assert "This week" in said
    assert "Try to reach Junibella I. for the first time" in said
    assert f'href="/referrals/{reference}/steps/record_contact_attempt?participant=h1"' in page
    assert f'href="/referrals/{reference}"' in page


async def test_a_contact_is_recorded_in_at_most_three_clicks_from_here(monday: Console, book: Book) -> None:
    reference = await opened(book)
    async with visiting(monday, "lo-1") as visitor:
        page = await visitor.get("/my-work")
    # The button opens the form; there the outcome is chosen, and it is recorded.
    assert re.search(
        rf'<a class="govuk-button[^>]*href="/referrals/{reference}/steps/record_contact_attempt\?', page
    )


async def test_names_are_hidden_with_the_switch(monday: Console, book: Book) -> None:
    await opened(book)
    async with visiting(monday, "lo-1") as visitor:
        await visitor.post("/hide-names", {"back": "/my-work"})
        hidden = await visitor.get("/my-work")
        assert "Junibella" not in hidden
        assert "h1, the person harmed" in hidden
        assert "Junibella" not in await visitor.get("/referrals")


async def test_no_name_stands_in_a_title_or_an_address(monday: Console, book: Book) -> None:
    await opened(book)
    async with visiting(monday, "lo-1") as visitor:
        for address in ("/my-work", "/referrals", "/inbox"):
            page = await visitor.get(address)
            parts = [
                *re.findall(r"<title>.*?</title>", page),
                *re.findall(r'(?:href|action|id|data-\w+)="[^"]*"', page),
            ]
            assert parts
            assert not [each for each in parts if "Junibella" in each or "Adamaro" in each]


async def test_what_is_overdue_is_counted_in_the_navigation(console: Console, book: Book) -> None:
    reference = await opened(book)
    await book.reach(reference, "first_contact", "due")
    late = replace(console, now=lambda: MONDAY + timedelta(days=2))
    async with visiting(late, "lo-1") as visitor:
        page = await visitor.get("/my-work")
    assert re.search(r'My work <span class="rj-badge">1<', page)
    assert "One thing is overdue." in text(page)
    assert "rj-row--late" in page


async def test_who_has_nothing_to_do_is_told_so(monday: Console, book: Book) -> None:
    async with visiting(monday, "lo-2") as visitor:
        assert "You have nothing to do." in text(await visitor.get("/my-work"))


async def test_a_part_can_be_looked_at_alone(monday: Console, book: Book) -> None:
    await opened(book)
    async with visiting(monday, "lo-1") as visitor:
        assert "Junibella" in await visitor.get("/my-work?part=this_week")
        assert "There is nothing in this part now." in text(await visitor.get("/my-work?part=overdue"))
        assert "Part: is none of" in await visitor.get("/my-work?part=yesterday", status=422)


async def test_a_long_part_is_read_page_by_page(
    monday: Console, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("console.work.my_work"), "_PAGE", 2)
    opened_here = [await opened(book) for _ in range(3)]
    async with visiting(monday, "lo-1") as visitor:
        first = await visitor.get("/my-work?part=this_week")
        second = await visitor.get("/my-work?part=this_week&page=2")
        assert "1 more, due after these" in text(first)
        assert "/my-work?part=this_week&amp;page=2" in first
        assert "/my-work?part=this_week&amp;page=1" in second
        assert "more, due after these" not in text(second)
        shown = [{each for each in opened_here if each in page} for page in (first, second)]
        assert [len(each) for each in shown] == [2, 1]
        assert set.union(*shown) == set(opened_here)
        assert "There is nothing in this part now." in text(
            await visitor.get("/my-work?part=this_week&page=3")
        )
        for wrong in ("0", "-1", "x", "2.5", ""):
            page = await visitor.get(f"/my-work?part=this_week&page={wrong}", status=422)
            assert "Page: give a whole number from 1 to 9999." in page


async def test_the_page_takes_the_same_statements_for_few_and_many_referrals(
    monday: Console, book: Book
) -> None:
    found = []
    for more in (1, 5):
        for _ in range(more):
            await opened(book)
        async with visiting(monday, "lo-1") as visitor:
            with counted() as statements:
                await visitor.get("/my-work")
        found.append(len(statements))
    assert found[0] == found[1] <= 12


async def test_colleagues_are_called_by_name(console: Console, book: Book) -> None:
    reference = await opened(book)
    await book.reach(reference, "first_contact", "due", "escalate-1")
    late = replace(console, now=lambda: MONDAY + timedelta(days=4))
    async with visiting(late, "lo-su") as visitor:
        assert "Take up with Cass Invented" in text(await visitor.get("/my-work"))
