"""What every command of `rj` shares: finding the servers, saying what went wrong in one sentence, the exit codes."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Annotated, Any, NoReturn, TypeVar

import asyncpg
import typer
from pydantic import ValidationError
from rich.console import Console

from lifecycle import Refused
from schemas.reference import parse_reference
from service.data_folder import NotRunning, resolve
from service.policy_files import BadPolicy
from service.referrals import NotAnswered, Referrals, TemporalUnreachable
from service.running import connected
from service.settings import BadSetting, Settings
from stores.database import DatabaseUnreachable
from stores.keys import KeyErased, KeyUnknown, MasterKeyProblem

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    BAD_INPUT = 2
    REFUSED = 3
    UNREACHABLE = 4


class BadInput(Exception):
    """What was given cannot be used. One sentence: the field, the reason, what is accepted."""


# Refusals that say the input names something that does not exist, rather than that a rule forbids it.
_NAMES_NOTHING = frozenset({"unknown_referral", "staff_unknown"})

_UNREACHABLE = (
    NotRunning,
    NotAnswered,
    TemporalUnreachable,
    DatabaseUnreachable,
    OSError,
    asyncpg.InterfaceError,
)
_BAD_INPUT = (BadInput, BadSetting, BadPolicy, MasterKeyProblem, KeyUnknown)


def fail(code: Exit, message: str) -> NoReturn:
    """Say what went wrong, on standard error, and end with the code."""
    err.print(f"rj: {message}", soft_wrap=True, markup=False)
    raise typer.Exit(code)


def run(work: Callable[[Referrals], Coroutine[Any, Any, T]]) -> T:
    """Connect to the servers, do the work, and turn whatever went wrong into one sentence and its exit code."""
    return guarded(lambda: asyncio.run(_connected(work)))


def guarded(work: Callable[[], T]) -> T:
    """Do the work; whatever people can meet ends in one sentence and its exit code, never in a traceback."""
    try:
        return work()
    except Refused as refused:
        code = Exit.BAD_INPUT if refused.code in _NAMES_NOTHING else Exit.REFUSED
        fail(code, f"{refused.field}: {refused.message}" if refused.field else refused.message)
    except KeyErased as error:
        fail(Exit.REFUSED, str(error))
    except ValidationError as error:
        fail(Exit.BAD_INPUT, sentence(error))
    except _BAD_INPUT as error:
        fail(Exit.BAD_INPUT, str(error))
    except _UNREACHABLE as error:
        fail(Exit.UNREACHABLE, str(error) or "A server stopped answering.")
    except KeyboardInterrupt:
        fail(Exit.BAD_INPUT, "Stopped.")
    finally:
        # A client that is still alive when the interpreter ends may abort it (a known fault of the SDK).
        gc.collect()


async def _connected(work: Callable[[Referrals], Coroutine[Any, Any, T]]) -> T:
    settings = Settings.load()
    servers = resolve(settings)
    async with connected(settings, servers.database_url, servers.temporal) as referrals:
        return await work(referrals)


def sentence(error: ValidationError) -> str:
    """The first thing wrong with what was given: its field, and what is accepted. Never what was given."""
    first = error.errors(include_url=False, include_input=False)[0]
    # A discriminator's tag stands in the path, but is no field.
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first.get("ctx", {}).get("field", ""))
    match first["type"]:
        case "missing":
            what = "is missing"
        case "extra_forbidden":
            what = "is not a field of this; `rj example` prints one that is right"
        case "value_error":
            what = str(first["ctx"]["error"])
        case "enum":
            what = f"accepted: {first['ctx']['expected']}"
        case _:
            what = first["msg"][0].lower() + first["msg"][1:]
    return f"{field}: {what}." if field else f"{what}."


def print_json(data: Any) -> None:
    """Print data for a script to read."""
    typer.echo(json.dumps(data, indent=2, default=str))


def _reference(text: str) -> str:
    try:
        return parse_reference(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", parser=_reference, help="The referral, such as RJ-7KQ4-M2XD.")
]
AsOption = Annotated[str, typer.Option("--as", metavar="STAFF", help="Your id in the staff register.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
