"""`rj up` as a process of its own, for tests."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from temporalio.envconfig import ClientConnectConfig

from runtime.connections import connected
from runtime.embedded.data_folder import DataFolder
from runtime.settings import Settings
from tests.replay.replaying import replay_all

ROOT = Path(__file__).parents[2]
RJ = (sys.executable, str(ROOT / "starter.py"))
_LED_ELSEWHERE = re.compile(r"^(RJ_.*|TEMPORAL_.*|DATABASE_URL)$")


class Up:
    """A running `rj up`, and everything it printed until it was ready."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said

    def end(self, *signals: signal.Signals) -> tuple[int, str]:
        """Its exit code and its last words, after these signals; with none, as it ends by itself."""
        for number in signals:
            self.process.send_signal(number)
        last, _ = self.process.communicate(timeout=30)
        return self.process.returncode, last


def environment(data: Path) -> dict[str, str]:
    """The environment of a terminal in which only the data folder is named."""
    plain = {name: value for name, value in os.environ.items() if not _LED_ELSEWHERE.match(name)}
    return plain | {"RJ_DATA": str(data)}


def start(data: Path, *arguments: str) -> subprocess.Popen[str]:
    """An `rj up` that has just been started."""
    return subprocess.Popen(
        [*RJ, "up", *arguments],
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def up(data: Path, *arguments: str) -> Iterator[Up]:
    """An `rj up` that has said all it has to say."""
    process = start(data, *arguments)
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        yield Up(process, said)
    finally:
        # Told first, so that it ends its servers; killed, it would leave them running.
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def replayed(data: Path) -> int:
    """How many runs of referrals the living `rj up` has had; each was replayed."""

    async def replay_what_ran() -> int:
        service = DataFolder(data).running()
        assert service is not None
        temporal = ClientConnectConfig(
            target_host=service.temporal_address, namespace=service.temporal_namespace
        )
        async with connected(Settings.load(data=data), service.database_url, temporal) as referrals:
            return await replay_all(referrals)

    return asyncio.run(replay_what_ran())


def ours(data: Path) -> list[str]:
    """The processes that work on the data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if any(str(data) in word for word in words):
            found.append(" ".join(words))
    return found
