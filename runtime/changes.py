"""What changes in the database, as PostgreSQL tells it, for whoever in this process waits for it.

PostgreSQL tells of each step with the step's own transaction (`stores/migrations/0020_live.sql`). One connection of a
process listens. It is made again when it is lost; nobody knows what was missed meanwhile, so everybody is told that
something may have changed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncpg
import structlog

from stores.database import DatabaseUnreachable, Pool

CHANNEL = "rj_changes"

_KEPT = 10_000
"""How many of the latest changes are kept, for who begins to wait after the page was made that they look at."""
_MOST_FOR_ONE = 100
"""How many changes are kept for who does not come for them: beyond that they are told that they missed some."""
_STILL_THERE = 30.0
"""Seconds after which a silent connection is asked whether it is still there."""
_SOONEST, _LATEST = 0.2, 5.0
"""Seconds until a lost connection is made again: the first time, and in the end."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed; by ids and names of areas only.

    Attributes:
        reference: of the referral on which a step was taken; None: it is a message, or nobody knows what.
        sequence: how many events the referral has now.
        areas: whose it is and was, and to whom it is and was offered.
        workers: its caseworker and its facilitator, before and now.
        told: who found a message in their inbox.
        missed: whether nobody knows what changed, since nobody listened for a while.
    """

    reference: str | None = None
    sequence: int = 0
    areas: frozenset[str] = frozenset()
    workers: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    missed: bool = False


_MISSED = Change(missed=True)

Concern = Callable[[Change], bool]
"""Whether a change is of interest to who waits; that some were missed is always."""


@dataclass(eq=False, slots=True)
class Waiting:
    """Somebody who waits for changes."""

    concern: Concern
    _came: list[Change] = field(default_factory=list)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False

    async def changes(self, within: float) -> list[Change] | None:
        """What changed since the last time this was asked, as soon as anything does; nothing, where nothing changed
        within that many seconds; None: nothing comes any more, since the process stops."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return []
        if self._ended:
            return None
        self._woken.clear()
        came, self._came = self._came, []
        return came

    def tell(self, change: Change) -> None:
        """Put a change before them, if it concerns them."""
        if change.missed or self.concern(change):
            # A browser that takes nothing would have them pile up.
            self._came = [*self._came, change] if len(self._came) < _MOST_FOR_ONE else [_MISSED]
            self._woken.set()

    def end(self) -> None:
        """Say that nothing comes any more."""
        self._ended = True
        self._woken.set()


class Changes:
    """The changes that a process hears of."""

    def __init__(self) -> None:
        """Nobody listens yet: see :meth:`heard`."""
        self._waiting: set[Waiting] = set()
        self._latest: deque[tuple[float, Change]] = deque(maxlen=_KEPT)
        self._whole_since: float | None = None
        self._heard = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def heard(self, pool: Pool) -> AsyncIterator[None]:
        """Listen until the context ends; then nobody waits any longer.

        Args:
            pool: the process's own, beside whose connections one more is made.
        """
        listening = asyncio.create_task(self._listen(pool), name="changes")
        try:
            yield
        finally:
            self.end()
            listening.cancel()
            await asyncio.wait([listening])

    async def until_heard(self) -> None:
        """Wait until PostgreSQL is listened to."""
        await self._heard.wait()

    def end(self) -> None:
        """Have everybody who waits stop, and whoever comes after."""
        self._ended = True
        for each in self._waiting:
            each.end()

    @contextmanager
    def awaited(self, concern: Concern, since: float | None = None) -> Iterator[Waiting]:
        """Wait for changes while the context lasts.

        Args:
            since: when what somebody looks at was read, by this machine's clock: what changed after that is told at
                once. None: only what changes from now on.
        """
        waiting = Waiting(concern)
        if self._ended:
            waiting.end()
        self._waiting.add(waiting)
        try:
            if since is not None:
                self._catch_up(waiting, since)
            yield waiting
        finally:
            self._waiting.discard(waiting)

    def _catch_up(self, waiting: Waiting, since: float) -> None:
        if self._whole_since is None or since < self._whole_since:
            waiting.tell(_MISSED)
            return
        for at, change in self._latest:
            if at >= since:
                waiting.tell(change)

    async def _listen(self, pool: Pool) -> None:
        pause = _SOONEST
        while True:
            try:
                async with pool.apart() as connection:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._told)
                    self._begin()
                    pause = _SOONEST
                    await self._until_lost(connection, lost)
            except (DatabaseUnreachable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("changes are not heard", why=type(error).__name__)
            self._whole_since = None
            self._heard.clear()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LATEST)

    async def _until_lost(self, connection: asyncpg.Connection[asyncpg.Record], lost: asyncio.Event) -> None:
        while not lost.is_set():
            try:
                async with asyncio.timeout(_STILL_THERE):
                    await lost.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=_STILL_THERE)

    def _begin(self) -> None:
        self._whole_since = time.time()
        self._heard.set()
        self._latest.clear()
        for each in self._waiting:
            each.tell(_MISSED)

    def _told(self, _connection: object, _process: int, _channel: str, said: object) -> None:
        change = _read(str(said))
        if len(self._latest) == _KEPT:
            self._whole_since = self._latest[0][0]
        self._latest.append((time.time(), change))
        for each in list(self._waiting):
            each.tell(change)


def _read(said: str) -> Change:
    """What PostgreSQL told; what cannot be read is told as something that nobody knows."""
    try:
        found = json.loads(said)
        return Change(
            reference=found.get("reference"),
            sequence=int(found.get("sequence") or 0),
            areas=_words(found.get("areas")),
            workers=_words(found.get("workers")),
            told=_words(found.get("told")),
        )
    except (ValueError, TypeError, AttributeError):
        log.warning("a change was told that cannot be read")
        return _MISSED


def _words(found: list[str | None] | None) -> frozenset[str]:
    return frozenset(each for each in found or () if each is not None)
