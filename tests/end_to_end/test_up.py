"""`rj up` and `rj doctor`: started, found, killed, started again, told that a server died, stopped."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from runtime.embedded.data_folder import DataFolder
from runtime.logging import EntryHandler
from starter import app
from tests.end_to_end.running import environment, ours, replayed, start, up

# One worker runs these after another: two cores are busy enough with one set of servers.
pytestmark = pytest.mark.xdist_group("up")

Rj: TypeAlias = Callable[..., Result]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder, short-named and open to pass through: as root the database runs under another account."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


@pytest.fixture
def rj(data: Path) -> Rj:
    """Run a command that looks for its service in the data folder."""
    unset = {name: None for name in os.environ if name not in environment(data)}

    def run(*arguments: str, given: str | None = None) -> Result:
        with own_logging():
            return CliRunner().invoke(app, arguments, env=unset | {"RJ_DATA": str(data)}, input=given)

    return run


@contextmanager
def own_logging() -> Iterator[None]:
    """This process's own logging comes back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers and isinstance(handler, EntryHandler):
            handler.stream.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_before_anything_runs(rj: Rj) -> None:
    nothing = rj("doctor")
    assert nothing.exit_code == 4
    assert "Run `rj up`" in nothing.stdout


def test_it_is_found_and_survives_being_killed(data: Path, rj: Rj) -> None:
    with up(data, "--demo") as first:
        for row in ("PostgreSQL", "Temporal", "Metrics", "Readiness", "Data folder", "Log"):
            assert re.search(rf"^{row} +\S", first.said, re.MULTILINE), first.said
        assert "13 referrals; 141 new steps" in first.said
        for name in ("master.keys", "epoch.keys"):
            assert f"Made the keys: {data / name}\n" in first.said
        assert "Back up both files of keys, apart from the data" in first.said
        assert "[warning" not in first.said
        password = (data / "postgres" / "owner.password").read_text()
        assert password not in first.said
        assert password not in (data / "rj.log").read_text()

        healthy = rj("doctor", "--json")
        assert healthy.exit_code == 0, healthy.stdout
        found = {finding["check"]: finding["said"] for finding in json.loads(healthy.stdout)}
        # The demo's 12, and those of its invented year, of which it depends on the day how many are open.
        opened = re.fullmatch(r"(\d+) open; each has its workflow\.", found["workflows"])
        assert opened is not None, found["workflows"]
        assert int(opened[1]) > 12 + 6
        assert found["staff"] == "36 active; in every area two can sign off."
        assert found["policy versions"] == "Each version means the same to every open referral."
        assert "service phone" not in found  # rj up sends nothing
        assert replayed(data) >= 13
        second = rj("up")
        assert second.exit_code == 3
        assert f"process {first.process.pid}" in second.stderr
        # Killed, it leaves its servers behind.
        assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
        assert len(ours(data)) >= 2

    with up(data, "--demo") as again:
        assert "13 referrals; no new steps" in again.said, again.said
        assert "The invented year of cleveland is there already." in again.said
        assert "Back up" not in again.said
        assert len(json.loads(rj("list", "--as", "su-1", "--json", "--limit", "50").stdout)) == 12
        again.end(signal.SIGTERM)
        assert ours(data) == []

    # New keys would leave all that was sealed unreadable.
    for name in ("master.keys", "epoch.keys"):
        (data / name).rename(data / "mislaid")
        without = rj("up")
        assert without.exit_code == 2
        assert re.search(r"put (it )?back (from )?its backup", without.stderr)
        assert ours(data) == []
        assert not (data / name).exists()
        (data / "mislaid").rename(data / name)


def test_a_service_with_staff_of_its_own_has_no_door_without_a_password() -> None:
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        with up(data, "--demo") as demo:
            assert "/sign-in/demo" in httpx.get(f"{console(demo.said)}/sign-in").text
            entry = httpx.post(f"{console(demo.said)}/sign-in/demo", data={"staff": "su-1"})
            [session] = [each for each in entry.headers.get_list("set-cookie") if "__Host-session=" in each]
            inside = {"Cookie": session.partition(";")[0]}
            assert httpx.get(f"{console(demo.said)}/team", headers=inside).status_code == 200
            entered = ("staff", "add", "ours-1", "--role", "caseworker", "--area", "durham", "--as", "sm-1")
            added = CliRunner().invoke(app, entered, env={"RJ_DATA": str(data)})
            assert added.exit_code == 0, added.output
            # At once, and for who is in already.
            with httpx.Client(base_url=console(demo.said)) as outside:
                assert "The demo is over" in outside.get("/sign-in").text
                assert "/sign-in/demo" not in outside.get("/sign-in").text
                assert outside.post("/sign-in/demo", data={"staff": "su-1"}).status_code == 409
                assert outside.get("/team", headers=inside).headers["location"].startswith("/sign-in")
            demo.end(signal.SIGTERM)
        with up(data, "--demo") as service:
            assert "The demo is left out: this service has staff of its own" in service.said
            page = httpx.get(f"{console(service.said)}/sign-in").text
            assert "Sign in" in page
            assert "/sign-in/demo" not in page
            service.end(signal.SIGTERM)


def console(said: str) -> str:
    """The address of the console, as it was printed."""
    found = re.search(r"^Console +(http\S+)", said, re.MULTILINE)
    assert found is not None, said
    return found[1]


def temporal(data: Path) -> int:
    return int((data / "temporal" / "pid").read_text())


def postgres(data: Path) -> int:
    home = (data / "postgres" / "elsewhere").resolve() if (data / "postgres" / "elsewhere").exists() else None
    return int(((home or data / "postgres") / "data" / "postmaster.pid").read_text().split("\n")[0])


def killed(data: Path, pid: Callable[[Path], int]) -> None:
    """Kill a server, and wait until it was started again and that is announced."""
    died = pid(data)
    service = DataFolder(data).running()
    assert service is not None
    os.kill(died, signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = DataFolder(data).running()
        if found is not None and len(found.restarts) > len(service.restarts):
            assert pid(data) != died
            # What others were told of it still holds.
            assert found.model_copy(update={"restarts": service.restarts}) == service
            return
        time.sleep(0.05)
    raise AssertionError("it was not started again")


def test_a_server_that_dies_is_started_again_and_after_too_often_all_ends(data: Path, rj: Rj) -> None:
    with up(data, "--demo") as running:
        none_yet = {each["check"]: each for each in json.loads(rj("doctor", "--json").stdout)}
        assert none_yet["restarts"]["standing"] == "ok"
        for each in (postgres, temporal):
            killed(data, each)
            opened = rj("open", "-", "--as", "cw-1", "--json", given=rj("example", "referral").stdout)
            assert opened.exit_code == 0, opened.output
            taken = rj("do", json.loads(opened.stdout)["reference"], "record_duplicate_check", "--as", "cw-1")
            assert taken.exit_code == 0, taken.output
        found = {each["check"]: each for each in json.loads(rj("doctor", "--json").stdout)}
        assert found["restarts"]["standing"] == "note"
        assert "2 times a server of `rj up` died" in found["restarts"]["said"]
        assert "Temporal stopped by itself (killed by SIGKILL)" in found["restarts"]["said"]
        assert found["worker"]["standing"] == "ok"
        for _ in range(4):
            killed(data, temporal)
        os.kill(temporal(data), signal.SIGKILL)
        code, last = running.end()
        assert code == 4
        assert "Temporal stopped by itself (killed by SIGKILL)" in last
        assert "started again 5 times in 10 minutes" in last
        assert "Traceback" not in last
        assert ours(data) == []
    logged = [json.loads(line) for line in (data / "rj.log").read_text().splitlines()]
    said = [each["server"] for each in logged if each["event"] == "a server died and is started again"]
    assert said == ["PostgreSQL", *["Temporal"] * 5]


def test_ctrl_c_while_it_starts(data: Path) -> None:
    process = start(data)
    while not ours(data):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Everything is stopped." in said
    assert ours(data) == []


def test_what_cannot_be_used_is_a_sentence(data: Path, rj: Rj, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("retention_years = 0\nextends = 'england-and-wales.toml'\n")
    refused = rj("up", "--policy", str(tmp_path / "policy.toml"))
    assert refused.exit_code == 2
    assert "retention_years" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert ours(data) == []


def open_to_others(data: Path) -> list[str]:
    """What below the folder another account than its owner may do anything with."""
    return [
        f"{path.relative_to(data)} {path.lstat().st_mode & 0o777:o}"
        for path in data.rglob("*")
        if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]


@pytest.mark.parametrize("mask", [0o022, 0o000])
def test_all_that_is_in_the_data_folder_is_for_its_owner(mask: int) -> None:
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        before = os.umask(mask)
        try:
            (data / "temporal").mkdir(parents=True)
            # As a version before this one left it.
            (data / "up.lock").touch()
            (data / "temporal" / "pid").write_text("1")
            (data / "temporal" / "pid").chmod(0o644)
            with up(data, "--demo") as process:
                found = open_to_others(data)
                code, _ = process.end(signal.SIGTERM)
        finally:
            os.umask(before)
        assert code == 0
        # The account that PostgreSQL runs under has to pass through to its own folder.
        passed_through = ["postgres 710"] if os.geteuid() == 0 else []
        assert found == passed_through
        assert open_to_others(data) == passed_through
        assert data.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
