"""Following a workflow that takes steps on many referrals, from its start to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from runtime.referrals import TemporalUnreachable
from runtime.sealing.places import PayloadRefused
from schemas.base import Model

Progress = TypeVar("Progress")
Result = TypeVar("Result")

# Seconds between two questions how far it has come.
_ASK_EVERY = 0.3
_QUERY_WITHIN = timedelta(seconds=3)
# While no worker runs, or Temporal is busy, there is no answer; it is asked again.
_NO_ANSWER = (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError, PayloadRefused)


class BulkWorkFailed(Exception):
    """Work on many referrals ended by a fault of ours, or somebody ended it. One sentence; what was done stays so."""


async def follow(
    start: Callable[[], Awaitable[WorkflowHandle[Any, Result]]],
    query: Callable[[Any], Progress],
    on_progress: Callable[[Progress | None], None],
    *,
    what: str,
) -> Result:
    """Start the workflow, or find the one that runs already, and follow it to its end.

    It goes on by itself when nobody follows it any more.

    Args:
        start: starts or finds it.
        query: its query that says how far it has come.
        on_progress: called with the answer, again and again; with None where no worker answers.
        what: its name in a sentence, such as "reassignment".

    Raises:
        BulkWorkFailed: it ended before its time.
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        handle = await start()
        ended = asyncio.ensure_future(handle.result())
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=_ASK_EVERY)
                if not ended.done():
                    on_progress(await _ask(handle, query))
            return ended.result()
        finally:
            ended.cancel()
    except (WorkflowFailureError, PayloadRefused) as error:
        raise _failed(what, error) from error
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


class Seen(Model, Generic[Progress, Result]):
    """How far a workflow has come, as somebody sees who looks once.

    Attributes:
        running: whether it goes on.
        progress: what it says of itself; None where no worker answers, or it has ended.
        result: what it came to, where it has ended.
    """

    running: bool
    progress: Progress | None = None
    result: Result | None = None


async def look(
    handle: WorkflowHandle[Any, Result], query: Callable[[Any], Progress], *, what: str
) -> Seen[Progress, Result] | None:
    """Look once how far a workflow has come; None where there is none, or its end is too long ago.

    Raises:
        BulkWorkFailed: it ended before its time.
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        found = await handle.describe()
        if found.status is WorkflowExecutionStatus.RUNNING:
            return Seen(running=True, progress=await _ask(handle, query))
        return Seen(running=False, result=await handle.result())
    except (WorkflowFailureError, PayloadRefused) as error:
        raise _failed(what, error) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


def _failed(what: str, error: WorkflowFailureError | PayloadRefused) -> BulkWorkFailed:
    cause = error.cause if isinstance(error, WorkflowFailureError) else error
    return BulkWorkFailed(
        f"The {what} ended before its time ({type(cause).__name__}); the worker's log says why. "
        "What was done stays so; the same again does the rest."
    )


async def _ask(handle: WorkflowHandle[Any, Any], query: Callable[[Any], Progress]) -> Progress | None:
    try:
        return await handle.query(query, rpc_timeout=_QUERY_WITHIN)
    except _NO_ANSWER:
        return None
