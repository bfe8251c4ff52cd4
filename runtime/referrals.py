"""Asking on a caller's behalf: a command becomes an update of the referral's workflow, its answer a receipt."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4, uuid5

import structlog
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

from activities.steps import REFUSED, Steps, receipt_as_answered
from lifecycle import Refused, deadlines, fold, open_referral, permitted
from runtime.sealing.places import PayloadRefused
from schemas.areas import Area
from schemas.commands import Command, OpenReferral, RaiseSafeguarding, Withdraw, WithdrawConsent
from schemas.people import Actor, Staff
from schemas.policy import Policies
from schemas.reference import reference_from
from schemas.steps import Overview, Receipt, ReferralInput, Request
from schemas.vocabulary import Source
from stores import catching_up, staff
from stores.database import Pool
from stores.keys.referral_keys import KeyErased, KeyStore, KeyUnknown
from stores.logs import event_log
from stores.referrals import area_of
from workflows.ids import CATCH_UP, workflow_id
from workflows.referral import ReferralWorkflow

TASK_QUEUE = "referrals"

# Command ids of referrals that other systems send are derived in this namespace, so that sending twice is once.
_SENT = UUID("5a0a7c3e-6f0f-4a54-9e0a-6f2d1c2b7e11")
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
# A workflow whose turns failed while Temporal was away takes no step until its next turn succeeds. The server says so
# under several codes, by the call.
_TURN_FAILED = "Workflow Task in failed state"
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


log = structlog.stdlib.get_logger(__name__)


class NotAnswered(Exception):
    """No answer came in time. The command may yet be recorded; asking again with the same id is safe."""


class TemporalUnreachable(Exception):
    """Temporal does not answer. One sentence."""


class Opening(NamedTuple):
    """What a referral is to be known by, and the id of the command that opens it: given twice, it is opened once."""

    reference: str
    command_id: UUID


class Referrals:
    """What a process that acts for people works with.

    Attributes:
        client: of Temporal, with the project's plugin.
        pool: connections to PostgreSQL with the application's rights.
        keys: the referrals' keys.
        policies: what referrals are opened under, checked before one is sent.
    """

    def __init__(self, client: Client, pool: Pool, keys: KeyStore, policies: Policies) -> None:
        self.client = client
        self.pool = pool
        self.keys = keys
        self.policies = policies

    async def open(
        self,
        form: OpenReferral,
        staff_id: str,
        *,
        external_id: str | None = None,
        opening: Opening | None = None,
    ) -> Receipt:
        """Open a referral.

        Args:
            form: what is known of it.
            staff_id: who sends it.
            external_id: its id in the system that sends it; the same source and id open it once, however often sent.
            opening: from :meth:`opening`, for who must know it even where no answer comes; else it is asked for here.

        Raises:
            Refused: it may not be opened as it is. Nothing is left behind.
            NotAnswered, TemporalUnreachable: it may or may not be recorded; the same opening may be sent again.
        """
        actor = _claim(await self.member(staff_id), form.area)
        reference, command_id = opening or await self.opening(form.source, external_id)
        # Update-with-start starts the workflow even where its validator refuses; so all is checked before.
        open_referral(reference, self.policies.of(form.area), form, actor, datetime.now(UTC))
        if form.linked_to and await area_of(self.pool, form.linked_to) is None:
            raise Refused("unknown_referral", f"There is no referral {form.linked_to}.", "linked_to")
        await self.keys.create(reference)
        return await self.send(
            reference, Request(command_id=command_id, actor=actor, command=form), start=True
        )

    async def take(
        self, reference: str, command: Command, staff_id: str, *, command_id: UUID | None = None
    ) -> Receipt:
        """Take a step on a referral.

        Raises:
            Refused: the rules, the register or the reference do not allow it.
            NotAnswered, TemporalUnreachable: see :meth:`open`.
        """
        actor = await self.actor(reference, staff_id)
        request = Request(command_id=command_id or uuid4(), actor=actor, command=command)
        return await self.send(reference, request)

    async def overview(self, reference: str) -> tuple[Overview, bool]:
        """The referral as it is now, by its workflow, or folded from the log where none runs.

        Returns:
            It, and whether that is as it should be; False where a workflow that should run does not answer.

        Raises:
            Refused: there is no such referral.
        """
        try:
            # Without its key a workflow could not answer, and would only be waited for.
            await self.keys.get(reference)
            found = await self._handle(reference).query(ReferralWorkflow.overview, rpc_timeout=_QUERY_WITHIN)
            answers = True
        except _NO_ANSWER:
            found, answers = None, False
        if found is not None and not found.referral.closed:
            return found, True
        history = await event_log.history(self.pool, self.keys, reference)
        if not history:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        referral = fold(history)
        return Overview(referral=referral, deadlines=deadlines(referral)), answers or referral.closed

    async def permitted(self, reference: str, staff_id: str) -> tuple[str, ...]:
        """The kinds of command that a person may give on a referral now, by the log.

        Raises:
            Refused: the person or the referral is unknown.
        """
        actor = await self.actor(reference, staff_id)
        history = await event_log.history(self.pool, self.keys, reference)
        return permitted(fold(history), actor, datetime.now(UTC))

    async def member(self, staff_id: str) -> Staff:
        """The active member of staff of that id.

        Raises:
            Refused: there is none.
        """
        return _active(await staff.get(self.pool, staff_id), staff_id)

    async def registered(self, staff_id: str, field: str) -> Staff:
        """Who is of that id in the staff register, be they active or not.

        Args:
            field: by which they were named.

        Raises:
            Refused: there is nobody.
        """
        return _registered(await staff.get(self.pool, staff_id), staff_id, field)

    async def actor(self, reference: str, staff_id: str) -> Actor:
        """The claim that a member of staff makes on a referral.

        Raises:
            Refused: the person or the referral is unknown, or the referral is of another area than theirs.
        """
        found, area = await staff.get_with_area(self.pool, staff_id, reference)
        if area is None:
            raise Refused("unknown_referral", f"There is no referral {reference}.", "reference")
        return _claim(_active(found, staff_id), area)

    async def opening(self, source: Source, external_id: str | None) -> Opening:
        """What a referral is opened as: by its id in the system that sends it, else under a reference never used."""
        if external_id is not None:
            return await self.identity_of(source, external_id)
        while True:
            reference = reference_from(secrets.randbits(35))
            try:
                await self.keys.get(reference)
            except KeyUnknown:
                # Neither open, nor being opened, nor erased.
                return Opening(reference, uuid4())
            except KeyErased:
                pass

    async def identity_of(self, source: Source, external_id: str) -> Opening:
        """What a referral that another system sends is opened as."""
        sent = f"{source}\x1f{external_id}"
        # Keyed, so that nobody can tell from a reference which case of the other system it is.
        digest = hmac.digest(await self.keys.installation_secret(), sent.encode(), hashlib.sha256)
        reference = reference_from(int.from_bytes(digest[:8]))
        return Opening(reference, uuid5(_SENT, digest.hex()))

    async def send(self, reference: str, request: Request, *, start: bool = False) -> Receipt:
        """Send a request that is made up already.

        A withdrawal or a concern for somebody's safety is recorded even where the workflow does not answer; the
        receipt then says so.

        Args:
            start: whether the workflow may have to be started; otherwise it is where it turns out to rest.

        Raises:
            Refused, NotAnswered, TemporalUnreachable: see :meth:`open`.
        """
        if not isinstance(request.command, URGENT):
            return await self._send(reference, request, start=start, within=_ANSWER_WITHIN)
        try:
            return await self._send(reference, request, start=start, within=_URGENT_WITHIN)
        except (Refused, NotAnswered, TemporalUnreachable, WorkflowUpdateFailedError, RuntimeError):
            # Refused too: who takes tasks from Temporal without a key can repeat a refusal that was overheard, and a
            # workflow that was set back refuses what the log allows. By the log it is decided again.
            return await self._record_without_workflow(reference, request)

    async def _record_without_workflow(self, reference: str, request: Request) -> Receipt:
        """Take the step in this process, by the code that the workflow would have it taken by, and under the same id:
        should the workflow take it yet, it finds it recorded."""
        steps = Steps(self.pool, self.keys, self.policies)
        # Noted before: should this process end in between, the workflow is told for nothing rather than not at all.
        await catching_up.note(self.pool, reference)
        try:
            taken = await steps.take_step(reference, None, request, datetime.now(UTC))
        except ApplicationError as error:
            raise (refused_in(error) or error) from error
        # Again, for what was noted before the step was there may have been told already.
        await catching_up.note(self.pool, reference)
        await self.wake(reference)
        return taken.receipt.model_copy(update={"behind": True})

    async def known_to_workflow(self, reference: str) -> int | None:
        """How many events the referral's workflow knows of; None where none answers. One that rests knows all that
        there is, since it reads the log when it is woken."""
        handle = self._handle(reference)
        try:
            if (await handle.describe(rpc_timeout=_QUERY_WITHIN)).status is WorkflowExecutionStatus.COMPLETED:
                return await event_log.length(self.pool, reference)
            found = await handle.query(ReferralWorkflow.overview, rpc_timeout=_QUERY_WITHIN)
        except _NO_ANSWER:
            return None
        return found.referral.sequence if found else None

    async def wake(self, reference: str) -> bool:
        """Have the referral's workflow read what the log has beyond its state, and start it where none runs.

        Returns:
            Whether Temporal took that; the workflow does it in its own time.
        """
        try:
            await self.client.start_workflow(
                ReferralWorkflow.run,
                ReferralInput(reference=reference),
                id=workflow_id(reference),
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Referral {reference}",
                start_signal=CATCH_UP,
                rpc_timeout=_QUERY_WITHIN,
            )
        except (RPCError, RuntimeError) as error:
            log.warning(
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
                if await event_log.knows(self.pool, reference, request.command_id):
                    # Asked again so late that the workflow has forgotten it; the log has not.
                    history = await event_log.history(self.pool, self.keys, reference)
                    return receipt_as_answered(history, request.command_id)
                if not _passes(error):
                    raise _as_refused(error) from error
            except WorkflowAlreadyStartedError:
                # The server lost sight of the run between the two halves of one call.
                pass
            except RPCError as error:
                if not _passes(error):
                    raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error
            # A closed referral's workflow rests; the command wakes it, and it reads itself from the log. The command's
            # id makes asking again the same as asking once.
            start = True
            await asyncio.sleep(min(0.05 * tries, 1))
        raise AssertionError("counting never ends")

    async def _own_answer(self, reference: str, request: Request, receipt: Receipt) -> Receipt:
        """The receipt, if it is the answer to the request. Whoever takes tasks from Temporal without a key can give
        another answer that was overheard."""
        if (receipt.reference, receipt.command_id) == (reference, request.command_id):
            return receipt
        if receipt.command_id is not None:
            log.error(
                "a step was answered by the receipt of another",
                alert="answer_refused",
                reference=reference,
            )
        return await self._answer_of_the_log(reference, request, None)

    async def _answer_of_the_log(
        self, reference: str, request: Request, why: PayloadRefused | None
    ) -> Receipt:
        if await event_log.knows(self.pool, reference, request.command_id):
            return receipt_as_answered(await event_log.read(self.pool, reference), request.command_id)
        raise NotAnswered(
            "What came as an answer was not this installation's answer to this command: does somebody else take "
            "tasks from Temporal? The command is not in the log; ask again."
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
        start = WithStartWorkflowOperation(
            ReferralWorkflow.run,
            ReferralInput(reference=reference),
            id=workflow_id(reference),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Referral {reference}",
        )
        try:
            receipt: Receipt = await self.client.execute_update_with_start_workflow(
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

    def _handle(self, reference: str) -> WorkflowHandle[ReferralWorkflow, str]:
        return self.client.get_workflow_handle_for(ReferralWorkflow.run, workflow_id(reference))


def _registered(found: Staff | None, staff_id: str, field: str) -> Staff:
    if found is None:
        raise Refused(
            "staff_unknown", f"{staff_id} is not in the staff register; see `rj staff list`.", field
        )
    return found


def _active(found: Staff | None, staff_id: str) -> Staff:
    member = _registered(found, staff_id, "as")
    if not member.active:
        raise Refused("staff_inactive", f"{staff_id} is no longer active.", "as")
    return member


def _claim(member: Staff, area: Area) -> Actor:
    if area not in member.areas:
        raise Refused("staff_other_area", f"{member.id} does not work in {area}.", "as")
    return member.acting_in(area)


async def _forget(start: WithStartWorkflowOperation[ReferralWorkflow, str]) -> None:
    """Take note of why a workflow was not started, which the call has raised already; else it is logged as lost."""
    handle = asyncio.ensure_future(start.workflow_handle())
    await asyncio.wait([handle], timeout=0)
    if handle.done() and not handle.cancelled():
        handle.exception()
    else:
        handle.cancel()


def _passes(error: RPCError | WorkflowUpdateFailedError) -> bool:
    """Whether what Temporal says is of a state that passes by itself."""
    if isinstance(error, RPCError):
        return error.status in _ASK_AGAIN or _TURN_FAILED in error.message
    return _TURN_FAILED in str(error.cause)


def _as_refused(error: WorkflowUpdateFailedError) -> Exception:
    """The rule's refusal that a failed update carries, or the error itself."""
    return refused_in(error.cause) or error


def refused_in(error: BaseException | None) -> Refused | None:
    """The rule's refusal that a failure carries, if it carries one."""
    while isinstance(error, FailureError):
        if isinstance(error, ApplicationError) and error.type == REFUSED and error.details:
            return Refused(**error.details[0])
        error = error.cause
    return None
