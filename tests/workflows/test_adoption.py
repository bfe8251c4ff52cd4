"""The policy in force adopted for an area: each referral once, though the worker dies midway."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from temporalio.worker import Worker

from activities import adoption as activity_module
from activities.adoption import AdoptionTally, PolicyAdoption, PolicyAdoptions
from activities.reassignment import Take
from policies.files import load_policies
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.commands import Command
from schemas.events import PolicyAdopted
from schemas.people import Role, Staff
from schemas.steps import Receipt
from stores.logs import event_log
from tests.life import form
from tests.register import enter
from tests.replay.replaying import replay
from workflows.adoption import AdoptionInput, AdoptPolicyWorkflow, adoption_workflow_id

AREA = Area.NORTH_YORKSHIRE
NOW = load_policies().base


async def test_a_worker_that_dies_midway_takes_no_step_twice(
    referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_module, "_AT_ONCE", 2)
    for who, role in (("cw-adopt", Role.CASEWORKER), ("su-adopt", Role.SUPERVISOR)):
        await enter(referrals.pool, referrals.keys, Staff(id=who, role=role, areas=(AREA,)))
    with monkeypatch.context() as earlier:
        older = NOW.model_copy(update={"version": "2026-11"})
        earlier.setitem(cast(dict[Area, Any], referrals.policies.areas), AREA, older)
        mine = [(await referrals.open(form(area=AREA), "cw-adopt")).reference for _ in range(6)]
    asked_for: list[str] = []
    half_way, never = asyncio.Event(), asyncio.Event()

    async def dies(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        receipt = await again(reference, command, staff_id, command_id)
        if len(asked_for) > 3:
            # It stands in the log, and nobody is told.
            half_way.set()
            await never.wait()
        return receipt

    async def again(reference: str, command: Command, staff_id: str, command_id: UUID) -> Receipt:
        asked_for.append(reference)
        return await referrals.take(reference, command, staff_id, command_id=command_id)

    queue = str(uuid4())

    def working(take: Take) -> Worker:
        activities = PolicyAdoptions(referrals.pool, take)
        return Worker(
            referrals.client,
            task_queue=queue,
            workflows=[AdoptPolicyWorkflow],
            activities=[activities.find_referrals_to_adopt, activities.adopt_policies],
            graceful_shutdown_timeout=timedelta(0),
        )

    asked = PolicyAdoption(area=AREA, versions={AREA: NOW.version}, asked_by="su-adopt", run=uuid4())
    async with working(dies):
        handle = await referrals.client.start_workflow(
            AdoptPolicyWorkflow.run,
            AdoptionInput(asked=asked),
            id=adoption_workflow_id(asked),
            task_queue=queue,
        )
        await asyncio.wait_for(half_way.wait(), 30)
    asked_before = len(asked_for)
    async with working(again):
        assert await asyncio.wait_for(handle.result(), 60) == AdoptionTally(adopted=6)
    # Those that it had been heard of are not asked a second time.
    assert len(asked_for) - asked_before == 4
    for reference in mine:
        log = await event_log.read(referrals.pool, reference)
        assert [each.actor for each in log if isinstance(each.event, PolicyAdopted)] == ["su-adopt"]
    await replay([await handle.fetch_history()], referrals.keys, AdoptPolicyWorkflow)
