"""What a serving process does by itself beside its work, again and again: looking whether anybody meddles, and keeping
the records safe. None of it depends on Temporal's own schedules, which whoever reaches Temporal can take away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class PeriodicTask:
    """One thing that is done again and again while a process serves.

    Attributes:
        name: under which `/ready` says what it found.
        every: how long it rests between two times.
        run: does it; answers what somebody must look at, in one sentence, or None. It may raise: that is logged, and
            it is done again when its time comes.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[str | None]]


class Upkeep:
    """The tasks of a process, and what each found last."""

    def __init__(self, tasks: Sequence[PeriodicTask]) -> None:
        self._tasks = tasks
        self._found: dict[str, str] = {}

    @property
    def attention(self) -> dict[str, str]:
        """What somebody must look at, by the task's name; empty when nothing is wrong."""
        return dict(self._found)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do the tasks until the context ends; one that is being done then is broken off."""
        running = [asyncio.create_task(self._keep(each), name=each.name) for each in self._tasks]
        try:
            yield
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _keep(self, task: PeriodicTask) -> None:
        while True:
            try:
                found = await task.run()
            except Exception:
                # A server is away, or it is a fault of ours: neither may end what else is looked after.
                log.exception("upkeep failed and is tried again", task=task.name)
                found = "Could not be done; see the log."
            self._note(task, found)
            await asyncio.sleep(task.every.total_seconds())

    def _note(self, task: PeriodicTask, found: str | None) -> None:
        if found is None:
            self._found.pop(task.name, None)
        elif self._found.get(task.name) != found:
            self._found[task.name] = found
            log.error(found, alert=task.name)
