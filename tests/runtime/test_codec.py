from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import temporalio.worker
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from runtime.sealing.places import PayloadRefused
from runtime.sealing.plugin import referral_plugin
from stores.database import Pool, connect_pool
from stores.keys.referral_keys import CACHE_SECONDS, KeyErased, KeyStore, KeyUnknown, MasterKeys
from tests.runtime.sealed_workflows import CANARY, Child, Note, Parent, failing, far, near, said

TASK_QUEUE = "codec"


class Headers(Interceptor, temporalio.worker.Interceptor):
    """Sends a header with a workflow, and keeps what the worker is given."""

    def __init__(self) -> None:
        self.received: list[str] = []

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        class Outbound(OutboundInterceptor):
            async def start_workflow(self, call: StartWorkflowInput) -> Any:
                call.headers = {"who": pydantic_data_converter.payload_converter.to_payload(said("header"))}
                return await super().start_workflow(call)

        return Outbound(next)

    def workflow_interceptor_class(
        self, call: temporalio.worker.WorkflowInterceptorClassInput
    ) -> type[temporalio.worker.WorkflowInboundInterceptor]:
        received = self.received

        class Inbound(temporalio.worker.WorkflowInboundInterceptor):
            async def execute_workflow(self, call: temporalio.worker.ExecuteWorkflowInput) -> Any:
                received.extend(_texts(call.headers))
                return await super().execute_workflow(call)

        return Inbound


def _texts(headers: Mapping[str, Payload]) -> list[str]:
    converter = pydantic_data_converter.payload_converter
    return [converter.from_payload(payload, Note).text for payload in headers.values()]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await connect_pool(database_url) as pool:
        yield pool


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(pool: Pool, master_keys: MasterKeys, clock: Clock) -> KeyStore:
    return KeyStore(pool, master_keys, clock=clock)


@pytest.fixture
async def reference(keys: KeyStore) -> str:
    reference = f"RJ-{secrets.token_hex(4)}"
    await keys.create(reference)
    return reference


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=shutil.which("temporal", path=str(Path(sys.executable).parent)),
        dev_server_log_level="error",
        dev_server_startup_timeout=timedelta(seconds=30),
    ) as environment:
        yield environment


@pytest.fixture
def headers() -> Headers:
    return Headers()


@pytest.fixture
async def client(server: WorkflowEnvironment, keys: KeyStore, headers: Headers) -> Client:
    address = server.client.service_client.config.target_host
    return await Client.connect(address, plugins=[referral_plugin(keys)], interceptors=[headers])


@pytest.fixture
async def worker(client: Client) -> AsyncIterator[Worker]:
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Parent, Child],
        activities=[far, near, failing],
        max_cached_workflows=0,  # every task replays from the start, so all that was encoded is decoded
    ) as worker:
        yield worker


async def history_of(server: WorkflowEnvironment, workflow_id: str) -> tuple[WorkflowHistory, str]:
    """What Temporal keeps, read by one who has no key; the second as text and as bytes in one string."""
    handle = server.client.get_workflow_handle(workflow_id)
    history = await handle.fetch_history()
    description = await handle.describe()
    raw = description.raw_description.SerializeToString()
    raw += b"".join(event.SerializeToString() for event in history.events)
    return history, history.to_json() + raw.decode(errors="replace")


async def test_temporal_keeps_nothing_readable_and_everything_decodes(
    server: WorkflowEnvironment,
    client: Client,
    worker: Worker,
    headers: Headers,
    keys: KeyStore,
    reference: str,
) -> None:
    workflow_id = f"referral/{reference}"
    handle = await client.start_workflow(
        Parent.run,
        said("start"),
        id=workflow_id,
        task_queue=TASK_QUEUE,
        memo={"first": said("memo")},
        static_summary=f"{CANARY} summary",
        static_details=f"{CANARY} details",
    )
    assert (await handle.execute_update(Parent.step, said("step"))).text == f"{CANARY} step, near, far"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(Parent.refuse, said("refused"))
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.message, cause.type) == (f"{CANARY} refused", "Refused")
    assert cause.details == ({"text": f"{CANARY} detail"},)
    await handle.signal(Parent.end, said("signal"))
    heard = await handle.result()
    assert sorted(heard) == [
        f"{CANARY} fails {CANARY} detail",
        f"{CANARY} signal",
        f"{CANARY} start failed {CANARY} detail",
        f"{CANARY} start failed {CANARY} detail",
        f"{CANARY} start, child",
        "end",
    ]
    assert (await handle.query(Parent.count, said("question"))).text == f"{CANARY} question after 6"
    assert set(headers.received) == {f"{CANARY} header"}

    description = await handle.describe()
    assert await description.static_summary() == f"{CANARY} summary"
    assert await description.static_details() == f"{CANARY} details"
    assert {name: value["text"] for name, value in (await description.memo()).items()} == {
        "first": f"{CANARY} memo",
        "later": f"{CANARY} later memo",
    }
    for kept in (workflow_id, f"{workflow_id}/notice/1", f"{workflow_id}/notice/2"):
        history, text = await history_of(server, kept)
        assert CANARY not in text
        assert reference in text  # the search looks where it should
        # An exported history replays, with the key and no other context than its own.
        exported = WorkflowHistory.from_json(kept, history.to_json())
        replayer = Replayer(
            workflows=[Parent, Child], plugins=[referral_plugin(keys)], namespace=client.namespace
        )
        await replayer.replay_workflow(exported)


async def test_a_failure_tells_the_caller_and_nobody_else(
    server: WorkflowEnvironment, client: Client, worker: Worker, reference: str
) -> None:
    started = WithStartWorkflowOperation(
        Parent.run,
        said("doomed"),
        id=f"referral/{reference}",
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
    )
    answer = await client.execute_update_with_start_workflow(
        Parent.step, said("opening"), start_workflow_operation=started
    )
    assert answer.text == f"{CANARY} opening, near, far"
    handle = await started.workflow_handle()
    await handle.signal(Parent.end, said("signal"))
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == f"{CANARY} doomed"
    _, text = await history_of(server, handle.id)
    assert CANARY not in text


async def test_nothing_starts_without_a_referral_or_its_key(client: Client, keys: KeyStore) -> None:
    with pytest.raises(PayloadRefused, match="Nothing is sent to Temporal unencrypted"):
        await client.start_workflow(Child.run, said("x"), id="somebody", task_queue=TASK_QUEUE)
    with pytest.raises(KeyUnknown):
        await client.start_workflow(Child.run, said("x"), id="referral/RJ-none", task_queue=TASK_QUEUE)


async def test_an_erased_referral_cannot_be_read_once_the_key_is_forgotten(
    client: Client, worker: Worker, clock: Clock, pool: Pool, master_keys: MasterKeys, reference: str
) -> None:
    handle = await client.start_workflow(
        Child.run, said("start"), id=f"referral/{reference}", task_queue=TASK_QUEUE
    )
    assert (await handle.result()).text == f"{CANARY} start, child"
    async with pool.acquire() as connection, connection.transaction():
        elsewhere = KeyStore(pool, master_keys)
        await elsewhere.destroy(connection, reference, "asked by the person", "S-1")
    assert (await handle.result()).text == f"{CANARY} start, child"  # cached, for a minute at most
    clock.now += CACHE_SECONDS
    with pytest.raises(KeyErased, match=reference):
        await handle.result()
