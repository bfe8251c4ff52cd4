"""What Temporal starts by the clock."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from service.places import Place, mark
from service.referrals import TemporalUnreachable
from workflows.digest import FROM, DigestOrder, DigestWorkflow
from workflows.ids import DIGEST, SERVICE_QUEUE

DIGEST_TIMES = ScheduleSpec(
    calendars=[
        ScheduleCalendarSpec(
            hour=(ScheduleRange(FROM.hour),),
            minute=(ScheduleRange(FROM.minute),),
            day_of_week=(ScheduleRange(1, 5),),
            comment="working mornings; on bank holidays it finds nobody to write to",
        )
    ],
    time_zone_name="Europe/London",
)
"""Monday to Friday at 08:30 in London."""

# A service that is back by the evening still sends the summary of the morning.
_CATCH_UP = timedelta(hours=8)


async def keep_schedules(client: Client) -> None:
    """See to it that the schedules are there and as this version wants them. Any number of workers may do so at once.

    One that was paused stays paused. Raises TemporalUnreachable.
    """
    try:
        try:
            await client.create_schedule(DIGEST, _digest())
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(DIGEST).update(_brought_up_to_date)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal did not take the schedule {DIGEST}: {error.message}.") from error


def order() -> RawValue:
    """What the schedule starts a day's workflow with, sealed as its start: who has no key starts none."""
    [payload] = pydantic_data_converter.payload_converter.to_payloads([DigestOrder()])
    mark(payload, Place.START.encode())
    return RawValue(payload)


async def as_wanted(client: Client) -> bool:
    """Whether the schedules are there and as this version makes them. Raises TemporalUnreachable."""
    try:
        found = await client.get_schedule_handle(DIGEST).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise TemporalUnreachable(
            f"Temporal does not describe the schedule {DIGEST}: {error.message}."
        ) from error
    return _essence(found.schedule) == _essence(_digest())


def _digest() -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            DigestWorkflow.run, args=[order()], id=DIGEST, task_queue=SERVICE_QUEUE
        ),
        spec=DIGEST_TIMES,
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )


def _brought_up_to_date(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
    wanted, there = _digest(), found.description.schedule
    # Temporal may pass over what was due before an update and has not been caught up on, so none is made without need.
    if _essence(there) == _essence(wanted):
        return None
    wanted.state = there.state
    return ScheduleUpdate(wanted)


def _essence(schedule: Schedule) -> tuple[object, ...]:
    action = schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return ()
    return schedule.spec, schedule.policy, action.workflow, action.id, action.task_queue, len(action.args)
