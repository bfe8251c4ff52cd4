"""What passes while Temporal comes back is asked again, and nobody who waits for a step is told of it."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast
from uuid import uuid4

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from policies.files import load_policies
from runtime.referrals import Referrals, TemporalUnreachable
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Actor, Role
from schemas.steps import Receipt, Request
from schemas.vocabulary import Stage
from stores.logs import event_log

REFERENCE = "RJ-7KQ4-M2X1"
IN_FAILED_STATE = "Unable to perform workflow execution update due to Workflow Task in failed state."
REQUEST = Request(
    command_id=uuid4(),
    actor=Actor(id="cw-1", role=Role.CASEWORKER, area=Area.DURHAM),
    command=c.RecordDuplicateCheck(),
)
RECEIPT = Receipt(
    reference=REFERENCE,
    sequence=2,
    stage=Stage.RECEIVED,
    command_id=REQUEST.command_id,
)


class Failing:
    """A client of Temporal whose calls fail, each by the next of these errors; then one answers."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)

    def get_workflow_handle(self, *arguments: object, **more: object) -> Failing:
        return self

    async def execute_update(self, *arguments: object, **more: object) -> Receipt:
        return self._next()

    async def execute_update_with_start_workflow(
        self,
        *arguments: object,
        start_workflow_operation: WithStartWorkflowOperation[Any, Any],
        **more: object,
    ) -> Receipt:
        # As the SDK does, which tells both of the call's halves.
        if self.errors:
            start_workflow_operation._workflow_handle.set_exception(self.errors[0])
        return self._next()

    def _next(self) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        return RECEIPT


def failing(*errors: BaseException) -> Referrals:
    return Referrals(cast(Client, Failing(*errors)), cast(Any, None), cast(Any, None), load_policies())


async def send(referrals: Referrals) -> Receipt:
    return await referrals.send(REFERENCE, REQUEST)


@pytest.fixture(autouse=True)
def nothing_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def knows(*arguments: object) -> bool:
        return False

    monkeypatch.setattr(event_log, "knows", knows)


@pytest.mark.parametrize(
    "error",
    [
        RPCError(IN_FAILED_STATE, RPCStatusCode.FAILED_PRECONDITION, b""),
        RPCError(IN_FAILED_STATE, RPCStatusCode.UNKNOWN, b""),
        WorkflowUpdateFailedError(ApplicationError(IN_FAILED_STATE)),
        WorkflowAlreadyStartedError(f"referral/{REFERENCE}", "ReferralWorkflow"),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}",
)
async def test_a_workflow_whose_turn_failed_is_asked_again(error: BaseException) -> None:
    assert await send(failing(error, error)) == RECEIPT


async def test_what_does_not_pass_is_said_and_not_asked_again() -> None:
    denied = RPCError("Request unauthorized", RPCStatusCode.PERMISSION_DENIED, b"")
    referrals = failing(denied, denied)
    with pytest.raises(TemporalUnreachable, match="Request unauthorized"):
        await send(referrals)
    assert len(cast(Any, referrals.client).errors) == 1


async def test_no_error_of_a_call_that_is_made_again_is_logged_as_lost() -> None:
    lost: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: lost.append(context))
    passing = RPCError(IN_FAILED_STATE, RPCStatusCode.FAILED_PRECONDITION, b"")
    assert await send(failing(passing, passing)) == RECEIPT
    del passing
    gc.collect()
    assert lost == []
