"""Noticing that somebody meddles with Temporal, which on one machine knows no users: workflows under our names that are
not ours, workflows of open referrals that somebody ended, and schedules that somebody changed or took away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from service.referrals import TASK_QUEUE, Referrals, TemporalUnreachable
from service.schedules import as_wanted
from stores import catching_up
from stores.database import Pool
from stores.supervision import open_references
from workflows.ids import DIGEST, SERVICE_QUEUE, workflow_id
from workflows.notice import MESSAGE_QUEUE

OURS = (
    ("referral/", "ReferralWorkflow", TASK_QUEUE),
    ("referral/", "NoticeWorkflow", MESSAGE_QUEUE),
    ("service/", "DigestWorkflow", SERVICE_QUEUE),
    ("service/", "ReassignmentWorkflow", SERVICE_QUEUE),
)
"""The workflows of this service: how their ids begin, their type, and the queue they wait in."""

_LOOKED_AT = 200
"""How many are looked at in one go; where there are more, the first are told of."""

_QUEUES = ", ".join(f"'{queue}'" for queue in dict.fromkeys(queue for _, _, queue in OURS))
_ENDED = (
    "WorkflowType = 'ReferralWorkflow' AND WorkflowId STARTS_WITH 'referral/'"
    " AND ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut')"
)


@dataclass(frozen=True)
class Foreign:
    """A workflow that bears one of our names or waits in one of our queues, and is not as this service makes them."""

    id: str
    type: str
    task_queue: str

    @property
    def said(self) -> str:
        """What is wrong with it, for a person."""
        return f"It is a {self.type} in the queue {self.task_queue}, which this service did not start."


def is_ours(run: WorkflowExecution) -> bool:
    """Whether a workflow is of the type and waits in the queue that its id says."""
    return any(
        run.id.startswith(prefix) and run.workflow_type == kind and run.task_queue == queue
        for prefix, kind, queue in OURS
    )


async def foreign(client: Client) -> list[Foreign]:
    """The workflows that are not ours and pass for it, at most a few hundred.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        return [
            Foreign(run.id, run.workflow_type, run.task_queue)
            async for run in _strangers(client)
            if not is_ours(run)
        ]
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error


async def _strangers(client: Client) -> AsyncIterator[WorkflowExecution]:
    """All that may be foreign: each part is one question, and answers nothing where all is well."""
    for prefix in ("referral/", "service/"):
        kinds = [kind for begins, kind, _ in OURS if begins == prefix]
        for kind in kinds:
            queue = next(queue for begins, each, queue in OURS if (begins, each) == (prefix, kind))
            query = (
                f"ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '{prefix}'"
                f" AND WorkflowType = '{kind}' AND TaskQueue != '{queue}'"
            )
            async for run in client.list_workflows(query, limit=_LOOKED_AT):
                yield run
        others = " AND ".join(f"WorkflowType != '{kind}'" for kind in kinds)
        query = f"ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '{prefix}' AND {others}"
        async for run in client.list_workflows(query, limit=_LOOKED_AT):
            yield run
    others = " AND ".join(f"WorkflowType != '{kind}'" for _, kind, _ in OURS)
    query = f"ExecutionStatus = 'Running' AND TaskQueue IN ({_QUEUES}) AND {others}"
    async for run in client.list_workflows(query, limit=_LOOKED_AT):
        yield run


async def ended_by_somebody(client: Client, pool: Pool) -> list[str]:
    """The open referrals whose workflow somebody ended, by reference.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        ended = {run.id async for run in client.list_workflows(_ENDED, limit=_LOOKED_AT)}
        if not ended:
            return []
        names = {workflow_id(each): each for each in await open_references(pool)}
        return sorted([names[each] for each in ended & names.keys() if not await _runs(client, each)])
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error


async def _runs(client: Client, workflow: str) -> bool:
    try:
        found = await client.get_workflow_handle(workflow).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return found.status is WorkflowExecutionStatus.RUNNING


class Watch:
    """What a serving process looks at, again and again."""

    def __init__(self, referrals: Referrals) -> None:
        self._referrals = referrals

    async def meddling(self) -> str | None:
        """What somebody did to our workflows or schedules, in a sentence; None where nobody did."""
        client, pool = self._referrals.client, self._referrals.pool
        said = []
        strangers = await foreign(client)
        if strangers:
            said.append(f"{_count(len(strangers))} not this service's, {strangers[0].id} the first")
        ended = await ended_by_somebody(client, pool)
        if ended:
            said.append(f"{_count(len(ended))} ended though the referral is open, {ended[0]} the first")
        if not await as_wanted(client):
            said.append(f"the schedule {DIGEST} is not as this service made it")
        return f"Temporal: {'; '.join(said)}. See `rj stuck`, then `rj reconcile --all`." if said else None

    async def catch_up(self) -> str | None:
        """Tell the workflows that were passed by, until each has caught up with its log."""
        behind = await catching_up.behind(self._referrals.pool)
        for reference, length in behind.items():
            known = await self._referrals.known_to_workflow(reference)
            if known is not None and known >= length:
                await catching_up.done(self._referrals.pool, reference)
            else:
                await self._referrals.wake(reference)
        return None


def _count(number: int) -> str:
    return f"{number} workflow{'s' * (number != 1)}"
