"""The sandbox in which workflows run, asked less often whose payloads they are."""

from __future__ import annotations

from typing import Any

from temporalio.converter import SerializationContext, StorageDriverStoreContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info


class ReferralRunner(SandboxedWorkflowRunner):
    """Runs workflows in the SDK's sandbox, and knows without entering it to which referral their payloads belong.

    For every payload of every command the SDK enters the sandbox four times to ask its serialization context, each
    time compiling and running a line of code: at twenty callers that was a fifth of a worker's time. All that a
    workflow of ours says, and all that its activities and children say, belongs to its own referral; so the
    workflow's context is the answer to every question.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """See the base class."""
        return _OfOneReferral(super().create_instance(det))


class _OfOneReferral(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        info = inner.get_info()
        self._context = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)
        self._nowhere = StorageDriverStoreContext(target=None)

    def activate(self, act: Any) -> Any:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: object) -> SerializationContext:
        return self._context

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        # No payload is stored elsewhere.
        return self._nowhere

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
