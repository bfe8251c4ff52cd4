"""Who meddles: what Temporal holds under our names or on our queues that is none of ours, or is not as we left it.

Temporal's own server on one machine knows no users, so that whoever reaches it can start and end workflows there. What
they start is not obeyed, but it may hold a place or leave a referral without its clock; that is found here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from runtime.findings import Kind, Stuck, shown
from runtime.referrals import TASK_QUEUE, Referrals, TemporalUnreachable
from runtime.schedules import OUR_PREFIXES, schedules_amiss
from runtime.sealing.codec import opens_as_start
from runtime.sealing.places import PayloadRefused
from schemas.reading.reference import parse_reference
from stores import catching_up, notices, open_referrals
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyUnknown, MasterKeyProblem, SealBroken
from workflows.ids import SERVICE_QUEUE, notice_workflow_id, workflow_id
from workflows.notice import MESSAGE_QUEUE
from workflows.referral import STAGE, ReferralWorkflow

T = TypeVar("T")

PROBLEMS = "TemporalReportedProblems"
"""The search attribute that Temporal sets once a workflow's turn has failed several times running: after about a minute
by default, sooner on the server of `rj up`
(dynamic configuration system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute)."""

SETTLED = timedelta(minutes=1)
"""A workflow is listed a moment after it was started, and a message's is started a moment after it was recorded."""

LOOKED_AT = 100
"""How many workflows of one kind are looked at one by one at the most."""

AT_ONCE = 20
PAGE = 1000
_QUERY_WITHIN = timedelta(seconds=3)

# A workflow of ours says its stage with its first step, for which it seldom waits so long.
_BEGUN = timedelta(seconds=5)
# How far back is looked for what somebody ended. What has no workflow for longer is found by comparing all.
_ENDED_SINCE = timedelta(days=1)


class Expected(NamedTuple):
    """Under which ids which workflow runs on which queue."""

    ids: re.Pattern[str]
    workflow: str
    queue: str


EXPECTED = (
    Expected(re.compile(r"referral/[^/]+"), "ReferralWorkflow", TASK_QUEUE),
    Expected(re.compile(r"referral/[^/]+/notice/.+"), "NoticeWorkflow", MESSAGE_QUEUE),
    Expected(re.compile(r"service/digest(-.+)?"), "DigestWorkflow", SERVICE_QUEUE),
    Expected(re.compile(r"service/reassign/[^/]+/[^/]+"), "ReassignmentWorkflow", SERVICE_QUEUE),
    Expected(re.compile(r"service/adopt-policy/[^/]+/[^/]+"), "AdoptPolicyWorkflow", SERVICE_QUEUE),
)
"""All that we run in Temporal. Whatever else is under our names or on our queues is somebody else's."""

_RUNNING = "ExecutionStatus = 'Running'"
_QUEUES = ", ".join(f"'{queue}'" for queue in sorted({each.queue for each in EXPECTED}))
OURS = (
    f"{_RUNNING} AND (WorkflowId STARTS_WITH 'referral/' OR WorkflowId STARTS_WITH 'service/'"
    f" OR TaskQueue IN ({_QUEUES}))"
)
"""What runs under our names or on our queues, as Temporal is asked for it."""


def _unlike(expected: Expected) -> str:
    prefix = expected.ids.pattern.partition("/")[0]
    return (
        f"(WorkflowType != '{expected.workflow}' OR TaskQueue != '{expected.queue}'"
        f" OR WorkflowId NOT STARTS_WITH '{prefix}/')"
    )


# Nothing in a healthy installation, so that asking often costs little. What has the type and queue of one kind of ours
# under the name of another is found where all are compared.
_FOREIGN = " AND ".join((OURS, *map(_unlike, EXPECTED)))
FAILING = f"{OURS} AND {PROBLEMS} IS NOT NULL"
_REFERRALS = f"{_RUNNING} AND WorkflowType = 'ReferralWorkflow' AND TaskQueue = '{TASK_QUEUE}'"
_STAGELESS = f"{_REFERRALS} AND {STAGE.name} IS NULL"
_ENDED = "WorkflowId STARTS_WITH 'referral/' AND ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut')"


def why_foreign(run: WorkflowExecution) -> str | None:
    """Why a workflow is none of ours, by its id, type and queue; None for one that may be."""
    for each in EXPECTED:
        if each.ids.fullmatch(run.id):
            if run.workflow_type != each.workflow:
                return f"It is of the type {shown(run.workflow_type)} where only a {each.workflow} belongs"
            if run.task_queue != each.queue:
                return f"It waits in the queue {shown(run.task_queue)}, where no worker of ours is"
            return None
    if run.id.startswith(OUR_PREFIXES):
        return f"It is of the type {shown(run.workflow_type)}, under a name that we give to nothing"
    return f"It is of the type {shown(run.workflow_type)}, in our queue {shown(run.task_queue)}"


def foreign(run: WorkflowExecution) -> Stuck | None:
    """What is to be said of a workflow that is none of ours; None for one that may be."""
    why = why_foreign(run)
    if why is None:
        return None
    said = f"{why}: somebody else started it. Our workers obey nothing that is not sealed."
    return Stuck(Kind.FOREIGN, shown(run.id), run.start_time, said, _remedy(run.id))


def _remedy(execution: str) -> str:
    reference = reference_named(execution)
    if reference is not None:
        return f"Find out who reaches Temporal; rj reconcile {reference} ends it."
    return f"Find out who reaches Temporal; temporal workflow terminate --workflow-id '{shown(execution)}' ends it."


def reference_named(execution: str) -> str | None:
    """The reference that the id of a workflow names; None where it names none that there can be."""
    prefix, _, rest = execution.partition("/")
    named = rest.partition("/")[0]
    try:
        # Written as a reference is, and in no other way that a person may.
        return named if prefix == "referral" and parse_reference(named) == named else None
    except ValueError:
        return None


async def meddled(client: Client, pool: Pool) -> list[Stuck]:
    """What somebody else did in Temporal, as far as a few questions tell that can be asked every half a minute.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    now = datetime.now(UTC)
    try:
        strangers = await foreign_workflows(client)
        squatters = await squatted(client, now)
        ended = await ended_by_somebody(client, pool, now)
        named = {each.subject for each in (*strangers, *squatters, *ended)}
        missing = [each for each in await _missing(client, pool) if each.subject not in named]
        return [*strangers, *squatters, *ended, *missing, *await schedules_amiss(client)]
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error


def in_a_sentence(found: Sequence[Stuck]) -> str | None:
    """What was found, for who has to look at it; the same for as long as the same is found."""
    said = [
        f"{_count(len(subjects))} {words}, {min(subjects)} the first"
        for kind, words in _IN_WORDS.items()
        if (subjects := [each.subject for each in found if each.kind is kind])
    ]
    said += [
        f"the schedule {each.subject} is not as it should be" for each in found if each.kind is Kind.SCHEDULE
    ]
    return f"Temporal: {'; '.join(said)}. See `rj stuck`, then `rj reconcile --all`." if said else None


_IN_WORDS = {
    Kind.FOREIGN: "not this service's",
    Kind.SQUATTED: "started by somebody else in the place of ours",
    Kind.NO_WORKFLOW: "ended though the referral is open or the message under way",
    Kind.BEHIND: "set back to before what was recorded",
}


def _count(number: int) -> str:
    return f"{number} workflow{'s' * (number != 1)}"


async def foreign_workflows(client: Client) -> list[Stuck]:
    """Those that run under our names or on our queues and are none of ours."""
    listed = [each async for each in client.list_workflows(_FOREIGN, limit=LOOKED_AT)]
    return [found for found in map(foreign, listed) if found is not None]


async def squatted(client: Client, now: datetime) -> list[Stuck]:
    """Those of the right type in the right queue that somebody else started: their turns fail, or bring no step."""
    before = f"{(now - _BEGUN).isoformat()}"
    suspects = [each async for each in client.list_workflows(FAILING, limit=LOOKED_AT)]
    try:
        query = f"{_STAGELESS} AND StartTime < '{before}'"
        suspects += [each async for each in client.list_workflows(query, limit=LOOKED_AT)]
    except RPCError as error:
        # The search attributes are yet to be registered; that is said by `rj doctor`.
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
    once = {each.run_id: each for each in suspects if why_foreign(each) is None}
    looked_at = await at_once(started_by_somebody(client, each) for each in once.values())
    return [squatter(each) for each, theirs in zip(once.values(), looked_at, strict=True) if theirs]


def squatter(run: WorkflowExecution) -> Stuck:
    """What is to be said of one that holds the place of ours."""
    said = (
        f"Somebody else started this {run.workflow_type}, and it holds the place of ours, which cannot run."
    )
    return Stuck(Kind.SQUATTED, shown(run.id), run.start_time, said, _remedy(run.id))


async def started_by_somebody(client: Client, run: WorkflowExecution) -> bool:
    """Whether what a workflow was started with is not sealed by us."""
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    async for event in handle.fetch_history_events(page_size=1):
        given = event.workflow_execution_started_event_attributes.input.payloads
        # Nothing of ours is started without an argument.
        return not given or not all([await opens_as_start(client, run.id, each) for each in given])
    return False


async def ended_by_somebody(client: Client, pool: Pool, now: datetime) -> list[Stuck]:
    """Open referrals and messages under way whose workflow did not end by itself, of late: it is gone, or was set back
    to an earlier moment and does not know what was recorded since."""
    query = f"{_ENDED} AND CloseTime > '{(now - _ENDED_SINCE).isoformat()}'"
    ids = {each.id async for each in client.list_workflows(query, limit=PAGE)}
    references = {part[1] for each in ids if len(part := each.split("/")) > 1}
    referrals = {workflow_id(each): each for each in await open_referrals.open_among(pool, references)}
    messages = {
        notice_workflow_id(*each)
        for each in await notices.pending_messages(pool, before=now - SETTLED, among=references)
    }
    concerned = sorted(ids & (referrals.keys() | messages))[:LOOKED_AT]

    async def look(execution: str) -> Stuck | None:
        run = await description(client, execution)
        if run is None or run.status is not WorkflowExecutionStatus.RUNNING:
            return silent(Gone(execution, run))
        # One that is somebody else's is found by itself, and would not answer.
        if execution not in referrals or why_foreign(run) or await started_by_somebody(client, run):
            return None
        return _set_back(execution) if await behind(client, pool, referrals[execution]) else None

    return [each for each in await at_once(look(one) for one in concerned) if each is not None]


async def behind(client: Client, pool: Pool, reference: str) -> bool | None:
    """Whether a referral's workflow knows less than the log; None where it does not say."""
    if client.data_converter.payload_codec is None:
        return None  # a client without keys, which cannot read the answer
    logged = await open_referrals.last_told(pool, reference)
    try:
        handle = client.get_workflow_handle(workflow_id(reference))
        overview = await handle.query(ReferralWorkflow.overview, rpc_timeout=_QUERY_WITHIN)
    except (
        RPCError,
        WorkflowQueryFailedError,
        WorkflowQueryRejectedError,
        PayloadRefused,
        RuntimeError,
        KeyErased,
        KeyUnknown,
        MasterKeyProblem,
        SealBroken,
    ):
        return None
    return (overview.referral.sequence if overview else 0) < logged


def _set_back(execution: str) -> Stuck:
    return Stuck(
        Kind.BEHIND,
        execution,
        None,
        "Somebody set its workflow back, and it does not know all that was recorded.",
        f"Find out who reaches Temporal; rj reconcile {execution.split('/')[1]} has it read the log.",
    )


async def _missing(client: Client, pool: Pool) -> list[Stuck]:
    """Open referrals for which nothing runs; all are compared only where there are fewer workflows than referrals."""
    running = (await client.count_workflows(_REFERRALS)).count
    if running >= await open_referrals.open_count(pool):
        return []
    listed = {each.id async for each in client.list_workflows(_REFERRALS, page_size=PAGE)}
    missing = {workflow_id(each) for each in await open_referrals.open_references(pool)} - listed
    looked_at = sorted(missing)[:LOOKED_AT]
    runs = await at_once(description(client, each) for each in looked_at)
    found = [
        foreign(run) if run and run.status is WorkflowExecutionStatus.RUNNING else silent(Gone(each, run))
        for each, run in zip(looked_at, runs, strict=True)
    ]
    return [each for each in found if each is not None]


@dataclass(frozen=True)
class Gone:
    """A workflow that does not run, and how its last run ended; None: there is none."""

    id: str
    run: WorkflowExecutionDescription | None


async def without_workflow(client: Client, missing: Collection[str]) -> list[Gone]:
    """Those of the ids under which nothing runs, asked for one by one, for lists lag behind."""

    async def look(execution: str) -> Gone | None:
        run = await description(client, execution)
        if run is not None and run.status is WorkflowExecutionStatus.RUNNING:
            return None
        return Gone(execution, run)

    looked_at = await at_once(look(each) for each in sorted(missing))
    return [each for each in looked_at if each is not None]


async def description(client: Client, execution: str) -> WorkflowExecutionDescription | None:
    """The latest run of a workflow; None where there is none."""
    try:
        return await client.get_workflow_handle(execution).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


def silent(gone: Gone) -> Stuck:
    """What is to be said of an open referral, or a message under way, for which nothing runs."""
    reference = gone.id.split("/")[1]
    if gone.id == workflow_id(reference):
        said = f"The referral is open and {_how(gone)}, so nobody keeps its deadlines."
    else:
        said = f"A message is under way and {_how(gone)}, so nobody carries it."
    since = gone.run.close_time if gone.run else None
    return Stuck(
        Kind.NO_WORKFLOW, gone.id, since, said, f"It is started from the log by: rj reconcile {reference}"
    )


def _how(gone: Gone) -> str:
    if gone.run is None or gone.run.status is None:
        return "has no workflow"
    return f"its workflow has ended ({gone.run.status.name.lower().replace('_', ' ')})"


async def at_once(asked: Iterable[Awaitable[T]]) -> list[T]:
    """The answers to all, a few asked at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(each: Awaitable[T]) -> T:
        async with turns:
            return await each

    return await asyncio.gather(*map(in_turn, asked))


class Watch:
    """What a serving process looks at, again and again."""

    def __init__(self, referrals: Referrals) -> None:
        self._referrals = referrals

    async def meddling(self) -> str | None:
        """What somebody did to our workflows or schedules, in a sentence; None where nobody did."""
        return in_a_sentence(await meddled(self._referrals.client, self._referrals.pool))

    async def catch_up(self) -> str | None:
        """Tell the workflows that were passed by, until each has caught up with its log."""
        behind = await catching_up.behind(self._referrals.pool)
        for reference, length in behind.items():
            known = await self._referrals.known_to_workflow(reference)
            if known is not None and known >= length:
                await catching_up.done(self._referrals.pool, reference, known)
            else:
                await self._referrals.wake(reference)
        return None
