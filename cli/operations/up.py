"""`rj up`: everything a referral service needs, from one command."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Exit, command_group, fail, guarded
from cli.screen import err, out

if TYPE_CHECKING:
    from console.serving import Door
    from operations.bringing_up import Up
    from runtime.embedded.data_folder import DataFolder
    from runtime.settings import Settings

app = command_group()


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Enter a few members of staff and referrals, all invented.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The data folder; else RJ_DATA, else .rj here.")
    ] = None,
    temporal_ui: Annotated[
        bool,
        typer.Option(
            "--temporal-ui",
            help="Serve Temporal's web page too; whoever reaches it may start and end workflows.",
        ),
    ] = False,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The policy; else RJ_POLICY, else England and Wales.")
    ] = None,
) -> None:
    """Bring everything up: PostgreSQL, Temporal and the worker, with their data kept in one folder.

    DATABASE_URL or TEMPORAL_ADDRESS set: that server is used instead. Ctrl-C stops it all.
    """
    from operations.serving import leave_cleanly

    try:
        guarded(lambda: _up(demo=demo, data=data, policy=policy, temporal_ui=temporal_ui))
    except typer.Exit as ended:
        leave_cleanly(ended.exit_code)
        raise
    leave_cleanly(Exit.DONE)


def _up(*, demo: bool, data: Path | None, policy: Path | None, temporal_ui: bool) -> None:
    import asyncio

    from operations.bringing_up import MigrationRefused, log_file
    from runtime.embedded.child_process import ServerFailed
    from runtime.embedded.data_folder import AlreadyRunning, DataFolder
    from runtime.embedded.ports import NoFreePort
    from runtime.logging import configure_logging
    from runtime.settings import Settings
    from runtime.signals import run_until_signalled

    settings = Settings.load() if data is None else Settings.load(data=data)
    if policy is not None:
        settings = settings.model_copy(update={"policy": policy})
    folder = DataFolder(settings.data)
    try:
        with folder.hold():
            # Whatever is made from here on, by whichever library or server, is for its owner.
            os.umask(0o077)
            configure_logging("json", settings.log_level, log_file(folder), warnings_to=err.stream)
            asyncio.run(
                run_until_signalled(
                    _serve(settings, folder, demo=demo, temporal_ui=temporal_ui),
                    on_signal=lambda: out.print("\nStopping; steps in hand are finished first."),
                    again_ends=False,
                )
            )
    except AlreadyRunning as error:
        fail(Exit.REFUSED, str(error))
    except (ServerFailed, MigrationRefused, NoFreePort) as error:
        fail(Exit.UNREACHABLE, f"{error} Everything else is stopped.")
    out.print("Everything is stopped.")


async def _serve(settings: Settings, folder: DataFolder, *, demo: bool, temporal_ui: bool) -> None:
    from console.serving import door

    with door(settings.console_address) as console:
        # E-mails to staff lead there, unless they are told of another address.
        settings = settings.model_copy(update={"console_url": settings.console_url or console.address})
        await _serve_at(console, settings, folder, demo=demo, temporal_ui=temporal_ui)


async def _serve_at(
    at: Door, settings: Settings, folder: DataFolder, *, demo: bool, temporal_ui: bool
) -> None:
    from casework.signing_in.openid import OpenIdProvider
    from console.asked import Console
    from console.serving import console_served
    from operations.bringing_up import bring_up
    from runtime.metrics import runtime
    from simulation.demo_caseload import DEFAULT_AREA, enter_demo, has_staff_of_its_own
    from simulation.year.small import enter_small_year

    async with bring_up(settings, folder, _progress, temporal_page=temporal_ui) as all_of_it:
        if demo:
            with _progress("the demo caseload"):
                entered = await enter_demo(all_of_it.referrals)
            with _progress("a year of an invented service"):
                year = await enter_small_year(all_of_it.referrals, all_of_it.service.database_owner_url)
            out.print(entered, year, sep="\n", soft_wrap=True)
            demo = not await has_staff_of_its_own(all_of_it.referrals)
        if demo:
            # Who asks to be called and does not know their area is to be found by the demo's own people.
            settings = settings.model_copy(update={"default_area": settings.default_area or DEFAULT_AREA})
        meter = runtime(all_of_it.metrics_address).metric_meter
        provider = OpenIdProvider.of(settings)
        console = Console(
            all_of_it.referrals,
            settings,
            demo=demo,
            has_own_staff=partial(has_staff_of_its_own, all_of_it.referrals),
            provider=provider,
            meter=meter,
        )
        async with console_served(console, at):
            folder.announce(all_of_it.service)
            _show(all_of_it, settings, folder, at.address, demo=demo)
            await all_of_it.keep_running(folder.announce)


@contextmanager
def _progress(what: str) -> Iterator[None]:
    started = perf_counter()
    # A spinner for a person; where nobody watches, the line that follows.
    with out.status(f"Waiting for {what} …"):
        yield
    out.print(f"Ready: {what} ({perf_counter() - started:.1f} s)")


def _show(all_of_it: Up, settings: Settings, folder: DataFolder, console: str, *, demo: bool) -> None:
    service = all_of_it.service
    if all_of_it.new_keys:
        out.print(
            *(f"Made the keys: {path.absolute()}\n" for path in all_of_it.new_keys),
            "Back up both files of keys, apart from the data: without them no referral can be read again.\n"
            "Keep old copies of the epoch keys for days only: they and the master keys open what is erased meanwhile.",
            sep="",
            soft_wrap=True,
        )
    addresses = {
        "Console": console,
        "Public page": f"{console}/self-referral",
        "PostgreSQL": all_of_it.database_address,
        "Temporal": service.temporal_address,
        "Temporal UI": service.temporal_ui,
        "Metrics": service.metrics,
        "Readiness": service.ready_probe,
        "Mail": f"{service.mail}  (kept here, sent nowhere: RJ_SMTP_URL names no server)"
        if service.mail
        else None,
        "Data folder": str(folder.path),
        "Log": str(folder.path / "rj.log"),
    }
    out.print()
    width = max(map(len, addresses))
    for name, address in addresses.items():
        if address:
            # A path that is cut or folded cannot be copied.
            out.print(f"{name:<{width}}  {address}", soft_wrap=True)
    rj = _as_typed(settings)
    who = "everybody on its first page, each by a button" if demo else "whoever is invited: rj staff invite"
    out.print(f"\nOpen {console} in a browser. Who may sign in: {who}.", soft_wrap=True)
    out.print(
        f"\nIn another terminal:\n  {rj} doctor\n  {rj} work --as {'cw-1' if demo else 'STAFF'}\n"
        f"  {rj} example referral\nCtrl-C stops everything.",
        soft_wrap=True,
    )


def _as_typed(settings: Settings) -> str:
    """How `rj` is to be typed in another terminal, in the same folder, to reach this service; quoted for a shell."""
    called = Path(sys.argv[0])
    found = shutil.which("rj")
    if found is not None and Path(found).resolve() == called.resolve():
        command = "rj"
    else:
        here = called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called
        program = shlex.quote(str(here))
        command = f"python {program}" if called.suffix == ".py" else program
    elsewhere = settings.data.absolute() != Path.cwd() / ".rj"
    return f"RJ_DATA={shlex.quote(str(settings.data))} {command}" if elsewhere else command
