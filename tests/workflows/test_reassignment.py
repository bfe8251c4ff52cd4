"""All the referrals of one caseworker to another: each once, whatever dies, and what is refused is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

from activities import reassignment as activity_module
from activities.reassignment import Reassignment, Reassignments, Take, Tally
from casework.bulk.reassignment import HowFar, Order, Prospect, Result, prospect, reassign
from casework.session import WayIn, sign_in
from lifecycle import Refused
from runtime.referrals import Referrals, TemporalUnreachable
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.events import Reassigned
from schemas.people import Role, Staff
from schemas.steps import Receipt
from schemas.vocabulary import Stage
from stores.logs import event_log
from tests.asked import asked_by
from tests.life import form
from tests.register import enter
from tests.replay.replaying import replay
from workflows.reassignment import ReassignmentInput, ReassignmentWorkflow, reassignment_workflow_id

AREA, ELSEWHERE = Area.ESSEX, Area.HERTFORDSHIRE
WHY = "Canary reason"


@pytest.fixture
async def people(referrals: Referrals) -> tuple[str, str]:
    """Two caseworkers nobody else's tests know, the first of two areas, the second of one."""
    name = f"es-{uuid4().hex[:8]}"
    giver, taker = f"{name}-a", f"{name}-b"
    await enter(
        referrals.pool, referrals.keys, Staff(id=giver, role=Role.CASEWORKER, areas=(AREA, ELSEWHERE))
    )
    await enter(referrals.pool, referrals.keys, Staff(id=taker, role=Role.CASEWORKER, areas=(AREA,)))
    await enter(
        referrals.pool, referrals.keys, Staff(id="es-su", role=Role.SUPERVISOR, areas=(AREA, ELSEWHERE))
    )
    return giver, taker


async def owned(referrals: Referrals, giver: str, count: int, area: Area = AREA) -> list[str]:
    """That many referrals of the giver, in victim contact."""

    async def one() -> str:
        reference = (await referrals.open(form(area=area), giver)).reference
        await referrals.take(reference, c.RecordDuplicateCheck(), giver)
        await referrals.take(reference, c.Allocate(caseworker=giver), giver)
        return reference

    return sorted(await asyncio.gather(*(one() for _ in range(count))))


def order(people: tuple[str, str], **more: object) -> Reassignment:
    giver, taker = people
    return Reassignment.model_validate(
        {"giver": giver, "taker": taker, "asked_by": "es-su", "reason": WHY, "run": uuid4()} | more
    )


def take_of(referrals: Referrals) -> Take:
    async def take(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        return await referrals.take(reference, command, staff_id, command_id=command_id)

    return take


def wanted(asked: Reassignment) -> Order:
    """The same, as somebody asks for it who is signed in."""
    return Order(**asked.model_dump(exclude={"asked_by"}))


async def looked(referrals: Referrals, asked: Reassignment) -> Prospect:
    session = await sign_in(referrals, asked.asked_by, WayIn.COMMAND_LINE)
    return await prospect(session, wanted(asked))


@asynccontextmanager
async def working(referrals: Referrals, queue: str, take: Take | None = None) -> AsyncIterator[None]:
    """A worker for reassignments alone; it is told to stop at once at the end, and finishes nothing."""
    activities = Reassignments(referrals.pool, take or take_of(referrals))
    async with Worker(
        referrals.client,
        task_queue=queue,
        workflows=[ReassignmentWorkflow],
        activities=[activities.find_referrals, activities.give_referrals],
        graceful_shutdown_timeout=timedelta(0),
    ):
        yield


async def start(
    referrals: Referrals, asked: Reassignment, queue: str
) -> WorkflowHandle[ReassignmentWorkflow, Tally]:
    return await referrals.client.start_workflow(
        ReassignmentWorkflow.run,
        ReassignmentInput(asked=asked),
        id=reassignment_workflow_id(asked.giver, asked.taker),
        task_queue=queue,
    )


async def reassigned(referrals: Referrals, reference: str) -> list[str]:
    """To whom a referral went, each time."""
    log = await event_log.read(referrals.pool, reference)
    return [each.event.caseworker for each in log if isinstance(each.event, Reassigned)]


async def test_every_referral_goes_once_and_its_log_says_by_whom_and_why(
    referrals: Referrals, people: tuple[str, str]
) -> None:
    giver, taker = people
    mine = await owned(referrals, giver, 3)
    queue = str(uuid4())
    async with working(referrals, queue):
        handle = await start(referrals, order(people), queue)
        assert await handle.result() == Tally(moved=3)
    for reference in mine:
        assert await reassigned(referrals, reference) == [taker]
        key = await referrals.keys.get(reference)
        last = (await event_log.read(referrals.pool, reference, key=key))[-1]
        assert isinstance(last.event, Reassigned)
        assert (last.actor, last.event.reason) == ("es-su", WHY)
    history = await handle.fetch_history()
    assert WHY.encode() not in b"".join(event.SerializeToString() for event in history.events)
    await replay([history], referrals.keys, ReassignmentWorkflow)


async def test_a_worker_that_dies_midway_gives_none_twice(
    referrals: Referrals, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, taker = people
    monkeypatch.setattr(activity_module, "_AT_ONCE", 2)
    mine = await owned(referrals, giver, 6)
    really, half_way, never = take_of(referrals), asyncio.Event(), asyncio.Event()
    asked_for: list[str] = []

    async def dies(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        asked_for.append(reference)
        receipt = await really(reference, command, staff_id, command_id)
        if len(asked_for) > 3:
            # It stands in the log, and nobody is told.
            half_way.set()
            await never.wait()
        return receipt

    async def again(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        asked_again.append(reference)
        return await really(reference, command, staff_id, command_id)

    queue, asked = str(uuid4()), order(people)
    async with working(referrals, queue, dies):
        handle = await start(referrals, asked, queue)
        await half_way.wait()
    asked_again: list[str] = []
    async with working(referrals, queue, again):
        assert await handle.result() == Tally(moved=6)
    assert [await reassigned(referrals, reference) for reference in mine] == [[taker]] * 6
    assert asked_again == mine[2:], "a retry goes on from where the last try was heard of"


async def test_a_retry_goes_on_from_its_last_heartbeat(referrals: Referrals, people: tuple[str, str]) -> None:
    giver, taker = people
    mine = await owned(referrals, giver, 2)
    tried = asked_by("ReassignmentWorkflow", reassignment_workflow_id(giver, taker))
    tried.info = replace(tried.info, heartbeat_details=[Tally(moved=1).model_dump(mode="json")])
    activities = Reassignments(referrals.pool, take_of(referrals))
    tally = await tried.run(activities.give_referrals, order(people), tuple(mine))
    assert tally == Tally(moved=2)
    assert [await reassigned(referrals, each) for each in mine] == [[], [taker]]


async def test_the_world_away_is_waited_for(referrals: Referrals, people: tuple[str, str]) -> None:
    giver, _ = people
    await owned(referrals, giver, 2)
    really, left = take_of(referrals), 2

    async def away(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        nonlocal left
        if left:
            left -= 1
            raise TemporalUnreachable("Temporal does not answer.")
        return await really(reference, command, staff_id, command_id)

    queue = str(uuid4())
    async with working(referrals, queue, away):
        assert await (await start(referrals, order(people), queue)).result() == Tally(moved=2)


async def test_what_is_refused_stays_and_is_named(referrals: Referrals, people: tuple[str, str]) -> None:
    giver, taker = people
    [elsewhere] = await owned(referrals, giver, 1, ELSEWHERE)
    gone, closed, already, given = await owned(referrals, giver, 4)
    await referrals.take(gone, c.Reassign(caseworker="es-su"), "es-su")
    await referrals.take(already, c.Reassign(caseworker=taker), "es-su")
    await referrals.take(closed, c.Close.model_validate({"reason": "service_no_capacity"}), giver)
    activities = Reassignments(referrals.pool, take_of(referrals))
    every = (elsewhere, gone, closed, already, given)
    asked = asked_by("ReassignmentWorkflow", reassignment_workflow_id(giver, taker))
    tally = await asked.run(activities.give_referrals, order(people), every)
    assert (tally.moved, tally.already, tally.refused, tally.done) == (1, 1, 3, 5)
    assert {(each.reference, each.code) for each in tally.named} == {
        (elsewhere, "staff_other_area"),
        (gone, "other_caseworker"),
        (closed, "closed"),
    }
    assert await reassigned(referrals, gone) == ["es-su"]
    assert await reassigned(referrals, given) == [taker]


async def test_only_so_many_refused_are_named() -> None:
    one = activity_module._refused("RJ-0000-0000", "closed", "It is closed.")
    many = sum((one for _ in range(150)), Tally())
    assert (many.refused, len(many.named)) == (150, activity_module.NAMED)


async def test_area_and_stage_choose(referrals: Referrals, people: tuple[str, str]) -> None:
    giver, taker = people
    [here], [there] = await owned(referrals, giver, 1), await owned(referrals, giver, 1, ELSEWHERE)
    queue = str(uuid4())
    async with working(referrals, queue):
        in_another = order(people, stage=Stage.PREPARATION)
        assert await (await start(referrals, in_another, queue)).result() == Tally()
        assert await (await start(referrals, order(people, area=AREA), queue)).result() == Tally(moved=1)
    assert await reassigned(referrals, here) == [taker]
    assert await reassigned(referrals, there) == []


async def test_many_pages_go_on_in_a_new_run_with_what_was_counted(
    referrals: Referrals, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the tests suggests it after eighty events."""
    giver, taker = people
    monkeypatch.setattr(activity_module, "PAGE", 1)
    mine = await owned(referrals, giver, 9)
    queue = str(uuid4())
    async with working(referrals, queue):
        handle = await start(referrals, order(people), queue)
        assert await handle.result() == Tally(moved=9)
    last = await referrals.client.get_workflow_handle(handle.id).describe()
    assert last.run_id != handle.first_execution_run_id
    assert [await reassigned(referrals, reference) for reference in mine] == [[taker]] * 9


async def test_what_was_refused_is_not_tried_again_in_the_next_page(
    referrals: Referrals, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_module, "PAGE", 1)
    await owned(referrals, people[0], 1)
    [there] = await owned(referrals, people[0], 1, ELSEWHERE)
    queue = str(uuid4())
    async with working(referrals, queue), asyncio.timeout(20):
        tally = await (await start(referrals, order(people), queue)).result()
    assert (tally.moved, tally.refused, [each.reference for each in tally.named]) == (1, 1, [there])


async def test_the_second_follows_the_first(
    referrals: Referrals, people: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, taker = people
    mine = await owned(referrals, giver, 2)
    queue, really = str(uuid4()), take_of(referrals)
    monkeypatch.setattr("casework.bulk.reassignment.SERVICE_QUEUE", queue)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        begun.set()
        await go_on.wait()
        return await really(reference, command, staff_id, command_id)

    first, second = order(people), order(people)
    session = await sign_in(referrals, "es-su", WayIn.COMMAND_LINE)
    seen: list[HowFar] = []

    def show(come: HowFar | None) -> None:
        if come is not None:
            seen.append(come)
            go_on.set()

    async with working(referrals, queue, waits), asyncio.TaskGroup() as group:
        one = group.create_task(reassign(session, wanted(first), lambda _: None))
        await begun.wait()
        assert (await looked(referrals, second)).underway
        two = group.create_task(reassign(session, wanted(second), show))
        await two
    assert one.result() == two.result() == Result(moved=2)
    assert {(come.own, come.asked_by) for come in seen} == {(False, "es-su")}
    assert (seen[-1].total, seen[-1].so_far.refused) == (2, 0)
    assert [await reassigned(referrals, reference) for reference in mine] == [[taker]] * 2
    after = await looked(referrals, second)
    assert (after.count, after.underway) == (0, False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"asked_by": "nobody-1"}, "staff_unknown"),
        ({"giver": "nobody-1"}, "staff_unknown"),
        ({"taker": "nobody-1"}, "staff_unknown"),
        ({"taker": "cw-gone"}, "staff_inactive"),
        ({"taker": "co-1"}, "not_their_role"),
        ({"taker": "cw-kent"}, "staff_other_area"),
        ({"asked_by": "su-1"}, "staff_other_area"),
        ({"asked_by": "cw-1"}, "not_your_role"),
        ({"area": Area.DURHAM}, "staff_other_area"),
    ],
)
async def test_who_may_not_is_told_before_anything_begins(
    referrals: Referrals, people: tuple[str, str], changes: dict[str, str], code: str
) -> None:
    await owned(referrals, people[0], 1)
    with pytest.raises(Refused) as refused:
        await looked(referrals, order(people, **changes))
    assert refused.value.code == code


async def test_nobody_gives_to_themself(referrals: Referrals, people: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        await looked(referrals, order((people[0], people[0])))
    assert refused.value.code == "same_caseworker"


async def test_what_would_be_refused_is_known_before(referrals: Referrals, people: tuple[str, str]) -> None:
    await owned(referrals, people[0], 2)
    await owned(referrals, people[0], 1, ELSEWHERE)
    expected = await looked(referrals, order(people))
    assert (expected.by_area, expected.elsewhere) == ({AREA: 2}, {ELSEWHERE: 1})
    assert expected.count == 2
