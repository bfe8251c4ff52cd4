"""The workers of a process: for steps, for messages, and for summaries, reassignments and adopted policies."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.adoption import PolicyAdoptions
from activities.digest import Digests
from activities.notices import Notices
from activities.reassignment import Reassignments
from activities.steps import Steps
from messages.email import Mailer
from messages.govuk_notify import Notify
from messages.outward import Outward
from messages.wording import Wording
from runtime.connections import STEPS_AT_ONCE
from runtime.referrals import TASK_QUEUE, Referrals, TemporalUnreachable
from runtime.settings import Settings
from schemas.base import prepare_models
from schemas.commands import Command
from schemas.policy import Policies
from schemas.steps import Receipt
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from workflows.adoption import AdoptPolicyWorkflow
from workflows.digest import DigestWorkflow
from workflows.ids import SERVICE_QUEUE
from workflows.notice import MESSAGE_QUEUE, NoticeWorkflow
from workflows.reassignment import ReassignmentWorkflow
from workflows.referral import SEARCH_ATTRIBUTES, ReferralWorkflow

POLLS_WITHIN = timedelta(seconds=75)
"""A worker's request for work lasts a minute at the most; then it asks anew."""

# How long steps in hand may take to finish when a worker is asked to stop.
DRAIN = timedelta(seconds=20)

MESSAGES_AT_ONCE = 20
"""How many messages a process carries at the same time. Few may leave at once by each channel; more of them would wait
in vain for their turn, and take the processor from those who wait for a step."""

# Enough that every message which is being carried has its workflow's turn soon.
_FEW_WORKFLOW_TASKS = 4


def outward(settings: Settings) -> Outward:
    """The configured channels and the wording of messages. Raises BadTemplate."""
    notify = None
    if settings.notify_api_key is not None:
        notify = Notify(
            settings.notify_api_key,
            settings.notify_text_template,
            settings.notify_letter_template,
            settings.notify_url,
        )
    mailer = Mailer(settings.smtp_url, settings.mail_from) if settings.smtp_url is not None else None
    return Outward(Wording.load(settings.templates, console=settings.console_url), mailer, notify)


class Workers:
    """The workers of a process, which start and stop together. Used like the SDK's `Worker`."""

    def __init__(self, *workers: Worker) -> None:
        self._workers = workers
        self._entered = AsyncExitStack()

    @property
    def is_running(self) -> bool:
        """Whether all of them run."""
        return all(each.is_running for each in self._workers)

    async def run(self) -> None:
        """Run until shut down. Where one fails, the others are shut down and its error is raised.

        Each cancellation is passed to every worker: at the first they shut down, at the second they abort. None is
        running on return, so the caller may then close what they use.
        """
        running = [asyncio.create_task(each.run()) for each in self._workers]
        try:
            await asyncio.gather(*running)
        except Exception:
            await self.shutdown()
            raise
        finally:
            await _ended(running)

    async def shutdown(self) -> None:
        """Accept no more work and finish what is running, in all workers at once."""
        await asyncio.gather(*(each.shutdown() for each in self._workers))

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as entering:
            for each in self._workers:
                await entering.enter_async_context(each)
            self._entered = entering.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shutdown()
        await self._entered.__aexit__(kind, error, trace)


async def _ended(running: Sequence[asyncio.Task[None]]) -> None:
    while pending := [each for each in running if not each.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:
            for each in pending:
                each.cancel()


def worker(
    client: Client, pool: Pool, keys: KeyStore, policies: Policies, out: Outward | None = None
) -> Workers:
    """The workers for referrals and messages; shutting down takes up to DRAIN.

    Steps are local activities only, so that nobody can request one through a task queue. Messages, summaries,
    adoptions and reassignments must be requested through Temporal, and have queues of their own.

    Args:
        out: the channels to send by; None: messages stay in the inboxes.
    """
    prepare_models()
    out = out or Outward(Wording.load())
    steps = Steps(pool, keys, policies)
    notices = Notices(pool, keys, steps, out)
    digests = Digests(pool, keys, policies, out.wording, out.mailer)
    engine = Referrals(client, pool, keys, policies)

    async def take(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        return await engine.take(reference, command, staff_id, command_id=command_id)

    reassignments = Reassignments(pool, take)
    adoptions = PolicyAdoptions(pool, take)
    polling = functools.partial(
        Worker,
        client,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=DRAIN,
        # A step that waits for a worker which has just gone is given to another one after this; by default after ten
        # seconds, longer than a caller waits.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment_name="rj-referrals", build_id=_build_id()),
            use_worker_versioning=False,
        ),
    )
    return Workers(
        polling(
            task_queue=TASK_QUEUE,
            workflows=[ReferralWorkflow],
            activities=[steps.take_step, steps.read_log],
            no_remote_activities=True,
            max_concurrent_workflow_tasks=STEPS_AT_ONCE,
            max_concurrent_local_activities=STEPS_AT_ONCE,
        ),
        polling(
            task_queue=MESSAGE_QUEUE,
            workflows=[NoticeWorkflow],
            activities=[notices.carry],
            max_concurrent_activities=MESSAGES_AT_ONCE,
            max_concurrent_workflow_tasks=_FEW_WORKFLOW_TASKS,
        ),
        polling(
            task_queue=SERVICE_QUEUE,
            workflows=[DigestWorkflow, ReassignmentWorkflow, AdoptPolicyWorkflow],
            activities=[
                digests.readers,
                digests.send,
                reassignments.find_referrals,
                reassignments.give_referrals,
                adoptions.find_referrals_to_adopt,
                adoptions.adopt_policies,
            ],
            max_concurrent_workflow_tasks=_FEW_WORKFLOW_TASKS,
        ),
    )


def _build_id() -> str:
    """A digest of our code that takes steps, so that a history shows which code took them.

    The SDK's default also reads every library, which takes a second or two.
    """
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for folder in ("schemas", "lifecycle", "stores", "activities", "workflows", "runtime"):
        for module in sorted((root / folder).rglob("*.py")):
            digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


async def missing_search_attributes(client: Client) -> dict[str, IndexedValueType.ValueType]:
    """The search attributes that the client's namespace lacks, with their types. Raises TemporalUnreachable."""
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        raise TemporalUnreachable(
            f"Temporal does not list its search attributes: {error.message}."
        ) from error
    return {
        key.name: IndexedValueType.ValueType(key.indexed_value_type)
        for key in SEARCH_ATTRIBUTES
        if key.name not in known.custom_attributes
    }


async def register_search_attributes(client: Client) -> None:
    """Register the search attributes that the client's namespace lacks. Raises TemporalUnreachable."""
    missing = await missing_search_attributes(client)
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:  # another worker started at the same moment
            return
        raise TemporalUnreachable(
            f"Temporal did not register the search attributes {', '.join(missing)}: {error.message}. "
            "Its administrator may have to."
        ) from error


async def pollers(client: Client) -> dict[str, datetime]:
    """The workers that poll all our queues: by identity, the oldest of each one's latest polls (UTC).

    Temporal lists a worker for five minutes after its last poll; a running one polls at least every POLLS_WITHIN.
    Raises TemporalUnreachable.
    """
    queues = [await _pollers(client, queue) for queue in (TASK_QUEUE, MESSAGE_QUEUE, SERVICE_QUEUE)]
    polling = set.intersection(*(set(each) for each in queues))
    return {identity: min(each[identity] for each in queues) for identity in polling}


async def _pollers(client: Client, queue: str) -> dict[str, datetime]:
    try:
        found = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            timeout=timedelta(seconds=5),
        )
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not describe its task queues: {error.message}.") from error
    return {poller.identity: poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in found.pollers}
