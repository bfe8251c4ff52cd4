"""Whether this process can do its work, for a supervisor process or orchestrator: HTTP on one port.

`/live` answers 200 while the process runs. `/ready` answers 200 when it can do its work, else 503 with JSON that says
what prevents it. Under `attention` both list what somebody must look at although the work goes on: a stranger who
meddles must not be able to have this process taken out of service.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeAlias

from runtime.embedded.ports import LOOPBACK, free_port
from runtime.settings import BadSetting
from runtime.upkeep import Upkeep

PREFERRED_PORT = 8235

CHECK_WITHIN = 2.0
"""Seconds a check may take; after that it counts as unanswered."""

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Says what is wrong in a few words, or None. Raises nothing."""

# Seconds in which a request must arrive.
_ASKED_WITHIN = 5.0
_LONGEST_REQUEST = 8192
_TRIES = 5


@asynccontextmanager
async def probe(
    checks: Mapping[str, Check], address: str | None, upkeep: Upkeep | None = None
) -> AsyncIterator[str]:
    """Answer at `address` (HOST:PORT; None: a free port of this machine only) until the context ends.

    Yields the URL of `/ready`. Raises BadSetting where nothing can listen at the address.
    """
    server, host, port = await _listen(checks, address, upkeep)
    try:
        yield f"http://{host}:{port}/ready"
    finally:
        server.close()


async def _listen(
    checks: Mapping[str, Check], address: str | None, upkeep: Upkeep | None
) -> tuple[asyncio.Server, str, str]:
    for last in (*[False] * (0 if address else _TRIES - 1), True):
        host, _, port = (address or f"{LOOPBACK}:{free_port(PREFERRED_PORT)}").rpartition(":")
        try:
            server = await asyncio.start_server(
                lambda reader, writer: _converse(checks, upkeep, reader, writer),
                host,
                int(port),
                limit=_LONGEST_REQUEST,
            )
        except OSError:
            # One that was found free may be another's by now.
            if last:
                raise BadSetting(
                    f"RJ_READY_ADDRESS={host}:{port} cannot be used: nothing can listen there; choose another port."
                ) from None
        else:
            return server, host, port
    raise AssertionError("unreachable")


async def not_ready(checks: Mapping[str, Check]) -> dict[str, str]:
    """The failed checks, by name; empty when all pass."""
    found = await asyncio.gather(*(_ask(check) for check in checks.values()))
    return {name: wrong for name, wrong in zip(checks, found, strict=True) if wrong}


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            return await check()
    except TimeoutError:
        return f"did not answer within {CHECK_WITHIN:.0f} seconds"


async def _converse(
    checks: Mapping[str, Check],
    upkeep: Upkeep | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        async with asyncio.timeout(_ASKED_WITHIN):
            request = await reader.readuntil(b"\r\n\r\n")
        status, told = await _answer(checks, upkeep, request)
        body = json.dumps(told).encode()
        head = (
            f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + (b"" if request.startswith(b"HEAD ") else body))
        await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        # A client that sends no request, or disconnects, gets no answer.
        return
    finally:
        writer.close()


async def _answer(
    checks: Mapping[str, Check], upkeep: Upkeep | None, request: bytes
) -> tuple[HTTPStatus, dict[str, object]]:
    method, _, rest = request.decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if method not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "only GET is answered"}
    match path:
        case "/live":
            return HTTPStatus.OK, {"live": True}
        case "/ready":
            wrong = await not_ready(checks)
            status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
            attention = upkeep.attention if upkeep else {}
            return status, {"ready": not wrong, "not_ready": wrong, "attention": attention}
        case _:
            return HTTPStatus.NOT_FOUND, {"error": "ask for /ready or /live"}
