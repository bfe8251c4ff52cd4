"""Real servers for the tests: one PostgreSQL and one Temporal for each process that runs tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from schemas.areas import Area
from schemas.people import Role, Staff
from service.embedded_postgres import embedded_postgres
from service.embedded_temporal import embedded_temporal
from service.policy_files import load_policy
from service.referrals import Referrals
from service.running import connect_temporal, register_search_attributes, worker
from stores import staff
from stores.database import Pool, connect_pool
from stores.keys import KeyStore, MasterKeys
from stores.migrate import migrate
from tests.replay.replaying import all_histories, replay, replay_altered

STAFF = (
    Staff(id="cw-1", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Test Caseworker One"),
    Staff(id="cw-2", role=Role.CASEWORKER, areas=(Area.DURHAM,), name="Test Caseworker Two"),
    Staff(id="fa-1", role=Role.FACILITATOR, areas=(Area.DURHAM,), advanced_practitioner=True),
    Staff(id="fa-2", role=Role.FACILITATOR, areas=(Area.DURHAM,)),
    Staff(id="su-1", role=Role.SUPERVISOR, areas=(Area.DURHAM,)),
    Staff(id="su-2", role=Role.SUPERVISOR, areas=(Area.DURHAM,)),
    Staff(id="sm-1", role=Role.SERVICE_MANAGER, areas=(Area.DURHAM, Area.KENT)),
    Staff(id="pa-1", role=Role.PARTNER, areas=(Area.DURHAM,)),
    Staff(id="co-1", role=Role.COMMISSIONER, areas=(Area.DURHAM,)),
    Staff(id="cw-kent", role=Role.CASEWORKER, areas=(Area.KENT,)),
    Staff(id="cw-gone", role=Role.CASEWORKER, areas=(Area.DURHAM,), active=False),
)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A short-named folder for the servers' data, which an account other than root may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rj-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest_asyncio.fixture(scope="session")
async def database_url(servers_folder: Path) -> AsyncIterator[str]:
    """The address of a migrated database, as its owner."""
    async with embedded_postgres(servers_folder / "postgres") as server:
        await migrate(server.dsn)
        yield server.dsn


@pytest_asyncio.fixture(scope="session")
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections with the application's rights, to a database with a staff register."""
    async with await connect_pool(database_url) as connections:
        for member in STAFF:
            await staff.add(connections, member)
        yield connections


@pytest.fixture(scope="session")
def master_keys(servers_folder: Path) -> MasterKeys:
    """A ring of master keys."""
    return MasterKeys.create(servers_folder / "master.keys")


@pytest_asyncio.fixture(scope="session")
async def keys(pool: Pool, master_keys: MasterKeys) -> KeyStore:
    """The referrals' keys."""
    return KeyStore(pool, master_keys)


@pytest_asyncio.fixture(scope="session")
async def temporal_address(servers_folder: Path) -> AsyncIterator[str]:
    """A Temporal server that suggests continue-as-new early, so that a test need not make thousands of events."""
    early = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=80")
    async with embedded_temporal(
        servers_folder / "temporal", search_attributes={}, extra_args=early
    ) as server:
        yield server.address


@pytest_asyncio.fixture(scope="session")
async def referrals(temporal_address: str, pool: Pool, keys: KeyStore) -> AsyncIterator[Referrals]:
    """The whole engine with a running worker."""
    client = await connect_temporal({"target_host": temporal_address, "namespace": "default"}, keys)
    await register_search_attributes(client)
    policy = load_policy()
    async with worker(client, pool, keys, policy):
        engine = Referrals(client, pool, keys, policy)
        yield engine
    # Whatever the tests did must replay, whoever's rules hold that day.
    histories = await all_histories(engine)
    await replay(histories, keys)
    await replay_altered(histories, keys)
