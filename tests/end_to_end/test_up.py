"""`rj up` as a process of its own: started, found by other commands, killed, started again, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

# One worker runs these after another: two cores are busy enough with one set of servers.
pytestmark = pytest.mark.xdist_group("embedded")

ROOT = Path(__file__).parents[2]
RJ = (sys.executable, str(ROOT / "starter.py"))
_LED_ELSEWHERE = re.compile(r"^(RJ_.*|TEMPORAL_.*|DATABASE_URL)$")


class Up:
    """A running `rj up`, and everything it printed."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said

    def end(self, *signals: signal.Signals) -> tuple[int, str]:
        """Its exit code and its last words, after it was told to stop."""
        for number in signals:
            self.process.send_signal(number)
        last, _ = self.process.communicate(timeout=30)
        return self.process.returncode, last


def environment(data: Path) -> dict[str, str]:
    """The environment of a terminal in which only the data folder is named."""
    plain = {name: value for name, value in os.environ.items() if not _LED_ELSEWHERE.match(name)}
    return plain | {"RJ_DATA": str(data)}


def rj(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command does in another terminal."""
    return subprocess.run(
        [*RJ, *arguments], env=environment(data), capture_output=True, text=True, timeout=60
    )


@contextmanager
def up(data: Path, *arguments: str) -> Iterator[Up]:
    """An `rj up` that has printed all it has to say."""
    process = subprocess.Popen(
        [*RJ, "up", *arguments],
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        yield Up(process, said)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


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


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder, short-named and open to pass through: as root the database runs under another account."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


def test_everything_comes_up_and_goes_down(data: Path) -> None:
    nothing = rj(data, "doctor")
    assert nothing.returncode == 4
    assert "Run `rj up`" in nothing.stdout
    with up(data, "--demo") as first:
        for row in ("PostgreSQL", "Temporal", "Temporal UI", "Metrics", "Readiness", "Data folder", "Log"):
            assert re.search(rf"^{row} +\S", first.said, re.MULTILINE), first.said
        assert "13 referrals; 128 new steps" in first.said
        assert "Back this file up apart from the data" in first.said
        password = (data / "postgres" / "owner.password").read_text()
        assert password not in first.said

        healthy = rj(data, "doctor")
        assert healthy.returncode == 0, healthy.stdout
        assert "12 open; each has its workflow" in healthy.stdout
        second = rj(data, "up")
        assert second.returncode == 3
        assert f"process {first.process.pid}" in second.stderr
        # No warning was printed, and the log has no secret.
        assert "[warning" not in first.said
        assert password not in (data / "rj.log").read_text()
        # Killed, it leaves its servers behind.
        code, _ = first.end(signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert len(ours(data)) >= 2

    with up(data, "--demo") as again:
        assert "13 referrals; no new steps" in again.said
        assert "Back this file up" not in again.said
        assert rj(data, "list", "--json", "--limit", "50").stdout.count('"reference"') == 12
        code, last = again.end(signal.SIGTERM)
        assert code == 0
        assert "Everything is stopped." in last
        assert ours(data) == []


def test_a_server_that_dies_is_told_and_everything_else_stopped(data: Path) -> None:
    with up(data) as running:
        os.kill(int((data / "temporal" / "pid").read_text()), signal.SIGKILL)
        last, _ = running.process.communicate(timeout=30)
        assert running.process.returncode == 4
        assert "Temporal stopped by itself (killed by SIGKILL)" in last
        assert "Traceback" not in last
        assert ours(data) == []


def test_ctrl_c_while_it_starts(data: Path) -> None:
    process = subprocess.Popen(
        [*RJ, "up"], env=environment(data), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while not ours(data):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Everything is stopped." in said
    assert ours(data) == []


def test_what_cannot_be_used_is_a_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("retention_years = 0\nextends = 'england-and-wales.toml'\n")
    refused = rj(data, "up", "--policy", str(tmp_path / "policy.toml"))
    assert refused.returncode == 2
    assert "retention_years" in refused.stderr
    assert refused.stderr.count("\n") == 1
    (data / "master.keys").rename(data / "master.keys.elsewhere")
    gone = rj(data, "up")
    assert gone.returncode == 2
    assert "put it back from its backup" in gone.stderr
    assert ours(data) == []
