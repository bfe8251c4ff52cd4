"""The workflow of one referral, from the day it is received until it is closed, which may take years."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import (
    RawValue,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributeUpdate,
)
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.steps import Steps, refusal
    from lifecycle import Refused, decide, evolve, permitted
    from schemas.commands import CompleteTask, OpenReferral, ReachDeadline
    from schemas.people import Actor, Role
    from schemas.referral import Referral
    from schemas.steps import (
        Carried,
        NextPoint,
        Overview,
        Receipt,
        ReferralInput,
        Request,
        StepTaken,
        Visible,
    )
    from workflows.faults import FAULTS
    from workflows.ids import CATCH_UP, notice_workflow_id
    from workflows.notice import NoticeWorkflow, start_notice

AREA = SearchAttributeKey.for_keyword("RjArea")
STAGE = SearchAttributeKey.for_keyword("RjStage")
CASEWORKER = SearchAttributeKey.for_keyword("RjCaseworker")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("RjNextDeadline")
OVERDUE = SearchAttributeKey.for_bool("RjOverdue")
SENSITIVE = SearchAttributeKey.for_bool("RjSensitive")
ON_HOLD = SearchAttributeKey.for_bool("RjOnHold")
SEARCH_ATTRIBUTES = (AREA, STAGE, CASEWORKER, NEXT_DEADLINE, OVERDUE, SENSITIVE, ON_HOLD)

# After continue-as-new a caller may repeat a command id that Temporal no longer knows.
_REMEMBERED_COMMANDS = 100

# Commands that the state alone cannot decide: there is no state yet, or the log already has a task that it lacks.
_BY_THE_LOG = (OpenReferral, CompleteTask)

_SYSTEM = "system"

# How long a step waits for an unavailable database before it fails and the next one runs: no withdrawal is delayed
# for longer. A deadline is retried later.
_TRY_FOR = timedelta(minutes=10)
_TRY_AGAIN = timedelta(minutes=10)

# While PostgreSQL is unavailable a step waits. Past a second the wait becomes a timer, since a local activity that
# retries keeps its workflow task alive by heartbeats, three events each.
_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    maximum_interval=timedelta(minutes=2),
    non_retryable_error_types=FAULTS,
)
_LOCAL_RETRY = timedelta(seconds=1)

# How long a new run waits for the command that it was started for, which may have been lost.
_ASKED_WITHIN = timedelta(minutes=5)


@workflow.defn
class ReferralWorkflow:
    """Takes commands one at a time and waits for deadlines.

    Each command is an update with its own name. One local activity decides and records it; the workflow replays what
    was recorded, never the rules.
    """

    @workflow.init
    def __init__(self, start: ReferralInput) -> None:
        self._reference = start.reference
        carried = start.carried
        self._referral: Referral | None = carried.referral if carried else None
        self._deadlines = carried.deadlines if carried else ()
        self._next_point: NextPoint | None = carried.next_point if carried else None
        self._visible: Visible | None = carried.visible if carried else None
        self._head = carried.head if carried else None
        # A dictionary, oldest first: every command is looked up, and ids compare slowly in the sandbox.
        self._recent = dict.fromkeys(carried.recent if carried else ())
        self._asked = self._answered = carried is not None
        # Whether the log holds events that this state lacks.
        self._behind = False
        # Whether this run was started without a command, to read the log.
        self._woken = False
        # Workflows of messages being started or signalled; the run does not end before that is done.
        self._background: set[asyncio.Task[None]] = set()
        # One step at a time: the state must not change between deciding a step and applying it.
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, start: ReferralInput) -> str:
        """Run until the referral is closed.

        The next command on a closed referral starts a new run, which reads the log.

        Returns:
            The stage at the end.
        """
        if self._visible is not None:
            workflow.set_current_details(_details(self._visible))
        if not await self._is_asked():
            return "unknown"
        clock = asyncio.create_task(self._keep_deadlines())
        await workflow.wait_condition(
            lambda: clock.done() or (self._at_rest() and (self._ended() or _history_is_long()))
        )
        if clock.done():
            # This task never ends by itself, so its failure must fail the run where an engineer sees it.
            await clock
        clock.cancel()
        if not self._ended():
            workflow.continue_as_new(ReferralInput(reference=self._reference, carried=self._carried()))
        return self._referral.stage if self._referral else "unknown"

    @workflow.update(dynamic=True)
    async def take(self, name: str, args: Sequence[RawValue]) -> Receipt:
        """Take one command; answered only once it is recorded in PostgreSQL."""
        self._asked = True
        try:
            # Passed on undecoded: decoding it here would make a replay read old requests with new schemas.
            return await self._take_step(args[0])
        finally:
            self._answered = True

    @take.validator
    def check(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse before anything enters the history. The step decides again; validators do not run on replay."""
        if len(args) != 1:
            raise ApplicationError("A command is sent as one request.", type="Malformed", non_retryable=True)
        request = workflow.payload_converter().from_payload(args[0].payload, Request)
        if request.command.kind != name:
            raise ApplicationError(
                "The request is for another command.", type="Malformed", non_retryable=True
            )
        by_itself = request.actor.role is Role.SYSTEM and not isinstance(request.command, OpenReferral)
        if isinstance(request.command, ReachDeadline) or by_itself:
            raise refusal(Refused("not_your_role", "Deadlines are kept by the referral's own clock."))
        if self._referral is None or isinstance(request.command, _BY_THE_LOG):
            return
        if request.command_id in self._recent:
            return
        try:
            decide(self._referral, request.command, request.actor, workflow.now())
        except Refused as refused:
            raise refusal(refused) from refused

    @workflow.signal(name=CATCH_UP)
    def catch_up(self) -> None:
        """Read events recorded without this workflow: they start a clock, or the run was started to read the log."""
        self._behind = True
        # In older runs a signal before the first command had to wait for the command.
        if self._referral is None and workflow.patched("woken-to-read-the-log"):
            self._woken = self._asked = True

    @workflow.query
    def overview(self) -> Overview | None:
        """The referral as it is now; None while it is being read from the log."""
        if self._referral is None:
            return None
        return Overview(referral=self._referral, deadlines=self._deadlines)

    @workflow.query
    def permitted(self, actor: Actor, at: datetime) -> tuple[str, ...]:
        """The kinds of command that this person may give at that time."""
        return permitted(self._referral, actor, at) if self._referral else ()

    async def _is_asked(self) -> bool:
        # Usually the command arrives with the start, and no timer is needed.
        if self._asked:
            return True
        try:
            await workflow.wait_condition(lambda: self._asked, timeout=_ASKED_WITHIN)
        except TimeoutError:
            return False
        return True

    async def _keep_deadlines(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._must_catch_up() or self._next_point is not None)
            if self._must_catch_up():
                await self._catch_up()
                continue
            waits_for = self._next_point
            if waits_for is None:
                continue
            await self._sleep_until(waits_for)
            due = self._next_point
            if due is not None and due.at <= workflow.now():
                await self._reach(due)
                if self._next_point == due:
                    # Not recorded, or PostgreSQL holds an older copy: retrying at once would loop forever.
                    await workflow.sleep(_TRY_AGAIN, summary="deadline not recorded")

    async def _sleep_until(self, point: NextPoint) -> None:
        # The timer keeps running when the next point moves later, so that an ordinary step starts and cancels no timer.
        try:
            await workflow.wait_condition(
                lambda: (
                    self._must_catch_up() or (self._next_point is not None and self._next_point.at < point.at)
                ),
                timeout=max(point.at - workflow.now(), timedelta(0)),
                timeout_summary=f"{point.deadline} {point.point}",
            )
        except TimeoutError:
            return

    async def _reach(self, point: NextPoint) -> None:
        referral = self._referral
        if referral is None:
            return
        actor = Actor(id=_SYSTEM, role=Role.SYSTEM, area=referral.area)
        command = ReachDeadline(deadline=point.deadline, point=point.point)
        try:
            await self._take_step(Request(command_id=workflow.uuid4(), actor=actor, command=command))
        except FailureError as error:
            workflow.logger.error("A deadline could not be recorded: %s", type(error.cause or error).__name__)

    def _must_catch_up(self) -> bool:
        # Without a state the first step reads the log, unless the run was started to do so.
        return self._behind and (self._referral is not None or self._woken)

    async def _catch_up(self) -> None:
        self._behind = False
        try:
            async with self._lock:
                taken: StepTaken = await workflow.execute_local_activity_method(
                    Steps.read_log,
                    args=[self._reference, self._referral, workflow.now()],
                    schedule_to_close_timeout=_TRY_FOR,
                    retry_policy=_RETRY,
                    local_retry_threshold=_LOCAL_RETRY,
                    summary="catch up",
                )
                caught_up = self._apply(taken)
                self._answered = self._answered or (self._woken and caught_up)
        except FailureError as error:
            workflow.logger.error("The log could not be read: %s", type(error.cause or error).__name__)
            self._behind, caught_up = True, False
        if not caught_up:
            await workflow.sleep(_TRY_AGAIN, summary="log not read")

    async def _take_step(self, request: Request | RawValue) -> Receipt:
        async with self._lock:
            update = workflow.current_update_info()
            # The request is a raw value, so the type checker cannot match the method's arguments.
            arguments: list[Any] = [self._reference, self._referral, request, workflow.now(), self._head]
            taken: StepTaken = await workflow.execute_local_activity_method(
                Steps.take_step,
                args=arguments,
                # Each attempt limits its own time. A start-to-close timeout would be set anew
                # by each attempt and outlive it (sdk-rust issue 1454), and then end a later one.
                schedule_to_close_timeout=_TRY_FOR,
                retry_policy=_RETRY,
                local_retry_threshold=_LOCAL_RETRY,
                # The update already has the command's name in the history; a summary would have to be encrypted.
                summary=None if update else "deadline",
            )
            self._apply(taken)
            return taken.receipt

    def _apply(self, taken: StepTaken) -> bool:
        """Apply what was recorded; False where it does not follow from the state, which is then behind the log."""
        if not self._follows(taken):
            workflow.logger.error(
                "What was recorded does not follow from the state; the state is read from the log again."
            )
            self._behind = True
            return False
        for recorded in taken.events:
            self._referral = evolve(self._referral, recorded)
            self._recent[recorded.command_id] = None
        for forgotten in list(self._recent)[:-_REMEMBERED_COMMANDS]:
            del self._recent[forgotten]
        self._head = taken.head
        self._deadlines = taken.deadlines
        self._next_point = taken.next_point
        self._show(taken.visible)
        for notice in taken.notices:
            self._in_background(start_notice(self._reference, notice))
        for notice_id in taken.look_again:
            self._in_background(self._look_again(notice_id))
        return True

    def _follows(self, taken: StepTaken) -> bool:
        sequence = self._referral.sequence if self._referral else 0
        expected = range(sequence + 1, sequence + 1 + len(taken.events))
        return taken.receipt.reference == self._reference and all(
            recorded.sequence == due for recorded, due in zip(taken.events, expected, strict=True)
        )

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _look_again(self, notice_id: str) -> None:
        handle = workflow.get_external_workflow_handle_for(
            NoticeWorkflow.run, notice_workflow_id(self._reference, notice_id)
        )
        try:
            await handle.signal(NoticeWorkflow.look_again)
        except ApplicationError as error:
            # The message's workflow has ended meanwhile.
            workflow.logger.debug("A message's workflow is not running: %s", error.type)

    def _show(self, visible: Visible) -> None:
        changed = _attributes(visible, self._visible)
        if changed:
            workflow.upsert_search_attributes(changed)
        self._visible = visible
        workflow.set_current_details(_details(visible))

    def _at_rest(self) -> bool:
        busy = self._lock.locked() or self._background or self._must_catch_up()
        return workflow.all_handlers_finished() and not busy

    def _ended(self) -> bool:
        # A run that has answered nothing was just started for a command that will arrive.
        return self._answered and (self._referral is None or self._referral.closed)

    def _carried(self) -> Carried | None:
        if self._referral is None or self._visible is None:
            return None
        return Carried(
            referral=self._referral,
            deadlines=self._deadlines,
            next_point=self._next_point,
            visible=self._visible,
            recent=tuple(self._recent),
            head=self._head,
        )


def _history_is_long() -> bool:
    return workflow.info().is_continue_as_new_suggested()


def _attributes(now: Visible, before: Visible | None) -> list[SearchAttributeUpdate[Any]]:
    """The changes of search attributes from before to now."""
    was = dict(_pairs(before)) if before else {}
    return [
        key.value_set(value) if value is not None else key.value_unset()
        for key, value in _pairs(now)
        if value != was.get(key)
    ]


def _pairs(visible: Visible) -> list[tuple[SearchAttributeKey[Any], Any]]:
    values = (
        visible.area.value,
        visible.stage.value,
        visible.caseworker,
        visible.next_due_at,
        visible.overdue,
        visible.sensitive,
        visible.on_hold,
    )
    return list(zip(SEARCH_ATTRIBUTES, values, strict=True))


def _details(visible: Visible) -> str:
    """The details of a referral on Temporal's web page."""
    lines = [f"Stage: **{visible.stage}**"]
    if visible.on_hold:
        lines.append("On hold")
    if visible.next_due_at:
        overdue = " (overdue)" if visible.overdue else ""
        lines.append(f"Next deadline: {visible.next_due_at:%Y-%m-%d %H:%M} UTC{overdue}")
    return "\n\n".join(lines)
