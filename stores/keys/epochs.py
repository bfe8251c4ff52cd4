"""Epochs: they make an erasure complete, also in dead rows, the write-ahead log and every backup of the database.

A data key is wrapped by a master key, and the result by the current epoch key. After an erasure the epoch is replaced:
all other keys are wrapped again under the next one, and the old epoch key is overwritten in its file. Then no copy of
the erased key can be unwrapped, even with the master keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg

from stores.database import Connection, Pool
from stores.keys.key_files import EpochKeys, MasterKeyProblem, MasterKeys, new_key_id

COMPLETE_WITHIN = timedelta(hours=24)
"""The latest time after an erasure at which it is complete; until then old copies of its key can be unwrapped."""

REPLACE_AFTER = timedelta(hours=12)
"""The age of an erasure at which the epoch is replaced. Half of COMPLETE_WITHIN remains for retries."""

Progress: TypeAlias = Callable[[int, int], None]

_BATCH = 500
# "rjepoch": one process at a time replaces the epoch. Two would lose nothing, only do the work twice.
_REPLACING = 0x72_6A65_706F_6368
_IN_USE = "in_use_at IS NOT NULL AND retired_at IS NULL"


@dataclass(frozen=True)
class Wrapped:
    """A wrapped data key as stored, and the keys that wrap it.

    Attributes:
        epoch: None for a key from before epochs, which the master key alone unwraps.
    """

    wrapped: bytes
    master_key_id: str
    epoch: str | None


@dataclass(frozen=True)
class Incomplete:
    """The erasures that are not complete yet.

    Attributes:
        oldest: when the first of them was erased (UTC).
        late: how many are older than COMPLETE_WITHIN.
        to_replace: how many need the epoch to be replaced.
        to_retire: the master keys to be retired first: they alone unwrap copies of some of these keys from before
            epochs.
    """

    count: int
    oldest: datetime
    late: int
    to_replace: int
    to_retire: tuple[str, ...]


class Wrapping:
    """Wraps data keys twice, and unwraps them."""

    def __init__(self, master_keys: MasterKeys, epoch_keys: EpochKeys) -> None:
        self.master_keys = master_keys
        self.epoch_keys = epoch_keys

    def wrap(self, data_key: bytes, reference: str, epoch: str, master_key_id: str | None = None) -> Wrapped:
        """The key wrapped by the epoch key and the master key: the newest unless one is named."""
        inner, master_key_id = self.master_keys.wrap(data_key, reference, master_key_id)
        return Wrapped(self.epoch_keys.wrap(inner, epoch, reference), master_key_id, epoch)

    def unwrap(self, row: Wrapped | asyncpg.Record, reference: str) -> bytes:
        """The data key. Raises MasterKeyProblem where a key is missing, SealBroken where it is another referral's."""
        found = (
            row if isinstance(row, Wrapped) else Wrapped(row["wrapped"], row["master_key_id"], row["epoch"])
        )
        inner = found.wrapped
        if found.epoch is not None:
            inner = self.epoch_keys.unwrap(inner, found.epoch, reference)
        return self.master_keys.unwrap(inner, found.master_key_id, reference)

    def bare_under(self, row: asyncpg.Record) -> list[str]:
        """The master keys that alone can unwrap some copy of a row's key; none if it was always under an epoch."""
        if row["epoch"] is not None:
            return list(row["bare_under"])
        return self.master_keys.until(row["master_key_id"])


class Epochs:
    """The epochs of a database, and the file that holds their keys."""

    def __init__(self, pool: Pool, wrapping: Wrapping) -> None:
        self._pool = pool
        self._wrapping = wrapping
        self._keys = wrapping.epoch_keys
        self._current: str | None = None

    async def current(self) -> str:
        """The current epoch; the first is made where there is none. Raises MasterKeyProblem.

        It may have been replaced since: a wrapped key counts only if `keys.may_wrap` allows it when it is written;
        otherwise call `give_up` and wrap again.
        """
        if self._current is not None and self._keys.key(self._current) is None:
            # Another process has replaced it and destroyed its key.
            self._current = None
        if self._current is None:
            self._current = await self._in_use()
        if self._current is None:
            await self._begin(first=True)
            self._current = await self._in_use()
        if self._current is None:
            raise MasterKeyProblem("No epoch key is in use, though one was made; run the command again.")
        return self._current

    async def give_up(self, connection: Connection | Pool, epoch: str, master_key: str | None) -> None:
        """Forget this epoch and master key after `keys.may_wrap` refused them, and read which are current.

        Raises MasterKeyProblem where they are the newest known here: then the key file is an old one.
        """
        self._current = await self._in_use(connection)
        if self._current == epoch and master_key in (None, self._wrapping.master_keys.newest):
            raise MasterKeyProblem(
                f"Master key {master_key} is retired, and {self._wrapping.master_keys.path} holds no newer one: "
                "put the newest file of master keys there."
            )

    async def check(self) -> None:
        """Raise MasterKeyProblem where the file lacks a key that is in use. Makes the first epoch."""
        await self.current()
        rows = await self._pool.fetch(
            f"SELECT id FROM keys.epoch e WHERE {_IN_USE} OR"  # noqa: S608
            " destroyed_at IS NULL AND EXISTS (SELECT FROM keys.data_key k WHERE k.epoch = e.id)"
        )
        for row in rows:
            if row["id"] not in self._keys.ids:
                raise self._keys.missing(row["id"])

    async def replace(self, progress: Progress | None = None) -> int:
        """Replace the epoch and destroy the old key; how many erasures that completed. Raises MasterKeyProblem.

        Safe to stop at any moment: no key is lost, and the next call continues.
        """
        async with self._alone():
            await self.check()
            await self._adopt_erasures()
            await self._begin()
            await self._finish(progress)
            return await self.settle()

    async def keep(self) -> int:
        """Periodic work: re-wrap keys not under the current epoch, finish an interrupted replacement, and replace the
        epoch when an erasure is older than REPLACE_AFTER.

        Returns:
            How many erasures that completed; 0 also where another process is doing it.
        """
        self._keys.refresh()
        async with self._alone(wait=False) as alone:
            if not alone:
                return 0
            await self.check()
            await self._adopt_erasures()
            due = await self._pool.fetchval(
                "SELECT EXISTS (SELECT FROM keys.erasure WHERE completed_at IS NULL"
                " AND erased_at < now() - $1::interval"
                " AND epoch IN (SELECT id FROM keys.epoch WHERE destroyed_at IS NULL))",
                REPLACE_AFTER,
            )
            if due:
                await self._begin()
            unfinished = await self._pool.fetchval(
                "SELECT EXISTS (SELECT FROM keys.epoch WHERE retired_at IS NOT NULL AND destroyed_at IS NULL)"
                " OR EXISTS (SELECT FROM keys.data_key WHERE epoch IS NULL)"
            )
            if unfinished:
                await self._finish(None)
            return await self.settle()

    async def settle(self) -> int:
        """Record which erasures are now complete; how many there were."""
        status = await self._pool.execute(
            "UPDATE keys.erasure x SET completed_at = now() WHERE completed_at IS NULL"
            " AND NOT bare_under && $1::text[] AND NOT EXISTS (SELECT FROM keys.epoch e"
            " WHERE e.destroyed_at IS NULL AND e.number <= (SELECT number FROM keys.epoch WHERE id = x.epoch))",
            list(self._wrapping.master_keys.ids),
        )
        return int(status.removeprefix("UPDATE "))

    async def incomplete(self) -> Incomplete | None:
        """The erasures that are not complete yet; None where all are."""
        ring = list(self._wrapping.master_keys.ids)
        row = await self._pool.fetchrow(
            "SELECT count(*) AS count, min(erased_at) AS oldest,"
            " count(*) FILTER (WHERE erased_at < now() - $1::interval) AS late,"
            " count(*) FILTER (WHERE bare_under IS NULL OR epoch IN"
            " (SELECT id FROM keys.epoch WHERE destroyed_at IS NULL)) AS to_replace,"
            " bool_or(bare_under IS NULL) AS unknown FROM keys.erasure WHERE completed_at IS NULL",
            COMPLETE_WITHIN,
        )
        if row is None or row["oldest"] is None:
            return None
        bare = await self._pool.fetchval(
            "SELECT array_agg(DISTINCT id) FROM keys.erasure, unnest(bare_under) AS id WHERE completed_at IS NULL"
        )
        to_retire = tuple(each for each in ring if row["unknown"] or each in (bare or ()))
        return Incomplete(row["count"], row["oldest"], row["late"], row["to_replace"], to_retire)

    async def to_retire(self, reference: str) -> tuple[str, ...]:
        """The master keys to be retired before the erasure of this referral is complete."""
        bare = await self._pool.fetchval(
            "SELECT coalesce(bare_under, $2) FROM keys.erasure WHERE reference = $1 AND completed_at IS NULL",
            reference,
            list(self._wrapping.master_keys.ids),
        )
        return tuple(each for each in self._wrapping.master_keys.ids if each in (bare or ()))

    async def rewrap(self, progress: Progress | None = None, *, newest_master: bool) -> int:
        """Re-wrap keys not under the current epoch, with `newest_master` also those not under the newest master key;
        how many.

        Each batch is a transaction. `progress(done, total)` is called after each.
        """
        done, total = 0, await self._outdated(newest_master)
        while True:
            before, after = done, ""
            # Each round goes by reference, so that no row is read twice; changes meanwhile are for the next round.
            while batch := await self._rewrap_batch(after, newest_master):
                count, after = batch
                done += count
                if progress is not None and count:
                    progress(done, max(done, total))
            if done == before:
                return done

    async def _outdated(self, newest_master: bool) -> int:
        count: int = await self._pool.fetchval(
            "SELECT count(*) FROM keys.data_key WHERE epoch IS DISTINCT FROM $1 OR master_key_id <> $2",
            await self.current(),
            self._wrapping.master_keys.newest if newest_master else None,
        )
        return count

    async def _rewrap_batch(self, after: str, newest_master: bool) -> tuple[int, str] | None:
        """How many were re-wrapped, and the last reference; None at the end."""
        # Read for each batch: a key added meanwhile is then the newest.
        master_key = self._wrapping.master_keys.newest if newest_master else None
        epoch = await self.current()
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "SELECT reference, wrapped, master_key_id, epoch, bare_under FROM keys.data_key"
                " WHERE reference > $1 AND (epoch IS DISTINCT FROM $2 OR master_key_id <> $3)"
                " ORDER BY reference LIMIT $4 FOR UPDATE",
                after,
                epoch,
                master_key,
                _BATCH,
            )
            if not rows:
                return None
            if not await connection.fetchval("SELECT keys.may_wrap($1, $2)", master_key, epoch):
                await self.give_up(connection, epoch, master_key)
                return 0, after
            await connection.executemany(
                "UPDATE keys.data_key SET wrapped = $2, master_key_id = $3, epoch = $4, bare_under = $5"
                " WHERE reference = $1",
                [self._anew(row, epoch, master_key) for row in rows],
            )
        return len(rows), rows[-1]["reference"]

    def _anew(self, row: asyncpg.Record, epoch: str, master_key: str | None) -> tuple[object, ...]:
        reference = row["reference"]
        raw = self._wrapping.unwrap(row, reference)
        new = self._wrapping.wrap(raw, reference, epoch, master_key or row["master_key_id"])
        return reference, new.wrapped, new.master_key_id, new.epoch, self._wrapping.bare_under(row)

    async def _in_use(self, connection: Connection | Pool | None = None) -> str | None:
        epoch: str | None = await (connection or self._pool).fetchval(
            f"SELECT id FROM keys.epoch WHERE {_IN_USE}"  # noqa: S608
        )
        return epoch

    @asynccontextmanager
    async def _alone(self, *, wait: bool = True) -> AsyncIterator[bool]:
        """Lock the replacement of epochs until the context ends; yields whether it is locked, with `wait` True."""
        async with self._pool.acquire() as connection, connection.transaction():
            if wait:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _REPLACING)
                yield True
            else:
                yield bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _REPLACING))

    async def _begin(self, *, first: bool = False) -> None:
        """Make a new epoch current and retire the one before, which wraps nothing from then on.

        With `first` only where there is none; the first process makes it.
        """
        await self._pool.execute(
            "INSERT INTO keys.epoch (id) VALUES ($1) ON CONFLICT DO NOTHING", new_key_id()
        )
        # An interrupted process may have announced another one, whose key may or may not be in the file.
        announced = await self._pool.fetchval("SELECT id FROM keys.epoch WHERE in_use_at IS NULL")
        if announced is not None:
            await asyncio.to_thread(self._keys.add, announced)
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT keys.wrap_no_more()")
                if not (first and await self._in_use(connection)):
                    await self._switch(connection, announced)
        self._current = None

    async def _switch(self, connection: Connection, announced: str) -> None:
        still = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM keys.epoch WHERE id = $1 AND in_use_at IS NULL)", announced
        )
        if still:
            await connection.execute(f"UPDATE keys.epoch SET retired_at = now() WHERE {_IN_USE}")  # noqa: S608
            await connection.execute("UPDATE keys.epoch SET in_use_at = now() WHERE id = $1", announced)

    async def _adopt_erasures(self) -> None:
        """Complete the records of an older version's erasures: their keys were under one of today's master keys."""
        await self._pool.execute(
            "UPDATE keys.erasure SET bare_under = $1, epoch = $2 WHERE bare_under IS NULL",
            list(self._wrapping.master_keys.ids),
            await self.current(),
        )

    async def _finish(self, progress: Progress | None) -> None:
        """Re-wrap everything under the current epoch, and destroy the keys of epochs that wrap nothing."""
        await self.rewrap(progress, newest_master=False)
        rows = await self._pool.fetch(
            "SELECT id FROM keys.epoch e WHERE retired_at IS NOT NULL AND destroyed_at IS NULL"
            " AND NOT EXISTS (SELECT FROM keys.data_key k WHERE k.epoch = e.id)"
        )
        worn_out = [row["id"] for row in rows]
        await asyncio.to_thread(self._keys.remove, worn_out)
        # Last: if interrupted before this, the removal is repeated, which is safe.
        await self._pool.execute("UPDATE keys.epoch SET destroyed_at = now() WHERE id = ANY($1)", worn_out)
