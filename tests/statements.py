"""The statements that are sent to PostgreSQL, for tests that say how many something takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

import asyncpg

_WAYS = ("fetch", "fetchrow", "fetchval", "execute", "executemany")
_AROUND = ("BEGIN", "COMMIT", "ROLLBACK")


_counting: ContextVar[list[str] | None] = ContextVar("counting", default=None)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent until the context ends, by what is called in it; without those that only begin and
    end. What a worker of the same process sends meanwhile is not counted."""
    sent: list[str] = []

    def noting(send: Any) -> Any:
        async def noted(self: Any, query: str, *arguments: Any, **how: Any) -> Any:
            if _counting.get() is sent and not query.startswith(_AROUND):
                sent.append(query)
            return await send(self, query, *arguments, **how)

        return noted

    with ExitStack() as stack:
        for way in _WAYS:
            send = getattr(asyncpg.Connection, way)
            stack.enter_context(patch.object(asyncpg.Connection, way, noting(send)))
        before = _counting.set(sent)
        try:
            yield sent
        finally:
            _counting.reset(before)
