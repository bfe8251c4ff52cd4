from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded.postgres import EmbeddedPostgres
from stores.database import Pool, connect, connect_pool
from stores.keys.referral_keys import (
    CACHE_SECONDS,
    DataKey,
    KeyErased,
    KeyStore,
    KeyUnknown,
    MasterKeyProblem,
    MasterKeys,
    SealBroken,
)


@pytest_asyncio.fixture(scope="session")
async def pool(migrated_database: EmbeddedPostgres) -> AsyncIterator[Pool]:
    async with await connect_pool(migrated_database.dsn) as pool:
        yield pool


@pytest.fixture
async def ring(pool: Pool, empty_database: str, tmp_path: Path) -> Path:
    """A new file of master keys, and nothing in the database wrapped by another."""
    owner = await connect(empty_database)
    await owner.execute(
        "TRUNCATE keys.data_key, keys.installation, keys.erasure, keys.epoch, keys.retired_master_key"
    )
    await owner.close()
    MasterKeys.create(tmp_path / "master.keys")
    return tmp_path / "master.keys"


@pytest.fixture
def keys(pool: Pool, ring: Path) -> KeyStore:
    return KeyStore(pool, MasterKeys.load(ring))


@pytest.fixture
def reference() -> str:
    return f"RJ-{secrets.token_hex(4)}"


def another_process(pool: Pool, ring: Path) -> KeyStore:
    return KeyStore(pool, MasterKeys.load(ring))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def destroy(keys: KeyStore, pool: Pool, reference: str) -> None:
    async with pool.nowhere.acquire() as connection, connection.transaction():
        await keys.destroy(connection, reference, "asked by the person", "S-1")


# One key


def test_what_is_sealed_opens_with_the_same_key_and_aad_only() -> None:
    key, other = DataKey("RJ-1", secrets.token_bytes(32)), DataKey("RJ-2", secrets.token_bytes(32))
    sealed = key.seal(b"name", b"field")
    assert key.open(sealed, b"field") == b"name"
    assert key.seal(b"name", b"field") != sealed
    for broken in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"short"):
        with pytest.raises(SealBroken, match="RJ-1"):
            key.open(broken, b"field")
    with pytest.raises(SealBroken):
        key.open(sealed, b"other field")
    with pytest.raises(SealBroken, match="RJ-2"):
        other.open(sealed, b"field")


# The ring


def test_the_ring_is_private_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    MasterKeys.create(path)
    added = MasterKeys.add_new(path)
    ring = MasterKeys.load(path)
    assert ring.newest == added
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["master.keys"]
    for line in path.read_text().splitlines():
        key_id, key = line.split()
        assert key_id in repr(ring)
        assert key not in repr(ring) + repr(vars(ring))
    assert repr(DataKey("RJ-1", bytes(32))) == "DataKey(RJ-1)"


def test_a_wrapped_key_is_bound_to_its_reference(tmp_path: Path) -> None:
    ring = MasterKeys.create(tmp_path / "master.keys")
    wrapped, key_id = ring.wrap(b"k" * 32, "RJ-1")
    assert ring.unwrap(wrapped, key_id, "RJ-1") == b"k" * 32
    with pytest.raises(SealBroken, match="RJ-2"):
        ring.unwrap(wrapped, key_id, "RJ-2")
    with pytest.raises(MasterKeyProblem, match="Master key lost is not in"):
        ring.unwrap(wrapped, "lost", "RJ-1")


def test_an_unusable_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    with pytest.raises(MasterKeyProblem, match="cannot be read: No such file"):
        MasterKeys.load(path)
    MasterKeys.create(path)
    with pytest.raises(MasterKeyProblem, match="cannot be made: File exists"):
        MasterKeys.create(path)
    path.chmod(0o640)
    with pytest.raises(MasterKeyProblem, match="run chmod 600"):
        MasterKeys.load(path)
    path.chmod(0o600)
    path.write_text("\n")
    with pytest.raises(MasterKeyProblem, match="holds no key"):
        MasterKeys.load(path)
    path.write_text("id c2VjcmV0\n")
    with pytest.raises(MasterKeyProblem, match="Line 1 of") as refused:
        MasterKeys.load(path)
    assert "c2VjcmV0" not in str(refused.value)


# The store


async def test_a_key_is_made_once_however_often_it_is_asked_for(
    pool: Pool, ring: Path, reference: str
) -> None:
    processes = [another_process(pool, ring) for _ in range(8)]
    made = await asyncio.gather(*(process.create(reference) for process in processes))
    sealed = made[0].seal(b"name", b"")
    assert all(key.open(sealed, b"") == b"name" for key in made)
    assert (await another_process(pool, ring).get(reference)).open(sealed, b"") == b"name"
    assert await pool.fetchval("SELECT count(*) FROM keys.data_key WHERE reference = $1", reference) == 1


async def test_an_unknown_reference_is_told(keys: KeyStore) -> None:
    with pytest.raises(KeyUnknown, match=r"^There is no key for referral RJ-0\.$"):
        await keys.get("RJ-0")


async def test_misses_at_the_same_time_fetch_once(pool: Pool, ring: Path, reference: str) -> None:
    await another_process(pool, ring).create(reference)
    keys, fetches = another_process(pool, ring), 0
    fetch = keys._fetch

    async def counted(reference: str) -> DataKey:
        nonlocal fetches
        fetches += 1
        return await fetch(reference)

    keys._fetch = counted  # type: ignore[method-assign]
    first = asyncio.create_task(keys.get(reference))
    others = [asyncio.create_task(keys.get(reference)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()  # whoever asked first may go; the others still get their answer
    assert len(set(await asyncio.gather(*others))) == 1
    assert await keys.get(reference) is keys.cached(reference)
    assert fetches == 1


async def test_the_cache_forgets_the_least_used(pool: Pool, ring: Path) -> None:
    keys = KeyStore(pool, MasterKeys.load(ring), size=2)
    for reference in ("RJ-a", "RJ-b"):
        await keys.create(reference)
    keys.cached("RJ-a")
    await keys.create("RJ-c")
    assert [bool(keys.cached(name)) for name in ("RJ-a", "RJ-b", "RJ-c")] == [True, False, True]


async def test_an_erased_key_is_gone_here_at_once_and_elsewhere_soon(
    pool: Pool, ring: Path, reference: str
) -> None:
    clock = Clock()
    here, elsewhere = another_process(pool, ring), KeyStore(pool, MasterKeys.load(ring), clock=clock)
    await here.create(reference)
    await elsewhere.get(reference)
    await destroy(here, pool, reference)
    await destroy(here, pool, reference)
    with pytest.raises(KeyErased, match=f"^Referral {reference} has been erased"):
        await here.get(reference)
    clock.now += CACHE_SECONDS - 0.1
    await elsewhere.get(reference)
    clock.now += 0.1
    with pytest.raises(KeyErased):
        await elsewhere.get(reference)
    with pytest.raises(KeyErased):
        await here.create(reference)
    assert await pool.fetchval("SELECT count(*) FROM keys.data_key WHERE reference = $1", reference) == 0
    note = await pool.fetchrow("SELECT reason, by_staff FROM keys.erasure WHERE reference = $1", reference)
    assert note is not None
    assert tuple(note) == ("asked by the person", "S-1")


async def test_a_key_that_raced_its_own_erasure_stays_erased(pool: Pool, ring: Path, reference: str) -> None:
    keys = another_process(pool, ring)
    await keys.create(reference)
    async with pool.nowhere.acquire() as connection:
        async with connection.transaction():
            await keys.destroy(connection, reference, "race", "S-1")
            racing = asyncio.create_task(another_process(pool, ring).create(reference))
            await asyncio.sleep(0.05)  # its insert now waits for the row we delete
        with pytest.raises(KeyErased):
            await racing
    with pytest.raises(KeyErased):
        await keys.get(reference)


async def test_a_key_that_is_read_during_its_erasure_is_not_kept_here(
    keys: KeyStore, pool: Pool, reference: str
) -> None:
    await keys.create(reference)
    async with pool.nowhere.acquire() as connection, connection.transaction():
        await keys.destroy(connection, reference, "race", "S-1")
        await keys.get(reference)
        await keys.get_all([reference])
    with pytest.raises(KeyErased):
        await keys.get(reference)
    assert await keys.get_all([reference]) == {}


async def test_an_erasure_rolled_back_did_not_happen(keys: KeyStore, pool: Pool, reference: str) -> None:
    await keys.create(reference)
    async with pool.nowhere.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await keys.destroy(connection, reference, "mistake", "S-1")
        await transaction.rollback()
    assert (await keys.get(reference)).reference == reference


# Rotation


async def test_rotation_leaves_nothing_under_the_old_key(
    pool: Pool, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.keys.epochs._BATCH", 4)
    keys = another_process(pool, ring)
    secret = await keys.installation_secret()
    sealed = {f"RJ-{n}": (await keys.create(f"RJ-{n}")).seal(b"name", b"") for n in range(10)}
    old = MasterKeys.load(ring).newest
    new = MasterKeys.add_new(ring)
    assert (await keys.status()).data_keys == {old: 10}

    class Interrupted(Exception): ...

    def interrupt(done: int, total: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        await keys.rotate(interrupt)
    assert (await keys.status()).data_keys == {new: 4, old: 6}
    seen: list[tuple[int, int]] = []
    assert await keys.rotate(lambda done, total: seen.append((done, total))) == 6
    assert seen == [(4, 6), (6, 6)]
    assert await keys.rotate() == 0
    status = await keys.status()
    assert (status.newest, status.data_keys, status.installation) == (new, {new: 10}, new)

    ring.write_text(ring.read_text().splitlines()[1] + "\n")
    fresh = another_process(pool, ring)
    assert await fresh.installation_secret() == secret
    for reference, data in sealed.items():
        assert (await fresh.get(reference)).open(data, b"") == b"name"


async def test_rotation_ends_though_a_master_key_is_added_meanwhile(
    pool: Pool, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.keys.epochs._BATCH", 4)
    keys = another_process(pool, ring)
    await keys.installation_secret()
    for n in range(6):
        await keys.create(f"RJ-{n}")
    MasterKeys.add_new(ring)
    added: list[str] = []

    def add(done: int, total: int) -> None:
        if not added:
            added.append(MasterKeys.add_new(ring))

    async with asyncio.timeout(10):
        await keys.rotate(add)
    status = await keys.status()
    assert (status.newest, status.data_keys, status.installation) == (added[0], {added[0]: 6}, added[0])


async def test_no_master_key_is_lost_where_several_are_added_at_once(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    MasterKeys.create(path)
    await asyncio.gather(*(asyncio.to_thread(MasterKeys.add_new, path) for _ in range(12)))
    assert len(MasterKeys.load(path).ids) == 13
    assert [entry.name for entry in tmp_path.iterdir()] == ["master.keys"]


async def test_a_running_process_notices_a_new_master_key(pool: Pool, ring: Path, reference: str) -> None:
    running = another_process(pool, ring)
    new = MasterKeys.add_new(ring)
    await another_process(pool, ring).create(reference)
    await running.get(reference)
    await running.create(reference + "2")
    assert (await running.status()).data_keys == {new: 2}


async def test_the_installation_has_one_secret(pool: Pool, ring: Path) -> None:
    processes = [another_process(pool, ring) for _ in range(6)]
    secrets_read = await asyncio.gather(*(process.installation_secret() for process in processes))
    assert len(set(secrets_read)) == 1
    assert len(secrets_read[0]) == 32
