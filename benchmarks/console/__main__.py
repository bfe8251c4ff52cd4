"""`python -m benchmarks.console`: prints of each page of the console how quick, how heavy and how still it is."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.console import Console as Terminal
from rich.table import Table

from benchmarks.console.big_service import Team
from benchmarks.console.browsing import Weighed, weighed
from benchmarks.console.clicking import PAUSE, Clicked, clicked
from benchmarks.console.serving import Served, served
from console.asked import Console
from runtime.logging import configure_logging
from tests.browser.chromium import chromium, program
from tests.console.visiting import visiting
from tests.statements import counted

QUICK, FIRST, AFTER = 80, 250_000, 40_000
"""The goals: milliseconds of the 95th percentile, bytes of a first visit, bytes of the next."""


def people(teams: list[Team]) -> list[str]:
    """Ten people of the first area: of its first two teams, which have the same supervisors' lists."""
    area = [each for each in teams if each.area is teams[0].area]
    first, second = area[0], area[-1]
    lived = ("cw-1", "cw-2", "cw-3", "fa-1", "su-1", "sm-1", "pa-1", "co-1")
    who = [(first, each) for each in lived] + [(second, each) for each in ("cw-4", "su-2")]
    return [team.staff_id(each) for team, each in who]


async def run(folder: Path, referrals: int, seconds: float, pause: float) -> bool:
    """Measure, print; whether every goal is met."""
    async with served(folder, referrals) as serving:
        found = await clicked(serving, people(serving.teams), seconds, pause)
        alone = await _alone(serving, found)
        weights = await _weights(serving, found)
    return report(found, alone, weights, referrals, seconds, pause)


class Alone(NamedTuple):
    """A page that is asked for while nobody else asks for anything.

    Attributes:
        statements: how many it sends to PostgreSQL.
        milliseconds: of the quickest of three answers.
    """

    statements: int
    milliseconds: float


async def _alone(serving: Served, found: Clicked) -> dict[str, Alone]:
    """Ask for each page in this process, on the same data: of three addresses of it the one that takes most."""
    counts: dict[str, Alone] = {}
    console = Console(serving.referrals, serving.settings)
    for path, seen in found.pages.seen.items():
        for staff_id, address in seen[:3]:
            async with visiting(console, staff_id) as visitor:
                times, statements = [], 0
                # What is kept for a while, such as keys, is not counted: the last time counts.
                for _ in range(3):
                    began = time.perf_counter()
                    with counted() as sent:
                        await visitor.client.get(address)
                    times.append((time.perf_counter() - began) * 1000)
                    statements = len(sent)
            before = counts.get(path, Alone(0, 0))
            counts[path] = Alone(max(before.statements, statements), max(before.milliseconds, min(times)))
    return counts


async def _weights(serving: Served, found: Clicked) -> dict[str, Weighed]:
    """What a browser makes of an address of each page: of the longest of those that were seen."""
    if program() is None:
        return {}
    async with chromium() as browser:
        return {path: await weighed(browser, serving, *seen[-1]) for path, seen in found.pages.seen.items()}


def report(
    found: Clicked,
    alone: dict[str, Alone],
    weights: dict[str, Weighed],
    referrals: int,
    seconds: float,
    pause: float,
) -> bool:
    """Print the table; whether every goal is met."""
    table = Table(title=f"Pages of a service of {referrals:,} referrals, ten people clicking")
    table.add_column("page")
    for heading in (
        "asked",
        "p50, ms",
        "p95, ms",
        "alone, ms",
        "statements",
        "first, kB",
        "after, kB",
        "shift",
        "met",
    ):
        table.add_column(heading, justify="right")
    all_met = True
    for path in sorted(found.milliseconds):
        times, weight = sorted(found.milliseconds[path]), weights.get(path)
        p50, p95 = _share(times, 0.5), _share(times, 0.95)
        met = p95 <= QUICK and (
            weight is None or (weight.first <= FIRST and weight.after <= AFTER and weight.shift == 0)
        )
        all_met &= met
        table.add_row(
            path,
            str(len(times)),
            f"{p50:.0f}",
            f"{p95:.0f}",
            *(
                (f"{alone[path].milliseconds:.0f}", str(alone[path].statements))
                if path in alone
                else ("", "")
            ),
            *(
                (f"{weight.first / 1000:.0f}", f"{weight.after / 1000:.0f}", f"{weight.shift:.3f}")
                if weight
                else ("",) * 3
            ),
            "yes" if met else "NO",
        )
    every = sorted(one for times in found.milliseconds.values() for one in times)
    table.add_section()
    table.add_row(
        "all", str(len(every)), f"{_share(every, 0.5):.0f}", f"{_share(every, 0.95):.0f}", *("",) * 5
    )
    table.add_row("goal", "", "", f"≤ {QUICK}", "", "", f"≤ {FIRST // 1000}", f"≤ {AFTER // 1000}", "0", "")
    terminal = Terminal(width=None if sys.stdout.isatty() else 130)
    terminal.print(table)
    terminal.print(
        f"Ten people clicked for {seconds:.0f} seconds, each once in {pause:g} seconds on average, on links of the "
        "pages that they saw, and on those first that they had followed least: "
        f"{len(every) / seconds:.1f} pages a second. The time is the console's own, until the last byte was handed "
        "over; the time alone and statements are taken apart, one page at a time. Every referral is sealed and "
        "chained like any other: "
        "four lived years of a team were written for each team under names of its own. Nobody takes a step, and no "
        f"workflow runs. PostgreSQL, Temporal, the console and this process share {os.cpu_count()} cores."
    )
    refused = Counter((found.pages.path(address), status) for address, status in found.failed)
    for (address, status), count in refused.most_common():
        print(f"answered with {status}, {count} times: {address}")
    return all_met and not found.failed


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        kept.chmod(0o711)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="rj-bench-") as made:
        # As root PostgreSQL runs under another account, which passes through here to its data.
        Path(made).chmod(0o711)
        yield Path(made)


def main() -> None:
    """Read the options, measure, print; ends with 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--referrals", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long people click (default 180)")
    parser.add_argument(
        "--pause", type=float, default=PAUSE, help=f"seconds between clicks (default {PAUSE:g})"
    )
    parser.add_argument(
        "--keep", type=Path, help="a folder for the data, to be used again; else it is thrown away"
    )
    options = parser.parse_args()
    configure_logging("console", "error")
    with _folder(options.keep) as folder:
        met = asyncio.run(run(folder, options.referrals, options.seconds, options.pause))
    # A client that is still alive when the interpreter ends may abort it (a known fault of the SDK).
    gc.collect()
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
