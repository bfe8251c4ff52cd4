"""What is stuck, what it means, and that the command which is named mends it; through `rj stuck`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from operations.stuck import stuck
from runtime.connections import connect_temporal
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.findings import Kind, Stuck
from runtime.referrals import TASK_QUEUE, Referrals
from runtime.schedules import keep_schedules
from runtime.workers import register_search_attributes
from schemas import commands as c
from schemas.areas import LONDON, Area
from schemas.steps import ReferralInput
from simulation.staffing import enter_missing
from stores.database import Pool, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.migrate import migrate
from tests.book import Book
from tests.conftest import STAFF
from tests.end_to_end.conftest import Rj
from tests.life import form, hours_of_another_time
from workflows.ids import notice_workflow_id, workflow_id

AREA = Area.HUMBERSIDE


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    """Referrals without workflows, in an area of their own."""
    recorded = Book(pool, keys, AREA, "hu")
    await recorded.hire()
    return recorded


async def running(referrals: Referrals, workflow: str) -> None:
    """Wait until a workflow has begun."""
    async with asyncio.timeout(10):
        while not [each async for each in referrals.client.list_workflows(f"WorkflowId = '{workflow}'")]:
            pass


async def about(rj: Rj, subject: str) -> list[dict[str, Any]]:
    """What `rj stuck` says of one workflow."""
    found = await rj("stuck", "--json")
    assert found.code == 0, found.err
    return [each for each in found.json if each["subject"] == subject]


async def test_an_open_referral_whose_workflow_is_gone_is_woken_by_the_command_that_is_named(
    rj: Rj, referrals: Referrals, reference: str
) -> None:
    assert await about(rj, workflow_id(reference)) == []
    await referrals.client.get_workflow_handle(workflow_id(reference)).terminate()
    [found] = await about(rj, workflow_id(reference))
    assert found["kind"] == Kind.NO_WORKFLOW
    assert "its workflow has ended (terminated)" in found["said"]
    typed = found["remedy"].partition(": rj ")[2].replace("STAFF", "cw-1").split()
    assert (await rj(*typed, given="Woken")).code == 0
    assert await about(rj, workflow_id(reference)) == []


async def test_a_referral_without_any_workflow_is_found(rj: Rj, book: Book) -> None:
    reference = await book.open(datetime.now(UTC))
    [found] = await about(rj, workflow_id(reference))
    assert "has no workflow" in found["said"]
    assert f"{workflow_id(reference)} (no workflow)\n" in (await rj("stuck")).out


async def test_a_message_whose_workflow_was_ended_begins_anew_by_the_command_that_is_named(
    rj: Rj, referrals: Referrals, pool: Pool
) -> None:
    """It waits for safe hours that are a minute of the night, so that it is under way for long."""
    person = {"name": "Invented", "email": "harmed@example.org"}
    hours = hours_of_another_time(datetime.now(LONDON))
    participants = [
        {
            "id": "h1",
            "role": "harmed",
            "person": person,
            "contact_safety": {"safe_channels": ["email"], **hours},
        },
        {"id": "r1", "role": "responsible"},
    ]
    asked = form(source="self", initiator="harmed_person", participants=participants)
    reference = (await referrals.open(asked, "cw-1")).reference
    notice = await pool.fetchval(
        "SELECT id FROM notice WHERE reference = $1 AND party = 'participant'", reference
    )
    assert notice is not None
    subject = notice_workflow_id(reference, notice)
    await running(referrals, subject)
    handle = referrals.client.get_workflow_handle(subject)
    await handle.terminate()
    later = datetime.now(UTC) + timedelta(minutes=2)
    [found] = [each for each in await stuck(referrals.client, pool, later) if each.subject == subject]
    assert "its workflow has ended (terminated)" in found.said
    assert found.remedy == f"It is started from the log by: rj reconcile {reference}"
    assert (await rj("reconcile", reference)).code == 0
    assert not [each for each in await stuck(referrals.client, pool, later) if each.subject == subject]
    next_day = datetime.now(UTC) + timedelta(days=1, minutes=1)
    [late] = [each for each in await stuck(referrals.client, pool, next_day) if each.subject == subject]
    assert late.kind is Kind.MESSAGE_WAITS
    assert "it was not tried yet" in late.said
    await referrals.take(reference, c.Close.model_validate({"reason": "service_no_capacity"}), "cw-1")
    assert await referrals.client.get_workflow_handle(subject).result() == "not_wanted"


@workflow.defn(name="ReferralWorkflow", sandboxed=False)
class Broken:
    """A referral's workflow with a fault of the code."""

    @workflow.run
    async def run(self, start: ReferralInput) -> None:
        raise ValueError("a fault of ours")


@asynccontextmanager
async def elsewhere(folder: Path) -> AsyncIterator[tuple[Client, Book]]:
    """Servers on which nothing has happened, of which Temporal reports a problem at the first failure."""
    at_once = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1"
    async with (
        embedded_postgres(folder / "postgres-2") as database,
        embedded_temporal(
            folder / "temporal-2", search_attributes={}, extra_args=("--dynamic-config-value", at_once)
        ) as server,
    ):
        await migrate(database.owner_dsn)
        async with await connect_pool(database.dsn, size=2) as pool:
            keys = KeyStore(pool, MasterKeys.create(folder / "other.keys"))
            recorded = Book(pool, keys, AREA, "hu")
            await enter_missing(pool, keys, STAFF)
            await recorded.hire()
            client = await connect_temporal({"target_host": server.address, "namespace": "default"}, keys)
            await register_search_attributes(client)
            await keep_schedules(client)
            yield client, recorded


async def test_what_temporal_reports_a_problem_for_is_named(servers_folder: Path) -> None:
    async with elsewhere(servers_folder) as (client, book):
        assert await stuck(client, book.pool) == []
        reference = await book.open(datetime.now(UTC))
        async with Worker(client, task_queue=TASK_QUEUE, workflows=[Broken]):
            given = ReferralInput(reference=reference)
            await client.start_workflow(Broken.run, given, id=workflow_id(reference), task_queue=TASK_QUEUE)
            async with asyncio.timeout(30):
                found: list[Stuck] = []
                while not found:
                    found = await stuck(client, book.pool)
        [failing] = found
        assert (failing.kind, failing.subject) == (Kind.FAILING, workflow_id(reference))
        assert "Reported: WorkflowWorkerUnhandledFailure." in failing.said
        assert "worker's log" in failing.remedy


async def test_without_temporal_nobody_is_told_that_nothing_is_stuck(rj: Rj) -> None:
    said = await rj("stuck", env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert (said.code, said.out) == (4, "")
