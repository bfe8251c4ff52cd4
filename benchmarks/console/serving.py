"""The servers and a console in processes of their own, on the data of a big service."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.envconfig import ClientConnectConfig

from benchmarks.console.big_service import Team, fill, teams_for
from runtime.connections import connected
from runtime.embedded.child_process import ChildProcess
from runtime.embedded.ports import LOOPBACK, free_port
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.referrals import Referrals
from runtime.settings import Settings
from runtime.workers import register_search_attributes
from stores.keys.referral_keys import MasterKeys
from stores.migrate import migrate

_PROJECT = Path(__file__).parents[2]
_PORT = 8500


@dataclass(frozen=True)
class Served:
    """A console that answers.

    Attributes:
        address: its base address.
        log: the file that it writes a line of JSON into for each answer.
        referrals: connections of this process to the same data.
        teams: whose referrals there are.
    """

    address: str
    log: Path
    referrals: Referrals
    settings: Settings
    teams: list[Team]


@asynccontextmanager
async def served(folder: Path, referrals: int) -> AsyncIterator[Served]:
    """Serve a console on a folder's data, which is made where there is none yet.

    Args:
        folder: which an account other than root may pass through.
        referrals: how many there are to be.
    """
    keys_file, filled = folder / "master.keys", folder / "filled"
    if not keys_file.exists():
        MasterKeys.create(keys_file)
    async with (
        embedded_postgres(folder / "postgres") as postgres,
        embedded_temporal(folder / "temporal", search_attributes={}) as temporal,
    ):
        await migrate(postgres.owner_dsn)
        teams = teams_for(referrals)
        if not filled.exists():
            await fill(postgres.dsn, postgres.owner_dsn, keys_file, teams)
            filled.write_text(f"{referrals}\n")
        elif int(filled.read_text()) != referrals:
            raise SystemExit(f"{folder} holds {filled.read_text().strip()} referrals: say --referrals so.")
        environment = {
            **os.environ,
            "PYTHONPATH": str(_PROJECT),
            "DATABASE_URL": postgres.dsn,
            "TEMPORAL_ADDRESS": temporal.address,
            "RJ_DATA": str(folder),
            "RJ_MASTER_KEYS_FILE": str(keys_file),
            "RJ_CONSOLE_ADDRESS": f"{LOOPBACK}:{free_port(_PORT)}",
            "RJ_LOG_FORMAT": "json",
        }
        connection: ClientConnectConfig = {"target_host": temporal.address, "namespace": "default"}
        settings = Settings(data=folder, master_keys_file=keys_file)
        address, log = f"http://{environment['RJ_CONSOLE_ADDRESS']}", folder / "console.log"
        async with connected(settings, postgres.dsn, connection) as own:
            await register_search_attributes(own.client)
            async with _process("console", log, environment) as console:
                await console.ready(lambda: _answers(address))
                yield Served(address, log, own, settings, teams)


@asynccontextmanager
async def _process(module: str, log: Path, environment: dict[str, str]) -> AsyncIterator[ChildProcess]:
    process = await ChildProcess.start(module, [sys.executable, "-m", module], log=log, env=environment)
    try:
        yield process
    finally:
        await process.stop(signal.SIGTERM)


async def _answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{address}/sign-in")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
