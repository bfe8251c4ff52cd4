"""What takes long is counted once for all who ask, for some minutes, and again where it failed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.keeping import FOR, Counted, Kept

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Counting:
    """Counts how often it was asked to count."""

    def __init__(self) -> None:
        self.times = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> int:
        self.times += 1
        await self.may.wait()
        return self.times


async def test_what_was_counted_is_given_to_who_asks_the_same_within_minutes() -> None:
    kept, count = Kept(), Counting()
    assert await kept.get("a", NOW, count) == Counted(NOW, 1)
    later = NOW + FOR - timedelta(seconds=1)
    assert await kept.get("a", later, count) == Counted(NOW, 1)
    assert await kept.get("b", later, count) == Counted(later, 2)
    assert await kept.get("a", NOW + FOR, count) == Counted(NOW + FOR, 3)


async def test_of_many_who_ask_at_once_one_counts() -> None:
    kept, count = Kept(), Counting()
    count.may.clear()
    asking = [asyncio.create_task(kept.get("a", NOW, count)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    count.may.set()
    assert [each.found for each in await asyncio.gather(*asking[1:])] == [1, 1]
    assert count.times == 1


async def test_what_failed_is_counted_again() -> None:
    async def fail() -> int:
        raise RuntimeError

    kept = Kept()
    with pytest.raises(RuntimeError):
        await kept.get("a", NOW, fail)
    assert (await kept.get("a", NOW, Counting())).found == 1
