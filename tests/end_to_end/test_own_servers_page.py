"""The examples of docs/own-servers.md are run: the roles, the settings, the keys, two workers and the doctor."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from runtime.embedded.ports import LOOPBACK, free_port
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from tests.end_to_end.running import ROOT, environment

pytestmark = pytest.mark.xdist_group("embedded")

PAGE = ROOT / "docs" / "own-servers.md"
PASSWORD = "of-a-test"


def block(language: str) -> str:
    """The page's only block in this language."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(text)


def exported(lines: list[str]) -> dict[str, str]:
    """What the `export` lines set."""
    words = [
        word for line in lines if line.startswith("export ") for word in shlex.split(line, comments=True)
    ]
    return dict(word.split("=", 1) for word in words if "=" in word)


@contextmanager
def ready_worker(command: str, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The worker that the page starts by this command, once it says that it is ready."""
    program, *arguments = command.split()
    assert program == "python"
    ready = settings["RJ_READY_ADDRESS"]
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=settings,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if json.loads(line)["event"] == "working":
                break
        assert answers_ready(f"http://{ready}/ready")
        yield process
    finally:
        process.kill()
        process.communicate()


def answers_ready(url: str) -> bool:
    """Whether a worker says within half a minute that it is ready."""
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
        time.sleep(0.1)
    return False


async def test_the_examples_lead_to_a_working_service(server_folder: Path) -> None:
    lines = block("sh").splitlines()
    named = exported(lines)
    (server_folder / "keys").mkdir()
    async with (
        embedded_postgres(server_folder / "postgres") as postgres,
        embedded_temporal(server_folder / "temporal", search_attributes={}) as temporal,
    ):
        # Taken away again, so that the page's own statements make them.
        superuser_password = (server_folder / "postgres" / "superuser.password").read_text().strip()
        place = urlsplit(postgres.owner_dsn)
        superuser = await asyncpg.connect(
            postgres.owner_dsn, user="postgres", password=superuser_password, database="postgres"
        )
        for statement in ("DROP DATABASE rj", "DROP ROLE rj_app", "DROP ROLE rj_owner"):
            await superuser.execute(statement)
        for statement in block("sql").replace("…", PASSWORD).split(";\n"):
            if statement.strip():
                await superuser.execute(statement)
        await superuser.close()

        def here(url: str) -> str:
            user = urlsplit(url).username
            return place._replace(netloc=f"{user}:{PASSWORD}@{place.netloc.rpartition('@')[2]}").geturl()

        settings = environment(server_folder / "data") | {
            "DATABASE_URL": here(named.pop("DATABASE_URL")),
            "RJ_DATABASE_OWNER_URL": here(named.pop("RJ_DATABASE_OWNER_URL")),
            "TEMPORAL_ADDRESS": temporal.address,
            "TEMPORAL_NAMESPACE": "default",
            "RJ_MASTER_KEYS_FILE": str(server_folder / "keys" / "master.keys"),
            "RJ_EPOCH_KEYS_FILE": str(server_folder / "keys" / "epoch.keys"),
            "RJ_READY_ADDRESS": f"{LOOPBACK}:{free_port(8300)}",
            "RJ_LOG_FORMAT": "json",
        }
        assert set(named) <= set(settings)
        commands = [line.partition("#")[0].strip() for line in lines if not line.startswith("export ")]
        keys, first_worker, worker, first_member, doctor = commands
        made = run_rj(keys, settings)
        assert made.returncode == 0, made.stdout
        with ready_worker(first_worker, settings) as process:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            assert process.returncode == 0
        settings.pop("RJ_DATABASE_OWNER_URL")
        with ready_worker(worker, settings):
            for command in (first_member, doctor):
                said = run_rj(command, settings)
                assert said.returncode == 0, said.stdout


def run_rj(command: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One of the page's `rj` commands, as a process."""
    program, *arguments = command.split()
    assert program == "rj"
    return subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), *arguments],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
