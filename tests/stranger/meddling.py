"""An engine of its own, and a stranger who reaches its Temporal and has no key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from typer.testing import CliRunner

from messages.email import Mailer
from messages.outward import Outward
from messages.wording import Wording
from operations.stuck import stuck
from operations.watching import meddled
from policies.files import load_policies
from runtime.connections import connect_temporal
from runtime.embedded.postgres import EmbeddedPostgres, embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.findings import Stuck
from runtime.referrals import Referrals
from runtime.schedules import keep_schedules
from runtime.workers import register_search_attributes, worker
from schemas.steps import Overview
from simulation.staffing import enter_missing
from starter import app
from stores.database import connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.migrate import migrate
from tests.conftest import STAFF
from tests.end_to_end.conftest import Said
from tests.life import form
from workflows.ids import workflow_id
from workflows.referral import ReferralWorkflow

T = TypeVar("T")

NOBODYS = "queue-of-nobody"

# A way out is set, so that messages wait for it; nothing is there to take them.
_OUT = Outward(Wording.load(), Mailer("smtp://127.0.0.1:1", "service@example.org"), None)


@dataclass(frozen=True)
class Engine:
    """Servers on which nothing else happens, ours and the stranger's way to them. No worker runs unless asked for."""

    referrals: Referrals
    stranger: Client
    database: EmbeddedPostgres
    master_keys: MasterKeys
    temporal: ClientConnectConfig

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker of ours runs."""
        ours = self.referrals
        async with worker(ours.client, ours.pool, ours.keys, ours.policies, _OUT):
            yield

    async def open(self) -> str:
        """A referral that was opened just now."""
        return (await self.referrals.open(form(), "cw-1")).reference

    async def seize(self, execution: str, workflow: str, queue: str) -> str:
        """The stranger ends what runs under an id and starts a workflow of theirs in its place; their run's id."""
        await self.stranger.get_workflow_handle(execution).terminate("theirs now")
        handle = await self.stranger.start_workflow(workflow, id=execution, task_queue=queue)
        assert handle.first_execution_run_id is not None
        return handle.first_execution_run_id

    async def overview(self, reference: str) -> Overview | None:
        """The referral as its workflow knows it, once that answers."""
        handle = self.referrals.client.get_workflow_handle(workflow_id(reference))
        return await handle.query(ReferralWorkflow.overview)

    async def rj(self, *arguments: str, **env: str) -> Said:
        """What a command line says that is told of these servers."""
        servers = {
            "DATABASE_URL": self.database.dsn,
            "TEMPORAL_ADDRESS": self.temporal["target_host"],
            "RJ_MASTER_KEYS_FILE": str(self.master_keys.path),
        }
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=servers | env)
        return Said(result.exit_code, result.stdout, result.stderr)

    async def found(self, subject: str, kind: str) -> Stuck:
        """What both `rj stuck` and the serving processes find of a subject, once Temporal lists it."""
        ours = self.referrals

        async def in_both() -> Stuck | None:
            quick = {(each.subject, each.kind) for each in await meddled(ours.client, ours.pool)}
            whole = [each for each in await stuck(ours.client, ours.pool) if each.subject == subject]
            there = [each for each in whole if each.kind == kind]
            return there[0] if there and (subject, kind) in quick else None

        return await eventually(in_both)


async def eventually(look: Callable[[], Awaitable[T | None]], within: float = 20) -> T:
    """What a look finds, as soon as it finds anything."""
    async with asyncio.timeout(within):
        while True:
            found = await look()
            if found is not None:
                return found
            await asyncio.sleep(0.1)


@asynccontextmanager
async def engine(folder: Path, name: str) -> AsyncIterator[Engine]:
    """Bring one up; `name` keeps it apart from others in the folder."""
    async with (
        embedded_postgres(folder / f"postgres-{name}") as database,
        embedded_temporal(folder / f"temporal-{name}", search_attributes={}) as server,
    ):
        await migrate(database.owner_dsn)
        async with await connect_pool(database.dsn, size=5) as pool:
            master_keys = MasterKeys.create(folder / f"{name}.keys")
            keys = KeyStore(pool, master_keys)
            await enter_missing(pool, keys, STAFF)
            config: ClientConnectConfig = {"target_host": server.address, "namespace": "default"}
            client = await connect_temporal(config, keys)
            await register_search_attributes(client)
            await keep_schedules(client)
            referrals = Referrals(client, pool, keys, load_policies())
            yield Engine(referrals, await Client.connect(server.address), database, master_keys, config)
