"""The time-skipping server: years in a moment."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from policies.files import load_policies
from runtime.referrals import TASK_QUEUE
from runtime.sealing.plugin import referral_plugin
from runtime.workers import worker
from schemas.commands import Command, OpenReferral
from schemas.reference import reference_from
from schemas.steps import Overview, Receipt, ReferralInput, Request
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.conftest import PostOffice
from tests.replay.replaying import replay, replay_altered
from workflows.ids import workflow_id
from workflows.referral import SEARCH_ATTRIBUTES, ReferralWorkflow

# Installed beside the interpreter, which need not be on the PATH.
TEST_SERVER = Path(sys.executable).with_name("temporal-test-server")


@dataclass
class Years:
    """An engine whose time is moved by hand."""

    env: WorkflowEnvironment
    pool: Pool
    keys: KeyStore
    handles: list[WorkflowHandle[ReferralWorkflow, str]] = field(default_factory=list)

    async def now(self) -> datetime:
        return (await self.env.get_current_time()).astimezone(UTC)

    async def pass_until(self, moment: datetime) -> None:
        await self.env.sleep(moment - await self.now())

    async def open(self, form: OpenReferral, staff_id: str = "cw-1") -> Years.Handle:
        """The time-skipping server has no update-with-start: the workflow is started, then asked."""
        reference = reference_from(uuid4().int)
        await self.keys.create(reference)
        handle = await self.env.client.start_workflow(
            ReferralWorkflow.run,
            ReferralInput(reference=reference),
            id=workflow_id(reference),
            task_queue=TASK_QUEUE,
        )
        self.handles.append(handle)
        opened = Years.Handle(self, reference, handle)
        await opened.take(form, staff_id)
        return opened

    @dataclass
    class Handle:
        """One referral in it."""

        years: Years
        reference: str
        handle: WorkflowHandle[ReferralWorkflow, str]

        async def take(self, command: Command, staff_id: str) -> Receipt:
            found = await staff.get(self.years.pool, staff_id)
            assert found is not None
            asked = Request(command_id=uuid4(), actor=found.acting_in(found.areas[0]), command=command)
            receipt: Receipt = await self.handle.execute_update(
                command.kind, asked, id=str(asked.command_id), result_type=Receipt
            )
            return receipt

        async def take_all(self, steps: list[tuple[str, Command]]) -> None:
            for staff_id, command in steps:
                await self.take(command, staff_id)

        async def overview(self) -> Overview:
            found = await self.handle.query(ReferralWorkflow.overview)
            assert found is not None
            return found


@pytest_asyncio.fixture(scope="session")
async def years(pool: Pool, keys: KeyStore, post_office: PostOffice) -> AsyncIterator[Years]:
    """The engine on the time-skipping server; what it ran is replayed at the end."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(TEST_SERVER),
        plugins=[referral_plugin(keys)],
        test_server_startup_timeout=timedelta(seconds=30),
    ) as env:
        # This server adds search attributes, but does not list them.
        wanted = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=env.client.namespace, search_attributes=wanted)
        )
        async with worker(env.client, pool, keys, load_policies(), post_office.outward):
            engine = Years(env, pool, keys)
            yield engine
        histories = [await handle.fetch_history() for handle in engine.handles]
        assert await replay(histories, keys) == len(histories)
        await replay_altered(histories, keys)
