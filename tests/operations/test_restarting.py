"""A server of `rj up` that dies is started again, also when the first try fails, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.bringing_up import RESTARTS, Up
from runtime.embedded.child_process import ServerFailed
from runtime.embedded.data_folder import RunningService


@dataclass
class Failing:
    """A server whose first starts fail."""

    failures: int
    tries: int = 0

    @property
    def process(self) -> Any:
        return SimpleNamespace(name="PostgreSQL")

    async def restart(self) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise ServerFailed("PostgreSQL did not start: it is recovering.")


def running() -> Up:
    service = RunningService(
        pid=1, database_url="", temporal_address="", started_at=datetime(2026, 11, 26, tzinfo=UTC)
    )
    return Up(cast(Any, None), service, (), cast(Any, None), (), "127.0.0.1:9464")


async def test_a_start_that_fails_is_tried_again_and_counted() -> None:
    up, server, told = running(), Failing(2), list[RunningService]()
    await up._restart(server, "PostgreSQL stopped by itself.", told.append)
    assert server.tries == 3
    assert [each.said for each in up.service.restarts] == [
        "PostgreSQL stopped by itself.",
        *["PostgreSQL did not start: it is recovering."] * 2,
    ]
    assert told[-1] == up.service


async def test_after_five_in_ten_minutes_it_is_given_up_with_why() -> None:
    up, server = running(), Failing(99)
    with pytest.raises(
        ServerFailed, match=r"it is recovering\. It had been started again 5 times in 10 minutes"
    ):
        await up._restart(server, "PostgreSQL stopped by itself.", lambda _: None)
    assert server.tries == RESTARTS
