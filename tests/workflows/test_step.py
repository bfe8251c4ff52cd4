"""What a step costs, that it happens once, and that it is never half done. On the real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.steps import Steps
from lifecycle import Refused, fold
from policies.files import load_policies
from runtime.asking import Asking
from runtime.referrals import TASK_QUEUE, Referrals
from schemas import commands as c
from schemas.commands import Command
from schemas.notices import Outcome
from schemas.people import Actor, Role
from schemas.reading.reference import reference_from
from schemas.steps import Receipt, ReferralInput, Request
from schemas.vocabulary import TaskResult
from stores.database import Pool, connect
from stores.logs import event_log
from stores.logs.event_log import Written
from tests.life import HARMED, form, until_preparation
from tests.workflows.conftest import Years
from workflows.ids import workflow_id
from workflows.referral import ReferralWorkflow

ATTEMPT = c.RecordContactAttempt.model_validate(
    {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
)


@pytest.fixture
async def reference(referrals: Referrals) -> str:
    """A referral in victim contact."""
    reference = (await referrals.open(form(), "cw-1")).reference
    await take_all(referrals, reference, until_preparation(today())[:3])
    return reference


def today() -> Any:
    return datetime.now(UTC).date()


async def take_all(referrals: Referrals, reference: str, steps: list[tuple[str, Command]]) -> None:
    for staff_id, command in steps:
        await referrals.take(reference, command, staff_id)


def handle(referrals: Referrals, reference: str) -> WorkflowHandle[Any, Any]:
    return referrals.client.get_workflow_handle(workflow_id(reference))


async def test_a_step_costs_six_history_events(referrals: Referrals, reference: str) -> None:
    before = len((await handle(referrals, reference).fetch_history()).events)
    await referrals.take(reference, ATTEMPT, "cw-1")
    events = (await handle(referrals, reference).fetch_history()).events[before:]
    assert [EventType.Name(event.event_type) for event in events] == [
        "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
        "EVENT_TYPE_WORKFLOW_TASK_STARTED",
        "EVENT_TYPE_WORKFLOW_TASK_COMPLETED",
        "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        "EVENT_TYPE_MARKER_RECORDED",
        "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    ]


async def test_each_command_appears_under_its_own_name(referrals: Referrals, reference: str) -> None:
    await referrals.take(reference, ATTEMPT, "cw-1")
    history = await handle(referrals, reference).fetch_history()
    names = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    ]
    assert names == ["open_referral", "record_duplicate_check", "allocate", *["record_contact_attempt"] * 2]


class CountingPool:
    """A pool that keeps the statements it was asked; each runs in a transaction of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        really = getattr(self._pool, name)
        if name in ("nowhere", "everywhere"):
            return self

        def ask(statement: str, *args: Any) -> Any:
            self.asked.append(statement)
            return really(statement, *args)

        return ask


async def test_a_step_is_one_transaction(referrals: Referrals, reference: str) -> None:
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    head = await event_log.head(referrals.pool, reference, len(history))
    assert head is not None
    await referrals.keys.get(reference)
    pool = CountingPool(referrals.pool)
    steps = Steps(cast(Pool, pool), referrals.keys, referrals.policies)
    taken = await ActivityEnvironment().run(
        steps.take_step, reference, fold(history), request(ATTEMPT), datetime.now(UTC), head.hex()
    )
    assert taken.receipt.sequence == len(history) + 1
    assert [statement.partition("(")[0] for statement in pool.asked] == ["SELECT record_step"]


def request(command: Command, staff_id: str = "cw-1") -> Request:
    actor = Actor.model_validate({"id": staff_id, "role": "caseworker", "area": "durham"})
    return Request(command_id=uuid4(), actor=actor, command=command)


async def test_the_same_command_twice_is_one_step(referrals: Referrals, reference: str) -> None:
    command_id = uuid4()
    first = await referrals.take(reference, ATTEMPT, "cw-1", command_id=command_id)
    again = await referrals.take(reference, ATTEMPT, "cw-1", command_id=command_id)
    assert again == first
    assert len(await event_log.read(referrals.pool, reference)) == first.sequence


async def test_the_same_command_is_one_step_across_continue_as_new(
    referrals: Referrals, reference: str
) -> None:
    command_id = uuid4()
    first = await referrals.take(reference, ATTEMPT, "cw-1", command_id=command_id)
    run_id = (await handle(referrals, reference).describe()).run_id
    for _ in range(40):
        await referrals.take(reference, ATTEMPT, "cw-1")
        if (await handle(referrals, reference).describe()).run_id != run_id:
            break
    else:
        pytest.fail("the workflow never continued as new")
    again = await referrals.take(reference, ATTEMPT, "cw-1", command_id=command_id)
    assert again == first
    overview, live = await referrals.overview(reference)
    assert live
    assert overview.referral == fold(await event_log.history(referrals.pool, referrals.keys, reference))


async def test_a_turn_that_is_broken_off_is_asked_for_again(
    referrals: Referrals, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message came to its end in the moment in which the workflow wanted to continue as new."""
    real, asked = Asking._update, list[Request]()

    async def broken_off_once(self: Asking, reference: str, request: Request) -> Receipt:
        asked.append(request)
        receipt = await real(self, reference, request)
        if len(asked) == 1:
            raise RPCError("unexpected workflow task failure", RPCStatusCode.FAILED_PRECONDITION, b"")
        return receipt

    monkeypatch.setattr(Asking, "_update", broken_off_once)
    before = len(await event_log.read(referrals.pool, reference))
    receipt = await referrals.take(reference, ATTEMPT, "cw-1")
    assert len(await event_log.read(referrals.pool, reference)) == receipt.sequence == before + 1


async def test_the_same_opening_from_another_system_is_one_referral(referrals: Referrals) -> None:
    first = await referrals.open(form(), "pa-1", external_id="their-1")
    again = await referrals.open(form(), "pa-1", external_id="their-1")
    other = await referrals.open(form(), "pa-1", external_id="their-2")
    assert again == first
    assert other.reference != first.reference
    assert len(await event_log.read(referrals.pool, first.reference)) == 1


async def test_the_same_opening_after_closing_changes_nothing(referrals: Referrals) -> None:
    first = await referrals.open(form(), "pa-1", external_id="their-3")
    await referrals.take(first.reference, close(), "cw-1")
    again = await referrals.open(form(), "pa-1", external_id="their-3")
    assert again == first
    assert len(await event_log.read(referrals.pool, first.reference)) == 2


def close() -> c.Close:
    return c.Close.model_validate({"reason": "service_no_capacity"})


async def test_a_refused_command_leaves_no_trace(referrals: Referrals, reference: str) -> None:
    before = len((await handle(referrals, reference).fetch_history()).events)
    logged = await event_log.read(referrals.pool, reference)
    with pytest.raises(Refused) as refused:
        await referrals.take(reference, c.BeginPreparation(), "cw-1")
    assert refused.value.code == "wrong_stage"
    assert len((await handle(referrals, reference).fetch_history()).events) == before
    assert await event_log.read(referrals.pool, reference) == logged


async def test_a_false_claim_of_role_is_refused_when_the_step_is_recorded(
    referrals: Referrals, reference: str
) -> None:
    """The rules believe the claim; the register does not."""
    actor = Actor.model_validate({"id": "cw-1", "role": "supervisor", "area": "durham"})
    command = c.Reassign(caseworker="cw-2")
    asked = Request(command_id=uuid4(), actor=actor, command=command)
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle(referrals, reference).execute_update(command.kind, asked, id=str(asked.command_id))
    assert "does not have the role" in str(failed.value.cause)
    assert len(await event_log.read(referrals.pool, reference)) == 5


@pytest.mark.parametrize(
    ("caseworker", "code"),
    [("nobody", "staff_unknown"), ("cw-gone", "staff_inactive"), ("cw-kent", "staff_other_area")],
)
async def test_a_colleague_who_cannot_is_refused(
    referrals: Referrals, reference: str, caseworker: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await referrals.take(reference, c.Reassign(caseworker=caseworker), "su-1")
    assert refused.value.code == code


async def test_nobody_can_act_as_the_referrals_own_clock(referrals: Referrals, reference: str) -> None:
    actor = Actor.model_validate({"id": "system", "role": "system", "area": "durham"})
    command = c.ReachDeadline(deadline="inactivity", point="due")
    asked = Request(command_id=uuid4(), actor=actor, command=command)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle(referrals, reference).execute_update(command.kind, asked, id=str(asked.command_id))


async def test_a_closed_referral_rests_and_is_reopened_from_the_log(
    referrals: Referrals, reference: str
) -> None:
    await referrals.take(reference, close(), "cw-1")
    assert await handle(referrals, reference).result() == "closed"
    with pytest.raises(Refused) as refused:
        await referrals.take(reference, c.AddNote(note="too late"), "cw-1")
    assert refused.value.code == "closed"
    receipt = await referrals.take(reference, c.Reopen(reason="the person came back"), "su-1")
    assert receipt.stage == "victim_contact"
    overview, live = await referrals.overview(reference)
    assert live
    assert overview.referral == fold(await event_log.history(referrals.pool, referrals.keys, reference))


async def test_a_lost_workflow_is_found_again_in_the_log(referrals: Referrals, reference: str) -> None:
    """Temporal restored from an older copy, or gone: the next command goes on from the log."""
    await handle(referrals, reference).terminate()
    receipt = await referrals.take(reference, ATTEMPT, "cw-1")
    assert receipt.sequence == 6
    assert (await referrals.overview(reference))[1]


async def test_a_step_that_the_workflow_missed_is_caught_up(referrals: Referrals, reference: str) -> None:
    """A worker died after recording, and its caller never asked again."""
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    steps = Steps(referrals.pool, referrals.keys, referrals.policies)
    await ActivityEnvironment().run(
        steps.take_step, reference, fold(history), request(ATTEMPT), datetime.now(UTC)
    )
    receipt = await referrals.take(reference, ATTEMPT, "cw-1")
    assert receipt.sequence == len(history) + 2
    overview, _ = await referrals.overview(reference)
    assert overview.referral == fold(await event_log.history(referrals.pool, referrals.keys, reference))


async def test_what_only_the_log_knows_may_be_done_at_once(
    referrals: Referrals, reference: str, owner_url: str
) -> None:
    """A message came to nothing, and its signal has not reached the workflow yet."""
    owner = await connect(owner_url)
    await owner.execute(
        "INSERT INTO notice (reference, id, at, template, category, party, recipient, about, after_closing, outward)"
        " VALUES ($1, '1-1', now(), 'appointment', 'news', 'participant', 'h1', '{}', FALSE, TRUE)",
        reference,
    )
    await owner.close()
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    steps = Steps(referrals.pool, referrals.keys, referrals.policies)
    settled = c.SettleNotice(notice="1-1", template="appointment", to="h1", outcome=Outcome.NO_SAFE_CHANNEL)
    system = Actor(id="system", role=Role.SYSTEM, area=fold(history).area)
    asked = Request(command_id=uuid4(), actor=system, command=settled)
    await ActivityEnvironment().run(steps.take_step, reference, fold(history), asked, datetime.now(UTC))
    done = c.CompleteTask(task="1-1", result=TaskResult.PASSED_ON)
    receipt = await referrals.take(reference, done, "cw-1")
    assert receipt.sequence == len(history) + 2
    overview, _ = await referrals.overview(reference)
    assert overview.referral == fold(await event_log.history(referrals.pool, referrals.keys, reference))


async def test_the_clock_of_a_referral_that_was_closed_behind_its_back_stops(years: Years) -> None:
    """The log has the closing, the workflow does not: its next deadline tells it."""
    referral = await years.open(form())
    history = await event_log.history(years.pool, years.keys, referral.reference)
    steps = Steps(years.pool, years.keys, load_policies())
    await ActivityEnvironment().run(
        steps.take_step, referral.reference, fold(history), request(close()), await years.now()
    )
    await years.env.sleep(timedelta(days=30))
    assert await referral.handle.result() == "closed"


async def test_a_command_asked_again_when_it_would_be_refused_is_answered_as_it_was(
    referrals: Referrals,
) -> None:
    command_id = uuid4()
    command = c.RecordDuplicateCheck()
    opened = (await referrals.open(form(), "cw-1")).reference
    first = await referrals.take(opened, command, "cw-1", command_id=command_id)
    await referrals.take(opened, close(), "cw-1")
    assert await referrals.take(opened, command, "cw-1", command_id=command_id) == first
    assert len(await event_log.read(referrals.pool, opened)) == 3


async def test_an_older_copy_of_the_log_is_said_and_not_hammered(years: Years) -> None:
    """PostgreSQL restored from a backup, Temporal not: a step is refused, and the clock waits between its tries."""
    referral = await years.open(form())
    known = fold(await event_log.history(years.pool, years.keys, referral.reference))
    ahead = known.model_copy(update={"sequence": known.sequence + 5})
    steps = Steps(years.pool, years.keys, load_policies())
    with pytest.raises(ApplicationError, match="older copy"):
        await ActivityEnvironment().run(
            steps.take_step, referral.reference, ahead, request(ATTEMPT), await years.now()
        )


async def test_a_clock_whose_step_fails_tries_again(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that trying again does not mend at once must not end the clock."""
    referral = await years.open(form())
    really = event_log.record
    left = 2

    async def record(*args: Any) -> Written:
        nonlocal left
        if left and args[3].command.kind == "reach_deadline":
            left -= 1
            raise ValueError("a fault of ours")
        return await really(*args)

    monkeypatch.setattr(event_log, "record", record)
    await years.env.sleep(timedelta(days=7))
    assert left == 0
    log = await event_log.read(years.pool, referral.reference)
    assert "deadline_reached" in [recorded.event.kind for recorded in log]


async def test_a_run_that_never_gets_its_command_ends(years: Years) -> None:
    reference = reference_from(uuid4().int)
    await years.keys.create(reference)
    started = await years.env.client.start_workflow(
        ReferralWorkflow.run,
        ReferralInput(reference=reference),
        id=workflow_id(reference),
        task_queue=TASK_QUEUE,
    )
    years.handles.append(started)
    assert await started.result() == "unknown"


async def test_a_command_in_the_clear_is_not_obeyed(
    referrals: Referrals, reference: str, temporal_address: str
) -> None:
    """Whoever reaches Temporal without the referral's key can ask for nothing."""
    stranger = await Client.connect(temporal_address, data_converter=pydantic_data_converter)
    before = await event_log.read(referrals.pool, reference)
    asked = request(close())
    with pytest.raises(WorkflowUpdateFailedError):
        await stranger.get_workflow_handle(workflow_id(reference)).execute_update(
            "close", asked, id=str(asked.command_id), rpc_timeout=timedelta(seconds=2)
        )
    assert await event_log.read(referrals.pool, reference) == before
    assert (await referrals.take(reference, ATTEMPT, "cw-1")).sequence == len(before) + 1


async def test_a_worker_that_dies_after_recording_records_once(
    referrals: Referrals, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_faults(monkeypatch, fail_after=True)
    receipt = await referrals.take(reference, ATTEMPT, "cw-1")
    assert receipt.sequence == 6
    assert len(await event_log.read(referrals.pool, reference)) == 6


async def test_a_database_that_is_away_is_waited_for(
    referrals: Referrals, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_faults(monkeypatch, fail_after=False)
    assert (await referrals.take(reference, ATTEMPT, "cw-1")).sequence == 6


async def _with_faults(monkeypatch: pytest.MonkeyPatch, *, fail_after: bool) -> None:
    """The next two recordings fail with a lost connection, before or after they are made."""
    really: Callable[..., Awaitable[Written]] = event_log.record
    left = 2

    async def record(*args: Any) -> Written:
        nonlocal left
        if left and not fail_after:
            left -= 1
            raise asyncpg.ConnectionDoesNotExistError("gone")
        answer = await really(*args)
        if left:
            left -= 1
            raise asyncpg.ConnectionDoesNotExistError("gone")
        return answer

    monkeypatch.setattr(event_log, "record", record)


async def test_lists_find_a_referral_by_its_search_attributes(referrals: Referrals, reference: str) -> None:
    found = await _eventually_listed(
        referrals,
        f"WorkflowId = '{workflow_id(reference)}' AND RjArea = 'durham' AND RjStage = 'victim_contact'"
        " AND RjCaseworker = 'cw-1' AND RjOverdue = false AND RjSensitive = false AND RjOnHold = false",
    )
    assert found == 1


async def _eventually_listed(referrals: Referrals, query: str) -> int:
    """How many executions a query lists, once the server has indexed them; at most ten seconds."""
    async with asyncio.timeout(10):
        found = 0
        while not found:
            found = (await referrals.client.count_workflows(query)).count
        return found
