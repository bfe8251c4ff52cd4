from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from runtime.embedded.postgres import EmbeddedPostgres
from stores.database import Connection, DatabaseUnreachable, connect, connect_pool
from stores.migrate import MigrationRefused, migrate, pending, read_migrations


@pytest.fixture
async def connection(empty_database: str, tmp_path: Path) -> AsyncIterator[Connection]:
    """The owner, in an empty schema of its own: as good as an empty database, and at once."""
    owner = await connect(empty_database)
    schema = f"m{abs(hash(tmp_path))}"
    await owner.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
    yield owner
    await owner.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_cup.sql").write_text("CREATE TABLE cup (id bigint);")
    (tmp_path / "0002_spoon.sql").write_text("CREATE TABLE spoon (id bigint);")
    return tmp_path


async def test_applies_what_is_missing_once_and_in_order(connection: Connection, folder: Path) -> None:
    assert await pending(connection, folder=folder) == ["0001_cup", "0002_spoon"]
    assert await migrate(connection, folder=folder) == ["0001_cup", "0002_spoon"]
    assert await migrate(connection, folder=folder) == []
    (folder / "0003_fork.sql").write_text("CREATE TABLE fork (id bigint);")
    assert await pending(connection, folder=folder) == ["0003_fork"]
    assert await migrate(connection, folder=folder) == ["0003_fork"]


async def test_an_edited_file_is_refused(connection: Connection, folder: Path) -> None:
    await migrate(connection, folder=folder)
    (folder / "0001_cup.sql").write_text("CREATE TABLE cup (id text);")
    with pytest.raises(MigrationRefused, match="0001_cup was edited after it was applied"):
        await migrate(connection, folder=folder)
    with pytest.raises(MigrationRefused, match="0001_cup was edited"):
        await pending(connection, folder=folder)


async def test_a_file_that_fails_leaves_nothing_of_itself(connection: Connection, folder: Path) -> None:
    (folder / "0002_spoon.sql").write_text("CREATE TABLE spoon (id bigint); SELECT 1/0;")
    with pytest.raises(MigrationRefused, match="0002_spoon could not be applied: division by zero"):
        await migrate(connection, folder=folder)
    assert await pending(connection, folder=folder) == ["0002_spoon"]
    assert await connection.fetchval("SELECT to_regclass('spoon')") is None
    (folder / "0002_spoon.sql").write_text("CREATE TABLE spoon (id bigint);")
    assert await migrate(connection, folder=folder) == ["0002_spoon"]


async def test_a_file_and_its_record_stand_or_fall_together(connection: Connection, folder: Path) -> None:
    spoon = "CREATE TABLE spoon (id bigint); INSERT INTO schema_migration VALUES ('0002_spoon', 'forged');"
    (folder / "0002_spoon.sql").write_text(spoon)
    with pytest.raises(MigrationRefused, match="0002_spoon could not be applied: duplicate key"):
        await migrate(connection, folder=folder)
    assert await connection.fetchval("SELECT to_regclass('spoon')") is None


async def test_only_forward(connection: Connection, folder: Path) -> None:
    (folder / "0003_fork.sql").write_text("CREATE TABLE fork (id bigint);")
    (folder / "0002_spoon.sql").rename(folder / "kept")
    await migrate(connection, folder=folder)
    (folder / "kept").rename(folder / "0002_spoon.sql")
    with pytest.raises(MigrationRefused, match="0002_spoon comes before 0003_fork"):
        await migrate(connection, folder=folder)


async def test_a_newer_database_is_refused(connection: Connection, folder: Path) -> None:
    await migrate(connection, folder=folder)
    (folder / "0002_spoon.sql").unlink()
    with pytest.raises(MigrationRefused, match="holds 0002_spoon, which this older version"):
        await migrate(connection, folder=folder)


@pytest.mark.parametrize("name", ["0001_knife.sql", "1_knife.sql", "0003-knife.sql"])
def test_a_bad_or_doubled_number_is_refused(folder: Path, name: str) -> None:
    (folder / name).touch()
    with pytest.raises(MigrationRefused, match="knife"):
        read_migrations(folder)


async def test_processes_that_start_together_migrate_once(empty_database: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database) for _ in range(4)))
    already = await migrate(empty_database)
    assert already == []
    assert sum(map(bool, applied)) <= 1
    assert await pending(empty_database) == []


async def test_the_application_can_become_nobody_else(
    migrated_database: EmbeddedPostgres,
) -> None:
    async with await connect_pool(migrated_database.dsn, size=1) as pool:
        assert await pool.fetchval("SELECT current_user") == "rj_app"
        assert await pool.fetchval("SHOW application_name") == "rj-referrals"
        for forbidden in (
            "SET ROLE rj_owner",
            "SET ROLE postgres",
            "SET SESSION AUTHORIZATION rj_owner",
            "ALTER ROLE rj_app SUPERUSER",
            "CREATE ROLE mine",
            "GRANT rj_owner TO rj_app",
            "CREATE TABLE public.mine (id bigint)",
            "CREATE TEMPORARY TABLE mine (id bigint)",
            "CREATE SCHEMA mine",
            "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER TABLE event DISABLE ROW LEVEL SECURITY",
            "UPDATE schema_migration SET checksum = ''",
            "DELETE FROM keys.erasure",
            "UPDATE keys.data_key SET reference = ''",
            "DROP TABLE keys.data_key",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(forbidden)


async def test_who_may_rewrite_the_log_does_not_serve(migrated_database: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseUnreachable, match="RJ_DATABASE_OWNER_URL"):
        await connect_pool(migrated_database.owner_dsn)


@pytest.mark.parametrize(
    ("dsn", "sentence"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/rj", "The database at 127.0.0.1:1/rj does not answer"),
        ("postgresql://me:hun:ter2@host:po/rj", "has an address that cannot be read"),
        ("mysql://me:hunter2@127.0.0.1/rj", "has an address that cannot be read"),
        ("postgresql://me:hunter2@/rj?host=/nowhere&port=5", "The database at /nowhere:5/rj does not answer"),
    ],
)
async def test_an_unreachable_database_is_one_sentence_without_the_password(dsn: str, sentence: str) -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        await connect_pool(dsn)
    assert sentence in str(refused.value)
    assert "hun" not in str(refused.value)


async def test_a_wrong_password_and_a_wrong_name_are_told_apart(empty_database: str) -> None:
    user, at, rest = empty_database.partition("@")
    with pytest.raises(DatabaseUnreachable, match="refuses the user name or the password"):
        await connect_pool(user + "x" + at + rest)
    with pytest.raises(DatabaseUnreachable, match="does not exist on that server"):
        await connect_pool(user + at + rest.replace("/rj", "/elsewhere", 1))
