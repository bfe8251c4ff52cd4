"""What does not go on by itself: workflows that Temporal reports a problem for, that are gone or somebody else's, and
messages that are long on their way; each with what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from lifecycle.notifying.sending import GIVE_UP_AFTER, Tried
from operations import watching
from operations.watching import PROBLEMS
from runtime.findings import Kind, Stuck
from runtime.referrals import TemporalUnreachable
from runtime.schedules import schedules_amiss
from stores import notices, open_referrals
from stores.database import Pool
from stores.notices import Waiting
from workflows.ids import notice_workflow_id, workflow_id

LONG = timedelta(days=1)
"""A message that is on its way for longer is looked at."""

MESSAGES = 200
"""How many messages are named at the most, the oldest."""


async def stuck(client: Client, pool: Pool, now: datetime | None = None) -> list[Stuck]:
    """Look for everything that is stuck.

    Raises:
        TemporalUnreachable: Temporal does not answer.
    """
    now = now or datetime.now(UTC)
    try:
        found, without = await _in_temporal(client, pool, now)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not list its workflows: {error.message}.") from error
    waiting = await notices.messages_waiting(pool, before=now - LONG, limit=MESSAGES)
    late = [each for each in waiting if notice_workflow_id(each.reference, each.id) not in without]
    return [*found, *map(_late_message, late)]


async def _in_temporal(client: Client, pool: Pool, now: datetime) -> tuple[list[Stuck], set[str]]:
    """What is found there, and the ids of the workflows that do not run."""
    listed = [run async for run in client.list_workflows(watching.OURS, page_size=watching.PAGE)]
    strangers = [found for found in map(watching.foreign, listed) if found is not None]
    squatters = await watching.squatted(client, now)
    named = {each.subject for each in (*strangers, *squatters)}
    failing = [
        _failing(run)
        async for run in client.list_workflows(watching.FAILING, page_size=watching.PAGE)
        if run.id not in named
    ]
    # Read after the list: what was opened in between has a workflow that is asked for below.
    referrals = {workflow_id(each) for each in await open_referrals.open_references(pool)}
    messages = {
        notice_workflow_id(*each)
        for each in await notices.pending_messages(pool, before=now - watching.SETTLED)
    }
    missing = (referrals | messages) - {run.id for run in listed}
    gone = await watching.without_workflow(client, missing)
    without = {each.id for each in gone}
    ended = [
        each
        for each in await watching.ended_by_somebody(client, pool, now)
        if each.subject not in without | named
    ]
    amiss = await schedules_amiss(client)
    return [*strangers, *squatters, *failing, *map(watching.silent, gone), *ended, *amiss], without


def _failing(run: WorkflowExecution) -> Stuck:
    causes = list(_causes(run))
    divergent = any("NonDeterministic" in cause for cause in causes)
    if divergent:
        said = "Its history was made by another version of the code, and this one cannot go on with it."
        remedy = "Run workers of the version it was made by, or of one that has kept its way; it goes on by itself."
    else:
        said = "Its turns fail again and again: a fault of the code, or a worker that lacks the key or the memory."
        remedy = (
            "Read the worker's log for this id and mend the cause; it goes on by itself and has lost nothing."
        )
    reported = f" Reported: {', '.join(causes)}." if causes else ""
    return Stuck(Kind.FAILING, run.id, run.start_time, f"{run.workflow_type}: {said}{reported}", remedy)


def _causes(run: WorkflowExecution) -> Iterator[str]:
    for said in run.search_attributes.get(PROBLEMS, ()):
        name, _, value = str(said).partition("=")
        if name == "cause":
            yield value.removeprefix("WorkflowTaskFailedCause")


def _late_message(waiting: Waiting) -> Stuck:
    said, remedy = _why_late(waiting)
    what = f"The message {waiting.template} to a {waiting.party} is on its way for more than a day"
    subject = notice_workflow_id(waiting.reference, waiting.id)
    return Stuck(Kind.MESSAGE_WAITS, subject, waiting.at, f"{what}: {said}", remedy)


def _why_late(waiting: Waiting) -> Sequence[str]:
    by = f"by {waiting.channel}" if waiting.channel else ""
    look = f"See the worker's log, and `rj timeline {waiting.reference} --as STAFF`."
    if waiting.held_back:
        return (
            "a hold or a safeguarding concern keeps it in.",
            f"Nothing is wrong; it leaves when that ends. See `rj show {waiting.reference} --as STAFF`.",
        )
    match waiting.state:
        case None:
            return (
                "it was not tried yet: it waits for safe hours, or for a worker.",
                "Look whether a worker asks for work: rj doctor.",
            )
        case Tried.BEGUN:
            return f"a try {by} was begun, and nobody knows whether it left.", look
        case Tried.NOT_SENT:
            days = GIVE_UP_AFTER.days
            return (
                f"it could not be sent {by}; it is tried again, for {days} days in all.",
                "Look whether the way out answers: rj doctor.",
            )
        case Tried.REFUSED:
            return f"it was refused {by}, and the next channel's turn comes.", look
        case _:
            return f"it was handed over {by}, and the provider has not said what became of it.", look
