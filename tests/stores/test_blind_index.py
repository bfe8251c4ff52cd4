"""The blind index: written with the step, gone with an erasure, and nothing without the keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from lifecycle.people import search_terms as terms
from lifecycle.people.search_terms import Term, TermKind, found_by
from runtime.embedded.postgres import embedded_postgres
from schemas import commands as c
from schemas.areas import Area
from schemas.events import Recorded
from stores import blind_index
from stores.blind_index import IndexKey, index_key
from stores.database import Connection, Pool, connect, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import event_log
from stores.migrate import migrate
from tests.life import form
from tests.stores.test_event_log import Recording


@dataclass
class Indexed:
    """A referral of somebody whom nobody else in the tests is called, and who asks for it."""

    recording: Recording
    pool: Pool
    key: IndexKey
    owner: Connection
    name: str

    @property
    def reference(self) -> str:
        return self.recording.reference

    async def found(self, *wanted: Term | None, areas: Collection[Area] = (Area.DURHAM,)) -> set[str]:
        """Which participants of the referral have all these terms."""
        hits = await blind_index.find(
            self.pool.within(areas),
            self.key,
            [[each for each in wanted if each is not None]],
            areas=areas,
            sensitive_of=None,
            limit=1000,
        )
        return {hit.participant for hit in hits if hit.reference == self.reference}

    async def rows(self) -> int:
        count: int = await self.owner.fetchval(
            "SELECT count(*) FROM blind_index WHERE reference = $1", self.reference
        )
        return count


@pytest.fixture
async def indexed(pool: Pool, keys: KeyStore, owner_url: str) -> AsyncIterator[Indexed]:
    recording = Recording(pool, keys)
    name = (
        f"Quentin {recording.reference.replace('-', '').translate(str.maketrans('0123456789', 'abcdefghij'))}"
    )
    await keys.create(recording.reference)
    await recording.take(form(name))
    owner = await connect(owner_url)
    yield Indexed(recording, pool, await index_key(keys), owner, name)
    await owner.close()


async def test_a_step_writes_by_what_its_referral_is_found(indexed: Indexed) -> None:
    assert await indexed.found(terms.whole_name(indexed.name)) == {"h1", "r1"}
    assert await indexed.found(*terms.first_letters(["que", indexed.name.split()[1].lower()[:4]])) == {
        "h1",
        "r1",
    }
    assert await indexed.found(terms.date_of_birth("1907-11-13")) == {"h1", "r1"}
    assert await indexed.found(terms.date_of_birth("1907-11-14")) == set()
    [crime] = found_by(await whole_log(indexed))[terms.THE_CASE]
    assert await indexed.found(crime) == {terms.THE_CASE}
    # A crime reference never meets a name of the same letters.
    assert await indexed.found(Term(TermKind.NAME, crime.value)) == set()


async def whole_log(indexed: Indexed) -> list[Recorded]:
    key = await indexed.recording.keys.get(indexed.reference)
    return await event_log.read(indexed.pool, indexed.reference, key=key)


async def test_all_terms_of_one_reading_are_of_one_person(indexed: Indexed) -> None:
    other = c.AmendParticipant.model_validate({"participant": "r1", "person": {"name": "Rita Nobody"}})
    await indexed.recording.take(other)
    born = c.AmendParticipant.model_validate({"participant": "r1", "person": {"date_of_birth": "1951-02-03"}})
    await indexed.recording.take(born)
    assert await indexed.found(terms.whole_name("Rita Nobody"), terms.date_of_birth("1951-02-03")) == {"r1"}
    assert await indexed.found(terms.whole_name(indexed.name), terms.date_of_birth("1951-02-03")) == set()


async def test_what_is_amended_is_replaced_and_the_rest_stays(indexed: Indexed) -> None:
    change = c.AmendParticipant.model_validate({"participant": "h1", "person": {"phone": "07700 900777"}})
    await indexed.recording.take(change)
    new, old = terms.phone("07700 900777"), terms.phone(form().participants[0].person.phone or "")
    assert await indexed.found(new) == {"h1"}
    assert await indexed.found(old) == {"r1"}
    assert await indexed.found(terms.whole_name(indexed.name)) == {"h1", "r1"}


async def test_what_is_taken_back_is_found_no_more(indexed: Indexed) -> None:
    change = c.AmendParticipant.model_validate({"participant": "h1", "person": {"name": "Wrong Person"}})
    await indexed.recording.take(change)
    added = c.AddParticipant.model_validate(
        {"participant": {"id": "s1", "role": "supporter", "person": {"name": "Sam Nobody"}}}
    )
    await indexed.recording.take(added)
    assert await indexed.found(terms.whole_name("Sam Nobody")) == {"s1"}
    for step in (3, 2):
        await indexed.recording.take(
            c.CorrectStep(step=step, reason="Invented"), staff_id="su-1", role="supervisor"
        )
    assert await indexed.found(terms.whole_name("Sam Nobody")) == set()
    assert await indexed.found(terms.whole_name("Wrong Person")) == set()
    assert await indexed.found(terms.whole_name(indexed.name)) == {"h1", "r1"}
    assert await indexed.rows() == 3, "both people and the case"


async def test_an_erasure_leaves_no_token(indexed: Indexed) -> None:
    assert await indexed.rows() == 3
    async with indexed.pool.acquire() as connection, connection.transaction():
        await indexed.recording.keys.destroy(connection, indexed.reference, "request", "su-1")
    assert await indexed.rows() == 0
    # Not even where an old copy of the table was put back, and the index is made anew.
    await indexed.owner.execute("INSERT INTO blind_index VALUES ($1, 'h1', ARRAY[1, 2])", indexed.reference)
    assert (await blind_index.not_as_it_should_be(indexed.pool))[1] == 1
    assert await blind_index.replace(indexed.pool, indexed.key, indexed.reference, 1, {})
    assert await indexed.rows() == 0


async def test_it_is_made_anew_as_it_was_and_only_where_the_log_stands(indexed: Indexed) -> None:
    rows = "SELECT participant, tokens FROM blind_index WHERE reference = $1 ORDER BY participant"
    before = await indexed.owner.fetch(rows, indexed.reference)
    await indexed.owner.execute("DELETE FROM blind_index WHERE reference = $1", indexed.reference)
    found = found_by(await whole_log(indexed))
    assert not await blind_index.replace(indexed.pool, indexed.key, indexed.reference, 2, found)
    assert await indexed.rows() == 0
    for _ in range(2):
        assert await blind_index.replace(indexed.pool, indexed.key, indexed.reference, 1, found)
        assert await indexed.owner.fetch(rows, indexed.reference) == before


async def test_nobody_is_found_in_an_area_that_the_transaction_does_not_name(indexed: Indexed) -> None:
    whole = terms.whole_name(indexed.name)
    assert await indexed.found(whole, areas=[Area.KENT]) == set()
    ask = "SELECT count(*) FROM find_people($1)"
    wanted = f"[[{indexed.key.token(whole)}]]" if whole else "[]"
    assert await indexed.pool.within([Area.DURHAM]).fetchval(ask, wanted) == 2
    assert await indexed.pool.within([Area.KENT]).fetchval(ask, wanted) == 0
    assert await indexed.pool.nowhere.fetchval(ask, wanted) == 0


async def test_who_asks_for_nothing_finds_nobody(indexed: Indexed) -> None:
    assert await indexed.found() == set()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT tokens FROM blind_index",
        "INSERT INTO blind_index VALUES ('RJ-0000-0000', 'h1', ARRAY[1])",
        "UPDATE blind_index SET tokens = '{}'",
        "DELETE FROM blind_index",
        "SELECT write_tokens('RJ-0000-0000', '{}')",
    ],
)
async def test_the_application_neither_reads_nor_writes_tokens(indexed: Indexed, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await indexed.pool.execute(statement)


async def test_tokens_of_two_installations_differ(
    indexed: Indexed, server_folder: Path, keys: KeyStore
) -> None:
    term = Term(TermKind.NAME, "invented june")
    assert (await index_key(keys)).token(term) == indexed.key.token(term), "of one they are the same"
    async with embedded_postgres(server_folder / "postgres") as server:
        await migrate(server.owner_dsn)
        async with await connect_pool(server.dsn) as elsewhere:
            theirs = await index_key(KeyStore(elsewhere, MasterKeys.create(server_folder / "master.keys")))
    assert theirs.token(term) != indexed.key.token(term)


async def test_no_token_tells_what_was_searched_for(indexed: Indexed) -> None:
    term = Term(TermKind.NAME, "invented june")
    other = Term(TermKind.DATE_OF_BIRTH, "1990-05-17")
    sought = indexed.key.sought([term])
    assert indexed.key.token(term).to_bytes(8, signed=True) not in sought
    assert indexed.key.sought([term, other]) == indexed.key.sought([other, term, term]) != sought
    assert repr(indexed.key) == "IndexKey()"


async def test_a_search_of_many_uses_the_index(indexed: Indexed) -> None:
    """As the application asks: an index cannot be used behind row-level security for what is not leakproof."""
    transaction = indexed.owner.transaction()
    await transaction.start()
    try:
        await indexed.owner.execute("SET LOCAL enable_seqscan = off")
        plan = await indexed.owner.fetch(
            "EXPLAIN SELECT reference FROM blind_index WHERE tokens @> ARRAY[1::bigint]"
        )
    finally:
        await transaction.rollback()
    assert any("blind_index_tokens" in row[0] for row in plan)
    # That is how find_people() reads it: as the owner, with the areas in its own condition.
    row = await indexed.owner.fetchrow("SELECT prosecdef FROM pg_proc WHERE proname = 'find_people'")
    assert row is not None
    assert row["prosecdef"]
