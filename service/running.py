"""What a process connects to, and the worker that runs the referrals."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.envconfig import ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.digest import Digests
from activities.email import Mailer
from activities.govuk_notify import Notify
from activities.notices import Notices
from activities.outward import Outward
from activities.reassignment import Reassignments
from activities.steps import Steps
from activities.wording import Wording
from schemas.policy import Policies
from service.plugin import referral_plugin
from service.policy_files import load_policies
from service.referrals import TASK_QUEUE, Referrals, TemporalUnreachable
from service.settings import Settings
from stores.database import Pool, connect_pool
from stores.keys import KeyStore, MasterKeys
from stores.migrate import pending
from workflows.digest import DigestWorkflow
from workflows.notice import NoticeWorkflow
from workflows.reassignment import ReassignmentWorkflow
from workflows.referral import SEARCH_ATTRIBUTES, ReferralWorkflow

POLLS_WITHIN = timedelta(seconds=75)
"""A worker's request for work lasts a minute at the most; then it asks anew."""

# How long steps in hand may take to finish when a worker is asked to stop.
DRAIN = timedelta(seconds=20)


class MigrationsPending(Exception):
    """The database lacks migrations. One sentence says which, and how to apply them."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"The database lacks {', '.join(missing)}: "
            "apply what is missing as its owner, with `python worker.py --migrate` or `rj up`."
        )


@asynccontextmanager
async def connected(
    settings: Settings,
    database_url: str,
    temporal: ClientConnectConfig,
    *,
    runtime: Runtime | None = None,
    lazy: bool = False,
) -> AsyncIterator[Referrals]:
    """Connections to both servers, closed at the end.

    Args:
        lazy: connect to Temporal only when it is first asked: for what PostgreSQL can answer without it.

    Raises:
        DatabaseUnreachable, TemporalUnreachable, MasterKeyProblem, BadPolicy: with one sentence each.
    """
    policies = load_policies(settings.policy)
    master_keys = MasterKeys.load(settings.master_keys_file)
    pool = await connect_pool(database_url, size=20)
    try:
        keys = KeyStore(pool, master_keys)
        client = await connect_temporal(temporal, keys, runtime=runtime, lazy=lazy)
        yield Referrals(client, pool, keys, policies)
    finally:
        await pool.close()


async def connect_temporal(
    temporal: ClientConnectConfig,
    keys: KeyStore | None,
    *,
    runtime: Runtime | None = None,
    lazy: bool = False,
) -> Client:
    """A client with the project's converter, codec and interceptors. Raises TemporalUnreachable, unless lazy.

    Without keys, a client that reads nothing of what a referral holds.
    """
    try:
        async with asyncio.timeout(15):
            return await Client.connect(
                **temporal, plugins=[referral_plugin(keys)] if keys else [], runtime=runtime, lazy=lazy
            )
    except (RuntimeError, RPCError, TimeoutError) as error:
        where = temporal.get("target_host", "its address")
        raise TemporalUnreachable(
            f"Temporal at {where} does not answer: check that it runs there."
        ) from error


def outward(settings: Settings) -> Outward:
    """The ways out of the house that are set, and the words. Raises BadTemplate."""
    notify = None
    if settings.notify_api_key is not None:
        notify = Notify(
            settings.notify_api_key,
            settings.notify_text_template,
            settings.notify_letter_template,
            settings.notify_url,
        )
    mailer = Mailer(settings.smtp_url, settings.mail_from) if settings.smtp_url is not None else None
    return Outward(Wording.load(settings.templates), mailer, notify)


def worker(
    client: Client, pool: Pool, keys: KeyStore, policies: Policies, out: Outward | None = None
) -> Worker:
    """The worker that runs referrals and carries messages; it drains for DRAIN when it is shut down.

    Args:
        out: the ways out of the house; without any, messages stay in the inboxes.
    """
    out = out or Outward(Wording.load())
    steps = Steps(pool, keys, policies)
    notices = Notices(pool, keys, steps, out)
    digests = Digests(pool, policies, out.wording, out.mailer)
    engine = Referrals(client, pool, keys, policies)
    reassignments = Reassignments(
        pool,
        lambda reference, command, staff_id, command_id: engine.take(
            reference, command, staff_id, command_id=command_id
        ),
    )
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ReferralWorkflow, NoticeWorkflow, DigestWorkflow, ReassignmentWorkflow],
        activities=[
            steps.take_step,
            notices.carry,
            digests.readers,
            digests.send,
            reassignments.find_referrals,
            reassignments.give_referrals,
        ],
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


def _build_id() -> str:
    """Of the code of our own that takes a step, so that a history tells by which it was taken.

    The SDK's own reads every library as well, which takes it a second or two.
    """
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for room in ("schemas", "lifecycle", "stores", "activities", "workflows", "service"):
        for module in sorted((root / room).glob("*.py")):
            digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


async def require_migrated(database_url: str) -> None:
    """Raise MigrationsPending where the database is not as this version needs it; DatabaseUnreachable likewise."""
    missing = await pending(database_url)
    if missing:
        raise MigrationsPending(missing)


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
    """Make the search attributes that are missing in the client's namespace. Raises TemporalUnreachable."""
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
    """The workers that poll for referrals, by their identity, with when each last asked (UTC).

    Temporal lists one for five minutes after it was last heard of; a living one asks at least once in POLLS_WITHIN.
    Raises TemporalUnreachable.
    """
    try:
        queue = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=TASK_QUEUE),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            timeout=timedelta(seconds=5),
        )
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not describe its task queue: {error.message}.") from error
    return {poller.identity: poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in queue.pollers}
