"""The time-skipping server: years in a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio
from temporalio.client import WorkflowHandle

from policies.files import load_policies
from runtime.referrals import TASK_QUEUE
from runtime.sealing.plugin import referral_plugin
from runtime.workers import worker
from schemas.commands import Command, OpenReferral
from schemas.reading.reference import reference_from
from schemas.steps import Overview, Receipt, ReferralInput, Request
from stores import staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.conftest import PostOffice
from tests.replay.replaying import replay, replay_altered
from tests.time_skipping import TimeSkipping, time_skipping
from workflows.ids import workflow_id
from workflows.referral import ReferralWorkflow


@dataclass
class Years:
    """An engine whose time is moved by hand."""

    env: TimeSkipping
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
    async with time_skipping(referral_plugin(keys)) as env:
        await env.add_search_attributes()
        async with worker(env.client, pool, keys, load_policies(), post_office.outward):
            engine = Years(env, pool, keys)
            yield engine
        histories = [await handle.fetch_history() for handle in engine.handles]
        assert await replay(histories, keys) == len(histories)
        await replay_altered(histories, keys)
