"""Asking a referral's workflow through Temporal: a command becomes an update, its answer a receipt.

Whoever imports this brings in Temporal's client, which costs a process a fifth of a second:
:class:`runtime.referrals.Referrals` imports it when a workflow is first asked. The workflow is asked by its name and by
those of its updates and queries, for its class brings in all that a worker needs.
"""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from lifecycle import Refused
from runtime.referrals import TASK_QUEUE, NotAnswered, TemporalUnreachable, receipt_in_log
from runtime.sealing.places import PayloadRefused
from schemas.commands import RaiseSafeguarding, Withdraw, WithdrawConsent
from schemas.policy import Policies
from schemas.steps import REFUSED, Overview, Receipt, ReferralInput, Request
from stores import catching_up
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyStore, KeyUnknown
from stores.logs import event_log
from workflows.ids import CATCH_UP, OVERVIEW, REFERRAL_WORKFLOW, workflow_id

if TYPE_CHECKING:
    import structlog

# Seconds that a person waits before being told that no answer came.
_ANSWER_WITHIN = 20

# Nothing may delay a withdrawal or a concern for somebody's safety, whatever has become of Temporal or of the workflow.
URGENT = (Withdraw, WithdrawConsent, RaiseSafeguarding)
# Seconds until such a step is recorded without the workflow.
_URGENT_WITHIN = 5

# The workflow rests, or came to rest, started anew or had its turn broken off while it was asked: a message of its own
# came to an end in the moment in which it wanted to continue as new.
_ASK_AGAIN = (
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.ABORTED,
    RPCStatusCode.ALREADY_EXISTS,
    RPCStatusCode.FAILED_PRECONDITION,
)
# A workflow whose tasks failed while Temporal was away takes no step until its next task succeeds. The server says so
# under several codes, by the call.
_TASK_FAILED = "Workflow Task in failed state"
# Why a workflow may not tell how it stands. A client that has yet to connect says so by a RuntimeError.
_NO_ANSWER = (
    RPCError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    KeyErased,
    KeyUnknown,
    PayloadRefused,
    RuntimeError,
)
# What a query could tell stands in the log as well, so that waiting long is worth nothing.
_QUERY_WITHIN = timedelta(seconds=3)


class Asking:
    """Asks the workflows of referrals, on connections that are given."""

    def __init__(self, client: Client, pool: Pool, keys: KeyStore, policies: Policies) -> None:
        self._client = client
        self._pool = pool
        self._keys = keys
        self._policies = policies

    async def send(self, reference: str, request: Request, *, start: bool = False) -> Receipt:
        """Send a complete request.

        A withdrawal or a safety concern is recorded even where the workflow does not answer; the receipt then says
        so.

        Args:
            start: whether to start the workflow with it; if False, it is started only where it turns out not to run.

        Raises:
            Refused, NotAnswered, TemporalUnreachable: see :meth:`open`.
        """
        if not isinstance(request.command, URGENT):
            return await self._send(reference, request, start=start, within=_ANSWER_WITHIN)
        try:
            return await self._send(reference, request, start=start, within=_URGENT_WITHIN)
        except (Refused, NotAnswered, TemporalUnreachable, WorkflowUpdateFailedError, RuntimeError):
            # Refused too: a process without our keys that polls our queues can replay a recorded refusal, and a
            # workflow that was set back refuses what the log allows. By the log it is decided again.
            return await self._record_without_workflow(reference, request)

    async def _record_without_workflow(self, reference: str, request: Request) -> Receipt:
        """Take the step in this process, by the same code and with the same command id as the workflow would, which
        then finds it recorded."""
        from activities.steps import Steps

        steps = Steps(self._pool, self._keys, self._policies)
        # Noted before: should this process end in between, the workflow is told for nothing rather than not at all.
        await catching_up.note(self._pool, reference)
        try:
            taken = await steps.take_step(reference, None, request, datetime.now(UTC))
        except ApplicationError as error:
            raise (_refused_in(error) or error) from error
        # Again, for what was noted before the step was there may have been told already.
        await catching_up.note(self._pool, reference)
        await self.wake(reference)
        return taken.receipt.model_copy(update={"behind": True})

    async def overview(self, reference: str) -> tuple[Overview | None, bool]:
        """The referral as its workflow knows it, and whether a workflow answered at all.

        None where the workflow does not run, knows nothing yet, or does not answer.
        """
        try:
            # Without its key a workflow could not answer, and would only be waited for.
            await self._keys.get(reference)
            found = await self._handle(reference).query(
                OVERVIEW, result_type=Overview, rpc_timeout=_QUERY_WITHIN
            )
        except _NO_ANSWER:
            return None, False
        return found, True

    async def known_to_workflow(self, reference: str) -> int | None:
        """How many events the referral's workflow knows; None where it does not answer. One that is not running counts
        as knowing all, since it reads the log when started."""
        handle = self._handle(reference)
        try:
            if (await handle.describe(rpc_timeout=_QUERY_WITHIN)).status is WorkflowExecutionStatus.COMPLETED:
                return await event_log.length(self._pool, reference)
            found = await handle.query(OVERVIEW, result_type=Overview, rpc_timeout=_QUERY_WITHIN)
        except _NO_ANSWER:
            return None
        return found.referral.sequence if found else None

    async def wake(self, reference: str) -> bool:
        """Signal the referral's workflow to read the events that it lacks, and start it where none runs.

        Returns:
            Whether Temporal accepted the signal; the workflow acts on it later.
        """
        try:
            await self._client.start_workflow(
                REFERRAL_WORKFLOW,
                ReferralInput(reference=reference),
                id=workflow_id(reference),
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Referral {reference}",
                start_signal=CATCH_UP,
                rpc_timeout=_QUERY_WITHIN,
            )
        except (RPCError, RuntimeError) as error:
            _log().warning(
                "a workflow could not be told to catch up", reference=reference, error=type(error).__name__
            )
            return False
        return True

    async def _send(self, reference: str, request: Request, *, start: bool, within: float) -> Receipt:
        try:
            async with asyncio.timeout(within):
                return await self._ask(reference, request, start=start)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            # The SDK says the same of a call that took too long and of one whose caller was told to stop.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from error
            raise NotAnswered(
                "No answer came in time: is a worker running? It may yet be recorded: see `rj timeline`."
            ) from error

    async def _ask(self, reference: str, request: Request, *, start: bool) -> Receipt:
        for tries in itertools.count(1):
            try:
                if start:
                    return await self._own_answer(
                        reference, request, await self._update_with_start(reference, request)
                    )
                return await self._own_answer(reference, request, await self._update(reference, request))
            except PayloadRefused as error:
                # Whoever answered has no key. What we ourselves recorded stands in the log, and only that counts.
                return await self._answer_of_the_log(reference, request, error)
            except WorkflowUpdateFailedError as error:
                if await event_log.knows(self._pool, reference, request.command_id):
                    # Asked again so late that the workflow has forgotten it; the log has not.
                    return await receipt_in_log(self._pool, self._keys, reference, request.command_id)
                if not _passes(error):
                    raise _as_refused(error) from error
            except WorkflowAlreadyStartedError:
                # The server lost sight of the run between the two halves of one call.
                pass
            except RPCError as error:
                if not _passes(error):
                    raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error
            # A closed referral's workflow is not running; the command starts it, and it reads the log. The command's
            # id makes sending again safe.
            start = True
            await asyncio.sleep(min(0.05 * tries, 1))
        raise AssertionError("counting never ends")

    async def _own_answer(self, reference: str, request: Request, receipt: Receipt) -> Receipt:
        """The receipt, if it answers this request. A stranger who takes tasks from Temporal can replay the recorded
        answer to another one."""
        if (receipt.reference, receipt.command_id) == (reference, request.command_id):
            return receipt
        if receipt.command_id is not None:
            _log().error(
                "a step was answered by the receipt of another",
                alert="answer_refused",
                reference=reference,
            )
        return await self._answer_of_the_log(reference, request, None)

    async def _answer_of_the_log(
        self, reference: str, request: Request, why: PayloadRefused | None
    ) -> Receipt:
        if await event_log.knows(self._pool, reference, request.command_id):
            return await receipt_in_log(self._pool, self._keys, reference, request.command_id)
        raise NotAnswered(
            "The answer did not come from this installation or is for another command: does somebody else take "
            "tasks from Temporal? The command is not in the log; send it again."
        ) from why

    async def _update(self, reference: str, request: Request) -> Receipt:
        receipt: Receipt = await self._handle(reference).execute_update(
            request.command.kind,
            request,
            id=str(request.command_id),
            result_type=Receipt,
        )
        return receipt

    async def _update_with_start(self, reference: str, request: Request) -> Receipt:
        start: WithStartWorkflowOperation[Any, str] = WithStartWorkflowOperation(
            REFERRAL_WORKFLOW,
            ReferralInput(reference=reference),
            id=workflow_id(reference),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Referral {reference}",
        )
        try:
            receipt: Receipt = await self._client.execute_update_with_start_workflow(
                request.command.kind,
                request,
                start_workflow_operation=start,
                id=str(request.command_id),
                result_type=Receipt,
            )
        except BaseException:
            await _forget(start)
            raise
        return receipt

    def _handle(self, reference: str) -> WorkflowHandle[Any, str]:
        return self._client.get_workflow_handle(workflow_id(reference), result_type=str)


def _log() -> structlog.stdlib.BoundLogger:
    # Brings rich in, for tracebacks; who is answered as they should be has no need of it.
    import structlog

    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
    return log


async def _forget(start: WithStartWorkflowOperation[Any, str]) -> None:
    """Take note of why a workflow was not started, which the call has raised already; else it is logged as lost."""
    handle = asyncio.ensure_future(start.workflow_handle())
    await asyncio.wait([handle], timeout=0)
    if handle.done() and not handle.cancelled():
        handle.exception()
    else:
        handle.cancel()


def _passes(error: RPCError | WorkflowUpdateFailedError) -> bool:
    """Whether Temporal reports a state that passes by itself."""
    if isinstance(error, RPCError):
        return error.status in _ASK_AGAIN or _TASK_FAILED in error.message
    return _TASK_FAILED in str(error.cause)


def _as_refused(error: WorkflowUpdateFailedError) -> Exception:
    """The refusal that a failed update carries, or the error itself."""
    return _refused_in(error.cause) or error


def _refused_in(error: BaseException | None) -> Refused | None:
    """The rule's refusal that a failure carries, if it carries one."""
    while isinstance(error, FailureError):
        if isinstance(error, ApplicationError) and error.type == REFUSED and error.details:
            return Refused(**error.details[0])
        error = error.cause
    return None
