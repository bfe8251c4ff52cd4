"""The console as a process of its own: `python -m console`. As many of it as the visitors need, behind a proxy."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Sequence

import structlog

from casework.failures import Kind, failure_of
from casework.signing_in.openid import OpenIdProvider
from console.asked import Console
from console.serving import console_served, door
from operations.serving import database_problem, leave_cleanly
from runtime.connections import MigrationsPending, connected, require_migrated
from runtime.embedded.data_folder import resolve
from runtime.logging import configure_logging
from runtime.metrics import runtime
from runtime.readiness import probe
from runtime.settings import Settings
from runtime.signals import run_until_signalled

DONE, FAILED, BAD_INPUT, UNREACHABLE = 0, 1, 2, 4

log = structlog.stdlib.get_logger("console")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the console until told to stop.

    Returns:
        0 when told to stop and all that was asked for is answered, 2 for a setting, key or policy that cannot be used,
        4 for a server that is not there or a database that lacks migrations, 1 for anything else.
    """
    argparse.ArgumentParser(
        prog="python -m console",
        description=f"{__doc__} Settings are environment variables: see docs/settings.md.",
    ).parse_args(arguments)
    configure_logging("console", "info")
    try:
        settings = Settings.load()
        configure_logging(settings.log_format, settings.log_level)
        asyncio.run(
            run_until_signalled(
                _serve(settings),
                on_signal=lambda: log.info("told to stop: what was asked for is answered first"),
                again_ends=True,
            )
        )
    except Exception as error:  # noqa: BLE001 - the process ends here, with what it was
        code = _explained(error)
    else:
        log.info("stopped")
        code = DONE
    leave_cleanly(code)
    return code


def _explained(error: Exception) -> int:
    if isinstance(error, MigrationsPending):
        log.error(str(error))
        return UNREACHABLE
    failure = failure_of(error)
    if failure is None:
        # By the log, which prints where it happened and never what it says: a message may quote a person.
        log.exception("stopped by something unforeseen")
        return FAILED
    log.error(failure.sentence)
    return BAD_INPUT if failure.kind is Kind.BAD_INPUT else UNREACHABLE


def _look_for_garbage_seldom() -> None:
    """Have the collector leave alone what was imported, and look through everything rarely: nobody's page waits then.

    Looking through all that a console keeps takes a tenth of a second, in which no page is answered. What a page makes
    has no cycles, and goes without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1_000)


async def _serve(settings: Settings) -> None:
    _look_for_garbage_seldom()
    servers = resolve(settings)
    told = servers.settings(settings)
    await require_migrated(servers.database_url)
    metrics = runtime(settings.metrics_address)
    with door(settings.console_address) as at:
        async with connected(told, servers.database_url, servers.temporal, runtime=metrics) as referrals:
            provider = OpenIdProvider.of(told)
            console = Console(referrals, told, provider=provider, meter=metrics.metric_meter)
            checks = {"database": lambda: database_problem(referrals.pool)}
            async with probe(checks, settings.ready_address) as ready, console_served(console, at) as serving:
                log.info("serving", at=at.address, ready=ready, metrics=settings.metrics_address)
                # Not awaited itself, or being told to stop would break the server off instead of draining it.
                await asyncio.wait([serving])


if __name__ == "__main__":
    sys.exit(main())
