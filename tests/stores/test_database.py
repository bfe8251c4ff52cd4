"""Connecting while PostgreSQL starts, as after a crash."""

from __future__ import annotations

import asyncpg
import pytest

from stores import database


class Starting:
    """A server that lets nobody in for so many tries."""

    def __init__(self, tries: int) -> None:
        self.left = tries

    async def connect(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise asyncpg.CannotConnectNowError("the database system is starting up")
        return "connected"


async def test_who_connects_while_it_starts_waits_until_it_has() -> None:
    assert await database._once_started(Starting(2).connect) == "connected"


async def test_where_it_does_not_start_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(database, "_STARTS_WITHIN", 0)
    monkeypatch.setattr("asyncpg.connect", never)
    with pytest.raises(database.DatabaseUnreachable, match="is starting or stopping: try again in a moment"):
        await database.connect("postgresql://rj@127.0.0.1:1/rj")
