"""What a process connects to, and the worker that runs the referrals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.steps import Steps
from schemas.policy import Policy
from service.plugin import referral_plugin
from service.policy_files import load_policy
from service.referrals import TASK_QUEUE, Referrals, TemporalUnreachable
from service.settings import Settings
from stores.database import Pool, connect_pool
from stores.keys import KeyStore, MasterKeys
from workflows.referral import SEARCH_ATTRIBUTES, ReferralWorkflow

# How long steps in hand may take to finish when a worker is asked to stop.
DRAIN = timedelta(seconds=20)


@asynccontextmanager
async def connected(
    settings: Settings, database_url: str, temporal: ClientConnectConfig, *, runtime: Runtime | None = None
) -> AsyncIterator[Referrals]:
    """Connections to both servers, closed at the end.

    Raises:
        DatabaseUnreachable, TemporalUnreachable, MasterKeyProblem, BadPolicy: with one sentence each.
    """
    policy = load_policy(settings.policy)
    master_keys = MasterKeys.load(settings.master_keys_file)
    pool = await connect_pool(database_url, size=20)
    try:
        keys = KeyStore(pool, master_keys)
        client = await connect_temporal(temporal, keys, runtime=runtime)
        yield Referrals(client, pool, keys, policy)
    finally:
        await pool.close()


async def connect_temporal(
    temporal: ClientConnectConfig, keys: KeyStore, *, runtime: Runtime | None = None
) -> Client:
    """A client with the project's converter, codec and interceptors. Raises TemporalUnreachable."""
    try:
        async with asyncio.timeout(15):
            return await Client.connect(**temporal, plugins=[referral_plugin(keys)], runtime=runtime)
    except (RuntimeError, RPCError, TimeoutError) as error:
        where = temporal.get("target_host", "its address")
        raise TemporalUnreachable(
            f"Temporal at {where} does not answer: check that it runs there."
        ) from error


def worker(client: Client, pool: Pool, keys: KeyStore, policy: Policy) -> Worker:
    """The worker that runs referrals; it drains for DRAIN when it is shut down."""
    steps = Steps(pool, keys, policy)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ReferralWorkflow],
        activities=[steps.take_step],
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=DRAIN,
    )


async def register_search_attributes(client: Client) -> None:
    """Make the search attributes that are missing in the client's namespace. Raises TemporalUnreachable."""
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        missing = {
            key.name: IndexedValueType.ValueType(key.indexed_value_type)
            for key in SEARCH_ATTRIBUTES
            if key.name not in known.custom_attributes
        }
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
    except RPCError as error:
        raise TemporalUnreachable(
            f"Temporal did not register the search attributes: {error.message}. Its administrator may have to."
        ) from error
