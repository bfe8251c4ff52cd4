"""The worker's process: when it starts, when it says it is ready, and that nothing is lost when it stops."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import pytest
import pytest_asyncio
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from temporalio import workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.worker import Worker

import messages.channels
import messages.email
import runtime.asking
import worker
from casework.bulk.reassignment import Order, Result, reassign
from casework.session import WayIn, sign_in
from operations.serving import serving
from operations.stuck import stuck
from runtime.connections import connected
from runtime.embedded.ports import LOOPBACK
from runtime.embedded.postgres import EmbeddedPostgres, embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.findings import Kind
from runtime.referrals import TASK_QUEUE, NotAnswered, Referrals
from runtime.settings import Settings
from runtime.workers import MESSAGES_AT_ONCE, Workers, pollers
from schemas import commands as c
from schemas.people import Role, Staff
from schemas.steps import Receipt
from simulation.staffing import enter_missing
from stores import notices
from stores.keys.referral_keys import MasterKeys
from stores.logs import event_log
from stores.migrate import migrate, pending
from tests.conftest import STAFF
from tests.life import form
from tests.messages.smtp_servers import Taking, smtp_server
from tests.register import enter
from tests.replay.replaying import replay_all
from workflows.ids import SERVICE_QUEUE, notice_workflow_id
from workflows.notice import MESSAGE_QUEUE

# Servers of these tests' own, since they stop one, and a second worker on a shared queue would take others' tasks.
pytestmark = [pytest.mark.xdist_group("embedded"), pytest.mark.usefixtures("clean_environment")]

ROOT = Path(__file__).parents[2]

# A problem is reported at the first failure.
AT_ONCE = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1"

T = TypeVar("T")


class Own:
    """Two servers, and the environment that leads a process to them."""

    def __init__(self, postgres: EmbeddedPostgres, temporal_address: str, master_keys: Path) -> None:
        self.postgres = postgres
        self.environment = {
            "DATABASE_URL": postgres.dsn,
            "RJ_DATABASE_OWNER_URL": postgres.owner_dsn,
            "TEMPORAL_ADDRESS": temporal_address,
            "RJ_MASTER_KEYS_FILE": str(master_keys),
            "RJ_LOG_FORMAT": "json",
        }
        self.temporal = ClientConnectConfig(target_host=temporal_address, namespace="default")


@pytest_asyncio.fixture(scope="module")
async def own(servers_folder: Path) -> AsyncIterator[Own]:
    """Servers that nothing was done to."""
    folder = servers_folder / "worker"
    folder.mkdir(mode=0o711)
    async with (
        embedded_postgres(folder / "postgres") as postgres,
        embedded_temporal(
            folder / "temporal", search_attributes={}, extra_args=("--dynamic-config-value", AT_ONCE)
        ) as temporal,
    ):
        MasterKeys.create(folder / "master.keys")
        yield Own(postgres, temporal.address, folder / "master.keys")


@pytest.fixture
def quiet() -> Iterator[None]:
    """The process's own logging comes back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def set_environment(monkeypatch: pytest.MonkeyPatch, own: Own, **more: str) -> None:
    for name, value in (own.environment | more).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("quiet")
def test_servers_that_are_not_there_are_tried_for_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: Own
) -> None:
    nobody = f"postgresql://rj@{LOOPBACK}:{any_port()}/rj"
    set_environment(monkeypatch, own, DATABASE_URL=nobody)
    assert worker.main([], worker.StartRetry(total=0.35, between=0.1)) == 4
    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    *tries, last = [entry["level"] for entry in entries]
    assert tries
    assert set(tries) == {"warning"}
    assert last == "error"
    assert all("does not answer" in entry["event"] for entry in entries)


@pytest.mark.usefixtures("quiet")
def test_a_database_without_our_tables_is_not_touched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: Own
) -> None:
    set_environment(monkeypatch, own)
    assert worker.main([]) == 4
    [entry] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert "0001_roles_and_keys" in entry["event"]
    assert "--migrate" in entry["event"]


@pytest.mark.usefixtures("quiet")
async def test_migrating_only_brings_the_database_up_to_date_and_ends(own: Own) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "worker.py"), "--migrate-only"),
        env=os.environ | own.environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said
    assert not await pending(own.postgres.dsn)


@pytest.mark.usefixtures("quiet")
def test_a_setting_that_cannot_be_used_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: Own
) -> None:
    set_environment(monkeypatch, own, RJ_READY_ADDRESS="nonsense")
    assert worker.main([]) == 2
    assert "RJ_READY_ADDRESS=nonsense cannot be used" in capsys.readouterr().err


def any_port() -> int:
    """A port that nobody listens on, another one for each process that runs tests."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def worker_process(own: Own, *arguments: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker as an operator runs it, ready."""
    ready = f"{LOOPBACK}:{any_port()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "worker.py"), *arguments),
        env=os.environ | own.environment | {"RJ_READY_ADDRESS": ready} | more,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await ready_at(f"http://{ready}/ready", process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ready_at(url: str, process: asyncio.subprocess.Process | None = None) -> None:
    """Wait until a worker is ready."""
    while not await answers(url):
        if process is not None and process.returncode is not None:
            pytest.fail((await process.communicate())[1].decode())
        await asyncio.sleep(0.05)


async def answers(url: str) -> bool:
    try:
        return (await ask(url))[0] == 200
    except OSError:
        return False


async def ask(url: str) -> tuple[int, dict[str, object]]:
    """The status and the JSON of an answer."""

    def get() -> tuple[int, dict[str, object]]:
        try:
            with urlopen(url, timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    return await asyncio.to_thread(get)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not true():  # noqa: ASYNC110 - what is waited for happens elsewhere
        await asyncio.sleep(0.01)


async def becomes(ask: Callable[[], Awaitable[T]], right: Callable[[T], bool]) -> None:
    """Ask PostgreSQL until its answer is right."""
    while not right(await ask()):  # noqa: ASYNC110 - what is waited for happens elsewhere
        await asyncio.sleep(0.05)


async def keep_noting(referrals: Referrals, asked: list[str], stop: asyncio.Event) -> str:
    """Open a referral and take one step after the other; each is awaited like any caller does."""
    receipt = await referrals.open(form(), "cw-1")
    while not stop.is_set():
        asked.append(receipt.reference)
        receipt = await insist(referrals, receipt.reference)
    return receipt.reference


async def insist(referrals: Referrals, reference: str) -> Receipt:
    """Take one step. A command that was on its way to a worker as it stopped may get no answer; then it is asked for
    again, with the same id."""
    command_id = uuid4()
    while True:
        try:
            return await referrals.take(reference, c.AddNote(note="Invented"), "cw-1", command_id=command_id)
        except NotAnswered:
            continue


async def test_a_worker_that_is_stopped_loses_no_step(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = f"{LOOPBACK}:{any_port()}"
    settings = Settings(master_keys_file=Path(own.environment["RJ_MASTER_KEYS_FILE"]))
    asked: list[str] = []
    stop = asyncio.Event()
    async with (
        worker_process(own, "--migrate", RJ_METRICS_ADDRESS=metrics) as process,
        connected(settings, own.postgres.dsn, own.temporal) as referrals,
    ):
        await enter_missing(referrals.pool, referrals.keys, STAFF)
        callers = [asyncio.create_task(keep_noting(referrals, asked, stop)) for _ in range(8)]
        await until(lambda: len(asked) >= 40)
        with await asyncio.to_thread(urlopen, f"http://{metrics}/metrics", timeout=10) as answer:
            assert b"temporal_workflow_task_execution_latency" in answer.read()
        # Who gets no answer asks again soon, so that this takes no longer than it must.
        monkeypatch.setattr(runtime.asking, "_ANSWER_WITHIN", 1)
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
        assert process.returncode == 0, said
        entries = [json.loads(line) for line in said.splitlines()]
        assert [entry["event"] for entry in entries if entry["logger"] == "worker"][-1] == "stopped"
        assert not any(entry["level"] in ("warning", "error") for entry in entries)
        # Whoever asked meanwhile, or asks now, waits for the next worker.
        async with serving(settings, own.postgres.dsn, own.temporal):
            stop.set()
            references = await asyncio.wait_for(asyncio.gather(*callers), 30)
        for reference in references:
            history = await event_log.read(referrals.pool, reference)
            notes = [recorded for recorded in history if recorded.event.kind == "note_added"]
            assert len(notes) == asked.count(reference)
        assert await replay_all(referrals) >= len(references)


@dataclass
class Slow(Taking):
    """A mail server that answers nobody for as long as it is told to."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self.answers.wait()
        return await super().handle_DATA(server, session, envelope)


async def test_messages_that_cannot_leave_keep_no_step_waiting(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more of them than a worker does things at once, and the one that could leave next does not."""
    monkeypatch.setattr(messages.channels, "TURN_WITHIN", timedelta(minutes=5))
    monkeypatch.setattr(messages.email, "WITHIN", timedelta(minutes=5))
    people = [f"su-{number}" for number in range(110)]
    mail = Slow()
    await migrate(own.postgres.owner_dsn)
    async with asyncio.timeout(120), smtp_server(mail) as address:
        settings = Settings(
            master_keys_file=Path(own.environment["RJ_MASTER_KEYS_FILE"]),
            smtp_url=f"smtp://{address}",
            mail_from="service@example.org",
        )
        async with serving(settings, own.postgres.dsn, own.temporal) as serves:
            referrals = serves.referrals
            await enter_missing(referrals.pool, referrals.keys, STAFF)
            for who in people:
                member = Staff(id=who, role=Role.SUPERVISOR, areas=STAFF[0].areas, email=f"{who}@example.org")
                await enter(referrals.pool, referrals.keys, member)
            reference = (await referrals.open(form(), "cw-1")).reference
            await referrals.take(reference, c.RecordDuplicateCheck(), "cw-1")
            await referrals.take(reference, c.Allocate(caseworker="cw-1"), "cw-1")
            await referrals.take(reference, c.RaiseSafeguarding(note="Invented"), "cw-1")
            await becomes(lambda: begun(referrals, reference), lambda count: count >= MESSAGES_AT_ONCE)
            await referrals.take(reference, c.AddNote(note="Invented"), "cw-1")
            session = await sign_in(referrals, "su-1", WayIn.COMMAND_LINE)
            asked = Order(giver="cw-1", taker="cw-2")
            assert await reassign(session, asked, on_progress=lambda _: None) == Result(moved=1)
            assert mail.taken == []
            assert await begun(referrals, reference) == MESSAGES_AT_ONCE
            mail.answers.set()
            await becomes(lambda: notices.pending(referrals.pool, reference), lambda waiting: not waiting)
            written = sorted(to for envelope in mail.taken for to in envelope.rcpt_tos)
            assert written == sorted(f"{who}@example.org" for who in people)


async def begun(referrals: Referrals, reference: str) -> int:
    """How many messages are on the point of leaving."""
    found: int = await referrals.pool.fetchval(
        "SELECT count(*) FROM notice_try WHERE reference = $1 AND state = 'begun'", reference
    )
    return found


@workflow.defn(name="NoticeWorkflow", sandboxed=False)
class Broken:
    """A message's workflow with a fault of the code."""

    @workflow.run
    async def run(self) -> None:
        raise ValueError("a fault of ours")


async def test_who_asks_for_steps_alone_is_not_counted_as_a_worker(own: Own) -> None:
    client = await Client.connect(**own.temporal, identity="half a worker")
    async with asyncio.timeout(60), Worker(client, task_queue=TASK_QUEUE, workflows=[Broken]):
        await becomes(lambda: asked_by(client, TASK_QUEUE), lambda seen: client.identity in seen)
        assert client.identity not in await pollers(client)
        async with (
            Worker(client, task_queue=MESSAGE_QUEUE, workflows=[Broken]),
            Worker(client, task_queue=SERVICE_QUEUE, workflows=[Broken]),
        ):
            await becomes(lambda: pollers(client), lambda seen: client.identity in seen)


async def asked_by(client: Client, queue: str) -> set[str]:
    """Who asks for work of a queue."""
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return {poller.identity for poller in found.pollers}


async def test_a_message_whose_workflow_fails_is_named_as_stuck(own: Own) -> None:
    settings = Settings(master_keys_file=Path(own.environment["RJ_MASTER_KEYS_FILE"]))
    await migrate(own.postgres.owner_dsn)
    client = await Client.connect(**own.temporal)
    message = notice_workflow_id("RJ-none", "1-1")
    async with asyncio.timeout(60), connected(settings, own.postgres.dsn, own.temporal) as referrals:
        async with Worker(client, task_queue=MESSAGE_QUEUE, workflows=[Broken]):
            # Started as this service starts one: else it would be told as somebody else's.
            await referrals.keys.create("RJ-none")
            handle = await referrals.client.start_workflow(
                "NoticeWorkflow", "invented", id=message, task_queue=MESSAGE_QUEUE
            )
            await becomes(
                lambda: stuck(referrals.client, referrals.pool),
                lambda found: (Kind.FAILING, message) in {(each.kind, each.subject) for each in found},
            )
        await handle.terminate()


async def test_workers_end_together_when_one_gives_up(own: Own) -> None:
    client = await Client.connect(**own.temporal)
    nowhere = await Client.connect(own.temporal["target_host"], namespace="nowhere")
    sound = Worker(client, task_queue=str(uuid4()), workflows=[Broken])
    workers = Workers(sound, Worker(nowhere, task_queue=str(uuid4()), workflows=[Broken]))
    with pytest.raises(RuntimeError, match="nowhere"):
        await asyncio.wait_for(workers.run(), 30)
    assert sound.is_shutdown
    assert not workers.is_running


class Drains:
    """A worker that ends when it is let go, or is cancelled twice."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.let_go = asyncio.Event()
        self.ran = asyncio.Event()

    async def run(self) -> None:
        self.ran.set()
        while self.cancelled < 2:
            try:
                await self.let_go.wait()
                break
            except asyncio.CancelledError:
                self.cancelled += 1
        if self.cancelled:
            raise asyncio.CancelledError


async def test_cancelled_workers_are_all_waited_for() -> None:
    quick, slow = Drains(), Drains()
    running = asyncio.create_task(Workers(cast(Worker, quick), cast(Worker, slow)).run())
    await asyncio.gather(quick.ran.wait(), slow.ran.wait())
    running.cancel()
    quick.let_go.set()
    for _ in range(10):
        # Whatever follows from that needs no more turns of the loop.
        await asyncio.sleep(0)
    assert (quick.cancelled, slow.cancelled, running.done()) == (1, 1, False)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert slow.cancelled == 2


async def test_it_is_ready_only_while_the_servers_answer(own: Own) -> None:
    settings = Settings(master_keys_file=Path(own.environment["RJ_MASTER_KEYS_FILE"]))
    await migrate(own.postgres.owner_dsn)
    async with serving(settings, own.postgres.dsn, own.temporal) as serves:
        await ready_at(serves.ready)
        live = serves.ready.replace("/ready", "/live")
        assert await ask(live) == (200, {"live": True})
        os.kill(own.postgres.process.pid, signal.SIGINT)
        await own.postgres.process.died()
        status, told = await ask(serves.ready)
        assert status == 503
        assert told["not_ready"] == {"database": "does not answer"}
        assert not told["ready"]
        assert (await ask(live))[0] == 200
        assert (await ask(serves.ready.replace("/ready", "/nothing")))[0] == 404
