"""A process that serves: connected to both servers, its worker polling, its probe answering, drained at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import RPCError

from casework.asking_to_be_called.asking import keep_opening
from casework.signing_in.kept_forms import drop_what_ended
from operations.anchoring import Anchoring
from operations.completing_erasures import LOOK_AFTER, complete_erasures
from operations.watching import Watch
from runtime.alerts import Send, alerts_watched, by_mail
from runtime.connections import connected
from runtime.metrics import runtime
from runtime.readiness import Check, probe
from runtime.referrals import Referrals, TemporalUnreachable
from runtime.schedules import keep_schedules
from runtime.settings import Settings
from runtime.upkeep import PeriodicTask, Upkeep
from runtime.workers import DRAIN, Workers, outward, pollers, register_search_attributes, worker
from stores.console import drafts, import_uploads, opening_drafts
from stores.database import Pool
from stores.logs.anchors import Anchors

# Seconds for what is left to do once the steps in hand have ended.
_LAST_ANSWERS = 2.0

_broken_off = threading.Event()

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """A worker at work.

    Attributes:
        ready: URL that answers whether it is ready.
        ended: done only when the worker gives up; then it raises why.
    """

    referrals: Referrals
    ready: str
    ended: asyncio.Task[None]


@asynccontextmanager
async def serving(
    settings: Settings, database_url: str, temporal: ClientConnectConfig
) -> AsyncIterator[Serving]:
    """Serve until the context ends; then steps in hand are finished, and the connections closed.

    The database must be migrated. While it drains, the probe says so.

    Raises:
        BadSetting, BadPolicy, MasterKeyProblem: with one sentence each.
        DatabaseUnreachable, TemporalUnreachable: likewise; trying again may help.
    """
    metrics = runtime(settings.metrics_address)
    out = outward(settings)
    tell = by_mail(out.mailer, settings.alerts_to) if out.mailer and settings.alerts_to else None
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alerts_watched(metrics.metric_meter, tell))
        referrals = await stack.enter_async_context(
            connected(settings, database_url, temporal, runtime=metrics)
        )
        await referrals.keys.epochs.check()
        await register_search_attributes(referrals.client)
        await keep_schedules(referrals.client)
        engine = worker(referrals.client, referrals.pool, referrals.keys, referrals.policies, out)
        checks, stopping = _checks(referrals, engine)
        upkeep = Upkeep(_periodic_tasks(referrals, settings, tell))
        ready = await stack.enter_async_context(probe(checks, settings.ready_address, upkeep))
        ended = asyncio.create_task(engine.run())
        try:
            async with upkeep.running():
                yield Serving(referrals, ready, ended)
        finally:
            stopping.set()
            drained = await _drain(engine, ended, referrals.client)
        if drained:
            await ended


def _periodic_tasks(referrals: Referrals, settings: Settings, tell: Send | None) -> list[PeriodicTask]:
    anchoring = Anchoring(Anchors(referrals.pool, referrals.keys, settings.anchors), tell)
    watch = Watch(referrals)

    async def drop_drafts() -> None:
        await drafts.drop_old(referrals.pool)
        await opening_drafts.drop_old(referrals.pool)
        await import_uploads.drop_old(referrals.pool)

    return [
        PeriodicTask("anchors", timedelta(minutes=1), anchoring.keep),
        PeriodicTask("erasures", LOOK_AFTER, lambda: complete_erasures(referrals.keys.epochs)),
        PeriodicTask("meddling", timedelta(seconds=30), watch.meddling),
        PeriodicTask(
            "signing in", timedelta(minutes=10), lambda: drop_what_ended(referrals, datetime.now(UTC))
        ),
        PeriodicTask("catching up", timedelta(seconds=30), watch.catch_up),
        PeriodicTask("drafts", timedelta(minutes=10), drop_drafts),
        PeriodicTask("requests to be called", timedelta(seconds=20), lambda: keep_opening(referrals)),
    ]


def leave_cleanly(code: int) -> None:
    """To be called last in a process that served, with the code it will end with.

    While the interpreter ends, the SDK may abort it, if its runtime is still there (a known fault), or keep it for
    minutes, if a worker was broken off because Temporal was gone. The one is let go here; the other ends here.
    """
    if _broken_off.is_set():
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    runtime.cache_clear()
    gc.collect()


async def _drain(engine: Workers, ended: asyncio.Task[None], client: Client) -> bool:
    """Finish the steps in hand; whether they were. What takes too long is broken off; the next worker takes it up."""
    # A worker waits for its server's answer to every request for work, for a minute or more where that is gone.
    within = 0 if await _temporal(client) else DRAIN.total_seconds() + _LAST_ANSWERS
    try:
        async with asyncio.timeout(within):
            await engine.shutdown()
    except TimeoutError:
        log.warning("steps in hand were not finished in time; the next worker takes them up")
    else:
        return True
    _broken_off.set()
    # Cancelled once it shuts down, which is what took too long; cancelled twice it ends.
    for _ in range(2):
        ended.cancel()
        await asyncio.wait([ended], timeout=_LAST_ANSWERS / 2)
    return False


def _checks(referrals: Referrals, engine: Workers) -> tuple[dict[str, Check], asyncio.Event]:
    stopping = asyncio.Event()

    async def database() -> str | None:
        return await database_problem(referrals.pool)

    async def working() -> str | None:
        if stopping.is_set():
            return "is finishing the steps in hand and stops"
        return await _worker(referrals.client, engine)

    async def temporal() -> str | None:
        return await _temporal(referrals.client)

    return {"database": database, "temporal": temporal, "worker": working}, stopping


async def database_problem(pool: Pool) -> str | None:
    """What is wrong with the database, in a few words; None where it answers."""
    try:
        await pool.fetchval("SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "does not answer"
    return None


async def _temporal(client: Client) -> str | None:
    try:
        await client.service_client.check_health(retry=False)
    except RPCError:
        return "does not answer"
    return None


async def _worker(client: Client, engine: Workers) -> str | None:
    if not engine.is_running:
        return "does not run"
    try:
        polling = await pollers(client)
    except TemporalUnreachable:
        return "cannot be seen polling while Temporal does not answer"
    return None if client.identity in polling else "does not poll its task queues"
