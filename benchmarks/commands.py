"""`python -m benchmarks.commands`: how long the commands of `rj` take as whole processes, on the demo caseload.

Starts `rj up --demo` on data that goes with it, and ends that by its process id.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

_PROJECT = Path(__file__).parent.parent
RUNS = 15
READ_WITHIN, STEP_WITHIN = 0.45, 0.8
"""Seconds that a command that reads, and one that takes a step, may take at the median."""

# Seconds until servers, worker and demo caseload are there, on a machine that has much else to do.
_READY_WITHIN = 180
_PLAIN = {
    "python -c pass": ("-c", "pass"),
    # The bare name brings in next to nothing of pydantic.
    "python -c 'import asyncpg, pydantic.main, pydantic.fields'": (
        "-c",
        "import asyncpg, pydantic.main, pydantic.fields",
    ),
}

Command = tuple[str, ...]


@dataclass
class Taken:
    """What a command took in each of its runs; seconds.

    Attributes:
        goal: what the median may be, where there is one.
        wall: from its start to its end.
        processor: of processors, by the operating system's account: what else the machine does changes it less.
    """

    goal: float | None
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def commands(reference: str) -> dict[str, tuple[Command, float]]:
    """What is measured, by the name that the table gives it, with the goal in seconds."""
    note = ("add_note", "--set", "note=Rang twice, no answer.")
    return {
        "rj list": (("list", "--as", "cw-1"), READ_WITHIN),
        "rj show": (("show", reference, "--as", "cw-1"), READ_WITHIN),
        "rj timeline": (("timeline", reference, "--as", "cw-1"), READ_WITHIN),
        "rj work": (("work", "--as", "cw-1"), READ_WITHIN),
        "rj do": (("do", reference, *note, "--as", "cw-1"), STEP_WITHIN),
    }


def environment(data: Path) -> dict[str, str]:
    """Of every process that is measured: the caller's, without a service of their own, and with compiled modules kept
    as Python keeps them where nobody forbids it."""
    own = ("DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
    left_out = {*own, "PYTHONDONTWRITEBYTECODE"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in left_out and not name.startswith("RJ_")
    }
    return kept | {
        "RJ_DATA": str(data),
        "PYTHONPATH": str(_PROJECT),
        "PYTHONPYCACHEPREFIX": str(data.parent / "compiled"),
    }


@contextmanager
def demo_service(folder: Path) -> Iterator[dict[str, str]]:
    """`rj up --demo` while the context lasts; yields the environment in which commands find it."""
    told = environment(folder / "data")
    with (folder / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "starter.py", "up", "--demo"],
            cwd=_PROJECT,
            env=told,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_until_ready(up, folder / "up.log")
            yield told
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(timeout=60)


def _wait_until_ready(up: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + _READY_WITHIN
    while "Ctrl-C stops everything" not in log.read_text():
        if up.poll() is not None or time.monotonic() > ends:
            raise SystemExit(f"`rj up --demo` did not become ready; it said:\n{log.read_text()}")
        time.sleep(0.1)


def timed(arguments: Command, told: Mapping[str, str]) -> tuple[float, float]:
    """Seconds from the start of a Python process to its end, and seconds of processors; it must end well."""
    before, started = _of_ended_children(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=_PROJECT, env=told, capture_output=True, text=True, check=False
    )
    wall, processor = time.perf_counter() - started, _of_ended_children() - before
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return wall, processor


def _of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(runs: int) -> dict[str, Taken]:
    """Measure all of them in turns, so that noise meets each; the first turn, which compiles, is not counted."""
    with tempfile.TemporaryDirectory(prefix="rj-commands-") as made:
        folder = Path(made)
        # As root PostgreSQL runs under another account, which passes through here to its data.
        folder.chmod(0o711)
        with demo_service(folder) as told:
            asked = commands(_longest_referral(told))
            # A command of a later version than the code that is measured is left out.
            asked = {name: each for name, each in asked.items() if _is_known(each[0][0], told)}
            every: dict[str, tuple[Command, float | None]] = {
                **{name: (arguments, None) for name, arguments in _PLAIN.items()},
                **{name: (("starter.py", *arguments), goal) for name, (arguments, goal) in asked.items()},
            }
            taken = {name: Taken(goal) for name, (_, goal) in every.items()}
            for turn in range(runs + 1):
                for name, (arguments, _) in every.items():
                    wall, processor = timed(arguments, told)
                    if turn:
                        taken[name].wall.append(wall)
                        taken[name].processor.append(processor)
            return taken


def _is_known(command: str, told: Mapping[str, str]) -> bool:
    asked = [sys.executable, "starter.py", command, "--help"]
    return subprocess.run(asked, cwd=_PROJECT, env=told, capture_output=True, check=False).returncode == 0


def _longest_referral(told: Mapping[str, str]) -> str:
    """The caseworker's referral with the longest log, which is the slowest to read."""

    def answer(*arguments: str) -> Any:
        asked = [sys.executable, "starter.py", *arguments, "--as", "cw-1", "--json"]
        return json.loads(
            subprocess.run(asked, cwd=_PROJECT, env=told, capture_output=True, check=True).stdout
        )

    references = [each["reference"] for each in answer("list") if each["caseworker"] == "cw-1"]
    return str(max(references, key=lambda each: len(answer("timeline", each, "--outline")["events"])))


def report(taken: Mapping[str, Taken], console: Console) -> None:
    """The table, and under it what exactly was measured."""
    table = Table(title="Commands as whole processes")
    table.add_column()
    for heading in ("median, ms", "p95, ms", "goal, ms", "processor, ms"):
        table.add_column(heading, justify="right")
    for name, each in taken.items():
        figures = (median(each.wall), quantiles(each.wall, n=20, method="inclusive")[-1], each.goal)
        columns = ("" if figure is None else f"{figure * 1000:.0f}" for figure in figures)
        table.add_row(name, *columns, f"{median(each.processor) * 1000:.0f}")
    console.print(table)
    runs = len(next(iter(taken.values())).wall)
    console.print(
        f"Each of {runs} runs from the start of the interpreter to its end, in turns, after one that is not counted. "
        "`rj show`, `rj timeline` and `rj do` are asked of the referral with the longest log of the demo caseload. "
        f"PostgreSQL, Temporal and the worker of `rj up` share this machine's {os.cpu_count()} cores with them.",
        soft_wrap=False,
    )


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=RUNS, help=f"how often each is run and counted (default {RUNS})"
    )
    report(measure(parser.parse_args().runs), Console())


if __name__ == "__main__":
    main()
