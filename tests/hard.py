"""Run the suite again and again beside a CPU hog: ``make test-hard``, or ``python -m tests.hard``.

A test that waits for a length of time, and not for what it wants to see, passes on a quiet machine and fails on a busy
one. So each core has a process that computes without end, and each run takes the test modules in another order; the
tests of one module keep theirs. The first run that fails ends it all, with what to type to have that order again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import pytest

_SEED = "RJ_TEST_ORDER"
_RUN_ENDS_WITHIN = 3600
"""Seconds."""

# Ends by itself with the process that started it, and in any case after the seconds that it is given.
_HOG = """
import os, sys, time
parent, ends = os.getppid(), time.monotonic() + float(sys.argv[1])
while os.getppid() == parent and time.monotonic() < ends:
    sum(range(1_000_000))
"""


@contextmanager
def hogs(count: int, seconds: float) -> Iterator[None]:
    """As many processes that each keep a core busy, at the niceness of everything else, for at most `seconds`."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.extend(subprocess.Popen([sys.executable, "-c", _HOG, str(seconds)]) for _ in range(count))
        yield
    finally:
        for hog in started:
            hog.kill()
        for hog in started:
            hog.wait()


def run_once(seed: int, arguments: Sequence[str]) -> bool:
    """Run pytest with the modules in the order of `seed`, for an hour at most; whether it passed."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.hard", "-q", "-n", "2", "--dist", "loadgroup"]
    process = subprocess.Popen([*command, *arguments], env=os.environ | {_SEED: str(seed)})
    try:
        return process.wait(_RUN_ENDS_WITHIN) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the modules in an order that the seed decides; every worker of pytest-xdist must come to the same one."""
    modules = sorted({item.path for item in items})
    random.Random(int(os.environ[_SEED])).shuffle(modules)
    place = {path: number for number, path in enumerate(modules)}
    items.sort(key=lambda item: place[item.path])


def main() -> int:
    """Run the suite as often as asked; 1 at the first run that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.hard", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often; 5 where nothing is said")
    parser.add_argument("--seed", type=int, help="of the first run's order; random where nothing is said")
    options, arguments = parser.parse_known_args()
    first = random.randrange(1_000_000) if options.seed is None else options.seed
    with hogs(os.cpu_count() or 1, options.runs * _RUN_ENDS_WITHIN):
        for number in range(options.runs):
            started = perf_counter()
            passed = run_once(first + number, arguments)
            said = "passed" if passed else "FAILED"
            _say(
                f"Run {number + 1} of {options.runs}, order {first + number}: "
                f"{said} in {perf_counter() - started:.0f} s."
            )
            if not passed:
                again = " ".join(["python -m tests.hard --runs 1 --seed", str(first + number), *arguments])
                _say(f"The same order again: {again}")
                return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
