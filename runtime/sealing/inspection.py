"""What the SDK brings a workflow and takes from it: each payload with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.workflow_activation import InitializeWorkflow, WorkflowActivationJob
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from runtime.sealing.codec import may_stand
from runtime.sealing.places import Place, is_refused, mark, refuse, take_mark

REFUSED = "PayloadRefused"

# By the SDK's names: what a workflow is asked by, and what it calls by, with the field of the arguments.
_ASKED = {
    "do_update": ("input", Place.UPDATE),
    "signal_workflow": ("input", Place.SIGNAL),
    "query_workflow": ("arguments", Place.QUERY),
}
_CALLED = {
    "schedule_activity": ("arguments", Place.ACTIVITY),
    "schedule_local_activity": ("arguments", Place.ACTIVITY),
    "start_child_workflow_execution": ("input", Place.START),
    "continue_as_new_workflow_execution": ("arguments", Place.START),
    "signal_external_workflow_execution": ("args", Place.SIGNAL),
}


class Inspection:
    """Looks at what a workflow is to be given, and refuses what was not sealed for the place where it stands.

    Attributes:
        refused: the places at which something was refused, in order.
        may_start: whether all that the workflow is started with, if it is, was sealed for its start.

    Args:
        at: the workflow's time, in seconds since 1970.
    """

    def __init__(self, at: float) -> None:
        self.refused: list[Place] = []
        self.may_start = True
        self._at = at

    def inspect(self, job: WorkflowActivationJob) -> None:
        """Refuse in place: an argument becomes unreadable, a header vanishes, an answer becomes a failure."""
        kind = job.WhichOneof("variant")
        match kind:
            case "do_update" | "signal_workflow" | "query_workflow":
                asked = getattr(job, kind)
                field, place = _ASKED[kind]
                self._admit(getattr(asked, field), place)
                self._admit_headers(asked.headers)
            case "initialize_workflow":
                self._inspect_start(job.initialize_workflow)
            case "resolve_activity":
                self._inspect_answer(job.resolve_activity.result, Place.ACTIVITY_ANSWER)
            case "resolve_child_workflow_execution":
                self._inspect_answer(job.resolve_child_workflow_execution.result, Place.WORKFLOW_ANSWER)
            case "resolve_child_workflow_execution_start":
                start = job.resolve_child_workflow_execution_start
                if start.HasField("cancelled"):
                    self._inspect_failure(start.cancelled.failure)
            case "resolve_signal_external_workflow" | "resolve_request_cancel_external_workflow":
                answered = getattr(job, kind)
                if answered.HasField("failure"):
                    self._inspect_failure(answered.failure)

    def _inspect_start(self, start: InitializeWorkflow) -> None:
        # By when it was started: what was on its way when the version changed may wait for long for its first turn.
        self._at = start.start_time.ToNanoseconds() / 1e9
        self.may_start = self._admit(start.arguments, Place.START)
        self._admit_headers(start.headers)
        self._admit(start.memo.fields.values(), Place.MEMO)
        if start.HasField("last_completion_result"):
            self._admit(start.last_completion_result.payloads, Place.WORKFLOW_ANSWER)
        if start.HasField("continued_failure"):
            self._inspect_failure(start.continued_failure)

    def _inspect_answer(self, result: Any, place: Place) -> None:
        match result.WhichOneof("status"):
            case "completed" if result.completed.HasField("result"):
                if not self._admit([result.completed.result], place):
                    # Raised from where the answer is waited for. What cannot be read there fails the workflow's turn,
                    # again and again.
                    _become_refusal(result.failed.failure)
            case "failed":
                self._inspect_failure(result.failed.failure)
            case "cancelled":
                self._inspect_failure(result.cancelled.failure)

    def _inspect_failure(self, failure: Failure) -> None:
        # Heartbeats come back in a failure as they were sealed.
        admitted = [self._admit([each], Place.FAILURE, Place.HEARTBEAT) for each in in_failure(failure)]
        if not all(admitted):
            _become_refusal(failure)

    def _admit(self, payloads: Iterable[Payload], *places: Place) -> bool:
        everything = True
        for payload in payloads:
            if is_refused(payload) or not may_stand(take_mark(payload), places, self._at):
                refuse(payload)
                self.refused.append(places[0])
                everything = False
        return everything

    def _admit_headers(self, headers: MutableMapping[str, Payload]) -> None:
        for name in [name for name, payload in headers.items() if not self._admit([payload], Place.HEADER)]:
            del headers[name]


def mark_places(command: WorkflowCommand) -> None:
    """Mark all that a command of a workflow carries with what it is."""
    if command.HasField("user_metadata"):
        _mark([command.user_metadata.summary, command.user_metadata.details], Place.DESCRIPTION)
    kind = command.WhichOneof("variant")
    if kind in _CALLED:
        _mark_call(getattr(command, kind), *_CALLED[kind])
        return
    match kind:
        case "update_response":
            _mark([command.update_response.completed], Place.UPDATE_ANSWER)
            mark_failure(command.update_response.rejected)
        case "respond_to_query":
            _mark([command.respond_to_query.succeeded.response], Place.QUERY_ANSWER)
            mark_failure(command.respond_to_query.failed)
        case "complete_workflow_execution":
            _mark([command.complete_workflow_execution.result], Place.WORKFLOW_ANSWER)
        case "fail_workflow_execution":
            mark_failure(command.fail_workflow_execution.failure)
        case "cancel_workflow_execution":
            _mark(command.cancel_workflow_execution.details.payloads, Place.WORKFLOW_ANSWER)
        case "modify_workflow_properties":
            _mark(command.modify_workflow_properties.upserted_memo.fields.values(), Place.MEMO)


def _mark_call(call: Any, field: str, place: Place) -> None:
    _mark(getattr(call, field), place)
    _mark(call.headers.values(), Place.HEADER)
    if place is Place.START:
        _mark(call.memo.values(), Place.MEMO)


def mark_failure(failure: Failure) -> None:
    """Mark all that a failure carries."""
    _mark(in_failure(failure), Place.FAILURE)


def in_failure(failure: Failure) -> Iterator[Payload]:
    """All payloads of a failure and of what caused it."""
    each: Failure | None = failure
    while each is not None:
        if each.HasField("encoded_attributes"):
            yield each.encoded_attributes
        match each.WhichOneof("failure_info"):
            case "application_failure_info":
                yield from each.application_failure_info.details.payloads
            case "timeout_failure_info":
                yield from each.timeout_failure_info.last_heartbeat_details.payloads
            case "canceled_failure_info":
                yield from each.canceled_failure_info.details.payloads
            case "reset_workflow_failure_info":
                yield from each.reset_workflow_failure_info.last_heartbeat_details.payloads
        each = each.cause if each.HasField("cause") else None


def refusal() -> Failure:
    """The failure of what was refused. It carries nothing, so that nothing of it has to be sealed."""
    failure = Failure(message="A payload was not sealed for its place.")
    failure.application_failure_info.type = REFUSED
    failure.application_failure_info.non_retryable = True
    return failure


def _become_refusal(failure: Failure) -> None:
    # What says whose failure it is, stays.
    kind = failure.WhichOneof("failure_info")
    if kind in {"activity_failure_info", "child_workflow_execution_failure_info"}:
        failure.ClearField("encoded_attributes")
        failure.cause.CopyFrom(refusal())
    else:
        failure.CopyFrom(refusal())


def _mark(payloads: Iterable[Payload], place: Place) -> None:
    for payload in payloads:
        if payload.metadata or payload.data:
            mark(payload, place.encode())
