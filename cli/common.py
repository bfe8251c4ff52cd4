"""What every command of `rj` shares: finding the servers, saying what went wrong in one sentence, the exit codes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from cli.terminal import only_what_is_seen
from runtime.visible import one_line
from schemas.areas import LONDON

if TYPE_CHECKING:
    from rich.progress import Progress
    from temporalio.envconfig import ClientConnectConfig
    from typer._click import Command

    from casework.session import Session
    from runtime.referrals import Referrals
    from runtime.settings import Settings

T = TypeVar("T")


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    FAULT = 1
    """Of rj itself."""
    BAD_INPUT = 2
    """What was typed, sent or set cannot be read, or is incomplete; nothing was asked."""
    REFUSED = 3
    """It reads well, and the rules or how things stand do not allow it: no such referral or person among them."""
    UNREACHABLE = 4
    """A server does not answer."""
    STOPPED = 130
    """By whoever ran it."""


class BadInput(Exception):
    """What was given cannot be used. One sentence: the field, the reason, what is accepted."""


class Commands(MutableMapping[str, "Command"]):
    """The commands by their names, each read from its module when it is first asked for."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        """Know the modules of `cli` by the names of the commands that they define."""
        self._modules = dict(modules)
        self._read: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._read:
            group = import_module(self._modules[name])
            self._read |= get_group(group.app).commands
        return self._read[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._read[name] = command

    def __delitem__(self, name: str) -> None:
        self._modules.pop(name, None)
        del self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._modules, *self._read)))

    def __len__(self) -> int:
        return len(self._modules | self._read.keys())


class CommandGroup(TyperGroup):
    """Commands whose list in `--help` gives the whole first sentence about each, on as many lines as it takes."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of the commands."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, _first_sentence(command.help or ""))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.partition("\n\n")[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence + stop.rstrip()


class CommandLine(CommandGroup):
    """The commands of `rj`. However one ends, a person reads a sentence and a script an exit code."""

    modules: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """In which module each command is."""

    def __init__(self, **options: Any) -> None:
        """Have the commands of the modules, without importing one yet."""
        super().__init__(**options)
        self.commands = Commands(self.modules)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command that the arguments name, and end the process."""
        with only_what_is_seen():
            code = self._run(*args, **options)
        sys.exit(code or Exit.DONE)

    def _run(self, *args: Any, **options: Any) -> Any:
        try:
            return super().main(*args, **options | {"prog_name": "rj", "standalone_mode": False})
        except TyperException as error:
            return _say(Exit(error.exit_code), _usage(error))
        except typer.Abort:
            return _say(Exit.STOPPED, "Stopped.")
        except Exception as error:  # noqa: BLE001 - the process ends here, with what it was
            if os.environ.get("RJ_LOG_LEVEL") == "debug":
                traceback.print_exc()
                return Exit.FAULT
            # Its message is not shown: nobody knows what is in it.
            return _say(
                Exit.FAULT,
                f"A fault of rj itself ({type(error).__name__}); RJ_LOG_LEVEL=debug shows where. Please report it.",
            )


def command_line(about: str, groups: Mapping[str, Sequence[str]]) -> typer.Typer:
    """The command line.

    Args:
        about: what it is for, in a line.
        groups: the modules of `cli`, each with the names of the commands that its `app` defines, in the order of help.
    """

    class OfTheseGroups(CommandLine):
        modules = MappingProxyType({name: module for module, names in groups.items() for name in names})

    app = typer.Typer(
        name="rj",
        cls=OfTheseGroups,
        help=f"{about}\n\nExit codes: 0 done, 1 a fault of rj itself, 2 what was given cannot be read, 3 refused by a "
        "rule or by how things stand (no such referral or person), 4 a server is not reachable, 130 stopped.",
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def _help_unless_told(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return app


def command_group(about: str | None = None) -> typer.Typer:
    """The commands of one module of `cli`, to be listed in starter.py, or those under one name of them.

    Args:
        about: what those under one name are for, in a line.
    """
    return typer.Typer(cls=CommandGroup, help=about, rich_markup_mode=None)


def fail(code: Exit, message: str) -> NoReturn:
    """Say what went wrong, on standard error, and end with the code."""
    raise typer.Exit(_say(code, message))


def run(work: Callable[[Referrals], Coroutine[Any, Any, T]], *, temporal: bool = True) -> T:
    """Connect to the servers, do the work, and turn whatever went wrong into one sentence and its exit code.

    Args:
        work: what to do.
        temporal: whether it cannot be done without Temporal; else Temporal is connected to when it is first asked.
    """
    return guarded(lambda: _connected(work, temporal))


def run_as(
    staff_id: str,
    work: Callable[[Session], Coroutine[Any, Any, T]],
    *,
    temporal: bool = True,
    reason: str | None = None,
) -> T:
    """Connect to the servers, sign the person in, and do the work; see :func:`run`.

    Args:
        reason: why they look at what is not their own case, where they said so.
    """

    async def signed_in(referrals: Referrals) -> T:
        from casework.session import WayIn, sign_in

        return await work(await sign_in(referrals, staff_id, WayIn.COMMAND_LINE, reason=reason))

    return run(signed_in, temporal=temporal)


def guarded(work: Callable[[], T]) -> T:
    """Do the work; whatever people can meet ends in one sentence and its exit code, never in a traceback."""
    try:
        return work()
    except KeyboardInterrupt:
        problem = Exit.STOPPED, "Stopped."
    except BrokenPipeError:
        # Nobody reads our output any more; that is no server's doing, and typer ends quietly.
        raise
    except Exception as error:
        # Brings in Temporal and the stores, which `rj --help` has no need of.
        from cli.failures import explained

        known = explained(error)
        if known is None:
            raise
        problem = known
    finally:
        # A client that is still alive when the interpreter ends may abort it (a known fault of the SDK); out here the
        # error, whose frames hold the client, is gone.
        if "temporalio" in sys.modules:
            gc.collect()
    fail(*problem)


def settings_in_use() -> Settings:
    """The settings as read here and, where they say nothing, as the living `rj up` was told."""
    from runtime.embedded.data_folder import resolve
    from runtime.settings import Settings

    settings = Settings.load()
    return resolve(settings).settings(settings)


def _connected(work: Callable[[Referrals], Coroutine[Any, Any, T]], temporal: bool) -> T:
    from runtime.connections import connected
    from runtime.embedded.data_folder import resolve
    from runtime.settings import Settings

    settings = Settings.load()
    servers = resolve(settings)
    told = servers.settings(settings)
    # A read learns nothing of Temporal, which is as well: only the SDK can read what TEMPORAL_* say.
    where: ClientConnectConfig | Callable[[], ClientConnectConfig]
    where = servers.temporal if temporal else lambda: servers.temporal

    async def connect_and_work() -> T:
        async with connected(
            told, servers.database_url, where, lazy=not temporal, calls_only=True
        ) as referrals:
            return await work(referrals)

    # What was imported up to here is no garbage. All that comes to hold the client, the frames of an error too, is made
    # later, and is looked through in the end.
    gc.freeze()
    return asyncio.run(connect_and_work())


def print_json(data: Any) -> None:
    """Print data for a script to read."""
    typer.echo(json.dumps(data, indent=2, default=str))


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need; the first row is the heading. No line is cut or wrapped."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def progress() -> Progress:
    """A progress bar on standard error, shown to people only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cli.screen import err

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def when(moment: datetime) -> str:
    """A moment as people in England and Wales read it: Thu 26 Nov 2026 09:00."""
    return f"{moment.astimezone(LONDON):%a %-d %b %Y %H:%M}"


def due(moment: datetime) -> str:
    """When something is due, and whether that has passed."""
    return f"due {when(moment)}{' (overdue)' if moment <= datetime.now(UTC) else ''}"


def plain(text: str) -> str:
    """The text on one line, as a terminal may show it."""
    return one_line(text)


def _say(code: Exit, message: str) -> Exit:
    typer.echo(f"rj: {plain(message)}", err=True)
    return code


def _usage(error: TyperException) -> str:
    # Typer takes over what pydantic puts before the sentence.
    message = error.format_message().strip().rstrip(".").replace("Value error, ", "")
    end = "" if message.endswith("?") else "."
    context = getattr(error, "ctx", None)
    return f"{message}{end}" + (f" See `{context.command_path} --help`." if context else "")
