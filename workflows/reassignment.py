"""The workflow that gives all referrals of one caseworker to another, page by page; it survives any process."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.reassignment import Page, Reassignment, Reassignments, Tally
    from schemas.base import Model
    from workflows.faults import FAULTS

# An attempt without a heartbeat for this long has lost its worker: ten referrals at a time, each within 20 seconds.
_HEARD_WITHIN = timedelta(minutes=1)
_TRY_FOR = timedelta(minutes=10)

# It waits while Temporal or PostgreSQL is unavailable, then continues.
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=FAULTS,
)


def reassignment_workflow_id(giver: str, taker: str) -> str:
    """The id of a reassignment's workflow: one at a time for each pair. The installation's key seals it."""
    return f"service/reassign/{giver}/{taker}"


class Progress(Model):
    """The progress of a reassignment."""

    run: UUID
    asked_by: str
    total: int
    tally: Tally


class ReassignmentInput(Model):
    """The input: the order, and how far an earlier run got."""

    asked: Reassignment
    after: str = ""
    tally: Tally = Tally()


@workflow.defn
class ReassignmentWorkflow:
    """Gives one caseworker's referrals to another. Each is an ordinary step with its own command id, taken once."""

    @workflow.init
    def __init__(self, start: ReassignmentInput) -> None:
        self._asked = start.asked
        self._tally = start.tally
        self._total = start.tally.done

    @workflow.run
    async def run(self, start: ReassignmentInput) -> Tally:
        """Reassign until none is left; refused referrals stay where they were and are named in the result."""
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
        """The progress so far; the total is known once the first page was read."""
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
