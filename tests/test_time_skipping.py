"""The tests' own time-skipping server: a broken line is no failed test, and time passes once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from temporalio.service import RPCError, RPCStatusCode

from tests.time_skipping import TimeSkipping, asked_again

BROKEN = RPCError("h2 protocol error: http2 error", RPCStatusCode.INTERNAL, b"")


class BreakingOff:
    """A server that lets time pass, and breaks the line off before it says so."""

    def __init__(self, breaks: int) -> None:
        self.time, self.breaks = datetime(2026, 1, 1, tzinfo=UTC), breaks

    async def get_current_time(self) -> datetime:
        return self.time

    async def sleep(self, duration: timedelta) -> None:
        # Half of it has passed by then, or all.
        if self.breaks:
            self.breaks -= 1
            self.time += duration / 2 if self.breaks else duration
            raise BROKEN
        self.time += duration


async def test_time_that_passed_before_the_line_broke_does_not_pass_again() -> None:
    server = BreakingOff(2)
    before = server.time
    await TimeSkipping(cast(Any, server)).sleep(timedelta(days=1))
    assert (server.breaks, server.time - before) == (0, timedelta(days=1))


async def test_another_failure_is_not_asked_again() -> None:
    asked = 0

    async def call() -> None:
        nonlocal asked
        asked += 1
        raise RPCError("no such namespace", RPCStatusCode.INVALID_ARGUMENT, b"")

    with pytest.raises(RPCError, match="no such namespace"):
        await asked_again(call)
    assert asked == 1
