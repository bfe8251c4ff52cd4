"""Connections to PostgreSQL: one pool a process, every connection with the application's few rights."""

from __future__ import annotations

import os
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

# Quoted, for asyncpg's classes are generic to the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

APPLICATION_ROLE = "rj_app"
APPLICATION_NAME = "rj-referrals"


class DatabaseUnreachable(Exception):
    """PostgreSQL does not answer, or does not let us in. One sentence, without any password."""


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection as the user of `dsn`, the database's owner: for migrations and administration.

    Raises DatabaseUnreachable.
    """
    try:
        return await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": APPLICATION_NAME})
    except _FAILURES as error:
        raise _unreachable(dsn, error) from error


async def connect_pool(dsn: str, *, size: int = 10) -> Pool:
    """A pool of up to `size` connections, each of which runs as the application's role.

    The database must be migrated already, for the role is made by the first migration.
    Raises DatabaseUnreachable.
    """
    try:
        return await asyncpg.create_pool(
            dsn,
            min_size=min(2, size),
            max_size=size,
            timeout=10,
            reset=_left_as_it_was,
            # Given at start-up, the role costs no round trip and is what RESET ROLE goes back to.
            server_settings={"application_name": APPLICATION_NAME, "role": APPLICATION_ROLE},
        )
    except _FAILURES as error:
        raise _unreachable(dsn, error) from error


async def _left_as_it_was(connection: Connection) -> None:
    """Nothing is to be undone when a connection goes back to the pool: asyncpg has ended an open transaction, and no
    code here changes a session. Its own way would ask the server once more after every statement."""


_FAILURES = (
    OSError,
    TimeoutError,
    ValueError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def _unreachable(dsn: str, error: Exception) -> DatabaseUnreachable:
    where = address_of(dsn)
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            why = "refuses the user name or the password"
        case asyncpg.InvalidCatalogNameError():
            why = "does not exist on that server"
        case asyncpg.InvalidParameterValueError() | asyncpg.InsufficientPrivilegeError():
            why = f"has no role {APPLICATION_ROLE} for this user yet: apply the migrations first"
        case asyncpg.PostgresError():
            why = f"does not let us in: {error}"
        case ValueError() | asyncpg.InterfaceError():
            # What the parser says may quote the address, password and all.
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
