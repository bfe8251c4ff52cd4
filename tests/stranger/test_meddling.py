"""Whoever reaches Temporal may end and replace workflows there: it is noticed, put right, and delays no withdrawal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from lifecycle import Refused, fold
from operations.diagnosis.doctor import _meddled
from operations.reconciling import Done, Reconciled, reconcile
from operations.stuck import stuck
from operations.watching import Watch, foreign_workflows
from policies.files import load_policies
from runtime.asking import Asking
from runtime.embedded.temporal import embedded_temporal
from runtime.findings import Kind, Severity
from runtime.referrals import TASK_QUEUE, Referrals
from runtime.schedules import keep_schedules
from runtime.sealing.plugin import referral_plugin
from runtime.workers import register_search_attributes, worker
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.vocabulary import ClosureReason
from stores import catching_up
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.book import Book
from tests.life import HARMED, form
from workflows.ids import DIGEST, workflow_id

pytestmark = pytest.mark.xdist_group("meddling")

# No other test has people or referrals there.
AREA = Area.LINCOLNSHIRE


@dataclass
class Meddled:
    """An engine on a Temporal of its own, and a stranger who reaches that without keys."""

    referrals: Referrals
    stranger: Client

    async def opened(self) -> str:
        return (await self.referrals.open(form(area=AREA), "me-1")).reference

    async def squatted(self, reference: str, kind: str = "Evil", queue: str = "nowhere") -> None:
        """The stranger ends the referral's workflow, and starts another under its name, in the clear."""
        handle = self.stranger.get_workflow_handle(workflow_id(reference))
        await handle.terminate()
        await self.stranger.start_workflow(kind, "x", id=workflow_id(reference), task_queue=queue)

    async def status(self, reference: str) -> WorkflowExecutionStatus | None:
        return (await self.referrals.client.get_workflow_handle(workflow_id(reference)).describe()).status

    async def known(self, reference: str, events: int) -> None:
        """Wait until the referral's workflow knows of so many events."""
        async with asyncio.timeout(30):
            while True:
                if await self.referrals.known_to_workflow(reference) == events:
                    return
                await asyncio.sleep(0.05)

    async def listed(self, subject: str) -> Kind:
        """Wait until something is listed as stuck, for Temporal's lists lag a moment."""
        async with asyncio.timeout(30):
            while True:
                for each in await stuck(self.referrals.client, self.referrals.pool):
                    if each.subject == subject:
                        return each.kind
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module")
async def meddled(pool: Pool, keys: KeyStore, servers_folder: Path) -> AsyncIterator[Meddled]:
    book = Book(pool, keys, AREA, "me")
    await book.hire()
    async with embedded_temporal(servers_folder / "meddled", search_attributes={}) as server:
        client = await Client.connect(server.address, plugins=[referral_plugin(keys)])
        await register_search_attributes(client)
        await keep_schedules(client)
        policies = load_policies()
        async with worker(client, pool, keys, policies):
            stranger = await Client.connect(server.address, data_converter=pydantic_data_converter)
            yield Meddled(Referrals(client, pool, keys, policies), stranger)


def progress(done: int, total: int) -> None:
    assert done <= total


async def put_right(meddled: Meddled, reference: str) -> Done:
    [found] = await reconcile(meddled.referrals, reference, progress)
    assert found.reference == reference
    return found.done


async def test_a_workflow_that_nobody_touched_is_left_alone(meddled: Meddled) -> None:
    reference = await meddled.opened()
    assert await put_right(meddled, reference) is Done.AS_IT_SHOULD_BE


@pytest.mark.parametrize(
    ("kind", "queue"),
    [
        ("Evil", "nowhere"),
        ("Evil", TASK_QUEUE),
        ("ReferralWorkflow", "nowhere"),
        ("NoticeWorkflow", "nowhere"),
    ],
)
async def test_a_squatter_is_found_and_replaced(meddled: Meddled, kind: str, queue: str) -> None:
    reference = await meddled.opened()
    await meddled.squatted(reference, kind, queue)
    assert await meddled.listed(workflow_id(reference)) is Kind.FOREIGN
    attention = await Watch(meddled.referrals).meddling()
    assert attention is not None
    assert "not this service's" in attention
    assert (await _meddled(meddled.referrals.client, meddled.referrals.pool)).severity is Severity.NOTE
    assert await put_right(meddled, reference) is Done.REPLACED
    await meddled.known(reference, 1)
    assert await put_right(meddled, reference) is Done.AS_IT_SHOULD_BE
    receipt = await meddled.referrals.take(reference, c.RecordDuplicateCheck(), "me-1")
    assert receipt.sequence == 2


async def test_one_started_in_the_clear_as_ours_is_replaced(meddled: Meddled) -> None:
    reference = await meddled.opened()
    await meddled.squatted(reference, "ReferralWorkflow", TASK_QUEUE)
    # A worker of ours may have refused it already, so that it has ended.
    assert await put_right(meddled, reference) in (Done.REPLACED, Done.STARTED)
    await meddled.known(reference, 1)


async def test_a_workflow_that_was_ended_is_found_and_started(meddled: Meddled) -> None:
    reference = await meddled.opened()
    await meddled.stranger.get_workflow_handle(workflow_id(reference)).terminate()
    async with asyncio.timeout(30):
        said: str | None = None
        while said is None or "ended though the referral is open" not in said:
            said = await Watch(meddled.referrals).meddling()
    assert await put_right(meddled, reference) is Done.STARTED
    await meddled.known(reference, 1)
    assert await meddled.status(reference) is WorkflowExecutionStatus.RUNNING
    overview, live = await meddled.referrals.overview(reference)
    assert live
    assert overview.referral == fold(
        await event_log.history(meddled.referrals.pool, meddled.referrals.keys, reference)
    )
    assert overview.deadlines, "its clock runs again"


async def test_all_are_put_right_at_once(meddled: Meddled) -> None:
    references = [await meddled.opened() for _ in range(3)]
    await meddled.squatted(references[0])
    await meddled.stranger.get_workflow_handle(workflow_id(references[1])).terminate()
    assert await meddled.listed(workflow_id(references[0])) is Kind.FOREIGN
    done = {each.reference: each.done for each in await reconcile(meddled.referrals, None, progress)}
    assert [done[each] for each in references] == [Done.REPLACED, Done.STARTED, Done.AS_IT_SHOULD_BE]
    for reference in references:
        await meddled.known(reference, 1)


async def test_a_closed_referral_gets_no_workflow(meddled: Meddled) -> None:
    reference = await meddled.opened()
    await meddled.referrals.take(reference, c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY), "me-1")
    await meddled.referrals.client.get_workflow_handle(workflow_id(reference)).result()
    assert await put_right(meddled, reference) is Done.AS_IT_SHOULD_BE
    await meddled.stranger.start_workflow("Evil", "x", id=workflow_id(reference), task_queue="nowhere")
    assert await put_right(meddled, reference) is Done.ENDED
    assert await meddled.status(reference) is WorkflowExecutionStatus.TERMINATED


async def test_a_schedule_that_was_taken_away_is_noticed_and_made_anew(meddled: Meddled) -> None:
    await meddled.stranger.get_schedule_handle(DIGEST).delete()
    assert DIGEST in (await Watch(meddled.referrals).meddling() or "")
    assert (await _meddled(meddled.referrals.client, meddled.referrals.pool)).severity is Severity.NOTE
    assert Reconciled("service", Done.REPLACED) in await reconcile(meddled.referrals, None, progress)
    assert DIGEST not in (await Watch(meddled.referrals).meddling() or "")


WITHDRAW = c.Withdraw(participant=HARMED)
CONCERN = c.RaiseSafeguarding(note="Invented")


@pytest.mark.parametrize("command", [WITHDRAW, CONCERN])
async def test_it_gets_through_while_a_squatter_holds_the_name(meddled: Meddled, command: Command) -> None:
    reference = await meddled.opened()
    await meddled.squatted(reference)
    command_id = uuid4()
    receipt = await meddled.referrals.take(reference, command, "me-1", command_id=command_id)
    assert receipt.behind
    history = await event_log.read(meddled.referrals.pool, reference)
    assert receipt.sequence == len(history) > 1
    again = await meddled.referrals.take(reference, command, "me-1", command_id=command_id)
    assert len(await event_log.read(meddled.referrals.pool, reference)) == len(history)
    assert again.sequence == receipt.sequence
    assert reference in await catching_up.behind(meddled.referrals.pool)
    await put_right(meddled, reference)
    if receipt.stage != "closed":
        await meddled.known(reference, len(history))
    async with asyncio.timeout(30):
        while reference in await catching_up.behind(meddled.referrals.pool):
            await Watch(meddled.referrals).catch_up()


async def test_it_gets_through_without_temporal_and_the_workflow_catches_up(
    meddled: Meddled, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = await meddled.opened()
    gone = await Client.connect("127.0.0.1:1", lazy=True, plugins=[referral_plugin(meddled.referrals.keys)])
    monkeypatch.setattr("runtime.asking._URGENT_WITHIN", 0.5)
    monkeypatch.setattr("runtime.asking._QUERY_WITHIN", timedelta(seconds=0.5))
    away = Referrals(gone, meddled.referrals.pool, meddled.referrals.keys, meddled.referrals.policies)
    receipt = await away.take(reference, CONCERN, "me-1")
    assert receipt.behind
    async with asyncio.timeout(30):
        while reference in await catching_up.behind(meddled.referrals.pool):
            await Watch(meddled.referrals).catch_up()
    overview, live = await meddled.referrals.overview(reference)
    assert live
    assert overview.referral.safeguarding is not None


async def test_nothing_of_ours_is_taken_for_foreign(meddled: Meddled) -> None:
    reference = await meddled.opened()
    assert workflow_id(reference) not in {
        each.subject for each in await foreign_workflows(meddled.referrals.client)
    }


async def test_a_refusal_that_the_log_does_not_lead_to_delays_no_concern(
    meddled: Meddled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes tasks from Temporal without a key can repeat a refusal that was overheard."""
    reference = await meddled.opened()

    async def overheard(*_: object, **__: object) -> None:
        raise Refused("closed", "It is closed.")

    monkeypatch.setattr(Asking, "_send", overheard)
    assert (await meddled.referrals.take(reference, CONCERN, "me-1")).behind
    nobody = c.Withdraw(participant="h9")
    with pytest.raises(Refused, match="no participant with that id"):
        await meddled.referrals.take(reference, nobody, "me-1")


async def test_what_is_to_be_told_stays_noted_where_more_was_recorded_meanwhile(meddled: Meddled) -> None:
    reference = await meddled.opened()
    length = await event_log.length(meddled.referrals.pool, reference)
    await catching_up.note(meddled.referrals.pool, reference)
    await catching_up.done(meddled.referrals.pool, reference, length - 1)
    assert reference in await catching_up.behind(meddled.referrals.pool)
    await catching_up.done(meddled.referrals.pool, reference, length)
    assert reference not in await catching_up.behind(meddled.referrals.pool)
