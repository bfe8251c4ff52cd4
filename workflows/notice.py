"""The workflow of one message to one person, until it is delivered, refused permanently or no longer wanted."""

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
"""The task queue of messages, separate so that no number of them delays a person's step."""

# A signal says when a message that is held back may be sent; this covers a signal that was lost.
_LOOK_AT_LEAST = timedelta(hours=12)
# An attempt that takes longer has lost its worker, or waits for a server that hangs.
_TRY_FOR = timedelta(minutes=2)


async def start_notice(reference: str, notice: Notice) -> None:
    """Start the workflow of a message from another workflow of the same referral. Safe to repeat."""
    try:
        await workflow.start_child_workflow(
            NoticeWorkflow.run,
            NoticeInput(reference=reference, notice=notice),
            id=notice_workflow_id(reference, notice.id),
            task_queue=MESSAGE_QUEUE,
            # It continues after the run that started it has ended, and records its outcome in the log.
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            # A failed workflow may be started again; a completed one may not.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.debug("The message's workflow is already running")


@workflow.defn
class NoticeWorkflow:
    """Delivers one message. At each attempt the activity decides whether, when and where it may be sent."""

    @workflow.init
    def __init__(self, start: NoticeInput) -> None:
        self._changed = False

    @workflow.run
    async def run(self, start: NoticeInput) -> Outcome:
        """Try and wait until there is an outcome, which is then in the referral's log."""
        while True:
            self._changed = False
            carried = await workflow.execute_activity_method(
                Notices.carry,
                args=[start.reference, start.notice],
                start_to_close_timeout=_TRY_FOR,
                # Retries last through an outage of days; each one decides again whether the message may be sent.
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
        """Decide again: a hold or a concern ended, the referral closed, or another channel became safe."""
        self._changed = True

    async def _tell(self, reference: str) -> None:
        """Tell the referral's workflow, if it runs, to read the log: the outcome starts a clock."""
        referral = workflow.get_external_workflow_handle(workflow_id(reference))
        try:
            await referral.signal(CATCH_UP)
        except ApplicationError as error:
            # The workflow is not running; its next run reads the log.
            workflow.logger.debug("The referral's workflow is not running: %s", error.type)

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
