from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import temporalio.worker
from pydantic import BaseModel
from temporalio import activity, workflow
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
from temporalio.converter import (
    ActivitySerializationContext,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from service.codec import ENCODING, NOT_ENCRYPTED, PayloadRefused, ReferralCodec, reference_of
from service.plugin import referral_plugin
from stores.database import Pool, connect_pool
from stores.keys import CACHE_SECONDS, KeyErased, KeyStore, KeyUnknown, MasterKeys, SealBroken

CANARY = "Canary-7f3a"
"""In everything that is said below, and to be found nowhere in what Temporal keeps."""

TASK_QUEUE = "codec"


class Note(BaseModel):
    text: str


def said(what: str) -> Note:
    return Note(text=f"{CANARY} {what}")


@activity.defn
async def far(note: Note) -> Note:
    activity.heartbeat(said("heartbeat"))
    return Note(text=f"{note.text}, far")


@activity.defn
async def near(note: Note) -> Note:
    return Note(text=f"{note.text}, near")


@activity.defn
async def failing(note: Note) -> None:
    raise ApplicationError(f"{note.text} failed", said("detail"), type="Refused", non_retryable=True)


@workflow.defn(sandboxed=False)
class Child:
    @workflow.run
    async def run(self, note: Note) -> Note:
        if "fail" in note.text:
            raise ApplicationError(note.text, said("detail"), type="Refused")
        return Note(text=f"{note.text}, child")


@workflow.defn(sandboxed=False, failure_exception_types=[AssertionError])
class Parent:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self, note: Note) -> list[str]:
        own_id = workflow.info().workflow_id
        workflow.upsert_memo({"later": said("later memo")})
        workflow.set_current_details(CANARY)
        await workflow.sleep(0.001, summary=CANARY)
        child = await workflow.execute_child_workflow(
            Child.run, note, id=f"{own_id}/notice/1", static_summary=CANARY, memo={"child": said("memo")}
        )
        self.heard.append(child.text)
        briefly = timedelta(seconds=5)
        doomed: list[Callable[[], Awaitable[object]]] = [
            lambda: workflow.execute_child_workflow(Child.run, said("fails"), id=f"{own_id}/notice/2"),
            lambda: workflow.execute_activity(failing, note, start_to_close_timeout=briefly),
            lambda: workflow.execute_local_activity(failing, note, start_to_close_timeout=briefly),
        ]
        for attempt in doomed:
            try:
                await attempt()
            except FailureError as error:
                cause = error if isinstance(error, ApplicationError) else error.__cause__
                assert isinstance(cause, ApplicationError)
                self.heard.append(f"{cause.message} {Note.model_validate(cause.details[0]).text}")
        await workflow.wait_condition(lambda: "end" in self.heard)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if note.text.endswith("doomed"):
            raise ApplicationError(note.text, said("detail"), type="Refused")
        return self.heard

    @workflow.update
    async def step(self, note: Note) -> Note:
        local = await workflow.execute_local_activity(
            near, note, start_to_close_timeout=timedelta(seconds=5), summary=CANARY
        )
        return await workflow.execute_activity(
            far, local, start_to_close_timeout=timedelta(seconds=5), summary=CANARY
        )

    @workflow.update
    async def refuse(self, note: Note) -> None:
        raise ApplicationError(note.text, said("detail"), type="Refused")

    @workflow.signal
    def end(self, note: Note) -> None:
        self.heard += [note.text, "end"]

    @workflow.query
    def count(self, note: Note) -> Note:
        return Note(text=f"{note.text} after {len(self.heard)}")


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
        replayer = Replayer(workflows=[Parent, Child], plugins=[referral_plugin(keys)])
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


# The codec by itself

SECRET = Payload(metadata={"encoding": b"json/plain", "hint": CANARY.encode()}, data=CANARY.encode())


def workflow_context(workflow_id: str) -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=workflow_id)


async def test_a_payload_is_sealed_whole_and_names_its_key(keys: KeyStore, reference: str) -> None:
    codec = ReferralCodec(keys).with_context(workflow_context(f"referral/{reference}"))
    [sealed, again] = await codec.encode([SECRET, SECRET])
    assert CANARY.encode() not in sealed.SerializeToString()
    assert sealed.data != again.data
    assert dict(sealed.metadata) == {"encoding": ENCODING, "encryption-key-id": reference.encode()}
    assert await codec.decode([sealed]) == [SECRET]
    assert await ReferralCodec(keys).decode([sealed]) == [SECRET]
    assert await codec.decode([SECRET]) == [Payload(metadata={"encoding": NOT_ENCRYPTED})]
    assert await ReferralCodec(keys).decode([SECRET]) == [SECRET]


async def test_a_payload_of_another_referral_is_refused(keys: KeyStore, reference: str) -> None:
    await keys.create(f"{reference}b")
    mine = ReferralCodec(keys, reference)
    other = ReferralCodec(keys, f"{reference}b")
    [sealed] = await mine.encode([SECRET])
    with pytest.raises(PayloadRefused, match=f"A payload of {reference} was found"):
        await other.decode([sealed])
    sealed.metadata["encryption-key-id"] = f"{reference}b".encode()
    with pytest.raises(SealBroken):
        await other.decode([sealed])
    del sealed.metadata["encryption-key-id"]
    with pytest.raises(PayloadRefused, match="A payload of no referral"):
        await mine.decode([sealed])


def activity_context(workflow_id: str | None) -> ActivitySerializationContext:
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="far",
        activity_task_queue=TASK_QUEUE,
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=False,
    )


@pytest.mark.parametrize(
    "context",
    [
        workflow_context("somebody"),
        workflow_context("referral/"),
        activity_context(None),
        NexusSerializationContext(endpoint="e", service="s", operation="o"),
    ],
)
async def test_a_context_without_a_referral_never_encodes(
    keys: KeyStore, reference: str, context: SerializationContext
) -> None:
    codec = ReferralCodec(keys, reference).with_context(context)
    with pytest.raises(PayloadRefused):
        await codec.encode([SECRET])
    assert await codec.decode([SECRET]) == [SECRET]


async def test_an_activity_uses_the_key_of_its_workflow(keys: KeyStore, reference: str) -> None:
    codec = ReferralCodec(keys).with_context(activity_context(f"referral/{reference}/notice/3"))
    [sealed] = await codec.encode([SECRET])
    assert sealed.metadata["encryption-key-id"] == reference.encode()


async def test_a_key_at_hand_is_used_without_waiting(keys: KeyStore, reference: str) -> None:
    encoding = ReferralCodec(keys, reference).encode([SECRET])
    with pytest.raises(StopIteration):
        encoding.send(None)  # ran to its end without once giving way to the loop


@pytest.mark.parametrize(
    ("workflow_id", "reference"),
    [
        ("referral/RJ-7KQ4-M2XD", "RJ-7KQ4-M2XD"),
        ("referral/RJ-7KQ4-M2XD/notice/12", "RJ-7KQ4-M2XD"),
        ("referral/", None),
        ("referral", None),
        ("other/RJ-7KQ4-M2XD", None),
        ("", None),
    ],
)
def test_the_reference_in_a_workflow_id(workflow_id: str, reference: str | None) -> None:
    assert reference_of(workflow_id) == reference
