"""Epochs and files of keys: no key is lost at any moment, and what is destroyed is in no file."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.embedded.postgres import EmbeddedPostgres
from stores.database import Pool, connect, connect_pool
from stores.keys.epochs import REPLACE_AFTER
from stores.keys.referral_keys import KeyErased, KeyStore, MasterKeyInUse, MasterKeyProblem, MasterKeys
from tests.stores.thief import Thief


@pytest_asyncio.fixture(scope="session")
async def pool(migrated_database: EmbeddedPostgres) -> AsyncIterator[Pool]:
    async with await connect_pool(migrated_database.dsn) as pool:
        yield pool.nowhere


@pytest.fixture
async def ring(pool: Pool, empty_database: str, tmp_path: Path) -> Path:
    """A new file of master keys in a folder of its own, and nothing in the database wrapped by another."""
    await begin_anew(empty_database)
    folder = tmp_path / "keys"
    folder.mkdir()
    MasterKeys.create(folder / "master.keys")
    return folder / "master.keys"


async def begin_anew(database: str) -> None:
    owner = await connect(database)
    await owner.execute(
        "TRUNCATE keys.data_key, keys.installation, keys.erasure, keys.epoch, keys.retired_master_key"
    )
    await owner.close()


def process(pool: Pool, ring: Path) -> KeyStore:
    return KeyStore(pool, MasterKeys.load(ring))


async def erase(keys: KeyStore, pool: Pool, reference: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await keys.destroy(connection, reference, "request", "su-1")


async def wrapped(pool: Pool, reference: str) -> bytes:
    found: bytes = await pool.fetchval("SELECT wrapped FROM keys.data_key WHERE reference = $1", reference)
    return found


async def sealed_by(keys: KeyStore, *references: str) -> dict[str, bytes]:
    return {each: (await keys.create(each)).seal(b"name", b"") for each in references}


async def all_open(keys: KeyStore, sealed: dict[str, bytes]) -> bool:
    return all([(await keys.get(each)).open(data, b"") == b"name" for each, data in sealed.items()])


# The files


async def test_each_who_adds_a_master_key_is_told_the_one_that_they_added(tmp_path: Path) -> None:
    for n in range(12):
        path = tmp_path / f"{n}.keys"
        first = MasterKeys.create(path).newest
        added = await asyncio.gather(*(asyncio.to_thread(MasterKeys.add_new, path) for _ in range(12)))
        assert sorted([first, *added]) == sorted(MasterKeys.load(path).ids)
    assert len(list(tmp_path.iterdir())) == 12


def test_nobody_changes_the_new_file_before_the_old_one_is_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace, taken = tmp_path / "master.keys", Path.replace, []
    MasterKeys.create(path)

    def replaced(aside: Path, target: Path) -> Path:
        replace(aside, target)
        with target.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                taken.append(target)
        return target

    monkeypatch.setattr(Path, "replace", replaced)
    MasterKeys.add_new(path)
    assert taken == [path]


def test_a_key_that_was_removed_is_overwritten_where_it_was(tmp_path: Path) -> None:
    path, seen = tmp_path / "master.keys", tmp_path / "seen"
    ring = MasterKeys.create(path)
    line, old = path.read_bytes().strip(), ring.newest
    os.link(path, seen)
    new = MasterKeys.add_new(path)
    assert line not in seen.read_bytes(), "a file that was replaced keeps its keys"
    seen.unlink()
    os.link(path, seen)
    ring.remove([old])
    assert line not in seen.read_bytes()
    seen.unlink()
    assert ring.ids == (new,)
    assert not Thief(tmp_path).finds(line)
    assert [each.name for each in tmp_path.iterdir()] == ["master.keys"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_behind_a_symbolic_link_is_changed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "ring", tmp_path / "master.keys"
    MasterKeys.create(real)
    link.symlink_to(real)
    MasterKeys.add_new(link)
    assert link.is_symlink()
    assert len(MasterKeys.load(real).ids) == 2


def test_what_an_editor_left_beside_the_file_is_not_touched(tmp_path: Path) -> None:
    path, swap = tmp_path / "master.keys", tmp_path / ".master.keys.swp"
    MasterKeys.create(path)
    swap.write_text("mine")
    MasterKeys.add_new(path)
    assert swap.read_text() == "mine"


async def test_who_reads_while_the_file_is_replaced_reads_one_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    first = MasterKeys.create(path).newest
    ended = asyncio.Event()

    def reads() -> int:
        read = 0
        while not ended.is_set():
            assert MasterKeys.load(path).ids[0] == first
            read += 1
        return read

    reading = [asyncio.create_task(asyncio.to_thread(reads)) for _ in range(2)]
    for _ in range(60):
        await asyncio.to_thread(MasterKeys.add_new, path)
    ended.set()
    assert sum(await asyncio.gather(*reading)) > 20


# Replacing the epoch


async def test_neither_file_alone_opens_a_key(pool: Pool, ring: Path) -> None:
    await process(pool, ring).create("RJ-1")
    stored = await wrapped(pool, "RJ-1")
    assert Thief(ring.parent).opens(stored, "RJ-1")
    for name in ("master.keys", "epoch.keys"):
        aside = (ring.parent / name).rename(ring.parent.parent / name)
        assert Thief(ring.parent).opens(stored, "RJ-1") is None
        aside.rename(ring.parent / name)
    assert (ring.parent / "epoch.keys").stat().st_mode & 0o777 == 0o600


async def test_after_the_epoch_is_replaced_an_erased_key_opens_no_more(pool: Pool, ring: Path) -> None:
    keys = process(pool, ring)
    sealed = await sealed_by(keys, "RJ-1", "RJ-2")
    stored = [await wrapped(pool, each) for each in ("RJ-1", "RJ-2")]
    os.link(ring.parent / "epoch.keys", ring.parent / "seen")
    await erase(keys, pool, "RJ-1")
    assert Thief(ring.parent).opens(stored[0], "RJ-1")
    incomplete = await keys.epochs.incomplete()
    assert incomplete is not None
    assert (incomplete.count, incomplete.to_replace, incomplete.late, incomplete.to_retire) == (1, 1, 0, ())
    assert await keys.epochs.replace() == 1
    assert await keys.epochs.incomplete() is None
    thief = Thief(ring.parent)
    assert [
        thief.opens(each, reference) for each, reference in zip(stored, ("RJ-1", "RJ-2"), strict=True)
    ] == [
        None,
        None,
    ]
    assert thief.opens(await wrapped(pool, "RJ-2"), "RJ-2")
    del sealed["RJ-1"]
    assert await all_open(process(pool, ring), sealed)


async def test_the_duty_replaces_the_epoch_when_an_erasure_is_half_a_day_old(
    pool: Pool, ring: Path, empty_database: str
) -> None:
    keys = process(pool, ring)
    await sealed_by(keys, "RJ-1", "RJ-2")
    await erase(keys, pool, "RJ-1")
    assert await keys.epochs.keep() == 0
    before = await keys.epochs.current()
    owner = await connect(empty_database)
    await owner.execute("UPDATE keys.erasure SET erased_at = now() - $1::interval", REPLACE_AFTER)
    await owner.close()
    assert sum(await asyncio.gather(*(process(pool, ring).epochs.keep() for _ in range(3)))) == 1
    assert await process(pool, ring).epochs.current() != before
    assert await keys.epochs.keep() == 0
    assert await pool.fetchval("SELECT count(*) FROM keys.epoch") == 2


async def test_a_key_of_which_only_the_master_key_knows_is_brought_under_the_epoch(
    pool: Pool, ring: Path
) -> None:
    master_keys = MasterKeys.load(ring)
    raw = secrets.token_bytes(32)
    bare, first = master_keys.wrap(raw, "RJ-1")
    await pool.execute(
        "INSERT INTO keys.data_key (reference, wrapped, master_key_id) VALUES ('RJ-1', $1, $2)", bare, first
    )
    keys = process(pool, ring)
    sealed = {"RJ-1": (await keys.get("RJ-1")).seal(b"name", b""), **await sealed_by(keys, "RJ-2")}
    await keys.epochs.keep()
    assert await wrapped(pool, "RJ-1") != bare
    assert await all_open(process(pool, ring), sealed)
    second = MasterKeys.add_new(ring)
    await keys.rotate()
    assert await all_open(process(pool, ring), sealed)

    await erase(keys, pool, "RJ-1")
    await keys.epochs.replace()
    incomplete = await keys.epochs.incomplete()
    assert incomplete is not None
    assert (incomplete.to_replace, incomplete.to_retire) == (0, (first,))
    assert await keys.epochs.to_retire("RJ-1") == (first,)
    assert Thief(ring.parent).opens(bare, "RJ-1") == raw
    assert await keys.retire() == (first,)
    assert await keys.epochs.incomplete() is None
    assert Thief(ring.parent).opens(bare, "RJ-1") is None
    assert MasterKeys.load(ring).ids == (second,)
    assert await all_open(process(pool, ring), {"RJ-2": sealed["RJ-2"]})


async def test_an_erasure_from_before_epochs_waits_for_the_master_keys_of_then(
    pool: Pool, ring: Path
) -> None:
    await pool.execute(
        "INSERT INTO keys.erasure (reference, reason, by_staff) VALUES ('RJ-1', 'request', 'su-1')"
    )
    keys = process(pool, ring)
    old = MasterKeys.load(ring).newest
    assert await keys.epochs.to_retire("RJ-1") == (old,)
    await keys.epochs.replace()
    incomplete = await keys.epochs.incomplete()
    assert incomplete is not None
    assert (incomplete.to_replace, incomplete.to_retire) == (0, (old,))
    MasterKeys.add_new(ring)
    await keys.rotate()
    await keys.retire()
    assert await keys.epochs.incomplete() is None


async def test_a_lost_file_of_epoch_keys_is_told_and_not_made_anew(pool: Pool, ring: Path) -> None:
    await process(pool, ring).create("RJ-1")
    (ring.parent / "epoch.keys").unlink()
    for attempt in (
        process(pool, ring).get("RJ-1"),
        process(pool, ring).create("RJ-2"),
        process(pool, ring).epochs.check(),
        process(pool, ring).epochs.replace(),
    ):
        with pytest.raises(MasterKeyProblem, match="RJ_EPOCH_KEYS_FILE"):
            await attempt
    assert not (ring.parent / "epoch.keys").exists()


# Races


async def test_who_makes_a_key_under_an_epoch_that_was_replaced_wraps_it_anew(pool: Pool, ring: Path) -> None:
    slow = process(pool, ring)
    await slow.create("RJ-1")
    old = await slow.epochs.current()
    await process(pool, ring).epochs.replace()
    sealed = await sealed_by(slow, "RJ-2")
    assert await pool.fetchval("SELECT count(*) FROM keys.data_key WHERE epoch = $1", old) == 0
    assert await all_open(process(pool, ring), sealed)


async def test_who_has_seen_that_the_epoch_was_replaced_makes_keys_under_the_new_one(
    pool: Pool, ring: Path
) -> None:
    serves, replaces = process(pool, ring), process(pool, ring)
    sealed = await sealed_by(serves, "RJ-1")
    await replaces.epochs.replace()
    await replaces.create("RJ-2")
    # To open this, the file is read anew; what was destroyed is not in it.
    await serves.get("RJ-2")
    sealed |= await sealed_by(serves, "RJ-3")
    assert await all_open(process(pool, ring), sealed)


async def test_the_epoch_is_not_retired_while_a_key_is_being_wrapped(pool: Pool, ring: Path) -> None:
    keys = process(pool, ring)
    await keys.create("RJ-1")
    epoch, master = await keys.epochs.current(), MasterKeys.load(ring).newest
    new = keys._wrapping.wrap(b"k" * 32, "RJ-2", epoch)
    async with pool.acquire() as connection, connection.transaction():
        assert await connection.fetchval("SELECT keys.may_wrap($1, $2)", master, epoch)
        replacing = asyncio.create_task(process(pool, ring).epochs.replace())
        async with asyncio.timeout(20):
            while not await pool.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                pass
        assert await connection.execute(
            "INSERT INTO keys.data_key (reference, wrapped, master_key_id, epoch) VALUES ('RJ-2', $1, $2, $3)",
            new.wrapped,
            master,
            epoch,
        )
    await replacing
    assert await pool.fetchval("SELECT count(*) FROM keys.data_key WHERE epoch = $1", epoch) == 0
    assert keys._wrapping.unwrap(await keys._read("RJ-2"), "RJ-2") == b"k" * 32
    assert not await pool.fetchval("SELECT keys.may_wrap($1, $2)", master, epoch)


async def test_two_who_replace_the_epoch_at_once_lose_nothing(
    pool: Pool, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.keys.epochs._BATCH", 3)
    sealed = await sealed_by(process(pool, ring), *(f"RJ-{n}" for n in range(20)))
    await erase(process(pool, ring), pool, "RJ-0")
    del sealed["RJ-0"]
    stores = [process(pool, ring) for _ in range(3)]
    made = asyncio.gather(*(sealed_by(process(pool, ring), f"RJ-new-{n}") for n in range(4)))
    assert sum(await asyncio.gather(*(each.epochs.replace() for each in stores))) == 1
    for each in await made:
        sealed |= each
    assert await all_open(process(pool, ring), sealed)
    assert len((ring.parent / "epoch.keys").read_text().splitlines()) == 1


async def test_two_who_replace_it_though_both_believe_to_be_alone_lose_nothing(
    pool: Pool, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def alone(self: object, *, wait: bool = True) -> AsyncIterator[bool]:
        yield True

    monkeypatch.setattr("stores.keys.epochs._BATCH", 3)
    monkeypatch.setattr("stores.keys.epochs.Epochs._alone", alone)
    sealed = await sealed_by(process(pool, ring), *(f"RJ-{n}" for n in range(12)))
    await asyncio.gather(*(process(pool, ring).epochs.replace() for _ in range(3)))
    assert await all_open(process(pool, ring), sealed)
    assert (
        await pool.fetchval(
            "SELECT count(*) FROM keys.epoch WHERE in_use_at IS NOT NULL AND retired_at IS NULL"
        )
        == 1
    )


async def test_a_key_that_is_wrapped_anew_while_it_is_read_is_read_again(pool: Pool, ring: Path) -> None:
    sealed = await sealed_by(process(pool, ring), "RJ-1")
    reader = process(pool, ring)
    read, first = reader._read, True

    async def slowly(reference: str) -> Any:
        nonlocal first
        found = await read(reference)
        if first:
            first = False
            await process(pool, ring).epochs.replace()
            reader._wrapping.epoch_keys.refresh()
        return found

    reader._read = slowly  # type: ignore[method-assign]
    assert await all_open(reader, sealed)


# Retiring master keys


async def test_a_master_key_that_still_wraps_something_is_not_retired(pool: Pool, ring: Path) -> None:
    keys = process(pool, ring)
    assert await keys.retire() == ()
    sealed = await sealed_by(keys, "RJ-1")
    secret = await keys.installation_secret()
    MasterKeys.add_new(ring)
    before = ring.read_text()
    with pytest.raises(MasterKeyInUse, match="rj keys rotate"):
        await keys.retire()
    assert ring.read_text() == before
    await keys.rotate()
    assert len(await keys.retire()) == 1
    fresh = process(pool, ring)
    assert await all_open(fresh, sealed)
    assert await fresh.installation_secret() == secret


async def test_a_retired_master_key_wraps_nothing_where_a_copy_of_the_file_has_it_still(
    pool: Pool, ring: Path
) -> None:
    old_copy = ring.with_name("copy.keys")
    old_copy.write_text(ring.read_text())
    old_copy.chmod(0o600)
    keys = process(pool, ring)
    await keys.create("RJ-1")
    MasterKeys.add_new(ring)
    await keys.rotate()
    await keys.retire()
    with pytest.raises(MasterKeyProblem, match=r"is retired, and .* holds no newer one"):
        await process(pool, old_copy).create("RJ-2")
    with pytest.raises(MasterKeyProblem, match="put its line back"):
        await process(pool, old_copy).get("RJ-1")
    assert await pool.fetchval("SELECT count(*) FROM keys.data_key") == 1


# Crashes


class Killed(Exception):
    """The process has ended: nothing that it would do afterwards is done."""


class Fuse:
    """Lets a process do so many things; from then on it does none."""

    def __init__(self, things: int) -> None:
        self.left = things

    def burn(self) -> None:
        if self.left <= 0:
            raise Killed
        self.left -= 1

    def before(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def burns(*args: Any, **kwargs: Any) -> Any:
            self.burn()
            return does(*args, **kwargs)

        return burns


class Fused:
    """A pool, or a connection, of a process that is killed."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        if name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
            return self._fuse.before(getattr(self._real, name))
        return getattr(self._real, name)

    @property
    def nowhere(self) -> Fused:
        return self

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Fused]:
        async with self._real.acquire() as connection:
            yield Fused(connection, self._fuse)


def dying(pool: Pool, ring: Path, fuse: Fuse) -> KeyStore:
    return KeyStore(cast("Pool", Fused(pool, fuse)), MasterKeys.load(ring))


def kill_at_files(fuse: Fuse, patched: pytest.MonkeyPatch) -> None:
    for name in ("link", "fsync", "pwrite"):
        patched.setattr(os, name, fuse.before(getattr(os, name)))
    for name in ("replace", "unlink"):
        patched.setattr(Path, name, fuse.before(getattr(Path, name)))


async def killed_everywhere(
    pool: Pool, ring: Path, database: str, does: Callable[[KeyStore], Awaitable[object]]
) -> int:
    """Do it in processes that are killed at each thing they do, and check that nothing is lost and all is put away;
    how many times it was killed."""
    for things in count():
        await begin_anew(database)
        for each in ring.parent.iterdir():
            each.unlink()
        MasterKeys.create(ring)
        first = process(pool, ring)
        sealed = await sealed_by(first, *(f"RJ-{n}" for n in range(5)))
        await first.installation_secret()
        stored = await wrapped(pool, "RJ-0")
        await erase(first, pool, "RJ-0")
        del sealed["RJ-0"]
        MasterKeys.add_new(ring)
        await first.rotate()
        lines = {*ring.read_bytes().splitlines()[:1], *(ring.parent / "epoch.keys").read_bytes().splitlines()}
        fuse, killed = Fuse(things), False
        with pytest.MonkeyPatch.context() as patched:
            kill_at_files(fuse, patched)
            try:
                await does(dying(pool, ring, fuse))
            except Killed:
                killed = True
        assert await all_open(process(pool, ring), sealed), things
        # Whatever was left is put right by doing it again.
        again = process(pool, ring)
        await again.epochs.replace()
        await again.rotate()
        await again.retire()
        assert await again.epochs.incomplete() is None
        assert await all_open(process(pool, ring), sealed), things
        thief = Thief(ring.parent)
        assert thief.opens(stored, "RJ-0") is None
        assert not [each for each in lines if thief.finds(each)], things
        assert sorted(each.name for each in ring.parent.iterdir()) == ["epoch.keys", "master.keys"], things
        if not killed:
            return things
    raise AssertionError


async def test_a_replacement_that_is_killed_anywhere_loses_no_key_and_is_finished_by_the_next(
    pool: Pool, ring: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.keys.epochs._BATCH", 2)
    assert await killed_everywhere(pool, ring, empty_database, lambda keys: keys.epochs.replace()) > 30


async def test_a_retirement_that_is_killed_anywhere_loses_no_key_and_is_finished_by_the_next(
    pool: Pool, ring: Path, empty_database: str
) -> None:
    assert await killed_everywhere(pool, ring, empty_database, lambda keys: keys.retire()) > 10


async def test_a_new_master_key_that_is_killed_anywhere_loses_no_key(
    pool: Pool, ring: Path, empty_database: str
) -> None:
    async def adds(keys: KeyStore) -> None:
        MasterKeys.add_new(ring)

    async def adds_and_rotates(keys: KeyStore) -> None:
        await adds(keys)
        await keys.rotate()

    assert await killed_everywhere(pool, ring, empty_database, adds_and_rotates) > 10


# Any order

ACTS = ("create", "create", "create", "erase", "replace", "keep", "rotate", "add_master", "retire", "killed")


class Installation:
    """Everything that processes do to keys, and what has to be true of it.

    Attributes:
        living: what was sealed for each referral that is not erased.
        erased: the references of the others.
        stored: all that was seen wrapped in the database.
    """

    def __init__(self, pool: Pool, ring: Path) -> None:
        self._pool, self._ring = pool, ring
        self.living: dict[str, bytes] = {}
        self.erased: set[str] = set()
        self.stored: list[tuple[str, bytes]] = []

    async def act(self, name: str, number: int) -> None:
        keys = process(self._pool, self._ring)
        match name:
            case "create":
                self.living |= await sealed_by(keys, f"RJ-{secrets.token_hex(4)}")
            case "erase":
                await self._erase(keys, number)
            case "replace":
                await keys.epochs.replace()
            case "keep":
                await keys.epochs.keep()
            case "rotate":
                await keys.rotate()
            case "add_master":
                await asyncio.to_thread(MasterKeys.add_new, self._ring)
            case "retire":
                with suppress(MasterKeyInUse):
                    await keys.retire()
            case _:
                with suppress(Killed):
                    await dying(self._pool, self._ring, Fuse(number)).epochs.replace()

    async def _erase(self, keys: KeyStore, number: int) -> None:
        if candidates := sorted(self.living):
            reference = candidates[number % len(candidates)]
            del self.living[reference]
            self.erased.add(reference)
            await erase(keys, self._pool, reference)

    async def check(self) -> None:
        keys = process(self._pool, self._ring)
        assert await all_open(keys, self.living)
        for reference in self.erased:
            with pytest.raises(KeyErased):
                await keys.get(reference)
        rows = await self._pool.fetch("SELECT reference, wrapped FROM keys.data_key")
        self.stored += [(row["reference"], row["wrapped"]) for row in rows]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    program=st.lists(
        st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 40)), min_size=1, max_size=4), max_size=7
    )
)
async def test_in_whatever_order_things_happen_every_living_key_opens_and_no_erased_one(
    program: list[list[tuple[str, int]]], pool: Pool, ring: Path, empty_database: str
) -> None:
    await begin_anew(empty_database)
    for path in ring.parent.iterdir():
        path.unlink()
    MasterKeys.create(ring)
    all_of_it = Installation(pool, ring)
    for at_once in program:
        await asyncio.gather(*(all_of_it.act(name, number) for name, number in at_once))
        await all_of_it.check()
    await process(pool, ring).epochs.replace()
    await all_of_it.check()
    assert await process(pool, ring).epochs.incomplete() is None
    thief = Thief(ring.parent)
    erased = [(each, stored) for each, stored in all_of_it.stored if each in all_of_it.erased]
    assert not [each for each, stored in erased if thief.opens(stored, each)]
