"""One message to one person, until it is delivered, refused for good, or no longer wanted."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.notices import Carried, Notices
    from schemas.notices import Notice, NoticeInput, Outcome
    from workflows.faults import FAULTS
    from workflows.ids import CATCH_UP, notice_workflow_id, workflow_id

MESSAGE_QUEUE = "referrals-messages"
"""Messages wait in a queue of their own, so that however many there are, no person's step waits behind them."""

# A message that is held back is told when that changes; should that get lost, it looks by itself.
_LOOK_AT_LEAST = timedelta(hours=12)
# A try that takes longer lost its worker, or waits for a server that hangs.
_TRY_FOR = timedelta(minutes=2)


async def start_notice(reference: str, notice: Notice) -> None:
    """Start the workflow of a message, from another of the same referral. Twice is once."""
    try:
        await workflow.start_child_workflow(
            NoticeWorkflow.run,
            NoticeInput(reference=reference, notice=notice),
            id=notice_workflow_id(reference, notice.id),
            task_queue=MESSAGE_QUEUE,
            # It goes on by itself, whatever becomes of the run that started it, and records its outcome in the log.
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            # One that failed may be tried anew; one that came to its end may not.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.debug("A message was on its way already")


@workflow.defn
class NoticeWorkflow:
    """Carries one message. Where, when and whether it may leave is looked up at each try, by the activity."""

    @workflow.init
    def __init__(self, start: NoticeInput) -> None:
        self._changed = False

    @workflow.run
    async def run(self, start: NoticeInput) -> Outcome:
        """Try, wait, and try again until there is an outcome, which then stands in the referral's log."""
        while True:
            self._changed = False
            carried = await workflow.execute_activity_method(
                Notices.carry,
                args=[start.reference, start.notice],
                start_to_close_timeout=_TRY_FOR,
                # Through an outage of days. Each try looks anew whether it may leave.
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=2),
                    maximum_interval=timedelta(minutes=15),
                    non_retryable_error_types=FAULTS,
                ),
            )
            if carried.outcome is not None:
                for notice in carried.notices:
                    await start_notice(start.reference, notice)
                if carried.untold:
                    await self._tell(start.reference)
                return carried.outcome
            await self._wait(carried)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)

    @workflow.signal
    def look_again(self) -> None:
        """Something has changed: a hold or a concern ended, the referral closed, another channel is safe."""
        self._changed = True

    async def _tell(self, reference: str) -> None:
        """Tell the referral's workflow, where one runs, what stands in the log besides it: a clock starts with it."""
        referral = workflow.get_external_workflow_handle(workflow_id(reference))
        try:
            await referral.signal(CATCH_UP)
        except ApplicationError as error:
            # It rests. Whoever wakes it reads the log.
            workflow.logger.debug("The referral's workflow was not there to be told: %s", error.type)

    async def _wait(self, carried: Carried) -> None:
        longest = workflow.now() + _LOOK_AT_LEAST
        until = min(carried.until or longest, longest)
        try:
            await workflow.wait_condition(
                lambda: self._changed,
                timeout=max(until - workflow.now(), timedelta(seconds=1)),
                timeout_summary="held back or outside safe hours",
            )
        except TimeoutError:
            return
