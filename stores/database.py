"""Connections to PostgreSQL: one pool per process, every connection with the application's few rights."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from schemas.areas import Area

# Quoted, because asyncpg's classes are generic for the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
APPLICATION_ROLE = "rj_app"
APPLICATION_NAME = "rj-referrals"
EVERYWHERE = "*"

# Seconds that a connection waits for a PostgreSQL that starts, as after a crash.
_STARTS_WITHIN = 5

T = TypeVar("T")


class DatabaseUnreachable(Exception):
    """PostgreSQL does not answer, or does not let us in. One sentence, without any password."""


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection as the user of `dsn`: the database's owner, for migrations and administration.

    Raises DatabaseUnreachable.
    """
    try:
        return await _once_started(
            lambda: asyncpg.connect(dsn, timeout=10, server_settings={"application_name": APPLICATION_NAME})
        )
    except _FAILURES as error:
        raise _unreachable(dsn, error) from error


class Pool:
    """Connections to PostgreSQL as the application, and the areas whose referrals they see.

    Row-level security limits a transaction to the areas that it sets; this sets them. It is a second line of defence:
    access is decided before. Without areas no referral is visible; that is enough for the register, the keys and
    `record_step`, and needs no transaction.
    """

    def __init__(
        self, connections: asyncpg.Pool[asyncpg.Record], areas: str | None = None, dsn: str | None = None
    ) -> None:
        self._connections = connections
        self._areas = areas
        self._dsn = dsn

    @property
    def nowhere(self) -> Pool:
        """The pool for data that belongs to no area."""
        return Pool(self._connections)

    def within(self, areas: Iterable[Area]) -> Pool:
        """The pool for a person who works in these areas."""
        return Pool(self._connections, ",".join(sorted(areas)))

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows."""
        async with self._one() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """The first row; None where there is none."""
        async with self._one() as connection:
            return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first value of the first row; None where there is no row."""
        async with self._one() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> str:
        """Execute one statement; PostgreSQL's status."""
        async with self._one() as connection:
            return await connection.execute(query, *arguments)

    async def executemany(self, query: str, arguments: Iterable[Sequence[object]]) -> None:
        """Execute the statement for each of the arguments, in one transaction."""
        async with self._one() as connection:
            await connection.executemany(query, arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection whose queries all see the data of one moment."""
        async with (
            self._connections.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute("SELECT set_config('rj.areas', $1, TRUE)", self._areas or "")
            yield connection

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection; with areas it is in a transaction, which ends with the context."""
        async with self._connections.acquire() as connection:
            if self._areas is None:
                yield connection
                return
            async with connection.transaction():
                await connection.execute("SELECT set_config('rj.areas', $1, TRUE)", self._areas)
                yield connection

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection beside the pool's, for who listens as long as the context lasts.

        Raises:
            DatabaseUnreachable: there is none to be had.
        """
        if self._dsn is None:
            raise ValueError("only the whole pool of a process has connections beside it")
        connection = await connect(self._dsn)
        try:
            yield connection
        finally:
            # It may be gone, and nothing on it is worth waiting for.
            connection.terminate()

    async def close(self) -> None:
        """Close the connections, once they are returned."""
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[Connection]:
        """A connection for one statement. One message begins the transaction and sets the areas."""
        async with self._connections.acquire() as connection:
            if self._areas is None:
                yield connection
                return
            # The names of areas come from our code, and need no quoting.
            await connection.execute(f"BEGIN; SET LOCAL rj.areas = '{self._areas}'")
            try:
                yield connection
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")


async def connect_pool(dsn: str, *, size: int = 10, ready: int = 2) -> Pool:
    """A pool of up to `size` connections as the application, which sees the referrals of all areas.

    Args:
        ready: how many are made at once; the others are when they are needed.

    Raises:
        DatabaseUnreachable: it does not answer, refuses the log-in, or grants more than the application may have.
    """
    try:
        connections = await _once_started(
            lambda: asyncpg.create_pool(
                dsn,
                min_size=min(ready, size),
                max_size=size,
                timeout=10,
                reset=_skip_reset,
                server_settings={"application_name": APPLICATION_NAME},
            )
        )
    except _FAILURES as error:
        raise _unreachable(dsn, error) from error
    pool = Pool(connections, EVERYWHERE, dsn)
    try:
        too_much = await may_too_much(pool.nowhere)
    except BaseException:
        await connections.close()
        raise
    if too_much is not None:
        await connections.close()
        raise DatabaseUnreachable(
            f"The user {too_much} of DATABASE_URL may rewrite the log: name there the application's user, which owns "
            f"nothing ({APPLICATION_ROLE}, or a member of it), and the owner in RJ_DATABASE_OWNER_URL."
        )
    return pool


async def may_too_much(connection: Connection | Pool) -> str | None:
    """The name of the signed-in user, where they could become the owner of the log or bypass its rules; None for a user
    with the application's rights only."""
    found: str | None = await connection.fetchval(
        "SELECT session_user::text FROM pg_roles me WHERE me.rolname = session_user AND ("
        " me.rolsuper OR me.rolbypassrls OR me.rolcreaterole OR me.rolreplication OR EXISTS ("
        "  SELECT FROM pg_class owned WHERE owned.relnamespace IN ('public'::regnamespace)"
        "  AND pg_has_role(session_user, owned.relowner, 'MEMBER'))"
        " OR EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database()"
        "  AND pg_has_role(session_user, d.datdba, 'MEMBER')))"
    )
    return found


async def _skip_reset(connection: Connection) -> None:
    """Reset nothing when a connection is returned to the pool: asyncpg has ended an open transaction, and no code here
    changes session settings. The default reset would cost a round trip after every statement."""


_FAILURES = (
    OSError,
    TimeoutError,
    ValueError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def _once_started(connect: Callable[[], Awaitable[T]]) -> T:
    """What a connection comes to, asked for again for some seconds while PostgreSQL starts."""
    for _ in range(_STARTS_WITHIN * 5):
        try:
            return await connect()
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.2)
    return await connect()


def _unreachable(dsn: str, error: Exception) -> DatabaseUnreachable:
    where = address_of(dsn)
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            why = "refuses the user name or the password"
        case asyncpg.InvalidCatalogNameError():
            why = "does not exist on that server"
        case asyncpg.CannotConnectNowError():
            why = "is starting or stopping: try again in a moment"
        case asyncpg.PostgresError():
            why = f"does not let us in: {error}"
        case ValueError() | asyncpg.InterfaceError():
            # The parser's message may quote the address with its password.
            why = "has an address that cannot be read: write postgresql://user:password@host:port/name"
        case _:
            why = "does not answer: check that the server runs and that its address is right"
    return DatabaseUnreachable(f"The database at {where} {why}.")


def address_of(dsn: str) -> str:
    """Host, port and database name of a connection address, and nothing else of it."""
    try:
        parts = urlsplit(dsn)
        query = parse_qs(parts.query)
        host = parts.hostname or query.get("host", [os.environ.get("PGHOST", "localhost")])[0]
        port = parts.port or query.get("port", [os.environ.get("PGPORT", "5432")])[0]
    except ValueError:
        return "the given address"
    if not parts.scheme.startswith("postgres"):
        return "the given address"
    return f"{unquote(host)}:{port}{parts.path}"
