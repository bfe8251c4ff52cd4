"""The data keys: one for each referral, made before it opens, wrapped by keys outside the database, destroyed to erase.

Everything about a person is sealed with the referral's data key, in PostgreSQL, in its backups and in
Temporal's history; deleting that one key makes all of it unreadable at once. It is wrapped by a master key and an
epoch key, in two files outside the database; `epochs` explains the second.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from stores.database import Connection, Pool
from stores.keys.epochs import Epochs, Incomplete, Progress, Wrapped, Wrapping
from stores.keys.key_files import KEY_BYTES, DataKey, EpochKeys, MasterKeyProblem, MasterKeys, SealBroken

__all__ = [
    "CACHE_SECONDS",
    "INSTALLATION",
    "DataKey",
    "EpochKeys",
    "KeyErased",
    "KeyStatus",
    "KeyStore",
    "KeyUnknown",
    "MasterKeyInUse",
    "MasterKeyProblem",
    "MasterKeys",
    "SealBroken",
    "sealed_anything",
]

CACHE_SECONDS = 60.0
"""How long a process may still use a key that another one has destroyed."""

_CACHE_SIZE = 4096
INSTALLATION = "installation"
"""Used in place of a reference for what belongs to no referral; no reference has this form."""


class KeyErased(Exception):
    """The referral's key was destroyed: its data cannot be read again."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"Referral {reference} has been erased; its details cannot be read.")
        self.reference = reference


class KeyUnknown(Exception):
    """No key was ever made for the reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no key for referral {reference}.")
        self.reference = reference


class MasterKeyInUse(Exception):
    """A master key is in use and cannot be retired. The message is one sentence with which, and what to do."""


@dataclass(frozen=True)
class KeyStatus:
    """The status of the keys.

    Attributes:
        newest: the master key that wraps.
        data_keys: how many data keys each master key wraps.
        installation: the master key that wraps the installation's secret; None before the secret was first needed.
        epoch: the epoch key that wraps; None before the first data key was made.
        not_under_epoch: how many data keys are not under it.
        erased: how many referrals were erased.
        incomplete: those of them that are not complete yet; None where all are.
    """

    newest: str
    data_keys: dict[str, int]
    installation: str | None
    epoch: str | None
    not_under_epoch: int
    erased: int
    incomplete: Incomplete | None


class KeyStore:
    """The referrals' keys in PostgreSQL, with a small cache whose entries last CACHE_SECONDS.

    The epoch keys default to the file beside the master keys.
    """

    def __init__(
        self,
        pool: Pool,
        master_keys: MasterKeys,
        epoch_keys: EpochKeys | None = None,
        *,
        size: int = _CACHE_SIZE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool.nowhere
        self._master_keys = master_keys
        self._wrapping = Wrapping(master_keys, epoch_keys or EpochKeys.beside(master_keys))
        self.epochs = Epochs(pool.nowhere, self._wrapping)
        self._size = size
        self._clock = clock
        self._cache: OrderedDict[str, tuple[DataKey, float]] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[DataKey]] = {}
        self._destroyed: set[str] = set()
        self._secret: bytes | None = None
        self._places_named_since: datetime | None = None

    async def create(self, reference: str) -> DataKey:
        """Make the referral's key, or return the one it has. Raises KeyErased."""
        while True:
            epoch = await self.epochs.current()
            new = self._wrapping.wrap(secrets.token_bytes(KEY_BYTES), reference, epoch)
            await self._pool.execute(
                "INSERT INTO keys.data_key (reference, wrapped, master_key_id, epoch)"
                " SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM keys.erasure WHERE reference = $1)"
                " AND keys.may_wrap($3, $4) ON CONFLICT DO NOTHING",
                reference,
                new.wrapped,
                new.master_key_id,
                epoch,
            )
            try:
                # Read back what is stored: another process may have been first.
                return await self._fetch(reference)
            except KeyUnknown:
                await self.epochs.give_up(self._pool, epoch, new.master_key_id)

    async def create_all(self, references: Sequence[str]) -> dict[str, DataKey]:
        """Make the keys of new referrals at once, or return those that they have. Raises KeyErased."""
        while True:
            epoch = await self.epochs.current()
            raw = {reference: secrets.token_bytes(KEY_BYTES) for reference in references}
            new = [self._wrapping.wrap(raw[reference], reference, epoch) for reference in references]
            master_key_id = self._master_keys.newest
            rows = await self._pool.fetch(
                "INSERT INTO keys.data_key (reference, wrapped, master_key_id, epoch)"
                " SELECT made.reference, made.wrapped, $3, $4"
                " FROM unnest($1::text[], $2::bytea[]) AS made (reference, wrapped)"
                " WHERE NOT EXISTS (SELECT FROM keys.erasure e WHERE e.reference = made.reference)"
                " AND keys.may_wrap($3, $4) ON CONFLICT DO NOTHING RETURNING reference",
                references,
                [each.wrapped for each in new],
                master_key_id,
                epoch,
            )
            made = {row["reference"]: DataKey(row["reference"], raw[row["reference"]]) for row in rows}
            try:
                # Another process may have been first with some of them.
                return made | {each: await self.get(each) for each in references if each not in made}
            except KeyUnknown:
                await self.epochs.give_up(self._pool, epoch, master_key_id)

    def cached(self, reference: str) -> DataKey | None:
        """The key, if it is in the cache."""
        entry = self._cache.get(reference)
        if entry is None:
            return None
        key, forget_at = entry
        if self._clock() >= forget_at:
            del self._cache[reference]
            return None
        self._cache.move_to_end(reference)
        return key

    async def get(self, reference: str) -> DataKey:
        """The referral's key. From the cache it comes without yielding to the event loop, since every payload needs it.

        For INSTALLATION, the key of what belongs to no referral. Raises KeyErased or KeyUnknown.
        """
        if reference == INSTALLATION:
            return DataKey(INSTALLATION, await self.installation_secret())
        key = self.cached(reference)
        if key is not None:
            return key
        if reference in self._destroyed:
            return await self._fetch(reference)
        task = self._fetching.get(reference)
        if task is None:
            task = self._fetching[reference] = asyncio.create_task(self._fetch(reference))
            task.add_done_callback(lambda _: self._fetching.pop(reference))
        # Shielded, since other callers may wait for the same query when this one is cancelled.
        return await asyncio.shield(task)

    async def get_all(self, references: Iterable[str]) -> dict[str, DataKey]:
        """The keys of these referrals, in at most one statement; without those that were erased or never made."""
        wanted = list(dict.fromkeys(references))
        found = {each: key for each in wanted if (key := self.cached(each)) is not None}
        missing = [each for each in wanted if each not in found]
        if not missing:
            return found
        forget_at = self._clock() + CACHE_SECONDS
        rows = await self._pool.fetch(
            "SELECT k.reference, k.wrapped, k.master_key_id, k.epoch FROM keys.data_key k"
            " WHERE k.reference = ANY($1) AND NOT EXISTS ("
            "  SELECT FROM keys.erasure e WHERE e.reference = k.reference)",
            missing,
        )
        for row in rows:
            reference = row["reference"]
            try:
                raw = self._wrapping.unwrap(row, reference)
            except MasterKeyProblem:
                # It may have been re-wrapped since it was read; asked for alone, it is read again.
                found[reference] = await self.get(reference)
            else:
                found[reference] = self._keep(DataKey(reference, raw), forget_at)
        return found

    async def destroy(self, connection: Connection, reference: str, reason: str, by: str) -> None:
        """Erase the referral in the caller's transaction: delete its key and record who and why.

        Safe to repeat. After the commit this process has the key no more, and no other CACHE_SECONDS later.
        """
        row = await connection.fetchrow(
            "DELETE FROM keys.data_key WHERE reference = $1 RETURNING master_key_id, epoch, bare_under",
            reference,
        )
        await connection.execute(
            "INSERT INTO keys.erasure (reference, reason, by_staff, epoch, bare_under) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT DO NOTHING",
            reference,
            reason,
            by,
            row["epoch"] if row else None,
            self._wrapping.bare_under(row) if row else [],
        )
        self._destroyed.add(reference)  # Who reads it before the commit does not keep it.
        self._cache.pop(reference, None)

    async def rotate(self, progress: Progress | None = None) -> int:
        """Re-wrap everything that is not under the newest master key, and return how many that were.

        `progress(done, total)` is called after each batch. Each batch is a transaction, so it may be
        stopped at any moment and run again. At the end, older master keys wrap nothing (see `status`).
        """
        done = 0
        while True:
            count = await self._rotate_secret()
            count += await self.epochs.rewrap(progress, newest_master=True)
            if not count:
                return done
            done += count

    async def retire(self) -> tuple[str, ...]:
        """Remove all master keys but the newest from the file, overwrite them on disk, and return their ids.

        What only they can unwrap is lost, such as a backup from before `rotate`.

        Raises:
            MasterKeyInUse: one of them still wraps something; none is retired.
            MasterKeyProblem: the file cannot be changed. Safe to repeat.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT keys.wrap_no_more()")
            older = self._master_keys.ids[:-1]
            row = await connection.fetchrow(
                "SELECT master_key_id, count(*) AS count FROM (SELECT master_key_id FROM keys.data_key"
                " UNION ALL SELECT master_key_id FROM keys.installation) wrapped"
                " WHERE master_key_id = ANY($1) GROUP BY 1 LIMIT 1",
                older,
            )
            if row is not None:
                raise MasterKeyInUse(
                    f"Master key {row['master_key_id']} still wraps {row['count']} keys: "
                    "bring them under the newest first, with `rj keys rotate`."
                )
            await connection.executemany(
                "INSERT INTO keys.retired_master_key (id) VALUES ($1) ON CONFLICT DO NOTHING",
                [(each,) for each in older],
            )
        await asyncio.to_thread(self._master_keys.remove, older)
        await self.epochs.settle()
        return older

    async def status(self) -> KeyStatus:
        """The status: what each master key wraps, the epoch, and the incomplete erasures."""
        counts = await self._pool.fetch(
            "SELECT master_key_id, count(*) FROM keys.data_key GROUP BY 1 ORDER BY 1"
        )
        [row] = await self._pool.fetch(
            "SELECT (SELECT master_key_id FROM keys.installation) AS installation, epoch,"
            " (SELECT count(*) FROM keys.data_key k WHERE k.epoch IS DISTINCT FROM in_use.epoch) AS not_under_epoch,"
            " (SELECT count(*) FROM keys.erasure) AS erased"
            " FROM (SELECT 1) one LEFT JOIN"
            " (SELECT id AS epoch FROM keys.epoch WHERE in_use_at IS NOT NULL AND retired_at IS NULL) in_use ON TRUE"
        )
        return KeyStatus(
            newest=self._master_keys.newest,
            data_keys={each["master_key_id"]: each["count"] for each in counts},
            installation=row["installation"],
            epoch=row["epoch"],
            not_under_epoch=row["not_under_epoch"],
            erased=row["erased"],
            incomplete=await self.epochs.incomplete(),
        )

    async def installation_secret(self) -> bytes:
        """32 random bytes, made once for this database. They key the references derived from other systems' ids, so
        that nobody can tell the case from a reference, and seal what belongs to no referral."""
        while self._secret is None:
            wrapped, key_id = self._master_keys.wrap(secrets.token_bytes(KEY_BYTES), INSTALLATION)
            await self._pool.execute(
                "INSERT INTO keys.installation (secret_wrapped, master_key_id)"
                " SELECT $1, $2 WHERE keys.may_wrap($2, NULL) ON CONFLICT DO NOTHING",
                wrapped,
                key_id,
            )
            row = await self._pool.fetchrow(
                "SELECT secret_wrapped AS wrapped, master_key_id FROM keys.installation"
            )
            if row is None:
                await self.epochs.give_up(self._pool, await self.epochs.current(), key_id)
            else:
                self._secret = self._master_keys.unwrap(row["wrapped"], row["master_key_id"], INSTALLATION)
        return self._secret

    async def places_named_since(self) -> datetime:
        """When the seals of Temporal's payloads began to name their place (UTC), by the migration of this database."""
        if self._places_named_since is None:
            [row] = await self._pool.fetch(
                "SELECT applied_at FROM schema_migration WHERE name = '0007_seals_name_places'"
            )
            self._places_named_since = row["applied_at"]
        return self._places_named_since

    async def _fetch(self, reference: str) -> DataKey:
        # Taken before the query, so that a key destroyed during it expires in time.
        forget_at = self._clock() + CACHE_SECONDS
        raw: bytes | None = None
        wrapped: Wrapped | None = None
        while raw is None:
            before, wrapped = wrapped, await self._read(reference)
            try:
                raw = self._wrapping.unwrap(wrapped, reference)
            except MasterKeyProblem:
                # It may have been re-wrapped since it was read, and the wrapping key destroyed.
                if wrapped == before:
                    raise
        return self._keep(DataKey(reference, raw), forget_at)

    def _keep(self, key: DataKey, forget_at: float) -> DataKey:
        if key.reference in self._destroyed:
            return key
        self._cache[key.reference] = key, forget_at
        self._cache.move_to_end(key.reference)
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)
        return key

    async def _read(self, reference: str) -> Wrapped:
        [row] = await self._pool.fetch(
            "SELECT k.wrapped, k.master_key_id, k.epoch, e.reference IS NOT NULL AS erased"
            " FROM (SELECT $1::text) asked (reference)"
            " LEFT JOIN keys.data_key k USING (reference) LEFT JOIN keys.erasure e USING (reference)",
            reference,
        )
        # The erasure's record decides, not the key's absence: a concurrent create may have left a row.
        if row["erased"]:
            raise KeyErased(reference)
        if row["wrapped"] is None:
            raise KeyUnknown(reference)
        return Wrapped(row["wrapped"], row["master_key_id"], row["epoch"])

    async def _rotate_secret(self) -> int:
        newest = self._master_keys.newest
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT secret_wrapped AS wrapped, master_key_id FROM keys.installation"
                " WHERE master_key_id <> $1 FOR UPDATE",
                newest,
            )
            if row is None:
                return 0
            if await connection.fetchval("SELECT keys.may_wrap($1, NULL)", newest):
                secret = self._master_keys.unwrap(row["wrapped"], row["master_key_id"], INSTALLATION)
                await connection.execute(
                    "UPDATE keys.installation SET secret_wrapped = $1, master_key_id = $2",
                    *self._master_keys.wrap(secret, INSTALLATION, newest),
                )
                return 1
            await self.epochs.give_up(connection, await self.epochs.current(), newest)
        return await self._rotate_secret()


async def sealed_anything(connection: Connection) -> bool:
    """Whether the database holds anything that needs its master keys; one without tables does not."""
    if await connection.fetchval("SELECT to_regclass('keys.data_key') IS NULL"):
        return False
    sealed: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM keys.data_key) OR EXISTS (SELECT FROM keys.installation)"
    )
    return sealed
