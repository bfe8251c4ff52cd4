"""What a stranger does to our workflows and schedules in Temporal is found, and put right from the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Schedule, ScheduleActionStartWorkflow, ScheduleUpdate, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from operations.reconciling import Done, Reconciled, reconcile
from operations.serving import serving
from operations.watching import meddled
from runtime.findings import Kind
from runtime.referrals import TASK_QUEUE
from runtime.schedules import DIGEST_TIMES, schedules_amiss
from runtime.settings import Settings
from schemas import commands as c
from schemas.areas import LONDON
from stores import notices
from stores.open_referrals import last_told
from tests.life import form, hours_of_another_time
from tests.stranger.meddling import NOBODYS, Engine, engine, eventually
from workflows.ids import DIGEST, notice_workflow_id, workflow_id
from workflows.notice import MESSAGE_QUEUE

pytestmark = [
    pytest.mark.xdist_group("embedded"),
    # A workflow whose arguments cannot be read leaves the coroutine of its run behind.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning"),
]


@pytest_asyncio.fixture(scope="module")
async def meddled_with(servers_folder: Path) -> AsyncIterator[Engine]:
    async with engine(servers_folder, "meddled") as made:
        yield made


@pytest_asyncio.fixture
async def working(meddled_with: Engine) -> AsyncIterator[Engine]:
    """With a worker of ours; afterwards nothing is left that would be found."""
    async with meddled_with.working():
        yield meddled_with
        ours = meddled_with.referrals
        await reconcile(ours, None, nothing)


def nothing(done: int, total: int) -> None:
    """Nobody watches how far it is."""


async def put_right(working: Engine, reference: str) -> Reconciled:
    """What `rj reconcile` did, after which the workflow knows the log, and doing it again does nothing."""
    said = await working.rj("reconcile", reference, "--json")
    assert said.code == 0, said
    [done] = said.json
    if done["done"] != "ended":
        due = await last_told(working.referrals.pool, reference)

        async def caught_up() -> bool | None:
            known = await working.referrals.known_to_workflow(reference)
            return True if known is not None and known >= due else None

        await eventually(caught_up)
    assert await reconcile(working.referrals, reference, nothing) == [
        Reconciled(reference, Done.AS_IT_SHOULD_BE)
    ]
    return Reconciled(done["reference"], Done(done["done"]), done["messages"])


async def test_where_nobody_meddles_nothing_is_found(working: Engine) -> None:
    await working.open()
    assert await meddled(working.referrals.client, working.referrals.pool) == []
    assert (await working.rj("stuck")).out == "Nothing is stuck.\n"


@pytest.mark.parametrize(
    ("workflow", "queue"),
    [("Evil", TASK_QUEUE), ("NoticeWorkflow", MESSAGE_QUEUE)],
)
async def test_a_workflow_of_another_type_or_queue_in_a_referrals_place_is_found_and_ended(
    working: Engine, workflow: str, queue: str
) -> None:
    reference = await working.open()
    theirs = await working.seize(workflow_id(reference), workflow, queue)
    found = await working.found(workflow_id(reference), Kind.FOREIGN)
    assert f"rj reconcile {reference}" in found.remedy
    doctor = {each["check"]: each for each in (await working.rj("doctor", "--json")).json}
    assert doctor["strangers"]["standing"] == "note"
    assert reference in doctor["strangers"]["said"]
    assert (await put_right(working, reference)).done is Done.REPLACED
    run = await working.stranger.get_workflow_handle(workflow_id(reference), run_id=theirs).describe()
    assert run.status is WorkflowExecutionStatus.TERMINATED


async def test_a_squatter_of_the_right_type_in_the_right_queue_is_found_and_ended(working: Engine) -> None:
    reference = await working.open()
    await working.seize(workflow_id(reference), "ReferralWorkflow", TASK_QUEUE)
    found = await working.found(workflow_id(reference), Kind.SQUATTED)
    assert "Somebody else started this ReferralWorkflow" in found.said
    assert (await put_right(working, reference)).done is Done.REPLACED
    # It goes on as if nothing had been.
    await working.referrals.take(reference, c.AddNote(note="Still here."), "cw-1")


async def test_a_deleted_workflow_is_found_and_started_from_the_log(working: Engine) -> None:
    reference = await working.open()
    client = working.stranger
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(reference)),
        )
    )
    await working.found(workflow_id(reference), Kind.NO_WORKFLOW)
    assert (await put_right(working, reference)).done is Done.STARTED


async def test_a_workflow_that_was_set_back_is_found_and_reads_the_log(working: Engine) -> None:
    reference = await working.open()
    await working.referrals.take(reference, c.AddNote(note="To be forgotten."), "cw-1")
    client = working.stranger
    handle = client.get_workflow_handle(workflow_id(reference))
    turns = [
        event.event_id
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="set back",
            request_id=reference,
            workflow_task_finish_event_id=turns[1],
            reset_reapply_exclude_types=[
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
            ],
        )
    )
    await working.found(workflow_id(reference), Kind.BEHIND)
    assert (await put_right(working, reference)).done is Done.TOLD


async def test_what_runs_under_a_name_of_ours_that_we_give_to_nothing_is_found_and_ended(
    working: Engine,
) -> None:
    reference = await working.open()
    subject = f"{workflow_id(reference)}/other"
    await working.stranger.start_workflow("Evil", id=subject, task_queue=NOBODYS)
    await working.found(subject, Kind.FOREIGN)
    assert (await put_right(working, reference)).done is Done.ENDED


async def test_what_a_stranger_starts_on_our_queues_is_found_and_shown_without_control_characters(
    working: Engine,
) -> None:
    handle = await working.stranger.start_workflow("Evil", id="evil\x1b[2J", task_queue=MESSAGE_QUEUE)
    try:
        found = await working.found("evil?[2J", Kind.FOREIGN)
        assert "temporal workflow terminate" in found.remedy
        # It is not in a referral's place: rj reconcile leaves it alone.
        await reconcile(working.referrals, None, nothing)
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    finally:
        await handle.terminate()


async def there(engine: Engine, workflow: str) -> bool | None:
    """Whether a workflow was started already; a message's is, soon after its step was answered."""
    try:
        await engine.referrals.client.get_workflow_handle(workflow).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    return True


async def test_a_message_whose_place_was_taken_is_carried_again(working: Engine) -> None:
    hours = hours_of_another_time(datetime.now(LONDON))
    safety = {"safe_channels": ["email"], **hours}
    person = {"name": "Invented", "email": "harmed@example.org"}
    participants = [
        {"id": "h1", "role": "harmed", "person": person, "contact_safety": safety},
        {"id": "r1", "role": "responsible"},
    ]
    asked = form(source="self", initiator="harmed_person", participants=participants)
    reference = (await working.referrals.open(asked, "cw-1")).reference
    [notice, *_] = await notices.pending(working.referrals.pool, reference)
    subject = notice_workflow_id(reference, notice.id)
    await eventually(lambda: there(working, subject))
    await working.seize(subject, "NoticeWorkflow", NOBODYS)
    await working.found(subject, Kind.FOREIGN)
    done = await put_right(working, reference)
    assert (done.done, done.messages) == (Done.ENDED, 1)
    run = await working.referrals.client.get_workflow_handle(subject).describe()
    assert (run.status, run.task_queue) == (WorkflowExecutionStatus.RUNNING, MESSAGE_QUEUE)


async def test_a_trial_says_what_it_would_do_and_does_nothing(working: Engine) -> None:
    reference = await working.open()
    theirs = await working.seize(workflow_id(reference), "ReferralWorkflow", NOBODYS)
    said = await working.rj("reconcile", reference, "--dry-run")
    assert "A trial" in said.out
    assert "it was ended and made anew" in said.out
    run = await working.stranger.get_workflow_handle(workflow_id(reference)).describe()
    assert (run.run_id, run.status) == (theirs, WorkflowExecutionStatus.RUNNING)


async def test_a_schedule_that_was_deleted_changed_or_paused_is_found_and_repaired(working: Engine) -> None:
    theirs = working.stranger.get_schedule_handle(DIGEST)

    async def said() -> str:
        [found] = await schedules_amiss(working.referrals.client)
        assert (found.subject, found.kind) == (DIGEST, Kind.SCHEDULE)
        assert (await working.rj("reconcile", "--all")).code == 0
        assert await schedules_amiss(working.referrals.client) == []
        return found.said

    await theirs.delete()
    assert "is gone" in await said()
    await theirs.pause(note="theirs")
    assert "is paused" in await said()
    ordered = (await theirs.describe()).schedule
    assert isinstance(ordered.action, ScheduleActionStartWorkflow)
    ordered.action.args = ["in the clear"]
    await theirs.update(lambda _: ScheduleUpdate(ordered))
    await theirs.describe()
    assert "somebody changed it" in await said()
    changed = (await theirs.describe()).schedule
    changed.spec = replace(DIGEST_TIMES, time_zone_name="UTC")
    await theirs.update(lambda _: ScheduleUpdate(changed))
    assert (await theirs.describe()).schedule.spec.time_zone_name == "UTC"
    assert "somebody changed it" in await said()


async def test_a_schedule_of_somebody_else_that_fills_our_queues_is_found(working: Engine) -> None:
    action = ScheduleActionStartWorkflow("Evil", id="evil", task_queue=TASK_QUEUE)
    theirs = await working.stranger.create_schedule("evil", Schedule(action=action, spec=DIGEST_TIMES))
    try:
        await working.found("evil", Kind.FOREIGN)
    finally:
        await theirs.delete()


async def test_a_serving_process_says_so_at_ready_and_alerts_within_half_a_minute(
    meddled_with: Engine, tmp_path: Path
) -> None:
    settings = Settings(master_keys_file=meddled_with.master_keys.path, anchors=tmp_path)
    with capture_logs() as entries:
        async with serving(settings, meddled_with.database.dsn, meddled_with.temporal) as serves:
            reference = (await serves.referrals.open(form(), "cw-1")).reference
            assert await attention(serves.ready) is None
            await meddled_with.seize(workflow_id(reference), "Evil", NOBODYS)
            said = await eventually(lambda: attention(serves.ready), within=45)
            assert f"1 workflow not this service's, {workflow_id(reference)} the first" in said
            await reconcile(serves.referrals, reference, nothing)
    assert "meddling" in [each["alert"] for each in entries if "alert" in each]


async def attention(ready: str) -> str | None:
    """What a serving process says of Temporal; it is ready all the same."""
    with await asyncio.to_thread(urlopen, ready, timeout=10) as answer:
        told = json.loads(answer.read())
    assert told["ready"]
    found: str | None = told["attention"].get("meddling")
    return found


async def test_a_crowd_of_ended_workflows_hides_none_of_ours(working: Engine) -> None:
    reference = await working.open()
    await working.stranger.get_workflow_handle(workflow_id(reference)).terminate()

    async def crowd(number: int) -> None:
        handle = await working.stranger.start_workflow(
            "ReferralWorkflow", id=f"referral/crowd-{number}", task_queue=NOBODYS
        )
        await handle.terminate()

    for first in range(0, 250, 25):
        await asyncio.gather(*(crowd(number) for number in range(first, first + 25)))
    await working.found(workflow_id(reference), Kind.NO_WORKFLOW)
