"""The process that runs workflows and activities: `python worker.py`. As many of it as the work needs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog

from messages.wording import BadTemplate
from operations.serving import Serving, leave_cleanly, serving
from operations.upgrading import up_to_date
from policies.files import BadPolicy
from runtime.connections import MigrationsPending, require_migrated
from runtime.embedded.data_folder import NotRunning, resolve
from runtime.logging import configure_logging
from runtime.referrals import TemporalUnreachable
from runtime.settings import BadSetting, Settings
from runtime.signals import run_until_signalled
from stores.database import DatabaseUnreachable
from stores.keys.referral_keys import MasterKeyProblem
from stores.migrate import MigrationRefused

T = TypeVar("T")

DONE, FAILED, BAD_INPUT, UNREACHABLE = 0, 1, 2, 4


@dataclass(frozen=True)
class StartRetry:
    """For how long servers that are not there yet are waited for, and how often they are tried; in seconds."""

    total: float = 60
    between: float = 2


log = structlog.stdlib.get_logger("worker")


def main(arguments: Sequence[str] | None = None, retry: StartRetry = StartRetry()) -> int:
    """Work until told to stop.

    Returns:
        0 when told to stop and drained, or once the database is migrated where that is all that was asked; 2 for a
        setting, key, policy or template that cannot be used; 4 for a server that is not there, or a database that
        lacks migrations; 1 for anything else.
    """
    parser = argparse.ArgumentParser(prog="worker", description=__doc__)
    migrating = parser.add_mutually_exclusive_group()
    migrating.add_argument(
        "--migrate",
        action="store_true",
        help="bring the database up to date first, as its owner, whom RJ_DATABASE_OWNER_URL names",
    )
    migrating.add_argument(
        "--migrate-only",
        action="store_true",
        help="bring the database up to date likewise, and end without working",
    )
    asked = parser.parse_args(arguments)
    configure_logging("console", "info")
    try:
        settings = Settings.load()
        configure_logging(settings.log_format, settings.log_level)
        todo = (
            _tried(lambda: _migrate(settings), retry)
            if asked.migrate_only
            else _work(settings, migrate_first=asked.migrate, retry=retry)
        )
        asyncio.run(
            run_until_signalled(
                todo,
                on_signal=lambda: log.info("told to stop: the steps in hand are finished first"),
                again_ends=True,
            )
        )
    except (BadSetting, BadPolicy, BadTemplate, MasterKeyProblem) as error:
        log.error(str(error))  # noqa: TRY400 - a sentence of ours, which needs no trace
        code = BAD_INPUT
    except (*_NOT_THERE, MigrationsPending, MigrationRefused) as error:
        log.error(str(error))  # noqa: TRY400
        code = UNREACHABLE
    except Exception:
        # By the log, which prints where it happened and never what it says: a message may quote a person.
        log.exception("stopped by something unforeseen")
        code = FAILED
    else:
        log.info("stopped")
        code = DONE
    leave_cleanly(code)
    return code


_NOT_THERE = (NotRunning, DatabaseUnreachable, TemporalUnreachable)


async def _work(settings: Settings, *, migrate_first: bool, retry: StartRetry) -> None:
    async with AsyncExitStack() as stack:
        service = await _started(stack, settings, migrate_first, retry)
        log.info("working", ready=service.ready, metrics=settings.metrics_address)
        # Not awaited itself, or being told to stop would break the worker off instead of draining it.
        await asyncio.wait([service.ended])
        service.ended.result()


async def _started(
    stack: AsyncExitStack, settings: Settings, migrate_first: bool, retry: StartRetry
) -> Serving:
    return await _tried(lambda: stack.enter_async_context(_service(settings, migrate_first)), retry)


async def _tried(start: Callable[[], Coroutine[None, None, T]], retry: StartRetry) -> T:
    """What `start` answers, once the servers that it needs are there."""
    loop = asyncio.get_running_loop()
    until = loop.time() + retry.total
    while True:
        try:
            return await start()
        except _NOT_THERE as error:
            left = until - loop.time() - retry.between
            if left < 0:
                raise
            log.warning(str(error), tries_for_seconds_more=round(left))
        await asyncio.sleep(retry.between)


async def _migrate(settings: Settings) -> None:
    servers = resolve(settings)
    told = servers.settings(settings)
    await up_to_date(told, servers.database_url, told.database_owner_url)
    log.info("the database is up to date")


@asynccontextmanager
async def _service(settings: Settings, migrate_first: bool) -> AsyncIterator[Serving]:
    servers = resolve(settings)
    told = servers.settings(settings)
    if migrate_first:
        await up_to_date(told, servers.database_url, told.database_owner_url)
    await require_migrated(servers.database_url)
    async with serving(told, servers.database_url, servers.temporal) as service:
        yield service


if __name__ == "__main__":
    sys.exit(main())
