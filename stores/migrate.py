"""Migrations of the database to this version's schema: numbered SQL files, forward only.

Each file is one transaction. A checksum of each applied file is recorded, so that a file edited afterwards is refused
instead of leaving installations with different schemas.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from stores.database import Connection, connect

FOLDER = Path(__file__).parent / "migrations"

_OLDEST_SERVER = 16  # GRANT … WITH SET
_LOCK = 0x726A_6D69_6772  # "rjmigr": processes that start together migrate one after the other
_FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


class MigrationRefused(Exception):
    """The migration was refused and the database not changed. The message is one sentence with the reason."""


@dataclass(frozen=True)
class Migration:
    """One file: its name without `.sql`, its text, and the sha256 of its bytes in hexadecimal."""

    name: str
    sql: str
    checksum: str


async def migrate(connection_or_dsn: Connection | str, *, folder: Path = FOLDER) -> list[str]:
    """Apply the missing migrations, oldest first, and return their names.

    Connects as the owner of the database, who needs CREATEROLE but need not be a superuser. Safe to repeat and
    to run in several processes at once. Raises MigrationRefused or stores.database.DatabaseUnreachable.
    """
    async with _connection(connection_or_dsn) as connection:
        server = connection.get_server_version()
        if server.major < _OLDEST_SERVER:
            raise MigrationRefused(
                f"PostgreSQL {_OLDEST_SERVER} or newer is needed; this server is {server.major}."
            )
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute(_RECORD)
            missing = await _missing(connection, folder)
            for migration in missing:
                await _apply(connection, migration)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    return [migration.name for migration in missing]


async def pending(connection_or_dsn: Connection | str, *, folder: Path = FOLDER) -> list[str]:
    """The names of the migrations that `migrate` would apply, oldest first; empty when the database is up to date.

    Changes nothing, and may run as the application's role. Raises as `migrate` does.
    """
    async with _connection(connection_or_dsn) as connection:
        return [migration.name for migration in await _missing(connection, folder)]


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of a folder in order. Raises MigrationRefused on a bad or duplicate number."""
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        if not _FILE_NAME.fullmatch(path.name):
            raise MigrationRefused(f"{path.name} is not named like 0001_what_it_does.sql.")
        number = path.name[:4]
        if number in found:
            raise MigrationRefused(f"{path.stem} and {found[number].name} have the same number.")
        content = path.read_bytes()
        found[number] = Migration(path.stem, content.decode(), hashlib.sha256(content).hexdigest())
    return list(found.values())


_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@asynccontextmanager
async def _connection(connection_or_dsn: Connection | str) -> AsyncIterator[Connection]:
    if not isinstance(connection_or_dsn, str):
        yield connection_or_dsn
        return
    connection = await connect(connection_or_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _missing(connection: Connection, folder: Path) -> list[Migration]:
    migrations = {migration.name: migration for migration in read_migrations(folder)}
    applied: dict[str, str] = {}
    if await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL"):
        rows = await connection.fetch("SELECT name, checksum FROM schema_migration ORDER BY name")
        applied = {row["name"]: row["checksum"] for row in rows}
    for name, checksum in applied.items():
        if name not in migrations:
            raise MigrationRefused(f"The database holds {name}, which this older version does not know.")
        if migrations[name].checksum != checksum:
            raise MigrationRefused(
                f"{name} was edited after it was applied; restore it and write the change as a new migration."
            )
    missing = [migration for name, migration in migrations.items() if name not in applied]
    if missing and applied and missing[0].name < (newest := max(applied)):
        raise MigrationRefused(f"{missing[0].name} comes before {newest}, which is applied; renumber it.")
    return missing


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)",
                migration.name,
                migration.checksum,
            )
    except asyncpg.PostgresError as error:
        raise MigrationRefused(f"{migration.name} could not be applied: {error}.") from error
