"""Erasing a referral: its key is destroyed, and with it all that anybody could learn about a person from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from casework.referral.acting import acting_view
from casework.referral.following import Follows, what_follows
from casework.session import Session
from lifecycle import Refused
from lifecycle.coarse_facts import facts_of, gone_after_erasure
from lifecycle.rules import SUPERVISORS
from runtime.referrals import Referrals
from runtime.sealing.places import PayloadRefused
from schemas.base import Model
from schemas.commands import Close
from schemas.people import Actor, Role
from schemas.vocabulary import ClosureReason, ErasureReason, Stage
from stores import drafts, facts, staff
from stores.keys import erasures
from stores.keys.epochs import COMPLETE_WITHIN
from stores.keys.erasures import Erasure
from stores.keys.referral_keys import KeyErased
from stores.logs import event_log
from workflows.ids import workflow_id

_CLOSED_WITHIN = timedelta(seconds=5)
# Temporal deletes in the background, of a run that has just ended after about half a minute (measured on the
# development server); that is not waited for.
_GONE_WITHIN = timedelta(seconds=1)
_LOOK_AGAIN = 0.2
_RPC = timedelta(seconds=5)


class NotErased(Exception):
    """The key is gone, and yet something could still be read. A fault, to be reported at once."""


@dataclass(frozen=True)
class Erased:
    """What an erasure came to.

    Attributes:
        note: when, why and by whom it was erased.
        already: whether that was before this time.
        kept: how many runs of its workflows Temporal still holds, which nobody can read. It was told to delete them
            and does so in its own time; None where it could not be told.
        to_retire: the master keys that have to leave the ring before the erasure can be complete: they alone open what
            was written of its key before there were epoch keys.
    """

    note: Erasure
    already: bool
    kept: int | None
    to_retire: tuple[str, ...]

    @property
    def complete_by(self) -> datetime:
        """When it is complete at the latest (UTC), if no master key has to be retired for it."""
        return self.note.erased_at + COMPLETE_WITHIN


class ErasureProspect(Model):
    """What erasing a referral would do.

    Attributes:
        already: whether it was erased, so that nothing more follows.
        closing: what would follow from closing it first; None where it is closed.
    """

    already: bool
    closing: Follows | None


def may_erase(role: Role) -> bool:
    """Whether people of a role may erase the referrals of their areas."""
    return role in SUPERVISORS


async def erasure_prospect(session: Session, reference: str, *, names: bool) -> ErasureProspect:
    """What erasing a referral would do, were it erased now.

    Args:
        names: whether names are to be shown, where they may.

    Raises:
        Refused: as :func:`erase`.
    """
    referrals = session.referrals
    await _check(referrals, reference, session.member.id)
    if await erasures.find(referrals.pool, reference) is not None:
        return ErasureProspect(already=True, closing=None)
    if await _is_closed(referrals, reference):
        return ErasureProspect(already=False, closing=None)
    close = Close(reason=ClosureReason.ERASED)
    view = await acting_view(session, reference, close.kind, names=names)
    return ErasureProspect(already=False, closing=await what_follows(session, reference, close, view))


async def erase(referrals: Referrals, reference: str, reason: ErasureReason, staff_id: str) -> Erased:
    """Destroy the key of a referral, after closing it if it is open. Erasing twice is erasing once.

    Its events, chained as they were, and the row that figures are counted from stay; of the coarse facts those that
    the policy of its area keeps, which nobody can tell to be of this referral.

    Raises:
        Refused: the referral or the person is unknown, or the person may not erase in its area.
        NotAnswered, TemporalUnreachable: it could not be closed. Nothing is erased; ask again.
    """
    actor = await _check(referrals, reference, staff_id)
    note = await erasures.find(referrals.pool, reference)
    already = note is not None
    if note is None:
        try:
            await _close(referrals, reference, staff_id)
            note = await _destroy(referrals, reference, reason, actor)
        except KeyErased:
            # Somebody else erased it at the same moment.
            note = await erasures.find(referrals.pool, reference)
            if note is None:
                raise
            already = True
    await _confirm(referrals, reference)
    kept = await _delete_history(referrals.client, reference)
    return Erased(note, already, kept, await referrals.keys.epochs.to_retire(reference))


async def _check(referrals: Referrals, reference: str, staff_id: str) -> Actor:
    actor = await referrals.actor(reference, staff_id)
    if not may_erase(actor.role):
        raise Refused(
            "not_your_role", "Only a supervisor or service manager of its area may erase a referral.", "as"
        )
    return actor


async def _close(referrals: Referrals, reference: str, staff_id: str) -> None:
    if await _is_closed(referrals, reference):
        return
    try:
        await referrals.take(reference, Close(reason=ClosureReason.ERASED), staff_id)
    except Refused:
        # Who erases it at the same moment may have closed it.
        if not await _is_closed(referrals, reference):
            raise
    # The run that closes still seals its last word, for which it needs the key.
    try:
        async with asyncio.timeout(_CLOSED_WITHIN.total_seconds()):
            await referrals.client.get_workflow_handle(workflow_id(reference)).result()
    except (TimeoutError, RPCError, WorkflowFailureError, PayloadRefused):
        # It closed in the log, which is what counts; a run that cannot end is deleted with the others.
        return


async def _is_closed(referrals: Referrals, reference: str) -> bool:
    overview, _ = await referrals.overview(reference)
    return overview.referral.closed


async def _destroy(referrals: Referrals, reference: str, reason: ErasureReason, actor: Actor) -> Erasure:
    async with referrals.pool.acquire() as connection, connection.transaction():
        # Locked, so that no step is recorded between looking and destroying.
        if await erasures.locked_stage(connection, reference) is not Stage.CLOSED:
            raise Refused("reopened", "The referral was reopened meanwhile; erase it again.")
        problem = await staff.problem_of(connection, actor)
        if problem is not None:
            raise Refused(problem, f"{actor.id} may not erase this referral any more.", "as")
        # While there is a key that tells which they are.
        said = facts_of(await event_log.history(connection, referrals.keys, reference))
        gone = gone_after_erasure(said, referrals.policies.of(actor.area))
        await facts.remove(connection, await facts.fact_key(referrals.keys), reference, gone)
        await drafts.drop_all_about(connection, reference)
        await referrals.keys.destroy(connection, reference, reason, actor.id)
    note = await erasures.find(referrals.pool, reference)
    if note is None:
        raise NotErased(f"The erasure of {reference} left no note.")
    return note


async def _confirm(referrals: Referrals, reference: str) -> None:
    """Try to read what was sealed, as anybody else would."""
    try:
        key = await referrals.keys.get(reference)
        await event_log.read(referrals.pool, reference, key=key)
    except KeyErased:
        return
    raise NotErased(f"{reference} can still be read; its key was not destroyed.")


async def _delete_history(client: Client, reference: str) -> int | None:
    own = workflow_id(reference)
    of_it = f'WorkflowId = "{own}" OR WorkflowId STARTS_WITH "{own}/"'
    kept: list[tuple[str, str]] = []
    try:
        async with asyncio.timeout(_GONE_WITHIN.total_seconds()):
            while kept := [
                (run.id, run.run_id) async for run in client.list_workflows(of_it, rpc_timeout=_RPC)
            ]:
                for execution, run_id in kept:
                    await _delete(client, execution, run_id)
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        return len(kept)
    except RPCError:
        return None
    return 0


async def _delete(client: Client, execution: str, run_id: str) -> None:
    try:
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=execution, run_id=run_id),
            ),
            timeout=_RPC,
        )
    except RPCError as error:
        # Lists are a moment behind: what is not found is gone already.
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
