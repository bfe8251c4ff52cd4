"""Putting Temporal right from the log: what holds the place of a workflow of ours is ended, the right one started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.client import WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from lifecycle import Refused
from operations import watching
from runtime.findings import Kind
from runtime.referrals import Referrals, TemporalUnreachable
from runtime.schedules import put_schedules_right, schedules_amiss
from schemas.notices import Notice, NoticeInput
from stores import notices, open_referrals
from stores.keys.referral_keys import KeyErased, KeyUnknown
from stores.logs import event_log
from stores.referrals import area_of
from workflows.ids import notice_workflow_id, workflow_id
from workflows.notice import MESSAGE_QUEUE, NoticeWorkflow

_RPC = timedelta(seconds=5)
_REASON = "rj reconcile: not started by this service"


class Done(StrEnum):
    """What was found of a referral, and done about it; in a trial, what would be done."""

    AS_IT_SHOULD_BE = "as_it_should_be"
    STARTED = "started"
    """It had no workflow; one was started, which reads the log."""
    REPLACED = "replaced"
    """What ran under its name was not this service's: it was ended, and the right one started."""
    ENDED = "ended"
    """Something below its name that was not this service's was ended, and nothing need run there."""
    TOLD = "told"
    """Its workflow was behind the log, and was told to read it."""
    LOG_IS_OLDER = "log_is_older"
    """Its workflow knows more than the log: restore the newer database. Nothing was done."""
    SILENT = "silent"
    """Its workflow does not answer; the worker's log says why. It was told to read the log."""


@dataclass(frozen=True)
class Reconciled:
    """One referral, or `service` for the schedules.

    Attributes:
        messages: how many of its messages were started anew, for nothing of ours carried them.
    """

    reference: str
    done: Done
    messages: int = 0


async def reconcile(
    referrals: Referrals,
    reference: str | None,
    progress: Callable[[int, int], None],
    *,
    trial: bool = False,
) -> list[Reconciled]:
    """Put one referral right, or all that are open or have something under their name, and the schedules.

    Safe to run again; what is as it should be is left alone, and so is what is under no referral's name.

    Args:
        progress: told after each how many are done, and of how many.
        trial: only look.

    Raises:
        Refused: there is no such referral.
        TemporalUnreachable: Temporal does not answer.
    """
    if reference is not None:
        found = await _put_right(referrals, reference, trial)
        if found.done is Done.AS_IT_SHOULD_BE and await area_of(referrals.pool, reference) is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        return [found]
    schedules = await _schedules(referrals, trial)
    references = await _concerned(referrals)
    done: list[Reconciled] = []
    for first in range(0, len(references), watching.AT_ONCE):
        some = references[first : first + watching.AT_ONCE]
        done += await watching.at_once(_put_right(referrals, each, trial) for each in some)
        progress(len(done), len(references))
    return [*schedules, *done]


async def _schedules(referrals: Referrals, trial: bool) -> list[Reconciled]:
    try:
        wrong = [each for each in await schedules_amiss(referrals.client) if each.kind is Kind.SCHEDULE]
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not describe its schedules: {error.message}.") from error
    if wrong and not trial:
        await put_schedules_right(referrals.client)
    return [Reconciled("service", Done.REPLACED)] if wrong else []


async def _concerned(referrals: Referrals) -> list[str]:
    """The open referrals, and those under whose name something runs, though they are closed or never were."""
    query = f"{watching.OURS} AND WorkflowId STARTS_WITH 'referral/'"
    try:
        running = [each.id async for each in referrals.client.list_workflows(query, page_size=watching.PAGE)]
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error
    named = {each for each in map(watching.reference_named, running) if each is not None}
    return sorted(named | await open_referrals.open_references(referrals.pool))


async def _put_right(referrals: Referrals, reference: str, trial: bool) -> Reconciled:
    try:
        return await _looked_at(referrals, reference, trial)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


async def _looked_at(referrals: Referrals, reference: str, trial: bool) -> Reconciled:
    ended = await _end_strangers(referrals, reference, trial)
    own = workflow_id(reference)
    done = Done.ENDED if ended else Done.AS_IT_SHOULD_BE
    is_open = bool(await open_referrals.open_among(referrals.pool, [reference]))
    try:
        await referrals.keys.get(reference)
    except (KeyErased, KeyUnknown):
        # Without its key nothing of it can be started or told; what is erased, or never was, need not run.
        return Reconciled(reference, Done.SILENT if is_open else done)
    if is_open:
        run = None if own in ended else await _running(referrals, own)
        if run is None:
            done = Done.REPLACED if own in ended else Done.STARTED
            await _wake(referrals, reference, trial)
        else:
            found = await _behind(referrals, reference, trial)
            done = found if found is not Done.AS_IT_SHOULD_BE else done
    pending = await notices.pending(referrals.pool, reference)
    started = [await _carry(referrals, reference, each, ended, trial) for each in pending]
    return Reconciled(reference, done, messages=sum(started))


async def _end_strangers(referrals: Referrals, reference: str, trial: bool) -> set[str]:
    """End what runs under the referral's name or below it and is none of ours, and nothing else; the ids."""
    own = workflow_id(reference)
    below = f"ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '{own}/'"
    running: dict[str, WorkflowExecution] = {
        each.id: each async for each in referrals.client.list_workflows(below, page_size=watching.PAGE)
    }
    # Asked for by name besides, for lists lag behind.
    pending = await notices.pending(referrals.pool, reference)
    for execution in (own, *(notice_workflow_id(reference, each.id) for each in pending)):
        found = await _running(referrals, execution)
        if found is not None:
            running[execution] = found
    strangers = {
        each.id: each
        for each in running.values()
        if watching.why_foreign(each) or await watching.started_by_somebody(referrals.client, each)
    }
    for each in strangers.values() if not trial else ():
        await _terminate(referrals, each)
    return set(strangers)


async def _terminate(referrals: Referrals, run: WorkflowExecution) -> None:
    # This very run, not one of ours that may have taken its place.
    handle = referrals.client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        await handle.terminate(reason=_REASON, rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended meanwhile
            raise


async def _behind(referrals: Referrals, reference: str, trial: bool) -> Done:
    """Of a workflow that is ours."""
    # Read before: what is recorded in between is known to the workflow, or not yet.
    due = await open_referrals.last_told(referrals.pool, reference)
    known = await referrals.known_to_workflow(reference)
    if known is None:
        await _wake(referrals, reference, trial)
        return Done.SILENT
    if known > await event_log.length(referrals.pool, reference):
        return Done.LOG_IS_OLDER
    if known < due:
        await _wake(referrals, reference, trial)
        return Done.TOLD
    return Done.AS_IT_SHOULD_BE


async def _wake(referrals: Referrals, reference: str, trial: bool) -> None:
    if not trial and not await referrals.wake(reference):
        raise TemporalUnreachable(
            "Temporal did not take the signal that wakes a referral's workflow; try again."
        )


async def _carry(referrals: Referrals, reference: str, notice: Notice, ended: set[str], trial: bool) -> bool:
    """Start the workflow of a message that has none; whether it had none."""
    execution = notice_workflow_id(reference, notice.id)
    if execution not in ended and await _running(referrals, execution) is not None:
        return False
    if not trial:
        try:
            await referrals.client.start_workflow(
                NoticeWorkflow.run,
                NoticeInput(reference=reference, notice=notice),
                id=execution,
                task_queue=MESSAGE_QUEUE,
                rpc_timeout=_RPC,
            )
        except WorkflowAlreadyStartedError:
            # Its referral's workflow, woken from the log, was quicker.
            return True
    return True


async def _running(referrals: Referrals, execution: str) -> WorkflowExecutionDescription | None:
    found = await watching.description(referrals.client, execution)
    return found if found is not None and found.status is WorkflowExecutionStatus.RUNNING else None
