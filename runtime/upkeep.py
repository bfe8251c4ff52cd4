"""Periodic tasks of a serving process: checking whether anybody meddles, and keeping the records safe. They do not use
Temporal's schedules, which anybody who reaches Temporal can delete.
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
    """A task that is repeated while a process serves.

    Attributes:
        name: the key of its finding in `/ready`, and the kind of its alert.
        every: the pause between two runs.
        run: returns what somebody must look at, in one sentence, or None. An exception is logged, and the task runs
            again after the pause.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[str | None]]


class Upkeep:
    """The periodic tasks of a process, and what each found last."""

    def __init__(self, tasks: Sequence[PeriodicTask]) -> None:
        self._tasks = tasks
        self._found: dict[str, str] = {}

    @property
    def attention(self) -> dict[str, str]:
        """What somebody must look at, by the task's name; empty when nothing is wrong."""
        return dict(self._found)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the tasks until the context ends, then cancel them."""
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
                # An unreachable server or a fault of ours must not stop this task for good.
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
