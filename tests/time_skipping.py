"""The time-skipping server, asked again where the line to it breaks, or no answer comes.

Under load it breaks connections off (`h2 protocol error`), and now and then never answers. The SDK repeats most calls
by itself, but neither those that move this server's time nor those of its operator.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, Plugin
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from workflows.referral import SEARCH_ATTRIBUTES

T = TypeVar("T")

# Installed beside the interpreter, which need not be on the PATH.
TEST_SERVER = Path(sys.executable).with_name("temporal-test-server")

_TRIES = 10
_LONGEST = 60.0
"""Seconds after which no answer comes any more: even a year passes in less than one."""
_BROKEN_LINE = ("h2 protocol error", "transport error", "connection reset", "broken pipe", "timeout expired")


class TimeSkipping:
    """A Temporal whose time is moved by hand."""

    def __init__(self, env: WorkflowEnvironment) -> None:
        self._env = env

    @property
    def client(self) -> Client:
        """Of this server."""
        return self._env.client

    async def get_current_time(self) -> datetime:
        """What the server's clock shows, UTC."""
        return await asked_again(self._env.get_current_time)

    async def sleep(self, duration: timedelta) -> None:
        """Let time pass. Where the line breaks meanwhile, what then is left of it, so that it never passes twice."""
        until = await self.get_current_time() + duration

        async def sleep_on() -> None:
            left = until - await self.get_current_time()
            if left > timedelta(0):
                await self._env.sleep(left)

        await asked_again(sleep_on)

    async def add_search_attributes(self) -> None:
        """Make ours; this server adds them, but does not list them."""
        wanted = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
        asked = AddSearchAttributesRequest(namespace=self.client.namespace, search_attributes=wanted)

        async def add() -> None:
            try:
                await self.client.operator_service.add_search_attributes(asked)
            except RPCError as error:
                # By a call whose answer got lost.
                if error.status is not RPCStatusCode.ALREADY_EXISTS:
                    raise

        await asked_again(add)


@asynccontextmanager
async def time_skipping(*plugins: Plugin) -> AsyncIterator[TimeSkipping]:
    """A server of one's own, until the context ends."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(TEST_SERVER),
        plugins=list(plugins),
        test_server_startup_timeout=timedelta(seconds=30),
    ) as env:
        yield TimeSkipping(env)


async def asked_again(call: Callable[[], Awaitable[T]]) -> T:
    """The answer to a call that may be made more than once, made again where the line to the server broke."""
    for tries in range(1, _TRIES):
        try:
            async with asyncio.timeout(_LONGEST):
                return await call()
        except TimeoutError:
            continue
        except RPCError as error:
            if not _line_broke(error):
                raise
        await asyncio.sleep(0.05 * tries)
    return await call()


def _line_broke(error: RPCError) -> bool:
    said = error.message.lower()
    return error.status is RPCStatusCode.UNAVAILABLE or any(each in said for each in _BROKEN_LINE)
