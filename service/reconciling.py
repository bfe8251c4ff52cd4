"""Putting Temporal right from the log: what passes for a referral's workflow is ended, the right one started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from lifecycle import Refused
from schemas.vocabulary import Stage
from service.places import ENCODING
from service.referrals import Referrals, TemporalUnreachable
from service.schedules import as_wanted, keep_schedules
from service.watching import foreign, is_ours
from stores import event_log
from stores.keys import KeyErased, KeyUnknown
from stores.referrals import area_of, where_they_stand
from stores.supervision import open_references
from workflows.ids import workflow_id

_RPC = timedelta(seconds=5)


class Done(StrEnum):
    """What was found of a referral, and done about it."""

    AS_IT_SHOULD_BE = "as_it_should_be"
    STARTED = "started"
    """It had no workflow; one was started, which reads the log."""
    REPLACED = "replaced"
    """What ran under its name was not this service's: it was ended, and the right one started."""
    ENDED = "ended"
    """It is closed, and what ran under its name was not this service's: it was ended."""
    TOLD = "told"
    """Its workflow was behind the log, and was told to read it."""
    LOG_IS_OLDER = "log_is_older"
    """Its workflow knows more than the log: restore the newer database. Nothing was done."""
    SILENT = "silent"
    """Its workflow does not answer; the worker's log says why. Nothing was done."""


@dataclass(frozen=True)
class Reconciled:
    """One referral, or `service` for the schedules."""

    reference: str
    done: Done


async def reconcile(
    referrals: Referrals, reference: str | None, progress: Callable[[int, int], None]
) -> list[Reconciled]:
    """Put one referral right, or all that are open or have something foreign under their name, and the schedules.

    Safe to run again; what is as it should be is left alone.

    Raises:
        Refused: there is no such referral.
        TemporalUnreachable: Temporal does not answer.
    """
    if reference is not None:
        if await area_of(referrals.pool, reference) is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        return [Reconciled(reference, await _put_right(referrals, reference))]
    found = []
    if not await as_wanted(referrals.client):
        await keep_schedules(referrals.client)
        found.append(Reconciled("service", Done.REPLACED))
    strangers = await foreign(referrals.client)
    named = {each.id.split("/")[1] for each in strangers if each.id.startswith("referral/")}
    known = await where_they_stand(referrals.pool, named)
    references = sorted(await open_references(referrals.pool) | known.keys())
    for number, each in enumerate(references, 1):
        found.append(Reconciled(each, await _put_right(referrals, each)))
        progress(number, len(references))
    return found


async def _put_right(referrals: Referrals, reference: str) -> Done:
    try:
        return await _looked_at(referrals, reference)
    except (KeyErased, KeyUnknown):
        # Without its key nothing of it can be started or told.
        return Done.SILENT
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


async def _looked_at(referrals: Referrals, reference: str) -> Done:
    [(_, stage)] = (await where_they_stand(referrals.pool, [reference])).values()
    run = await _run(referrals, reference)
    if run is not None and is_ours(run) and await _sealed(referrals, run):
        return await _behind(referrals, reference)
    if run is not None:
        await _end(referrals, run)
    if stage is Stage.CLOSED:
        return Done.AS_IT_SHOULD_BE if run is None else Done.ENDED
    await referrals.wake(reference)
    return Done.STARTED if run is None else Done.REPLACED


async def _end(referrals: Referrals, run: WorkflowExecutionDescription) -> None:
    handle = referrals.client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        await handle.terminate(reason="rj reconcile: not started by this service", rpc_timeout=_RPC)
    except RPCError as error:
        # A worker of ours has refused it meanwhile, which ended it.
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _behind(referrals: Referrals, reference: str) -> Done:
    """Of a workflow that is ours."""
    known = await referrals.known_to_workflow(reference)
    length = await event_log.length(referrals.pool, reference)
    if known is None:
        return Done.SILENT
    if known > length:
        return Done.LOG_IS_OLDER
    if known < length:
        await referrals.wake(reference)
        return Done.TOLD
    return Done.AS_IT_SHOULD_BE


async def _run(referrals: Referrals, reference: str) -> WorkflowExecutionDescription | None:
    """What runs under the referral's name."""
    try:
        found = await referrals.client.get_workflow_handle(workflow_id(reference)).describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return found if found.status is WorkflowExecutionStatus.RUNNING else None


async def _sealed(referrals: Referrals, run: WorkflowExecutionDescription) -> bool:
    """Whether what the workflow was started with is sealed, as whatever this service starts is."""
    history = await referrals.client.workflow_service.get_workflow_execution_history(
        GetWorkflowExecutionHistoryRequest(
            namespace=referrals.client.namespace,
            execution=WorkflowExecution(workflow_id=run.id, run_id=run.run_id),
            maximum_page_size=1,
        ),
        timeout=_RPC,
    )
    first = history.history.events[0]
    if first.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
        return False
    given = first.workflow_execution_started_event_attributes.input.payloads
    return bool(given) and all(each.metadata.get("encoding") == ENCODING for each in given)
