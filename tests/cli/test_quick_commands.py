"""What keeps the commands quick: each imports what it needs and no more, which is told without taking the time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.main import get_group

from cli.common import Exit
from starter import COMMAND_GROUPS
from stores.keys.referral_keys import MasterKeys
from workflows.ids import OVERVIEW, REFERRAL_WORKFLOW
from workflows.referral import ReferralWorkflow

PROJECT = Path(__file__).parents[2]
NEVER = {
    "activities",
    "aiosmtpd",
    "aiosmtplib",
    "holidays",
    "icalendar",
    "jinja2",
    "notifications_python_client",
    "rich",
    "structlog",
}
"""No command that is used all day needs these: they belong to the worker, or to what is drawn."""

# Each ends where it would connect: up to there, and while the group's own functions are imported, nothing is replaced.
_READS = """
import asyncio, sys
sys.argv = ["rj", *{arguments}]
async def connect_pool(*_, **__):
    import casework.access, cli.showing, stores.notices, stores.keys.erasures  # what a read imports when connected
    raise asyncio.CancelledError
import starter, runtime.connections
runtime.connections.connect_pool = connect_pool
try:
    starter.main()
except BaseException:
    pass
assert "casework.access" in sys.modules, "it never came to connecting"
print("\\n".join(sorted({{each.partition(".")[0] for each in sys.modules}})))
"""
_GARBAGE = """
import gc
import starter, cli.casework.referrals, cli.reading, cli.free_text, runtime.connections, runtime.asking
import casework.referral.steps
def app():
    print(gc.get_threshold()[0] > len(gc.get_objects()))
starter.app = app
starter.main()
print(gc.get_freeze_count() > 0)
"""
_REFUSED = """
import gc, weakref
from contextlib import asynccontextmanager
import cli.common, cli.failures, runtime.connections, temporalio
from lifecycle import Refused
class Client: pass
@asynccontextmanager
async def connected(*_, **__):
    client = Client()
    known.append(weakref.ref(client))
    yield client
async def work(client):
    error = Refused("no", "No.")
    raise error
known = []
runtime.connections.connected = connected
try:
    cli.common.run(work)
except cli.common.typer.Exit as ended:
    print(int(ended.exit_code), known[0]())
assert gc.get_freeze_count(), "all that was imported is looked through for the client"
"""
_MADE = """
from typing import get_args
from uuid import uuid4
from schemas.commands import Command, parse_command
from schemas.events import Event, Recorded
from schemas.steps import Request

whose = {"command_id": uuid4(), "role": "caseworker"}
event = {"kind": "note_added", "note": "Rang twice."}
at = "2026-11-26T09:00:00Z"
Recorded.model_validate(whose | {"sequence": 1, "step": 1, "at": at, "actor": "cw-1", "event": event})
command = parse_command("add_note", {"note": "Rang twice."})
actor = {"id": "cw-1", "role": "caseworker", "area": "durham"}
Request.model_validate({"command_id": uuid4(), "actor": actor, "command": command}).model_dump_json()
for union in (Command, Event):
    print(*(each.__name__ for each in get_args(get_args(union)[0]) if each.__pydantic_complete__))
"""
_STEP = """
import sys
import starter, cli.casework.referrals, cli.reading, cli.free_text, runtime.connections, runtime.asking
import runtime.sealing.plugin, policies.files
from runtime.embedded.data_folder import resolve
print("\\n".join(sorted({each.partition(".")[0] for each in sys.modules})))
"""


def imported_by(code: str, folder: Path) -> set[str]:
    """The packages that a process has imported after running the code, told of servers that do not answer."""
    return set(said_by(code, folder).split())


def said_by(code: str, folder: Path) -> str:
    """What a process prints that runs the code, told of servers that do not answer."""
    ring = folder / "ring.keys"
    MasterKeys.create(ring)
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={
            "PYTHONPATH": str(PROJECT),
            "DATABASE_URL": "postgresql://rj@127.0.0.1:1/rj",
            "TEMPORAL_ADDRESS": "127.0.0.1:1",
            "RJ_MASTER_KEYS_FILE": str(ring),
        },
    )
    return said.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--as", "cw-1"),
        ("show", "RJ-7KQ4-M2X1", "--as", "cw-1"),
        ("timeline", "RJ-7KQ4-M2X1", "--as", "cw-1"),
        ("tasks", "--as", "cw-1"),
    ],
)
def test_a_read_imports_neither_the_worker_nor_temporal(arguments: tuple[str, ...], tmp_path: Path) -> None:
    imported = imported_by(_READS.format(arguments=arguments), tmp_path)
    assert "asyncpg" in imported
    assert imported & (NEVER | {"temporalio", "workflows"}) == set()


def test_a_step_imports_temporals_client_and_nothing_of_the_worker(tmp_path: Path) -> None:
    imported = imported_by(_STEP, tmp_path)
    assert "temporalio" in imported
    assert imported & NEVER == set()


def test_what_is_imported_is_not_looked_through_for_garbage(tmp_path: Path) -> None:
    assert said_by(_GARBAGE, tmp_path) == "True\nTrue\n"


def test_no_client_is_left_when_the_interpreter_ends(tmp_path: Path) -> None:
    """Not where an error's frames hold it either: the SDK could abort the interpreter."""
    assert said_by(_REFUSED, tmp_path) == f"{int(Exit.REFUSED)} None\n"


def test_one_event_or_command_is_read_without_making_what_reads_the_others(tmp_path: Path) -> None:
    assert said_by(_MADE, tmp_path) == "AddNote\nNoteAdded\n"


def test_asking_a_workflow_imports_nothing_of_the_sdks_worker(tmp_path: Path) -> None:
    code = "import sys, runtime.asking, runtime.sealing.calls; print('temporalio.worker' in sys.modules)"
    assert said_by(code, tmp_path) == "False\n"


def test_the_workflow_is_asked_by_the_names_that_it_has() -> None:
    assert ReferralWorkflow.__name__ == REFERRAL_WORKFLOW
    assert ReferralWorkflow.overview.__name__ == OVERVIEW


@pytest.mark.parametrize("module", COMMAND_GROUPS)
def test_each_command_group_defines_the_commands_that_are_listed_for_it(module: str) -> None:
    assert set(get_group(import_module(module).app).commands) == set(COMMAND_GROUPS[module])


def test_every_command_group_is_listed() -> None:
    """Also one that is a part of another's, such as `rj staff confirm` of `rj staff`, is reached from the list."""
    reached: set[int] = set()
    waiting: list[typer.Typer] = [import_module(module).app for module in COMMAND_GROUPS]
    for app in waiting:
        reached.add(id(app))
        waiting += [each.typer_instance for each in app.registered_groups if each.typer_instance]
    assert {group.__name__ for group in command_groups() if id(group.app) not in reached} == set()


def command_groups() -> Iterator[ModuleType]:
    """The modules of `cli` that define commands."""
    for path in sorted((PROJECT / "cli").rglob("*.py")):
        names = {
            target.id
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if "app" in names:
            yield import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
