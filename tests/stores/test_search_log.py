"""The log of searches cannot be rewritten quietly, and the application adds to it and does nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas.access import Searched, SearchKind, WayIn
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.database import Connection, Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import search_log
from stores.logs.anchors import Anchors, fold, lost_since
from stores.logs.chain import ChainKey, chain_key
from tests.register import enter

CALL = "SELECT record_search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


@dataclass
class Searcher:
    """Somebody who searched three times."""

    id: str
    pool: Pool
    chain: ChainKey
    owner: Connection

    async def search(self, **changes: Any) -> str:
        last = await search_log.last(self.pool, self.id)
        known: dict[str, Any] = {
            "staff": self.id,
            "sequence": last.length + 1,
            "at": last.now,
            "role": Role.CASEWORKER,
            "areas": (Area.CHESHIRE,),
            "kinds": (SearchKind.NAME,),
            "sought": "ab" * 16,
            "found": 2,
            "way_in": WayIn.CONSOLE,
        }
        return await search_log.record(self.pool, self.chain, Searched(**known | changes), last.head)

    async def broken(self, anchored: tuple[int, str] | None = None) -> str | None:
        names = {self.id + search_log.SUFFIX: anchored} if anchored else {}
        found = (await search_log.breaks(self.owner, self.chain, names)).get(self.id)
        return found and found.said


@pytest.fixture
async def searcher(pool: Pool, keys: KeyStore, owner_url: str) -> AsyncIterator[Searcher]:
    member = Staff(id="ch-searcher", role=Role.CASEWORKER, areas=(Area.CHESHIRE,))
    await enter(pool, keys, member)
    owner = await connect(owner_url)
    found = Searcher(member.id, pool, await chain_key(keys), owner)
    for _ in range(3):
        assert await found.search() == "recorded"
    transaction = owner.transaction()
    await transaction.start()
    yield found
    await transaction.rollback()
    await owner.close()


async def test_what_was_not_touched_is_as_recorded(searcher: Searcher) -> None:
    head = (await search_log.heads(searcher.pool))[searcher.id + search_log.SUFFIX]
    assert await searcher.broken(head) is None


_LAST = (
    "staff = 'ch-searcher' AND sequence = (SELECT max(sequence) FROM search_log WHERE staff = 'ch-searcher')"
)


@pytest.mark.parametrize(
    "change",
    [
        "role = 'supervisor'",
        "areas = '{kent}'",
        "kinds = '{phone}'",
        "sought = sha256(sought)",
        "found = 0",
        "way_in = 'api'",
        "at = at - interval '1 day'",
        "hash = sha256(hash)",
    ],
)
async def test_a_search_that_is_changed_is_found(searcher: Searcher, change: str) -> None:
    # Cut to the length of what a hash of a search may have.
    change = change.replace("sought = sha256(sought)", "sought = substring(sha256(sought) FOR 16)")
    await searcher.owner.execute(f"UPDATE search_log SET {change} WHERE {_LAST}")
    assert await searcher.broken() == "It is not as it was recorded."


async def test_a_search_that_is_gone_is_missed(searcher: Searcher) -> None:
    head = (await search_log.heads(searcher.pool))[searcher.id + search_log.SUFFIX]
    await searcher.owner.execute(f"DELETE FROM search_log WHERE {_LAST}")
    assert await searcher.broken() is None, "the links alone do not miss the last ones"
    assert await searcher.broken(head) == "It does not hold what it held when it was anchored."
    await searcher.owner.execute("DELETE FROM search_log WHERE staff = 'ch-searcher'")
    assert await searcher.broken(head) == "It does not hold what it held when it was anchored."


async def test_the_next_anchor_misses_a_log_of_searches_that_is_gone(
    searcher: Searcher, keys: KeyStore, tmp_path: Path
) -> None:
    anchor = await Anchors(searcher.pool, keys, tmp_path).make()
    assert searcher.id + search_log.SUFFIX in fold([anchor])
    before = {name: where for name, where in anchor.grown.items() if name.endswith(search_log.SUFFIX)}
    assert await lost_since(searcher.owner, before, {}) == []
    await searcher.owner.execute("DELETE FROM search_log WHERE staff = 'ch-searcher'")
    assert await lost_since(searcher.owner, before, {}) == [searcher.id + search_log.SUFFIX]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"role": Role.SUPERVISOR}, "staff_other_role"),
        ({"areas": (Area.KENT,)}, "staff_other_area"),
        ({"areas": ()}, "staff_other_area"),
        ({"sequence": 1}, "behind"),
        ({"at": datetime.now(UTC) - timedelta(minutes=5)}, "behind"),
        ({"at": datetime.now(UTC) + timedelta(minutes=5)}, "behind"),
    ],
)
async def test_who_searches_where_and_when_is_looked_up(
    searcher: Searcher, changes: dict[str, Any], answer: str
) -> None:
    length = (await search_log.last(searcher.pool, searcher.id)).length
    assert await searcher.search(**changes) == answer
    assert (await search_log.last(searcher.pool, searcher.id)).length == length


async def test_nobody_who_is_not_active_searches(searcher: Searcher) -> None:
    rest = (["cheshire"], ["name"], b"x" * 16, 0, "api", b"\x01" * 32)
    for who in ("nobody-1", "cw-gone"):
        asked = (who, 0, b"", datetime.now(UTC), "caseworker", *rest)
        assert await searcher.pool.nowhere.fetchval(CALL, *asked) == "staff_inactive"


@pytest.mark.parametrize("verb", ["INSERT INTO search_log DEFAULT VALUES", "UPDATE search_log SET found = 0",
                                  "DELETE FROM search_log", "TRUNCATE search_log"])  # fmt: skip
async def test_the_application_changes_and_deletes_no_search(pool: Pool, verb: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(verb)


async def test_a_transaction_sees_the_searches_in_the_areas_that_it_names(searcher: Searcher) -> None:
    count = "SELECT count(*) FROM search_log WHERE staff = $1"
    assert await searcher.pool.within([Area.CHESHIRE]).fetchval(count, searcher.id) >= 3
    assert await searcher.pool.within([Area.KENT]).fetchval(count, searcher.id) == 0
    assert await searcher.pool.nowhere.fetchval(count, searcher.id) == 0
