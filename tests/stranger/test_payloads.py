"""Whoever reaches Temporal without the keys: nothing that they send is obeyed, and no referral is stopped by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from structlog.testing import capture_logs
from structlog.typing import EventDict
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, RetryPolicy
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime.connections import connect_temporal
from runtime.referrals import TASK_QUEUE, NotAnswered, Referrals
from runtime.sealing.codec import ReferralCodec
from runtime.sealing.places import PayloadRefused, Place
from runtime.sealing.plugin import referral_plugin
from runtime.workers import register_search_attributes, worker
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import COMMANDS, Command
from schemas.people import Actor, Role
from schemas.steps import ReferralInput, Request
from stores.logs import event_log
from tests.conftest import PostOffice
from tests.life import HARMED, form, until_preparation
from tests.runtime.test_sealing import OwnKeys
from workflows.ids import SERVICE_QUEUE, workflow_id
from workflows.notice import MESSAGE_QUEUE

ATTEMPT = c.RecordContactAttempt.model_validate(
    {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
)
WITHIN = timedelta(seconds=15)


@pytest.fixture
async def reference(referrals: Referrals) -> str:
    """A referral in victim contact, with messages on their way."""
    reference = (await referrals.open(form(), "cw-1")).reference
    for staff_id, command in until_preparation(datetime.now(UTC).date())[:3]:
        await referrals.take(reference, command, staff_id)
    return reference


@pytest.fixture
async def stranger(temporal_address: str) -> Client:
    """Temporal's own client, in the clear."""
    return await Client.connect(temporal_address)


@pytest.fixture
async def other_installation(temporal_address: str) -> Client:
    """A client with this very code and keys of its own."""
    return await Client.connect(temporal_address, plugins=[referral_plugin(OwnKeys(b"theirs"))])


def asked(command: Command) -> Request:
    return Request(
        command_id=uuid4(), actor=Actor(id="su-1", role=Role.SUPERVISOR, area=Area.DURHAM), command=command
    )


async def log_of(referrals: Referrals, reference: str) -> int:
    return len(await event_log.read(referrals.pool, reference))


async def history_of(client: Client, name: str) -> list[Any]:
    return list((await client.get_workflow_handle(name).fetch_history()).events)


async def still_works(referrals: Referrals, reference: str) -> None:
    before = await log_of(referrals, reference)
    await referrals.take(reference, ATTEMPT, "cw-1")
    assert await log_of(referrals, reference) == before + 1
    assert (await referrals.overview(reference))[1]


def alerts(said: list[EventDict]) -> set[tuple[str, str]]:
    return {(each["workflow_id"], each["place"]) for each in said if each.get("alert") == "payload_refused"}


# Starting

STARTS = [
    ("ReferralWorkflow", TASK_QUEUE, "referral/RJ-{}"),
    ("ReferralWorkflow", TASK_QUEUE, "somebody-{}"),
    ("NoticeWorkflow", MESSAGE_QUEUE, "referral/RJ-{}/notice/1-1"),
    ("ReassignmentWorkflow", SERVICE_QUEUE, "service/reassign/cw-1/{}"),
    ("AdoptPolicyWorkflow", SERVICE_QUEUE, "service/adopt-policy/su-1/{}"),
    ("DigestWorkflow", SERVICE_QUEUE, "service/digest-{}"),
]


@pytest.mark.parametrize(("kind", "queue", "name"), STARTS)
async def test_a_workflow_that_is_started_in_the_clear_does_nothing(
    referrals: Referrals, stranger: Client, kind: str, queue: str, name: str
) -> None:
    squatted = name.format(uuid4().hex)
    with capture_logs() as said, pytest.raises(WorkflowFailureError) as failed:
        await stranger.execute_workflow(kind, {"reference": "x"}, id=squatted, task_queue=queue)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "PayloadRefused"
    assert [EventType.Name(each.event_type) for each in await history_of(stranger, squatted)] == [
        "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
        "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
        "EVENT_TYPE_WORKFLOW_TASK_STARTED",
        "EVENT_TYPE_WORKFLOW_TASK_COMPLETED",
        "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
    ]
    assert alerts(said) == {(squatted, "start")}


@pytest.mark.parametrize("by", ["another key", "another referral's", "another place's", "another version"])
async def test_a_workflow_that_is_started_by_a_payload_from_elsewhere_does_nothing(
    referrals: Referrals, stranger: Client, other_installation: Client, reference: str, by: str
) -> None:
    squatted = f"referral/{reference}/squatted"
    [start] = (await history_of(stranger, workflow_id(reference)))[
        0
    ].workflow_execution_started_event_attributes.input.payloads
    client: Client
    payload: RawValue | ReferralInput
    match by:
        case "another key":
            client, payload = other_installation, ReferralInput(reference=reference)
        case "another referral's":
            # The referral's own start, under another id below its reference.
            client, payload = stranger, RawValue(start)
        case "another place's":
            squatted = workflow_id(reference)
            await stranger.get_workflow_handle(squatted).terminate()
            client, payload = stranger, RawValue((await said_in_updates(stranger, squatted))[0])
        case _:
            squatted = workflow_id(reference)
            await stranger.get_workflow_handle(squatted).terminate()
            old = Payload(metadata=dict(start.metadata), data=start.data)
            del old.metadata["seal-version"], old.metadata["seal-place"]
            client, payload = stranger, RawValue(old)
    with pytest.raises(WorkflowFailureError):
        await client.execute_workflow("ReferralWorkflow", payload, id=squatted, task_queue=TASK_QUEUE)
    assert await activities_of(stranger, squatted) == 0
    # The id is free again.
    await still_works(referrals, reference)


async def test_a_schedule_in_the_clear_starts_nothing(referrals: Referrals, stranger: Client) -> None:
    name = f"referral/RJ-{uuid4().hex}"
    action = ScheduleActionStartWorkflow(
        "ReferralWorkflow", {"reference": "x"}, id=name, task_queue=TASK_QUEUE
    )
    schedule = await stranger.create_schedule(name, Schedule(action=action, spec=ScheduleSpec()))
    try:
        await schedule.trigger()
        while not (begun := (await schedule.describe()).info.recent_actions):
            pass
        action_taken = begun[0].action
        assert isinstance(action_taken, ScheduleActionExecutionStartWorkflow)
        started = action_taken.workflow_id
        with pytest.raises(WorkflowFailureError):
            await stranger.get_workflow_handle(started).result()
        assert await activities_of(stranger, started) == 0
    finally:
        await schedule.delete()


async def activities_of(client: Client, name: str) -> int:
    kinds = [EventType.Name(each.event_type) for each in await history_of(client, name)]
    return sum("ACTIVITY" in kind or "MARKER" in kind or "CHILD" in kind for kind in kinds)


async def said_in_updates(client: Client, name: str) -> list[Payload]:
    """The arguments of all updates, as whoever reaches Temporal can copy them."""
    return [
        each.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads[0]
        for each in await history_of(client, name)
        if each.HasField("workflow_execution_update_accepted_event_attributes")
    ]


async def answers_to_updates(client: Client, name: str) -> list[Payload]:
    return [
        each.workflow_execution_update_completed_event_attributes.outcome.success.payloads[0]
        for each in await history_of(client, name)
        if each.HasField("workflow_execution_update_completed_event_attributes")
    ]


# Asking


async def test_no_update_in_the_clear_or_of_another_key_is_taken(
    referrals: Referrals, stranger: Client, other_installation: Client, reference: str
) -> None:
    name, before = workflow_id(reference), await log_of(referrals, reference)
    length = len(await history_of(stranger, name))
    request = asked(c.RaiseSafeguarding.model_validate({"note": "Canary"}))
    clear = request.model_dump(mode="json")
    with capture_logs() as said:
        for kind in COMMANDS:
            for client in (stranger, other_installation):
                # Of another key, not even the refusal can be read.
                with pytest.raises((WorkflowUpdateFailedError, PayloadRefused)):
                    await client.get_workflow_handle(name).execute_update(kind, clear, rpc_timeout=WITHIN)
    assert (name, "update") in alerts(said)
    assert "Canary" not in str(said)
    assert len(await history_of(stranger, name)) == length
    assert await log_of(referrals, reference) == before
    await still_works(referrals, reference)


async def test_no_update_from_elsewhere_is_taken(
    referrals: Referrals, stranger: Client, reference: str
) -> None:
    other = (await referrals.open(form(), "cw-1")).reference
    await referrals.take(other, c.RecordDuplicateCheck(), "cw-1")
    elsewhere = [
        *await said_in_updates(stranger, workflow_id(other)),
        *await answers_to_updates(stranger, workflow_id(reference)),
        *(await history_of(stranger, workflow_id(reference)))[
            0
        ].workflow_execution_started_event_attributes.input.payloads,
        await sealed_for(referrals, f"{workflow_id(reference)}/notice/1-1", Place.UPDATE),
        await sealed_for(referrals, workflow_id(reference), Place.UPDATE, namespace="another"),
        await sealed_for(referrals, workflow_id(reference), Place.SIGNAL),
    ]
    assert len(elsewhere) >= 6
    before = await log_of(referrals, reference)
    for payload in elsewhere:
        with pytest.raises(WorkflowUpdateFailedError):
            await stranger.get_workflow_handle(workflow_id(reference)).execute_update(
                "record_duplicate_check", RawValue(payload), rpc_timeout=WITHIN
            )
    assert await log_of(referrals, reference) == before
    await still_works(referrals, reference)


async def test_the_same_update_sent_again_is_not_taken_again(
    referrals: Referrals, stranger: Client, reference: str
) -> None:
    """It opens, being a copy in its own place; but its command stands in the log already."""
    before = await log_of(referrals, reference)
    for payload in await said_in_updates(stranger, workflow_id(reference)):
        for kind in ("record_duplicate_check", "allocate"):
            try:
                await stranger.get_workflow_handle(workflow_id(reference)).execute_update(
                    kind, RawValue(payload), result_type=RawValue, rpc_timeout=WITHIN
                )
            except WorkflowUpdateFailedError:
                continue
    assert await log_of(referrals, reference) == before


async def test_no_query_is_answered_for_a_stranger(
    referrals: Referrals, stranger: Client, other_installation: Client, reference: str
) -> None:
    for client in (stranger, other_installation):
        handle = client.get_workflow_handle(workflow_id(reference))
        with pytest.raises(WorkflowQueryFailedError):
            await handle.query("permitted", args=[{"id": "su-1"}, "2026-01-01T00:00:00Z"])
        with pytest.raises(WorkflowQueryFailedError):
            await handle.query("overview", "x")
    answer = await stranger.get_workflow_handle(workflow_id(reference)).query(
        "overview", result_type=RawValue
    )
    assert answer.payload.metadata["encoding"] == b"binary/encrypted"
    await still_works(referrals, reference)


# What the SDK would treat otherwise than a payload.
STORED_ELSEWHERE = Payload(
    metadata={"encoding": b"json/external-storage-reference"},
    data=b"{}",
    external_payloads=[Payload.ExternalPayloadDetails(size_bytes=1)],
)
MARKED_AS_REFERENCE = Payload(
    metadata={"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"}
)
OF_THE_SYSTEM = Payload(metadata={"encoding": b"json/plain", "__temporal_system_payload": b"true"})
ODD = [
    Payload(metadata={"encoding": b"json/plain"}, data=b'"x"'),
    Payload(),
    Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x" * 64),
    Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"\xff\xfe"}, data=b""),
    Payload(metadata={"encoding": b"json/plain", "rj-place": b"signal"}, data=b'"x"'),
    STORED_ELSEWHERE,
    MARKED_AS_REFERENCE,
    OF_THE_SYSTEM,
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("signal", ["catch_up", "look_again", "never_heard_of"])
async def test_a_signal_with_anything_in_it_stops_no_referral(
    referrals: Referrals, stranger: Client, reference: str, signal: str, odd: Payload
) -> None:
    before = await log_of(referrals, reference)
    await stranger.get_workflow_handle(workflow_id(reference)).signal(signal, RawValue(odd))
    assert await log_of(referrals, reference) == before
    await still_works(referrals, reference)


class WithHeaders(Interceptor):
    """Sends a header with all that is sent."""

    def __init__(self, header: Payload) -> None:
        self._header = header

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        header = self._header

        class Outbound(OutboundInterceptor):
            async def signal_workflow(self, call: Any) -> None:
                call.headers = {"who": header}
                await super().signal_workflow(call)

            async def query_workflow(self, call: Any) -> Any:
                call.headers = {"who": header}
                return await super().query_workflow(call)

            async def start_workflow_update(self, call: Any) -> Any:
                call.headers = {"who": header}
                return await super().start_workflow_update(call)

        return Outbound(next)


@pytest.mark.parametrize("odd", ODD)
async def test_a_header_with_anything_in_it_stops_no_referral(
    referrals: Referrals, temporal_address: str, reference: str, odd: Payload
) -> None:
    sender = await Client.connect(temporal_address, interceptors=[WithHeaders(odd)])
    handle = sender.get_workflow_handle(workflow_id(reference))
    with capture_logs() as said:
        await handle.signal("catch_up")
        await handle.query("overview", result_type=RawValue)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("withdraw", "x", rpc_timeout=WITHIN)
        await still_works(referrals, reference)
    assert (workflow_id(reference), "header") in alerts(said)


# Activities


@workflow.defn(dynamic=True, sandboxed=False)
class Elsewhere:
    """A stranger's own workflow, which calls itself like one of ours and asks for an activity of ours."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None:
        name, queue, *given = args
        converter = workflow.payload_converter()
        await workflow.execute_activity(
            str(converter.from_payload(name.payload)),
            args=[each if _is_clear(each) else _unwrapped(each) for each in given],
            task_queue=str(converter.from_payload(queue.payload)),
            schedule_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


def _is_clear(given: RawValue) -> bool:
    return given.payload.metadata["encoding"] != b"binary/plain"


def _unwrapped(given: RawValue) -> RawValue:
    """A sealed payload, which travelled as bytes."""
    return RawValue(Payload.FromString(given.payload.data))


REASSIGNMENT = {"giver": "cw-1", "taker": "cw-2", "asked_by": "su-1", "run": str(uuid4())}
ADOPTION = {"area": None, "versions": {"durham": "2"}, "asked_by": "su-1", "run": str(uuid4())}
ACTIVITIES = [
    ("carry", MESSAGE_QUEUE, "NoticeWorkflow", "referral/{}/notice/1-1", ["{}", {}]),
    ("list_digest_readers", SERVICE_QUEUE, "DigestWorkflow", "service/digest-{}", ["2026-11-26"]),
    ("send_digests", SERVICE_QUEUE, "DigestWorkflow", "service/digest-{}", ["2026-11-26", ["su-1"]]),
    (
        "find_referrals",
        SERVICE_QUEUE,
        "ReassignmentWorkflow",
        "service/reassign/cw-1/cw-2-{}",
        [REASSIGNMENT, ""],
    ),
    (
        "give_referrals",
        SERVICE_QUEUE,
        "ReassignmentWorkflow",
        "service/reassign/cw-1/cw-2-{}",
        [REASSIGNMENT, []],
    ),
    (
        "find_referrals_to_adopt",
        SERVICE_QUEUE,
        "AdoptPolicyWorkflow",
        "service/adopt-policy/su-1/all-{}",
        [ADOPTION, ""],
    ),
    (
        "adopt_policies",
        SERVICE_QUEUE,
        "AdoptPolicyWorkflow",
        "service/adopt-policy/su-1/all-{}",
        [ADOPTION, []],
    ),
]


@pytest.mark.parametrize(("name", "queue", "kind", "asker", "arguments"), ACTIVITIES)
@pytest.mark.parametrize("how", ["clear", "moved", "another key"])
async def test_no_activity_of_ours_works_for_a_stranger(
    referrals: Referrals,
    stranger: Client,
    reference: str,
    name: str,
    queue: str,
    kind: str,
    asker: str,
    arguments: list[Any],
    how: str,
) -> None:
    """Not even for one that asks by a workflow of the right type, id and arguments."""
    workflow_name = asker.format(reference)
    given: list[Any] = arguments
    if how != "clear":
        keys = OwnKeys(b"theirs") if how == "another key" else referrals.keys
        context = WorkflowSerializationContext(namespace="default", workflow_id=workflow_name)
        place = Place.ACTIVITY if how == "another key" else Place.ACTIVITY_ANSWER
        plain = referrals.client.data_converter.payload_converter.to_payloads(arguments)
        sealed = await ReferralCodec(keys).with_context(context).at(place).encode(plain)
        given = [each.SerializeToString() for each in sealed]
    with capture_logs() as said:
        async with Worker(
            stranger,
            task_queue=f"stranger-{uuid4()}",
            workflows=[Elsewhere],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ) as running:
            with pytest.raises(WorkflowFailureError) as failed:
                await stranger.execute_workflow(
                    kind, args=[name, queue, *given], id=workflow_name, task_queue=running.task_queue
                )
    assert isinstance(failed.value.cause, ActivityError)
    # What of ours says why is sealed, for its place in the stranger's workflow.
    assert "activity, heartbeat" in {place for _, place in alerts(said)}


async def sealed_for(referrals: Referrals, name: str, place: Place, *, namespace: str = "default") -> Payload:
    """A step on a referral, as it would be sealed with its key for some place."""
    [plain] = referrals.client.data_converter.payload_converter.to_payloads([asked(c.RecordDuplicateCheck())])
    context = WorkflowSerializationContext(namespace=namespace, workflow_id=name)
    [sealed] = await ReferralCodec(referrals.keys).with_context(context).at(place).encode([plain])
    return sealed


async def test_what_is_sealed_for_its_place_is_taken(
    referrals: Referrals, stranger: Client, reference: str
) -> None:
    """The payloads of the tests above are refused for their places and for nothing else."""
    await stranger.get_workflow_handle(workflow_id(reference)).execute_update(
        "record_duplicate_check",
        RawValue(await sealed_for(referrals, workflow_id(reference), Place.UPDATE)),
        result_type=RawValue,
        rpc_timeout=WITHIN,
    )


# Seals of before


async def an_old_update(referrals: Referrals, reference: str) -> Payload:
    key = await referrals.keys.get(reference)
    [plain] = referrals.client.data_converter.payload_converter.to_payloads([asked(ATTEMPT)])
    return Payload(
        metadata={"encoding": b"binary/encrypted", "encryption-key-id": reference.encode()},
        data=key.seal(plain.SerializeToString(), reference.encode()),
    )


async def test_an_update_sealed_as_before_is_refused_once_the_change_of_version_is_over(
    referrals: Referrals, stranger: Client, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await log_of(referrals, reference)
    long_ago = datetime.now(UTC) - timedelta(days=2)
    monkeypatch.setattr(referrals.keys, "_places_named_since", long_ago)
    with pytest.raises(WorkflowUpdateFailedError):
        await stranger.get_workflow_handle(workflow_id(reference)).execute_update(
            "record_contact_attempt", RawValue(await an_old_update(referrals, reference)), rpc_timeout=WITHIN
        )
    assert await log_of(referrals, reference) == before
    await still_works(referrals, reference)


# A rogue poller


@workflow.defn(dynamic=True, sandboxed=False)
class Rogue:
    """Takes the tasks of our queue and answers each update with what it was told to answer."""

    answer = Payload()

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update(dynamic=True)
    def take(self, name: str, args: Sequence[RawValue]) -> RawValue:
        return RawValue(self.answer)

    @workflow.query(dynamic=True)
    def tell(self, name: str, args: Sequence[RawValue]) -> RawValue:
        return RawValue(self.answer)


@asynccontextmanager
async def alone(
    temporal_address: str, referrals: Referrals, post_office: PostOffice
) -> AsyncIterator[tuple[Referrals, str]]:
    """A referral in a namespace of its own, whose workers have gone."""
    namespace = f"rogue-{uuid4()}"
    there = await Client.connect(temporal_address)
    await there.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace,
            workflow_execution_retention_period=Duration(seconds=86_400),
        )
    )
    client = await connect_temporal({"target_host": temporal_address, "namespace": namespace}, referrals.keys)
    await register_search_attributes(client)
    engine = Referrals(client, referrals.pool, referrals.keys, referrals.policies)
    async with worker(client, referrals.pool, referrals.keys, referrals.policies, post_office.outward):
        reference = (await engine.open(form(), "cw-1")).reference
        await engine.take(reference, c.RecordDuplicateCheck(), "cw-1")
    yield engine, reference


@pytest.mark.parametrize("answer", ["overheard", "of another kind", "of another referral", "clear"])
async def test_a_rogue_poller_cannot_say_that_a_step_was_recorded(
    temporal_address: str,
    referrals: Referrals,
    post_office: PostOffice,
    stranger: Client,
    reference: str,
    answer: str,
) -> None:
    async with alone(temporal_address, referrals, post_office) as (engine, mine):
        stranger_there = await Client.connect(temporal_address, namespace=engine.client.namespace)
        [receipt, *_] = await answers_to_updates(stranger_there, workflow_id(mine))
        match answer:
            case "overheard":
                Rogue.answer = receipt
            case "of another kind":
                Rogue.answer = (await said_in_updates(stranger_there, workflow_id(mine)))[0]
            case "of another referral":
                Rogue.answer = (await answers_to_updates(stranger, workflow_id(reference)))[0]
            case _:
                Rogue.answer = Payload(metadata={"encoding": b"json/plain"}, data=b'{"reference": "x"}')
        await stranger_there.get_workflow_handle(workflow_id(mine)).terminate()
        before = await log_of(engine, mine)
        async with Worker(
            stranger_there,
            task_queue=TASK_QUEUE,
            workflows=[Rogue],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            with pytest.raises(NotAnswered, match="did not come from this installation"):
                await engine.take(mine, c.Allocate(caseworker="cw-1"), "cw-1")
            # Nor how the referral stands: the log says so instead.
            overview, answered = await engine.overview(mine)
            assert overview.referral.sequence == before
            assert not answered
        assert await log_of(engine, mine) == before
