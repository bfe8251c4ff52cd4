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
class Duty:
    """One thing that is done again and again while a process serves.

    Attributes:
        name: under which `/ready` says what it found.
        every: how long it rests between two times.
        do: does it; answers what somebody must look at, in one sentence, or None. It may raise: that is logged, and
            it is done again when its time comes.
    """

    name: str
    every: timedelta
    do: Callable[[], Awaitable[str | None]]


class Upkeep:
    """The duties of a process, and what each found last."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = duties
        self._found: dict[str, str] = {}

    @property
    def attention(self) -> dict[str, str]:
        """What somebody must look at, by the duty's name; empty when nothing is wrong."""
        return dict(self._found)

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Do the duties until the context ends; one that is being done then is broken off."""
        running = [asyncio.create_task(self._keep(each), name=each.name) for each in self._duties]
        try:
            yield
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _keep(self, duty: Duty) -> None:
        while True:
            try:
                found = await duty.do()
            except Exception:
                # A server is away, or it is a fault of ours: neither may end what else is looked after.
                log.exception("upkeep failed and is tried again", duty=duty.name)
                found = "Could not be done; see the log."
            self._note(duty, found)
            await asyncio.sleep(duty.every.total_seconds())

    def _note(self, duty: Duty, found: str | None) -> None:
        if found is None:
            self._found.pop(duty.name, None)
        elif self._found.get(duty.name) != found:
            self._found[duty.name] = found
            log.error(found, alert=duty.name)
