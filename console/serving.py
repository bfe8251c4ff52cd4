"""Serving the console over HTTP, inside a process that does more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from console.app import make_app
from console.asked import Console
from runtime.embedded.ports import LOOPBACK, free_port
from runtime.settings import BadSetting

PREFERRED_PORT = 8400

FINISH_WITHIN = 10
"""Seconds in which requests in hand are answered once the console stops."""

_LONGEST_HEAD = 32 * 1024
_TRIES = 5


class _Server(uvicorn.Server):
    """Uvicorn without its hands on the signals of a process that is not its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield


@dataclass(frozen=True, slots=True)
class Door:
    """Where a console is going to answer; whoever knocks before that waits."""

    socket: socket.socket

    @property
    def address(self) -> str:
        """As a browser is told it."""
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def door(address: str | None) -> Iterator[Door]:
    """Listen for a console's visitors.

    Args:
        address: HOST:PORT; None: a free port of this machine only.

    Raises:
        BadSetting: nothing can listen at the address.
    """
    listening = _listen(address)
    try:
        yield Door(listening)
    finally:
        listening.close()


@asynccontextmanager
async def console_served(console: Console, at: Door) -> AsyncIterator[asyncio.Task[None]]:
    """Serve a console until the context ends; requests in hand are then answered first.

    Yields:
        A task that ends only where the server gives up by itself.
    """
    trusted = console.settings.console_proxies
    server = _Server(
        uvicorn.Config(
            make_app(console),
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=list(trusted) or None,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=FINISH_WITHIN,
            loop="none",
            ws="none",
        )
    )
    async with console.changes.heard(console.referrals.pool):
        serving = asyncio.create_task(server.serve(sockets=[at.socket]))
        try:
            yield serving
        finally:
            # Pages that wait for news would keep the server from stopping.
            console.changes.end()
            server.should_exit = True
            await serving


def _listen(address: str | None) -> socket.socket:
    for last in (*[False] * (0 if address else _TRIES - 1), True):
        host, _, port = (address or f"{LOOPBACK}:{free_port(PREFERRED_PORT)}").rpartition(":")
        host = host.strip("[]")
        try:
            return socket.create_server(
                (host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
            )
        except OSError:
            if last:
                raise BadSetting(
                    f"RJ_CONSOLE_ADDRESS={host}:{port} cannot be used: nothing can listen there; choose another port."
                ) from None
    raise AssertionError("unreachable")
