"""What took long to count, kept for some minutes for whoever asks the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

FOR = timedelta(minutes=5)
"""How long it is kept."""


class Counted(NamedTuple):
    """What was counted, and when it was begun."""

    at: datetime
    found: Any


class Kept:
    """What was counted lately, by what was asked. Of several who ask at once, one counts for all."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[datetime, asyncio.Task[Any]]] = {}

    async def get(self, key: Hashable, now: datetime, count: Callable[[], Awaitable[Any]]) -> Counted:
        """What was counted for this key in the last minutes, or what `count` comes to now.

        Args:
            key: all that the answer depends on, and for whom it is.
        """
        self._kept = {each: kept for each, kept in self._kept.items() if now - kept[0] < FOR}
        if key not in self._kept:
            self._kept[key] = now, asyncio.ensure_future(_awaited(count))
        at, counting = self._kept[key]
        try:
            # Who gives up waiting stops nobody else.
            return Counted(at, await asyncio.shield(counting))
        except BaseException:
            if counting.done():
                self._kept.pop(key, None)
            raise


async def _awaited(count: Callable[[], Awaitable[Any]]) -> Any:
    return await count()
