"""A worklist with names: of the participants for who works with them, of colleagues by the register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import pytest_asyncio

from casework.session import WayIn, sign_in
from casework.worklist.items import Group, Worklist
from casework.worklist.worklist import parts_with_names, worklist_at
from policies.files import load_policies
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Staff
from stores import register, staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.life import HARMED, RESPONSIBLE, until_conference, until_preparation
from tests.register import enter
from tests.statements import counted

HERE = Area.WEST_MIDLANDS
PEOPLE = [
    {"id": HARMED, "role": "harmed", "person": {"name": "June Invented"}},
    {"id": RESPONSIBLE, "role": "responsible", "person": {"name": "Adam Other"}},
]
NAMES = {
    "wm-1": "Cass Invented",
    "wm-fa": "Faye Invented",
    "wm-fb": "Finn Invented",
    "wm-su": "Sue Invented",
    "wm-sv": "Saul Invented",
}


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """An area of these tests' own, whose staff have names, and with nothing open in it."""
    recorded = Book(pool, keys, HERE, "wm")
    await recorded.hire()
    for who, name in NAMES.items():
        known = await staff.get(pool, who)
        assert isinstance(known, Staff)
        await enter(pool, keys, known.model_copy(update={"name": name}))
        await register.set_absent(pool, keys, who, None, None, who)
    await recorded.close_all()
    return recorded


ALL = dict.fromkeys(Group, range(100))


async def work(
    book: Book,
    who: str,
    at: datetime = MONDAY,
    *,
    shown: Mapping[Group, range] = ALL,
    names: bool = True,
) -> Worklist:
    """The worklist with names, of whose parts so much is shown."""
    engine = Referrals(cast(Any, None), book.pool, book.keys, load_policies())
    session = await sign_in(engine, who, WayIn.CONSOLE)
    parts = await parts_with_names(session, at, lambda _: shown, names=names)
    items = [item for part in parts.values() for item in part.items]
    return Worklist(staff=who, at=at, items=tuple(items))


async def opened(book: Book, **known: Any) -> str:
    reference = await book.open(participants=PEOPLE, **known)
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        await book.take(reference, "cw-1", command, MONDAY)
    return reference


async def test_people_are_called_by_name_in_what_is_to_be_done_with_them(book: Book) -> None:
    await opened(book)
    [item] = (await work(book, "wm-1")).items
    assert item.verb == "Try to reach June I. for the first time"
    # The command is about ids still.
    assert item.fields == {"participant": HARMED}
    assert item.concerns == (HARMED,)


async def test_without_names_they_are_called_by_id_and_side(book: Book) -> None:
    await opened(book)
    [item] = (await work(book, "wm-1", names=False)).items
    assert item.verb == "Try to reach h1, the person harmed, for the first time"


async def test_who_may_not_see_names_in_lists_reads_ids_and_sides(book: Book) -> None:
    reference = await opened(book, sensitive_categories=["stalking"])
    await book.reach(reference, "first_contact", "due", "escalate-1")
    [item] = (await work(book, "wm-su", MONDAY + timedelta(days=3))).items
    assert "h1, the person harmed" in item.verb
    assert "June" not in item.verb + item.because


async def test_colleagues_are_called_by_the_names_of_the_register(book: Book) -> None:
    reference = await opened(book)
    await book.reach(reference, "first_contact", "due", "escalate-1")
    [item] = (await work(book, "wm-su", MONDAY + timedelta(days=3))).items
    assert item.verb == "Take up with Cass Invented: try to reach June I. for the first time"


async def test_what_waits_for_colleagues_says_for_whom_by_name(book: Book) -> None:
    reference = await book.open(participants=PEOPLE)
    *before, (who, booking) = until_conference(MONDAY)
    await book.tell(reference, [*until_preparation(MONDAY.date()), *before], MONDAY)
    later = booking.model_copy(update={"starts_at": MONDAY + timedelta(days=2)})
    await book.take(reference, who, later, MONDAY)
    waiting = (await work(book, "wm-1")).of(Group.WAITING)
    assert {each.waits_for for each in waiting} <= {"Faye Invented", "Faye Invented or Finn Invented"}
    assert any("June I. and Adam O." in each.verb for each in waiting)
    assert not any("wm-f" in each.verb + each.because for each in waiting)
    assert all(each.waits_for is None for each in (await work(book, "wm-fa")).of(Group.TODAY))


async def test_a_sign_off_that_is_waited_for_says_who_may_give_it(book: Book) -> None:
    reference = await book.open(participants=PEOPLE, sensitive_categories=["stalking"])
    story = until_preparation(MONDAY.date())
    verdict = next(place for place, (_, each) in enumerate(story) if each.kind == "record_risk_verdict")
    await book.tell(reference, story[: verdict + 1], MONDAY)
    [item] = (await work(book, "wm-1")).of(Group.WAITING)
    assert item.waits_for == "a supervisor"
    assert item.because == (
        "Cass Invented asked for it on Mon 2 Mar. It waits for Sue Invented or Saul Invented."
    )


async def test_with_names_and_without_the_same_is_to_be_done(book: Book) -> None:
    for _ in range(3):
        await opened(book)
    engine = Referrals(cast(Any, None), book.pool, book.keys, load_policies())
    bare = await worklist_at(await sign_in(engine, "wm-1", WayIn.CONSOLE), MONDAY)
    named = await work(book, "wm-1")
    left_out = {"verb", "because", "waits_for"}
    assert [each.model_dump(exclude=left_out) for each in named.items] == [
        each.model_dump(exclude=left_out) for each in bare.items
    ]


async def test_no_more_names_are_looked_up_than_are_shown(book: Book) -> None:
    references = [await opened(book) for _ in range(3)]
    seen = []
    for place in range(3):
        shown = await work(book, "wm-1", shown=dict.fromkeys(Group, range(place, place + 1)))
        [item] = shown.items
        assert "June I." in item.verb
        seen.append(item.reference)
        looked_at = [each for each in references if await looks(book, each)]
        assert sorted(looked_at) == sorted(seen)


async def looks(book: Book, reference: str) -> int:
    """How often anybody looked at a referral."""
    found: int = await book.pool.fetchval("SELECT count(*) FROM access_log WHERE reference = $1", reference)
    return found


async def test_a_worklist_takes_the_same_statements_for_one_referral_and_for_many(book: Book) -> None:
    found = []
    for more in (1, 4):
        for _ in range(more):
            await opened(book)
        with counted() as statements:
            await work(book, "wm-1")
        found.append(len(statements))
    assert found[0] == found[1] <= 10
