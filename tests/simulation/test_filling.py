"""Filling a service with an invented year: verified as a lived one, safe to repeat, never mixed with real people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from lifecycle import Refused
from operations.indexing import reindex
from operations.verifying import verify
from policies.files import load_policies
from runtime.embedded.postgres import embedded_postgres
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from simulation import demo_caseload
from simulation.staffing import enter_missing
from simulation.year.filling import fill
from stores import blind_index, catching_up, register
from stores.database import Pool, connect, connect_pool
from stores.keys.referral_keys import KeyErased, KeyStore, MasterKeys
from stores.logs import event_log
from stores.logs.anchors import Anchors
from stores.migrate import migrate
from stores.referrals import all_references

AREA = Area.WILTSHIRE
COUNT = 25


class Told(Referrals):
    """An engine whose Temporal only takes note of what is to be started."""

    def __init__(self, pool: Pool, keys: KeyStore, owner_url: str, folder: Path) -> None:
        super().__init__(None, pool, keys, load_policies())
        self.owner_url = owner_url
        self.anchors = Anchors(pool, keys, folder / "anchors")
        self.told: list[str] = []

    async def wake(self, reference: str) -> bool:
        self.told.append(reference)
        return True


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Told]:
    """An empty service with a database of its own."""
    with TemporaryDirectory(prefix="rj-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        async with embedded_postgres(folder / "postgres") as server:
            await migrate(server.owner_dsn)
            async with await connect_pool(server.dsn) as pool:
                keys = KeyStore(pool, MasterKeys.create(folder / "master.keys"))
                yield Told(pool, keys, server.owner_dsn, folder)


async def test_a_year_verifies_lives_on_and_is_not_entered_twice(service: Told) -> None:
    filled = await fill(service, service.owner_url, AREA, COUNT, 1)
    references = await all_references(service.pool)
    assert len(references) == filled.written >= COUNT
    assert len(service.told) == filled.open > 0
    assert set(await catching_up.behind(service.pool)) == set(service.told)

    await service.anchors.make(datetime.now(UTC))
    found = await verify(service, service.anchors, None, lambda done, of: None)
    assert (found.checked, found.breaks) == (len(references), [])

    [first, *_] = await event_log.read(service.pool, references[0], key=await service.keys.get(references[0]))
    body = await service.pool.fetchval(
        "SELECT body::text FROM event WHERE reference = $1 AND sequence = 1", references[0]
    )
    assert "Invented" in first.model_dump_json()
    assert "07700" not in body

    assert (await fill(service, service.owner_url, AREA, COUNT, 1)).written == 0
    assert await all_references(service.pool) == references

    # Erased, one is as unreadable as any other.
    async with service.pool.acquire() as connection:
        await service.keys.destroy(connection, references[0], "request", f"{AREA}-su-1")
    with pytest.raises(KeyErased):
        await service.keys.get(references[0])


async def test_what_was_interrupted_is_gone_on_with(service: Told) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await fill(service, service.owner_url, AREA, 60, 1, advance=stop)
    before = await all_references(service.pool)
    assert 0 < len(before) < 60
    await fill(service, service.owner_url, AREA, 60, 1)
    after = await all_references(service.pool)
    assert len(after) >= 60
    assert set(before) < set(after)


async def test_a_demo_may_have_one_and_a_service_with_real_staff_may_not(service: Told) -> None:
    await enter_missing(service.pool, service.keys, demo_caseload.STAFF)
    assert (await fill(service, service.owner_url, AREA, 5, 1)).written >= 5
    real = Staff(id="cw-9", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Somebody Real")
    await register.enter(service.pool, service.keys, real, "sm-1")
    with pytest.raises(Refused, match=r"has staff of its own \(cw-9\)"):
        await fill(service, service.owner_url, AREA, 10, 2)


async def test_a_year_that_is_entered_whole_is_found_by_its_people_as_a_lived_one_is(service: Told) -> None:
    await fill(service, service.owner_url, AREA, COUNT, 1)
    owner = await connect(service.owner_url)
    rows = "SELECT reference, participant, tokens FROM blind_index ORDER BY reference, participant"
    try:
        written = await owner.fetch(rows)
        assert await blind_index.not_as_it_should_be(service.pool) == (0, 0)
        indexed = await reindex(service, lambda done, of: None)
        assert indexed.indexed == len(await all_references(service.pool))
        assert await owner.fetch(rows) == written
    finally:
        await owner.close()


async def test_verifying_finds_a_search_that_was_put_in(service: Told) -> None:
    await fill(service, service.owner_url, AREA, COUNT, 1)
    owner = await connect(service.owner_url)
    try:
        await owner.execute(
            "INSERT INTO search_log VALUES ('cw-put-in', 1, now(), 'caseworker', '{wiltshire}', '{name}',"
            " decode(repeat('ab', 16), 'hex'), 1, 'api', decode(repeat('cd', 32), 'hex'))"
        )
    finally:
        await owner.close()
    found = await verify(service, service.anchors, None, lambda done, of: None)
    assert [(each.reference, each.sequence) for each in found.breaks] == [("the searches of cw-put-in", 1)]
