"""A server as a child process: started, watched, and stopped by its own pid."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import psutil

READY_WITHIN = 30.0
"""Seconds a server may take to answer; generous, because a loaded machine is slow."""


class ServerFailed(Exception):
    """An embedded server could not be started, or stopped by itself. The message is one sentence for the user."""


class ChildProcess:
    """One running server. It has its own session, so that Ctrl-C reaches only us and we stop servers in order. It is a
    direct child, so that it is reaped and a restart finds no zombie.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        user: int | None = None,
        group: int | None = None,
    ) -> Self:
        """Start a command given as a list; what it prints is appended to `log`."""
        with open(log, "ab", opener=_private) as output:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env),
                cwd="/",
                umask=0o077,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )
        return cls(name, process, log)

    @property
    def name(self) -> str:
        """What people call the server."""
        return self._name

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait until the process has ended; its exit code, or minus the signal that ended it."""
        return await self._process.wait()

    async def died(self) -> str:
        """Wait until the process has ended, and say so in one sentence."""
        return self._how_it_ended(await self._process.wait())

    async def ready(self, answers: Callable[[], Awaitable[bool]], within: float = READY_WITHIN) -> None:
        """Ask until the server answers; raises ServerFailed when it dies first or takes over `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while not await answers():
                    if self._process.returncode is not None:
                        raise ServerFailed(self._how_it_ended(self._process.returncode))
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ServerFailed(
                f"{self._name} did not answer within {within:.0f} seconds; its log is {self._log}."
            ) from None

    def listens(self, port: int) -> bool:
        """Whether this process itself listens on the port, and not another that took it first."""
        try:
            sockets = psutil.Process(self.pid).net_connections("tcp")
        except psutil.Error:  # gone already
            return False
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)

    async def stop(self, *polite: signal.Signals, seconds_each: float = 20.0) -> None:
        """End the process: each of the signals in turn, `seconds_each` apart, then SIGKILL."""
        try:
            for number in polite:
                self._send(number)
                try:
                    await asyncio.wait_for(self._process.wait(), seconds_each)
                except TimeoutError:
                    continue
                return
        finally:
            # Also when cancelled again while waiting: no process is left behind.
            self._send(signal.SIGKILL)
            await self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    def _how_it_ended(self, code: int) -> str:
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"{self._name} stopped by itself ({how}); its log is {self._log}."


class Restartable(Protocol):
    """A server of ours that can be started again where it was."""

    @property
    def process(self) -> ChildProcess:
        """The process that serves now, or died last."""

    async def restart(self) -> None:
        """Start it again after it died: on the same data, at the same address. Raises ServerFailed."""


async def end_orphan(pid: int, mark: str, *polite: signal.Signals, seconds_each: float = 20.0) -> None:
    """End a server that outlived an `rj up` which was killed.

    A process counts as ours only if `mark` (a path in our data folder) is on its command line, because process ids
    are reused.
    """
    for number in (*polite, signal.SIGKILL):
        if not _runs(pid, mark):
            return
        os.kill(pid, number)
        waited = 0.0
        while _runs(pid, mark) and waited < seconds_each:
            await asyncio.sleep(0.05)
            waited += 0.05


def _runs(pid: int, mark: str) -> bool:
    try:
        return any(mark in word for word in psutil.Process(pid).cmdline())
    except psutil.Error:  # gone, a zombie, or not ours to look at
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
