"""What a process connects to: PostgreSQL, and Temporal where it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runtime.referrals import Referrals, TemporalUnreachable
from stores.database import connect_pool
from stores.keys.referral_keys import EpochKeys, KeyStore, MasterKeys

if TYPE_CHECKING:
    from temporalio.client import Client, Plugin
    from temporalio.envconfig import ClientConnectConfig
    from temporalio.runtime import Runtime

    from runtime.settings import Settings
    from schemas.policy import Policies

STEPS_AT_ONCE = 20
"""How many steps a process takes at once, and the size of its PostgreSQL pool. When thousands of deadlines fall due
together, the rest wait in Temporal's queue; accepted by the process, they would all delay the next person's step. Our
judgement; `make storm` measures how long people wait.
"""


class MigrationsPending(Exception):
    """The database lacks migrations. One sentence says which, and how to apply them."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"The database lacks {', '.join(missing)}: "
            "apply what is missing as its owner (RJ_DATABASE_OWNER_URL), with `python worker.py --migrate` or `rj up`."
        )


@asynccontextmanager
async def connected(
    settings: Settings,
    database_url: str,
    temporal: ClientConnectConfig | Callable[[], ClientConnectConfig],
    *,
    runtime: Runtime | None = None,
    lazy: bool = False,
    calls_only: bool = False,
) -> AsyncIterator[Referrals]:
    """Connections to both servers, closed at the end.

    Args:
        temporal: how Temporal is reached, or what reads that when it is first asked.
        lazy: connect to Temporal, and read the policies, only when they are first needed: for what PostgreSQL can
            answer without either. Until then the SDK is not even imported.
        calls_only: whether the client of Temporal is for asking alone: no worker may be made of it.

    Raises:
        DatabaseUnreachable, TemporalUnreachable, MasterKeyProblem, BadPolicy: with one sentence each.
    """

    def read_policies() -> Policies:
        from policies.files import load_policies

        return load_policies(settings.policy)

    policies = None if lazy else read_policies()
    master_keys = MasterKeys.load(settings.master_keys_file)
    epoch_keys = EpochKeys.load(settings.epoch_keys_file)
    # One connection is enough for a command, which asks one thing after the other.
    pool = await connect_pool(database_url, size=STEPS_AT_ONCE, ready=1 if lazy else 2)
    try:
        keys = KeyStore(pool, master_keys, epoch_keys)

        def connect() -> Awaitable[Client]:
            told = temporal() if callable(temporal) else temporal
            return connect_temporal(told, keys, runtime=runtime, lazy=lazy, calls_only=calls_only)

        yield Referrals(
            None if lazy else await connect(),
            pool,
            keys,
            policies,
            connect=connect,
            read_policies=read_policies,
        )
    finally:
        await pool.close()


async def connect_temporal(
    temporal: ClientConnectConfig,
    keys: KeyStore | None,
    *,
    runtime: Runtime | None = None,
    lazy: bool = False,
    calls_only: bool = False,
) -> Client:
    """A client with the project's converter, codec and interceptors. Raises TemporalUnreachable, unless lazy.

    Args:
        keys: without them the client cannot read any referral's data.
        calls_only: it is for asking alone: no worker may be made of it.
    """
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        async with asyncio.timeout(15):
            return await Client.connect(
                **temporal, plugins=[_plugin(keys, calls_only)] if keys else [], runtime=runtime, lazy=lazy
            )
    except (RuntimeError, RPCError, TimeoutError) as error:
        where = temporal.get("target_host", "its address")
        raise TemporalUnreachable(
            f"Temporal at {where} does not answer: check that it runs there."
        ) from error


def _plugin(keys: KeyStore, calls_only: bool) -> Plugin:
    if calls_only:
        from runtime.sealing.calls import CallsPlugin

        return CallsPlugin(keys)
    from runtime.sealing.plugin import referral_plugin

    return referral_plugin(keys)


async def require_migrated(database_url: str) -> None:
    """Raise MigrationsPending where migrations of this version are missing. Raises DatabaseUnreachable."""
    from stores.migrate import pending

    missing = await pending(database_url)
    if missing:
        raise MigrationsPending(missing)
