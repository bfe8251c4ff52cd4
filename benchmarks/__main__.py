"""`python -m benchmarks`: prints what a step costs, and what an update that does nothing costs, in one run."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time

from rich.console import Console
from rich.table import Table

from benchmarks.engine import engine
from benchmarks.measure import Timings, a_step, an_empty_update, measure, prepare
from runtime.referrals import Referrals

MANY = 20
CALLS = {1: 100, MANY: 400}
KINDS = {"nothing": an_empty_update, "step": a_step}

# Of a step against an update that does nothing: what is aimed at, and what the prototype reached.
GOALS = {"p50": (1.25, 1.33), "throughput": (0.70, 0.57)}

Measured = dict[tuple[str, int], Timings]


async def run(seconds: float) -> Measured:
    """Measure in rounds until the seconds have passed; both kinds take turns, so that noise meets both."""
    measured: Measured = {(kind, callers): Timings() for kind in KINDS for callers in CALLS}
    async with engine() as running, running.working():
        referrals = running.referrals
        # What is met for the first time, by us and by the servers, is not what a step costs.
        await _round(referrals, {key: Timings() for key in measured}, list(KINDS), share=0.3)
        ends = time.perf_counter() + seconds
        order = list(KINDS)
        while time.perf_counter() < ends:
            await _round(referrals, measured, order)
            order.reverse()
    return measured


async def _round(referrals: Referrals, into: Measured, order: list[str], share: float = 1.0) -> None:
    for callers, calls in CALLS.items():
        for kind in order:
            work = await prepare(KINDS[kind], referrals, callers, round(calls * share))
            await measure(work, round(calls * share), into[kind, callers])


def report(measured: Measured, console: Console) -> None:
    """The table, and under it what exactly was measured."""
    table = Table(title="A caseworker's step beside an update that does nothing")
    table.add_column()
    for heading in ("p50, ms", "p95, ms", "a second, 1 caller", f"a second, {MANY} callers"):
        table.add_column(heading, justify="right")
    rows = {}
    for kind, title in (("nothing", "an update that does nothing"), ("step", "a caseworker's step")):
        alone, many = measured[kind, 1], measured[kind, MANY]
        rows[kind] = (alone.quantile(0.5), alone.quantile(0.95), alone.per_second, many.per_second)
        p50, p95, one, all_of_them = rows[kind]
        table.add_row(title, f"{p50 * 1000:.1f}", f"{p95 * 1000:.1f}", f"{one:.0f}", f"{all_of_them:.0f}")
    table.add_section()
    ratios = [step / nothing for step, nothing in zip(rows["step"], rows["nothing"], strict=True)]
    table.add_row("ratio", *(f"{ratio:.2f} x" for ratio in ratios))
    for place, name in enumerate(("goal", "prototype")):
        p50, throughput = GOALS["p50"][place], GOALS["throughput"][place]
        table.add_row(name, f"{p50:.2f} x", "", "", f"{throughput:.2f} x")
    console.print(table)
    console.print(
        f"Taken of {len(measured['step', 1].latencies)} steps by one caller and "
        f"{len(measured['step', MANY].latencies)} by {MANY} callers at once, each on a referral of its own, and as "
        "many empty updates, in turns. A step is record_contact_attempt with a note: one encrypted update, checked "
        "by the validator, decided and recorded with its read model in one transaction that is on disk before the "
        "answer. The empty update sends and answers one word through the same codec. "
        f"Four processes share this machine's {os.cpu_count()} cores, none bound to one: PostgreSQL, Temporal, the "
        "worker, and this one with all callers.",
        soft_wrap=False,
    )


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0, help="how long to measure (default 45)")
    options = parser.parse_args()
    measured = asyncio.run(run(options.seconds))
    # A client that is still alive when the interpreter ends may abort it (a known fault of the SDK).
    gc.collect()
    report(measured, Console())


if __name__ == "__main__":
    main()
