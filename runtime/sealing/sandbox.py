"""The sandbox in which workflows run: it is given nothing that was not sealed for it, and says of all that leaves it
what that is, so that it can be sealed for its place."""

from __future__ import annotations

from typing import Any

import structlog
import temporalio.nexus.system
from temporalio.api.enums.v1 import CommandType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

from runtime.sealing.inspection import Inspection, mark_failure, mark_places, refusal

_CHILD = CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION
_SIGNAL = CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION

log = structlog.stdlib.get_logger(__name__)


async def _no_envelope(*_: object) -> None:
    """No payload is opened as one of Temporal's own envelopes, of which we use none.

    The SDK takes a header for one that a stranger marked so, before any codec is asked, and raises at what is in it:
    one signal would stop a referral for good. It offers no other way to say that there are none.
    """


temporalio.nexus.system.maybe_visit_payload = _no_envelope  # type: ignore[assignment]


class ReferralRunner(SandboxedWorkflowRunner):
    """Runs workflows in the SDK's sandbox, and knows without entering it what their payloads are and whose.

    For every payload of every command the SDK enters the sandbox four times to ask its serialization context, each
    time compiling and running a line of code: at twenty callers that was a fifth of a worker's time. What a workflow of
    ours says, and what its activities say, is sealed for the workflow; what it says to another workflow, for that one,
    whose id is in the command.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """See the base class."""
        return _Guarded(super().create_instance(det))


class _Guarded(WorkflowInstance):
    """A workflow that is given what was sealed for it, each payload for the place where it stands, and nothing else.

    What was not is refused, and an alert says so: an update and a query by their sender's answer, a signal and a header
    as if it had not come, an activity's or a child's answer as its failure. A workflow that is started with such a
    payload fails without having run. All of it follows from the history and the keys alone, so that a replay does the
    same.
    """

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        info = inner.get_info()
        self._context = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)
        self._nowhere = StorageDriverStoreContext(target=None)
        self._may_run = True
        # For which other workflow a command is, until that has answered: by the command's type and number.
        self._others: dict[tuple[int, int], WorkflowSerializationContext] = {}

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        inspection = Inspection(act.timestamp.ToNanoseconds() / 1e9)
        for job in act.jobs:
            inspection.inspect(job)
            self._forget_other(job)
        self._may_run = self._may_run and inspection.may_start
        # Said when it comes, not whenever the history is read again.
        if not act.is_replaying:
            for place in dict.fromkeys(inspection.refused):
                log.error(
                    "a payload that was not sealed for its place was refused",
                    alert="payload_refused",
                    workflow_id=self._context.workflow_id,
                    place=place.value,
                )
        if not self._may_run:
            return _failed(act)
        completion = self._inner.activate(act)
        if completion.HasField("failed"):
            mark_failure(completion.failed.failure)
        for command in completion.successful.commands:
            mark_places(command)
            self._remember_other(command)
        return completion

    def get_serialization_context(self, command_info: Any) -> SerializationContext:
        if command_info is None:
            return self._context
        return self._others.get((command_info.command_type, command_info.command_seq), self._context)

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        # No payload is stored elsewhere.
        return self._nowhere

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()

    def _remember_other(self, command: WorkflowCommand) -> None:
        if command.HasField("start_child_workflow_execution"):
            child = command.start_child_workflow_execution
            self._others[_CHILD, child.seq] = self._context_of(child.workflow_id)
        elif command.HasField("signal_external_workflow_execution"):
            signal = command.signal_external_workflow_execution
            target = signal.child_workflow_id or signal.workflow_execution.workflow_id
            self._others[_SIGNAL, signal.seq] = self._context_of(target)

    def _forget_other(self, job: Any) -> None:
        match job.WhichOneof("variant"):
            case "resolve_child_workflow_execution":
                self._others.pop((_CHILD, job.resolve_child_workflow_execution.seq), None)
            case "resolve_child_workflow_execution_start":
                start = job.resolve_child_workflow_execution_start
                if not start.HasField("succeeded"):
                    self._others.pop((_CHILD, start.seq), None)
            case "resolve_signal_external_workflow":
                self._others.pop((_SIGNAL, job.resolve_signal_external_workflow.seq), None)

    def _context_of(self, workflow_id: str) -> WorkflowSerializationContext:
        return WorkflowSerializationContext(namespace=self._context.namespace, workflow_id=workflow_id)


def _failed(act: WorkflowActivation) -> WorkflowActivationCompletion:
    """The end of a workflow that was not started by anything of ours: the id is free again, and nothing was done."""
    completion = WorkflowActivationCompletion(run_id=act.run_id)
    completion.successful.SetInParent()
    if any(job.HasField("initialize_workflow") for job in act.jobs):
        completion.successful.commands.add().fail_workflow_execution.failure.CopyFrom(refusal())
    return completion
