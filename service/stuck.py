"""What does not go on by itself: workflows that Temporal reports a problem for, or that are gone, and messages that
are long on their way; each with what it means and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from lifecycle.sending import GIVE_UP_AFTER, Tried
from service.referrals import TASK_QUEUE, TemporalUnreachable
from service.watching import Foreign, foreign
from stores import supervision
from stores.database import Pool
from stores.supervision import Waiting
from workflows.ids import SERVICE_QUEUE, notice_workflow_id, workflow_id
from workflows.notice import MESSAGE_QUEUE

LONG = timedelta(days=1)
"""A message that is on its way for longer is looked at."""

MESSAGES = 200
"""How many messages are named at the most, the oldest."""

PROBLEMS = "TemporalReportedProblems"
"""The search attribute that Temporal sets once a workflow's turn has failed five times running: after about a minute,
by default (dynamic configuration system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute)."""

# A workflow is listed a moment after it was started, and a message's is started a moment after it was recorded.
_SETTLED = timedelta(minutes=1)
_AT_ONCE = 20
_PAGE = 1000


class Kind(StrEnum):
    """In which way something is stuck."""

    FOREIGN = "foreign"
    """It bears one of our names or waits in one of our queues, and this service did not start it."""
    FAILING = "failing"
    """Temporal reports that its turns fail again and again."""
    NO_WORKFLOW = "no_workflow"
    """It is open, and nothing runs for it."""
    MESSAGE_WAITS = "message_waits"
    """It is long on its way."""


@dataclass(frozen=True)
class Stuck:
    """One thing that is stuck.

    Attributes:
        subject: the id of its workflow.
        since: when its workflow's run began or ended, or when the message was wanted; None: not known.
        said: what was found and what it means.
        remedy: what to do.
    """

    kind: Kind
    subject: str
    since: datetime | None
    said: str
    remedy: str


async def stuck(client: Client, pool: Pool, now: datetime | None = None) -> list[Stuck]:
    """Look for everything that is stuck.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    now = now or datetime.now(UTC)
    strangers = [_foreign(each) for each in await foreign(client)]
    try:
        failing = [_failing(run) async for run in client.list_workflows(_FAILING, page_size=_PAGE)]
        running = {run.id async for run in client.list_workflows(_RUNNING, page_size=_PAGE)}
        # Read after the list: what was opened in between has a workflow that is asked for below.
        referrals = {workflow_id(each): each for each in await supervision.open_references(pool)}
        messages = {
            notice_workflow_id(*each): each
            for each in await supervision.messages_underway(pool, before=now - _SETTLED)
        }
        gone = await _without_workflow(client, (referrals.keys() | messages.keys()) - running)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error
    silent = [
        _silent_referral(each, referrals[each.id]) if each.id in referrals else _silent_message(each)
        for each in gone
    ]
    waiting = await supervision.messages_waiting(pool, before=now - LONG, limit=MESSAGES)
    without = {each.id for each in gone}
    late = [each for each in waiting if notice_workflow_id(each.reference, each.id) not in without]
    named = {each.subject for each in strangers}
    found = [*failing, *silent, *map(_late_message, late)]
    return [*strangers, *(each for each in found if each.subject not in named)]


def _foreign(found: Foreign) -> Stuck:
    reference = found.id.split("/")[1] if found.id.startswith("referral/") else None
    remedy = (
        f"rj reconcile {reference} ends it and starts the right one from the log."
        if reference
        else f"Look who started it, then: temporal workflow terminate --workflow-id {found.id}"
    )
    return Stuck(Kind.FOREIGN, found.id, None, found.said, remedy)


_OURS = f"TaskQueue IN ('{TASK_QUEUE}', '{MESSAGE_QUEUE}', '{SERVICE_QUEUE}') AND ExecutionStatus = 'Running'"
_FAILING = f"{_OURS} AND {PROBLEMS} IS NOT NULL"
_RUNNING = _OURS


@dataclass(frozen=True)
class _Gone:
    """A workflow that does not run, and how its last run ended; None: there is none."""

    id: str
    run: WorkflowExecutionDescription | None


async def _without_workflow(client: Client, missing: Collection[str]) -> list[_Gone]:
    """Those of the ids under which nothing runs, asked for one by one, for lists lag behind."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def look(workflow: str) -> _Gone | None:
        async with turns:
            try:
                run = await client.get_workflow_handle(workflow).describe()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return _Gone(workflow, None)
        return None if run.status is WorkflowExecutionStatus.RUNNING else _Gone(workflow, run)

    looked_at = await asyncio.gather(*map(look, sorted(missing)))
    return [each for each in looked_at if each is not None]


def _failing(run: WorkflowExecution) -> Stuck:
    causes = list(_causes(run))
    divergent = any("NonDeterministic" in cause for cause in causes)
    if divergent:
        said = "Its history was made by another version of the code, and this one cannot go on with it."
        remedy = "Run workers of the version it was made by, or of one that has kept its way; it goes on by itself."
    else:
        said = "Its turns fail again and again: a fault of the code, or a worker that lacks the key or the memory."
        remedy = (
            "Read the worker's log for this id and mend the cause; it goes on by itself and has lost nothing."
        )
    reported = f" Reported: {', '.join(causes)}." if causes else ""
    return Stuck(Kind.FAILING, run.id, run.start_time, f"{run.workflow_type}: {said}{reported}", remedy)


def _causes(run: WorkflowExecution) -> Iterator[str]:
    for said in run.search_attributes.get(PROBLEMS, ()):
        name, _, value = str(said).partition("=")
        if name == "cause":
            yield value.removeprefix("WorkflowTaskFailedCause")


def _silent_referral(gone: _Gone, reference: str) -> Stuck:
    return Stuck(
        Kind.NO_WORKFLOW,
        gone.id,
        gone.run.close_time if gone.run else None,
        f"The referral is open and {_how(gone)}, so nobody keeps its deadlines.",
        f"It is started anew from the log, and loses nothing: rj reconcile {reference}",
    )


def _silent_message(gone: _Gone) -> Stuck:
    reference = gone.id.split("/")[1]
    if gone.run is None:
        # The referral's workflow starts what is under way when it reads itself from the log.
        remedy = (
            "It is started when its referral reads itself from the log: temporal workflow terminate --workflow-id "
            f"{workflow_id(reference)}, then rj do {reference} add_note --set note=- --as STAFF"
        )
    else:
        remedy = (
            f"temporal workflow reset --workflow-id {gone.id} --type FirstWorkflowTask --reason stuck: it begins "
            "anew, and looks whether it may still leave."
        )
    said = f"A message is under way and {_how(gone)}, so nobody carries it."
    return Stuck(Kind.NO_WORKFLOW, gone.id, gone.run.close_time if gone.run else None, said, remedy)


def _how(gone: _Gone) -> str:
    if gone.run is None or gone.run.status is None:
        return "has no workflow"
    return f"its workflow has ended ({gone.run.status.name.lower().replace('_', ' ')})"


def _late_message(waiting: Waiting) -> Stuck:
    said, remedy = _why_late(waiting)
    what = f"The message {waiting.template} to a {waiting.party} is on its way for more than a day"
    subject = notice_workflow_id(waiting.reference, waiting.id)
    return Stuck(Kind.MESSAGE_WAITS, subject, waiting.at, f"{what}: {said}", remedy)


def _why_late(waiting: Waiting) -> Sequence[str]:
    by = f"by {waiting.channel}" if waiting.channel else ""
    look = f"See the worker's log, and `rj timeline {waiting.reference} --as STAFF`."
    if waiting.held_back:
        return (
            "a hold or a safeguarding concern keeps it in.",
            f"Nothing is wrong; it leaves when that ends. See `rj show {waiting.reference} --as STAFF`.",
        )
    match waiting.state:
        case None:
            return (
                "it was not tried yet: it waits for safe hours, or for a worker.",
                "Look whether a worker asks for work: rj doctor.",
            )
        case Tried.BEGUN:
            return f"a try {by} was begun, and nobody knows whether it left.", look
        case Tried.NOT_SENT:
            days = GIVE_UP_AFTER.days
            return (
                f"it could not be sent {by}; it is tried again, for {days} days in all.",
                "Look whether the way out answers: rj doctor.",
            )
        case Tried.REFUSED:
            return f"it was refused {by}, and the next channel's turn comes.", look
        case _:
            return f"it was handed over {by}, and the provider has not said what became of it.", look
