"""The servers and the worker that a benchmark runs against: the embedded ones of `rj up`, on data that goes with it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig

from benchmarks.nothing import TASK_QUEUE as NOTHING
from runtime.connections import connected
from runtime.embedded.child_process import ChildProcess
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.referrals import TASK_QUEUE, Referrals
from runtime.settings import Settings
from runtime.workers import register_search_attributes
from schemas.areas import Area
from schemas.people import Role, Staff
from simulation.staffing import enter_missing
from stores.keys.referral_keys import MasterKeys
from stores.migrate import migrate
from workflows.notice import MESSAGE_QUEUE

AREA = Area.DURHAM
_PROJECT = Path(__file__).parent.parent
CASEWORKER = Staff(id="cw-1", role=Role.CASEWORKER, areas=(AREA,))
# Enters the others, and works elsewhere, so that nothing is told to them.
MANAGER = Staff(id="sm-1", role=Role.SERVICE_MANAGER, areas=(Area.KENT,))


@dataclass(frozen=True)
class Engine:
    """A caller's connections to servers of our own.

    Attributes:
        working: runs a worker in a process of its own while its context lasts.
    """

    referrals: Referrals
    working: Callable[[], AbstractAsyncContextManager[ChildProcess]]


@asynccontextmanager
async def engine(told: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Engine]:
    """Servers of our own, on data that goes with them.

    Args:
        told: what else a worker finds in its environment.
    """
    with tempfile.TemporaryDirectory(prefix="rj-bench-") as made:
        folder = Path(made)
        # As root PostgreSQL runs under another account, which passes through here to its data.
        folder.chmod(0o711)
        keys_file = folder / "master.keys"
        MasterKeys.create(keys_file)
        async with (
            embedded_postgres(folder / "postgres") as postgres,
            embedded_temporal(folder / "temporal", search_attributes={}) as temporal,
        ):
            await migrate(postgres.owner_dsn)
            connection: ClientConnectConfig = {"target_host": temporal.address, "namespace": "default"}
            policy = told.get("RJ_POLICY")
            settings = Settings(master_keys_file=keys_file, policy=Path(policy) if policy else None)
            async with connected(settings, postgres.dsn, connection) as referrals:
                await register_search_attributes(referrals.client)
                await enter_missing(referrals.pool, referrals.keys, (MANAGER, CASEWORKER))
                environment = {
                    **os.environ,
                    **told,
                    "PYTHONPATH": str(_PROJECT),
                    "DATABASE_URL": postgres.dsn,
                    "TEMPORAL_ADDRESS": temporal.address,
                    "RJ_MASTER_KEYS_FILE": str(keys_file),
                }
                log = folder / "worker.log"
                yield Engine(referrals, lambda: _worker(log, environment, referrals.client))


@asynccontextmanager
async def _worker(log: Path, environment: dict[str, str], client: Client) -> AsyncIterator[ChildProcess]:
    command = [sys.executable, "-m", "benchmarks.worker"]
    process = await ChildProcess.start("The worker", command, log=log, env=environment)
    try:
        await process.ready(lambda: _polled(client))
        yield process
    finally:
        await process.stop(signal.SIGTERM)


async def _polled(client: Client) -> bool:
    """Whether a worker asks for work of every kind."""
    for name in (TASK_QUEUE, MESSAGE_QUEUE, NOTHING):
        found = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=name),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        if not found.pollers:
            return False
    return True
