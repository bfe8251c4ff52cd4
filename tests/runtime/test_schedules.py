"""What the clock starts, on a real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
import pytest_asyncio
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleUpdate

from runtime.connections import connect_temporal
from runtime.schedules import DIGEST_TIMES, keep_schedules
from schemas.areas import LONDON
from stores.keys.referral_keys import KeyStore
from workflows.ids import DIGEST


@pytest_asyncio.fixture
async def client(temporal_address: str, keys: KeyStore) -> AsyncIterator[Client]:
    """A client as a worker has it, on a server where the schedule is not yet."""
    client = await connect_temporal({"target_host": temporal_address, "namespace": "default"}, keys)
    yield client
    await client.get_schedule_handle(DIGEST).delete()


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(datetime(2027, 3, 24, tzinfo=UTC), id="the clocks go forward on Sunday 28 March 2027"),
        pytest.param(datetime(2027, 10, 27, tzinfo=UTC), id="the clocks go back on Sunday 31 October 2027"),
    ],
)
async def test_it_is_half_past_eight_in_london_on_both_sides_of_a_change_of_clocks(
    client: Client, day: datetime
) -> None:
    await keep_schedules(client)
    kept = (await client.get_schedule_handle(DIGEST).describe()).schedule
    # The server reckons; it is only told to begin then.
    there = await client.create_schedule(f"{DIGEST}-{day:%Y%m%d}", _beginning(kept, day))
    try:
        times = (await there.describe()).info.next_action_times
    finally:
        await there.delete()
    local = [moment.astimezone(LONDON) for moment in times]
    days = [day.date() + timedelta(days=ahead) for ahead in range(14)]
    assert [moment.date() for moment in local] == [each for each in days if each.weekday() < 5][:10]
    assert {moment.time() for moment in local} == {time(8, 30)}
    assert len({moment.astimezone(UTC).time() for moment in times}) == 2


def _beginning(kept: Schedule, day: datetime) -> Schedule:
    assert isinstance(kept.action, ScheduleActionStartWorkflow)
    action = ScheduleActionStartWorkflow(kept.action.workflow, id="service/other", task_queue="nobody")
    return Schedule(action=action, spec=replace(kept.spec, start_at=day))


async def test_several_workers_make_one_schedule_and_none_makes_it_anew(client: Client) -> None:
    async with asyncio.TaskGroup() as starting:
        for _ in range(5):
            starting.create_task(keep_schedules(client))
    handle = client.get_schedule_handle(DIGEST)
    before = await handle.describe()
    await handle.pause(note="Moving house.")
    await keep_schedules(client)
    after = await handle.describe()
    assert after.info.created_at == before.info.created_at
    # After an update Temporal may pass over a morning that it has yet to catch up on.
    assert after.info.last_updated_at is None
    assert (after.schedule.state.paused, after.schedule.state.note) == (True, "Moving house.")
    assert after.schedule.spec == DIGEST_TIMES


async def test_an_older_version_of_it_is_brought_up_to_date_and_stays_paused(client: Client) -> None:
    await keep_schedules(client)
    handle = client.get_schedule_handle(DIGEST)

    older = (await handle.describe()).schedule
    older.spec = replace(DIGEST_TIMES, time_zone_name="UTC")
    await handle.update(lambda _: ScheduleUpdate(older))
    # Where an update and a pause both wait, Temporal takes the pause first; a look waits for what came before it.
    assert (await handle.describe()).schedule.spec.time_zone_name == "UTC"
    await handle.pause(note="Moving house.")
    await keep_schedules(client)
    found = (await handle.describe()).schedule
    assert found.spec.time_zone_name == "Europe/London"
    assert found.policy.catchup_window == timedelta(hours=8)
    assert (found.state.paused, found.state.note) == (True, "Moving house.")
