"""A PostgreSQL server of these tests' own: they rotate every key in it and refuse its migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from service.embedded_postgres import embedded_postgres


@pytest_asyncio.fixture(scope="session")
async def empty_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a database that nothing was done to, as its owner; the first to ask migrates it."""
    async with embedded_postgres(tmp_path_factory.mktemp("stores") / "postgres") as server:
        yield server.dsn
