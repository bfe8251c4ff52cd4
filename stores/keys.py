"""The keys: one for each referral, made before it opens, wrapped by a master key, destroyed to erase it.

Everything about a person is sealed with the referral's data key, in PostgreSQL, in its backups and in
Temporal's history; deleting that one key makes all of it unreadable at once. Master keys live in a file
outside the database.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stores.database import Connection, Pool

CACHE_SECONDS = 60.0
"""How long a process may go on using a key that another one has destroyed."""

_CACHE_SIZE = 4096
_BATCH = 500
_KEY_BYTES = 32
_NONCE_BYTES = 12
INSTALLATION = "installation"
"""Stands where a reference would, for what belongs to no referral; no reference looks like it."""


class KeyErased(Exception):
    """The referral's key was destroyed: nothing about it can be read again."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"Referral {reference} has been erased; its details cannot be read.")
        self.reference = reference


class KeyUnknown(Exception):
    """No key was ever made for the reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no key for referral {reference}.")
        self.reference = reference


class SealBroken(Exception):
    """What was to be opened was sealed for something else, or has been altered since."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"This was not sealed for {reference}, or it has been altered.")
        self.reference = reference


class MasterKeyProblem(Exception):
    """The file of master keys cannot be used. One sentence says why and what to do."""


class DataKey:
    """The key of one referral (AES-256-GCM). Shows nothing of itself."""

    __slots__ = ("_cipher", "reference")

    def __init__(self, reference: str, raw: bytes) -> None:
        self.reference = reference
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return f"DataKey({self.reference})"

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """A fresh 12-byte nonce and the ciphertext; `aad` must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """What was sealed with this key and `aad`. Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(self.reference) from error


class MasterKeys:
    """The ring of master keys, a text file only its owner may read: the newest wraps, any unwraps.

    A line is `<key id> <base64 of 32 bytes>`, the newest last. A key added while a process runs is noticed
    by it, so rotation needs no restart.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ring: dict[str, DataKey] = {}
        self._read_at = -1
        self._read()

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._ring)})"

    @classmethod
    def load(cls, path: Path) -> MasterKeys:
        """The ring in the file. Raises MasterKeyProblem if it is missing, readable by others or malformed."""
        return cls(path)

    @classmethod
    def create(cls, path: Path) -> MasterKeys:
        """A new file with one new key. Raises MasterKeyProblem if there is one already."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise MasterKeyProblem(f"The master key file {path} cannot be made: {error.strerror}.") from error
        _write(descriptor, _new_line())
        return cls(path)

    @classmethod
    def add_new(cls, path: Path) -> MasterKeys:
        """The ring with one more key, the newest from now on; KeyStore.rotate then brings all under it.

        Raises MasterKeyProblem as `load` does.
        """
        cls(path)
        with _held(path):
            # Written aside and renamed: a crash midway must not cost a key.
            aside = path.with_name(f".{path.name}.new")
            aside.unlink(missing_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            _write(descriptor, path.read_text().rstrip("\n") + "\n" + _new_line())
            aside.replace(path)
        return cls(path)

    @property
    def newest(self) -> str:
        """The id of the key that wraps."""
        self._refresh()
        return next(reversed(self._ring))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys in the ring, the newest last."""
        self._refresh()
        return tuple(self._ring)

    def wrap(self, data_key: bytes, reference: str, key_id: str | None = None) -> tuple[bytes, str]:
        """The data key wrapped for this reference alone, and the id of the master key used: the newest, unless one
        is named."""
        key_id = key_id or self.newest
        return self._ring[key_id].seal(data_key, reference.encode()), key_id

    def unwrap(self, wrapped: bytes, master_key_id: str, reference: str) -> bytes:
        """The data key. Raises MasterKeyProblem if the ring lacks the master key, SealBroken if it is not
        the one of this reference."""
        if master_key_id not in self._ring:
            self._refresh()
        key = self._ring.get(master_key_id)
        if key is None:
            raise MasterKeyProblem(f"Master key {master_key_id} is not in {self.path}; put its line back.")
        try:
            return key.open(wrapped, reference.encode())
        except SealBroken as error:
            raise SealBroken(reference) from error

    def _refresh(self) -> None:
        try:
            changed = self.path.stat().st_mtime_ns != self._read_at
        except OSError as error:
            raise MasterKeyProblem(f"The master key file {self.path} is gone: {error.strerror}.") from error
        if changed:
            self._read()

    def _read(self) -> None:
        try:
            status = self.path.stat()
            lines = self.path.read_text(encoding="ascii").split("\n")
        except OSError as error:
            raise MasterKeyProblem(
                f"The master key file {self.path} cannot be read: {error.strerror}."
            ) from error
        except UnicodeDecodeError as error:
            raise MasterKeyProblem(f"{self.path} is not a master key file: it is not plain text.") from error
        if os.name == "posix" and status.st_mode & 0o077:
            raise MasterKeyProblem(f"Others may read the master key file {self.path}; run chmod 600 on it.")
        ring = {}
        for number, line in enumerate(lines, start=1):
            if line.strip():
                key_id, key = self._parse(line, number)
                ring[key_id] = key
        if not ring:
            raise MasterKeyProblem(f"The master key file {self.path} holds no key.")
        self._ring, self._read_at = ring, status.st_mtime_ns

    def _parse(self, line: str, number: int) -> tuple[str, DataKey]:
        key_id, _, encoded = line.strip().partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != _KEY_BYTES:
            # The line is not quoted: it may be a key with a slip in it.
            raise MasterKeyProblem(f"Line {number} of {self.path} is not a key id and 32 bytes in base64.")
        return key_id, DataKey(f"master key {key_id}", raw)


@dataclass(frozen=True)
class KeyStatus:
    """How the keys stand: data keys by the master key that wraps them, and what was erased."""

    newest: str
    data_keys: dict[str, int]
    installation: str | None
    """The master key that wraps the installation's secret; None before the secret was first needed."""
    erased: int


class KeyStore:
    """The referrals' keys, in PostgreSQL, with a small cache that forgets within CACHE_SECONDS."""

    def __init__(
        self,
        pool: Pool,
        master_keys: MasterKeys,
        *,
        size: int = _CACHE_SIZE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool.nowhere
        self._master_keys = master_keys
        self._size = size
        self._clock = clock
        self._cache: OrderedDict[str, tuple[DataKey, float]] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[DataKey]] = {}
        self._secret: bytes | None = None
        self._places_named_since: datetime | None = None

    async def create(self, reference: str) -> DataKey:
        """Make the referral's key, or return the one it has. Raises KeyErased."""
        wrapped, key_id = self._master_keys.wrap(secrets.token_bytes(_KEY_BYTES), reference)
        await self._pool.execute(
            "INSERT INTO keys.data_key (reference, wrapped, master_key_id)"
            " SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM keys.erasure WHERE reference = $1)"
            " ON CONFLICT DO NOTHING",
            reference,
            wrapped,
            key_id,
        )
        # Read back what stands: another process may have been first.
        return await self._fetch(reference)

    def cached(self, reference: str) -> DataKey | None:
        """The key, if it is at hand."""
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
        """The referral's key, without giving way to the loop if it is at hand, since every payload asks for it.

        For INSTALLATION, the key of what belongs to no referral. Raises KeyErased or KeyUnknown.
        """
        if reference == INSTALLATION:
            return DataKey(INSTALLATION, await self.installation_secret())
        key = self.cached(reference)
        if key is not None:
            return key
        task = self._fetching.get(reference)
        if task is None:
            task = self._fetching[reference] = asyncio.create_task(self._fetch(reference))
            task.add_done_callback(lambda _: self._fetching.pop(reference))
        # Shielded, since others may wait for the same answer when this caller is cancelled.
        return await asyncio.shield(task)

    async def destroy(self, connection: Connection, reference: str, reason: str, by: str) -> None:
        """Erase the referral, in the caller's transaction: no more key, and a note of who and why.

        Doing it again changes nothing. Every process has forgotten the key CACHE_SECONDS after the commit.
        """
        await connection.execute(
            "INSERT INTO keys.erasure (reference, reason, by_staff) VALUES ($1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            reference,
            reason,
            by,
        )
        await connection.execute("DELETE FROM keys.data_key WHERE reference = $1", reference)
        self._cache.pop(reference, None)

    async def rotate(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Re-wrap everything that is not under the newest master key, and return how many that were.

        `progress(done, total)` is called after each batch. A batch is a transaction, so it may be stopped at
        any moment and run again. When it has ended, older master keys wrap nothing (see `status`).
        """
        outdated = "FROM keys.data_key WHERE master_key_id <> $1"
        total: int = await self._pool.fetchval(f"SELECT count(*) {outdated}", self._master_keys.newest)
        done = 0
        while True:
            # Of each batch anew: a master key that is added meanwhile is the newest from then on.
            newest = self._master_keys.newest
            done += await self._rotate_secret(newest)
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(
                    f"SELECT reference, wrapped, master_key_id {outdated} LIMIT {_BATCH} FOR UPDATE", newest
                )
                await connection.executemany(
                    "UPDATE keys.data_key SET wrapped = $2, master_key_id = $3 WHERE reference = $1",
                    [(row["reference"], *self._rewrap(row, row["reference"], newest)) for row in rows],
                )
            if not rows:
                return done
            done += len(rows)
            if progress is not None:
                progress(done, max(done, total))

    async def status(self) -> KeyStatus:
        """What each master key still wraps: one that wraps nothing may leave the ring."""
        async with self._pool.acquire() as connection:
            counts = await connection.fetch(
                "SELECT master_key_id, count(*) FROM keys.data_key GROUP BY 1 ORDER BY 1"
            )
            return KeyStatus(
                newest=self._master_keys.newest,
                data_keys={row["master_key_id"]: row["count"] for row in counts},
                installation=await connection.fetchval("SELECT master_key_id FROM keys.installation"),
                erased=await connection.fetchval("SELECT count(*) FROM keys.erasure"),
            )

    async def installation_secret(self) -> bytes:
        """32 random bytes, made once for this database, that key the references derived from other systems'
        ids: without them nobody can tell from a reference which case it is. What belongs to no referral is sealed
        with them."""
        if self._secret is None:
            wrapped, key_id = self._master_keys.wrap(secrets.token_bytes(_KEY_BYTES), INSTALLATION)
            await self._pool.execute(
                "INSERT INTO keys.installation (secret_wrapped, master_key_id) VALUES ($1, $2)"
                " ON CONFLICT DO NOTHING",
                wrapped,
                key_id,
            )
            [row] = await self._pool.fetch(
                "SELECT secret_wrapped AS wrapped, master_key_id FROM keys.installation"
            )
            self._secret = self._master_keys.unwrap(row["wrapped"], row["master_key_id"], INSTALLATION)
        return self._secret

    async def places_named_since(self) -> datetime:
        """When this database was brought to the version that seals what Temporal keeps for the place where it stands
        (UTC). What was sealed before was sealed for its referral only."""
        if self._places_named_since is None:
            [row] = await self._pool.fetch(
                "SELECT applied_at FROM schema_migration WHERE name = '0007_seals_name_places'"
            )
            self._places_named_since = row["applied_at"]
        return self._places_named_since

    async def _fetch(self, reference: str) -> DataKey:
        forget_at = self._clock() + CACHE_SECONDS  # from before the query: a key destroyed during it counts
        [row] = await self._pool.fetch(
            "SELECT k.wrapped, k.master_key_id, e.reference IS NOT NULL AS erased"
            " FROM (SELECT $1::text) asked (reference)"
            " LEFT JOIN keys.data_key k USING (reference) LEFT JOIN keys.erasure e USING (reference)",
            reference,
        )
        # The note of the erasure decides, not the key's absence: a create that raced it may have left a row.
        if row["erased"]:
            raise KeyErased(reference)
        if row["wrapped"] is None:
            raise KeyUnknown(reference)
        key = DataKey(reference, self._master_keys.unwrap(row["wrapped"], row["master_key_id"], reference))
        self._cache[reference] = key, forget_at
        self._cache.move_to_end(reference)
        if len(self._cache) > self._size:
            self._cache.popitem(last=False)
        return key

    async def _rotate_secret(self, newest: str) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT secret_wrapped AS wrapped, master_key_id FROM keys.installation"
                " WHERE master_key_id <> $1 FOR UPDATE",
                newest,
            )
            if row is None:
                return 0
            await connection.execute(
                "UPDATE keys.installation SET secret_wrapped = $1, master_key_id = $2",
                *self._rewrap(row, INSTALLATION, newest),
            )
            return 1

    def _rewrap(self, row: asyncpg.Record, reference: str, key_id: str) -> tuple[bytes, str]:
        raw = self._master_keys.unwrap(row["wrapped"], row["master_key_id"], reference)
        return self._master_keys.wrap(raw, reference, key_id)


async def sealed_anything(connection: Connection) -> bool:
    """Whether there is anything in the database that only its master keys open; one without tables holds nothing."""
    if await connection.fetchval("SELECT to_regclass('keys.data_key') IS NULL"):
        return False
    sealed: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM keys.data_key) OR EXISTS (SELECT FROM keys.installation)"
    )
    return sealed


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Nobody else changes the file meanwhile, who does it in here as well."""
    while True:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Whoever was waited for has put another file in its place.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def _new_line() -> str:
    key_id = f"{time.strftime('%Y%m%d', time.gmtime())}-{secrets.token_hex(4)}"
    return f"{key_id} {base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"


def _write(descriptor: int, text: str) -> None:
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
