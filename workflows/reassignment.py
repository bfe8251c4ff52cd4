"""All the referrals of one caseworker given to another, page by page, whatever process dies meanwhile."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.reassignment import Page, Reassignment, Reassignments, Tally
    from schemas.base import Model
    from workflows.faults import FAULTS

# A try that says nothing for so long has lost its worker: ten referrals are given on at once, each within 20 seconds.
_HEARD_WITHIN = timedelta(minutes=1)
_TRY_FOR = timedelta(minutes=10)

# While Temporal or PostgreSQL is away it waits, and goes on by itself.
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=FAULTS,
)


def reassignment_workflow_id(giver: str, taker: str) -> str:
    """The id under which one caseworker's referrals go to another: once at a time. The installation's key seals it."""
    return f"service/reassign/{giver}/{taker}"


class Progress(Model):
    """How far it has come."""

    run: UUID
    asked_by: str
    total: int
    tally: Tally


class ReassignmentInput(Model):
    """What it starts with: the order, and what a run before this one came to."""

    asked: Reassignment
    after: str = ""
    tally: Tally = Tally()


@workflow.defn
class ReassignmentWorkflow:
    """Gives one caseworker's referrals to another. Each is an ordinary step under an id of its own, taken once."""

    @workflow.init
    def __init__(self, start: ReassignmentInput) -> None:
        self._asked = start.asked
        self._tally = start.tally
        self._total = start.tally.done

    @workflow.run
    async def run(self, start: ReassignmentInput) -> Tally:
        """Until there is none left; what is refused stays where it was, and is named."""
        after = start.after
        while (page := await self._find(after)).references:
            self._total = self._tally.done + page.remaining
            self._tally += await workflow.execute_activity_method(
                Reassignments.give_referrals,
                args=[self._asked, page.references],
                start_to_close_timeout=_TRY_FOR,
                heartbeat_timeout=_HEARD_WITHIN,
                retry_policy=_RETRY,
            )
            after = page.references[-1]
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(ReassignmentInput(asked=self._asked, after=after, tally=self._tally))
        return self._tally

    @workflow.query
    def progress(self) -> Progress:
        """How far it has come, page by page; the total is known once the first page was read."""
        return Progress(
            run=self._asked.run, asked_by=self._asked.asked_by, total=self._total, tally=self._tally
        )

    async def _find(self, after: str) -> Page:
        return await workflow.execute_activity_method(
            Reassignments.find_referrals,
            args=[self._asked, after],
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_RETRY,
        )
