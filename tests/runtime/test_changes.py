"""What changes is heard once in a process, told to those whom it concerns, and not lost with the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

from lifecycle import fold
from runtime.changes import CHANNEL, Change, Changes, Concern, Waiting
from schemas import commands as c
from schemas.areas import Area
from schemas.vocabulary import Stage
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import MONDAY, Book
from tests.life import until_preparation

HERE = Area.AVON_AND_SOMERSET
WITHIN = 15.0


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    recorded = Book(pool, keys, HERE, "av")
    await recorded.hire()
    return recorded


@pytest_asyncio.fixture
async def changes(pool: Pool) -> AsyncIterator[Changes]:
    heard = Changes()
    async with heard.heard(pool):
        await asyncio.wait_for(heard.until_heard(), WITHIN)
        yield heard


async def newer(book: Book, *references: str) -> Concern:
    """Whether something changes on these referrals after now."""
    lengths = {each: await event_log.length(book.pool, each) for each in references}
    return lambda change: change.sequence > lengths.get(change.reference or "", change.sequence)


async def next_of(waiting: Waiting) -> list[Change]:
    found = await waiting.changes(WITHIN)
    assert found, "nothing was told"
    return found


async def test_a_step_is_told_with_its_referral_its_areas_and_who_works_on_it(
    changes: Changes, book: Book
) -> None:
    reference = await book.allocated()
    with changes.awaited(await newer(book, reference)) as waiting:
        await book.take(reference, "cw-1", c.AddNote(note="Invented"), MONDAY)
        [change] = await next_of(waiting)
    length = await event_log.length(book.pool, reference)
    assert change == Change(
        reference=reference, sequence=length, areas=frozenset({HERE}), workers=frozenset({"av-1"})
    )


async def test_who_gave_the_referral_and_who_has_it_now_are_both_told(changes: Changes, book: Book) -> None:
    reference = await book.allocated()
    with changes.awaited(await newer(book, reference)) as waiting:
        await book.take(reference, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
        assert {"av-1", "av-2"} <= (await next_of(waiting))[0].workers


async def test_co_facilitators_are_among_who_works_on_it(changes: Changes, book: Book) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    both = c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2")
    await book.take(reference, "cw-1", both, MONDAY)
    assert fold(await event_log.history(book.pool, book.keys, reference)).stage is Stage.PREPARATION
    with changes.awaited(lambda change: "av-fb" in change.workers) as waiting:
        await book.take(reference, "cw-1", c.AddNote(note="Invented"), MONDAY)
        assert (await next_of(waiting))[0].reference == reference


async def test_nothing_that_is_told_is_sealed(book: Book, database_url: str) -> None:
    said: list[str] = []
    came = asyncio.Event()

    def hear(*told: object) -> None:
        said.append(str(told[-1]))
        came.set()

    listener = await connect(database_url)
    await listener.add_listener(CHANNEL, hear)
    canary = "Canary-Who-Sings"
    reference = await book.open(
        summary=canary,
        participants=[
            {"id": "h1", "role": "harmed", "person": {"name": canary}},
            {"id": "r1", "role": "responsible"},
        ],
    )
    await asyncio.wait_for(came.wait(), WITHIN)
    await listener.close()
    assert any(reference in each for each in said)
    assert canary not in "".join(said)


async def test_who_finds_a_message_in_their_inbox_is_told(changes: Changes, book: Book) -> None:
    reference = await book.allocated()
    with changes.awaited(lambda change: "av-2" in change.told) as waiting:
        await book.take(reference, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
        [change] = await next_of(waiting)
    assert (change.reference, change.areas) == (None, frozenset())


async def test_a_step_that_is_refused_tells_nobody(changes: Changes, book: Book) -> None:
    reference, other = await book.allocated(), await book.allocated()
    with changes.awaited(await newer(book, reference, other)) as waiting:
        with pytest.raises(ApplicationError):
            await book.take(reference, "cw-1", c.BeginPreparation(), MONDAY)
        await book.take(other, "cw-1", c.AddNote(note="Invented"), MONDAY)
        assert [each.reference for each in await next_of(waiting)] == [other]


async def test_what_changed_after_a_page_was_read_is_told_at_once(changes: Changes, book: Book) -> None:
    reference = await book.allocated()
    before, concern = time.time(), await newer(book, reference)
    with changes.awaited(concern) as heard:
        await book.take(reference, "cw-1", c.AddNote(note="Invented"), MONDAY)
        await next_of(heard)
    with changes.awaited(concern, before) as waiting:
        assert len(await next_of(waiting)) == 1
    with changes.awaited(concern, time.time()) as waiting:
        assert await waiting.changes(0.05) == []


async def test_a_page_from_before_anybody_listened_is_told_that_something_may_be_missing(
    changes: Changes,
) -> None:
    with changes.awaited(lambda change: False, 0.0) as waiting:
        [change] = await next_of(waiting)
    assert change.missed


async def test_a_lost_connection_is_made_again_and_everybody_is_told(
    changes: Changes, book: Book, owner_url: str
) -> None:
    reference = await book.allocated()
    with changes.awaited(await newer(book, reference)) as waiting:
        owner = await connect(owner_url)
        lost = await owner.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        )
        await owner.close()
        assert lost
        [change] = await next_of(waiting)
        assert change.missed
        await book.take(reference, "cw-1", c.AddNote(note="Invented"), MONDAY)
        assert (await next_of(waiting))[0].reference == reference


async def test_what_cannot_be_read_makes_everybody_look(changes: Changes, database_url: str) -> None:
    teller = await connect(database_url)
    with changes.awaited(lambda change: False) as waiting:
        for nonsense in ("", "no json", "[1]", '{"areas": 7}'):
            await teller.execute("SELECT pg_notify($1, $2)", CHANNEL, nonsense)
            [change] = await next_of(waiting)
            assert change.missed
    await teller.close()


async def test_when_the_process_stops_nobody_waits_any_longer(changes: Changes) -> None:
    with changes.awaited(lambda change: False) as waiting:
        asked = asyncio.create_task(waiting.changes(WITHIN))
        await asyncio.sleep(0)
        changes.end()
        assert await asked is None
    with changes.awaited(lambda change: False) as late:
        assert await late.changes(WITHIN) is None


async def test_who_comes_for_no_changes_is_told_of_a_few_or_that_some_were_missed() -> None:
    waiting = Waiting(lambda _: True)
    for sequence in range(10_000):
        waiting.tell(Change(reference="RJ-7KQ4-M2X1", sequence=sequence))
    came = await waiting.changes(0.1)
    assert came is not None
    assert len(came) <= 100
    assert came[0].missed


async def test_a_thousand_who_wait_in_one_process_each_hear_of_one_step(changes: Changes, book: Book) -> None:
    reference, other = await book.allocated(), await book.allocated()
    mine, theirs = await newer(book, reference), await newer(book, other)
    with ExitStack() as stack:
        thousand = [stack.enter_context(changes.awaited(mine)) for _ in range(1000)]
        beside = stack.enter_context(changes.awaited(theirs))
        asked = asyncio.gather(*(next_of(each) for each in thousand))
        await book.take(reference, "cw-1", c.AddNote(note="Invented"), MONDAY)
        assert [[each.reference for each in told] for told in await asked] == [[reference]] * 1000
        assert await beside.changes(0.05) == []
    assert len(changes) == 0
