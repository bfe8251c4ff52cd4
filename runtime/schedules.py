"""The schedules in Temporal."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.common.v1 import Payload
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

from runtime.findings import Kind, Stuck, shown
from runtime.referrals import TASK_QUEUE, TemporalUnreachable
from runtime.sealing.codec import opens_as_start
from runtime.sealing.places import Place, mark
from workflows.digest import FROM, DigestOrder, DigestWorkflow
from workflows.ids import DIGEST, SERVICE_QUEUE
from workflows.notice import MESSAGE_QUEUE

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

# A service that was down in the morning and is back by the evening still sends the summary.
_CATCH_UP = timedelta(hours=8)

OUR_PREFIXES = ("referral/", "service/")
"""The prefixes of all our workflow ids."""

_LOOKED_AT = 50


async def keep_schedules(client: Client) -> None:
    """Create or update the schedules as this version defines them. Any number of workers may do so at once.

    A paused schedule stays paused. Raises TemporalUnreachable.
    """
    try:
        try:
            await client.create_schedule(DIGEST, _digest())
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(DIGEST).update(_brought_up_to_date)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal did not take the schedule {DIGEST}: {error.message}.") from error


def order() -> RawValue:
    """The argument of a day's workflow, sealed for its start, so that nobody without the key can start one."""
    [payload] = pydantic_data_converter.payload_converter.to_payloads([DigestOrder()])
    mark(payload, Place.START.encode())
    return RawValue(payload)


async def schedules_amiss(client: Client) -> list[Stuck]:
    """What is wrong with the schedules: ours gone, paused or changed, and others that use our names or queues.

    Raises:
        RPCError: Temporal does not answer.
    """
    wrong = await _what_is_wrong(client)
    ours = [] if wrong is None else [Stuck(Kind.SCHEDULE, DIGEST, None, *wrong)]
    strangers = []
    listed = [each.id async for each in await client.list_schedules() if each.id != DIGEST]
    for each in listed[:_LOOKED_AT]:
        if await _meant_for_us(client, each):
            said = "This schedule is not ours, and starts workflows under our names or in our queues."
            remedy = f"Find out who reaches Temporal; temporal schedule delete --schedule-id '{shown(each)}'."
            strangers.append(Stuck(Kind.FOREIGN, shown(each), None, said, remedy))
    return [*ours, *strangers]


async def _what_is_wrong(client: Client) -> tuple[str, str] | None:
    repair = "rj reconcile --all creates it again."
    try:
        there = (await client.get_schedule_handle(DIGEST).describe()).schedule
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return "The schedule of the summaries is gone: no summaries are sent.", repair
    if _essence(there) != _essence(_digest()) or not await _ordered_by_us(client, there):
        return "The schedule of the summaries differs from this version's: somebody changed it.", repair
    if there.state.paused or there.state.limited_actions:
        said = "The schedule of the summaries is paused or limited: no summaries are sent."
        return said, "If none of your staff paused it: rj reconcile --all resumes it."
    return None


async def _ordered_by_us(client: Client, schedule: Schedule) -> bool:
    action = schedule.action
    given = action.args if isinstance(action, ScheduleActionStartWorkflow) else []
    return all([isinstance(each, Payload) and await opens_as_start(client, DIGEST, each) for each in given])


async def _meant_for_us(client: Client, schedule: str) -> bool:
    try:
        found = await client.get_schedule_handle(schedule).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # gone since it was listed
            raise
        return False
    action = found.schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return False
    return (
        schedule.startswith(OUR_PREFIXES)
        or action.id.startswith(OUR_PREFIXES)
        or action.task_queue in (TASK_QUEUE, MESSAGE_QUEUE, SERVICE_QUEUE)
    )


async def put_schedules_right(client: Client) -> bool:
    """Create, update and resume the schedules as this version defines them; whether anything had to be done.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        if await _what_is_wrong(client) is None:
            return False
        await keep_schedules(client)
        if await _what_is_wrong(client) is not None:
            await client.get_schedule_handle(DIGEST).update(lambda _: ScheduleUpdate(_digest()))
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal did not take the schedule {DIGEST}: {error.message}.") from error
    return True


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
    # An update may make Temporal skip runs that were due and not started yet, so it is made only when needed.
    if _essence(there) == _essence(wanted):
        return None
    wanted.state = there.state
    return ScheduleUpdate(wanted)


def _essence(schedule: Schedule) -> tuple[object, ...]:
    action = schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return ()
    return schedule.spec, schedule.policy, action.workflow, action.id, action.task_queue, len(action.args)
