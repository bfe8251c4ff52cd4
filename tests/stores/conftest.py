"""A PostgreSQL server of these tests' own: they rotate every key in it and refuse its migrations."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from service.embedded_postgres import embedded_postgres


@pytest_asyncio.fixture(scope="session")
async def empty_database() -> AsyncIterator[str]:
    """The address of a database that nothing was done to, as its owner; the first to ask migrates it."""
    with tempfile.TemporaryDirectory() as folder:
        # As root PostgreSQL runs under another account; where that may pass, the data is kept here and
        # goes with the folder.
        Path(folder).chmod(0o711)
        async with embedded_postgres(Path(folder) / "postgres") as server:
            yield server.dsn
