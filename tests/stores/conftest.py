"""A PostgreSQL server of these tests' own: they rotate every key in it and refuse its migrations."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.embedded.postgres import EmbeddedPostgres, embedded_postgres
from stores.migrate import migrate


@pytest_asyncio.fixture(scope="session")
async def own_database() -> AsyncIterator[EmbeddedPostgres]:
    """A database that nothing was done to; the first to ask migrates it."""
    with tempfile.TemporaryDirectory() as folder:
        # As root PostgreSQL runs under another account; where that may pass, the data is kept here and
        # goes with the folder.
        Path(folder).chmod(0o711)
        async with embedded_postgres(Path(folder) / "postgres") as server:
            yield server


@pytest.fixture(scope="session")
def empty_database(own_database: EmbeddedPostgres) -> str:
    """Its address, as its owner."""
    return own_database.owner_dsn


@pytest_asyncio.fixture(scope="session")
async def migrated_database(own_database: EmbeddedPostgres) -> EmbeddedPostgres:
    """The same, migrated."""
    await migrate(own_database.owner_dsn)
    return own_database
