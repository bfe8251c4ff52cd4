"""`python -m benchmarks.storm`: every worker is gone while ten thousand deadlines fall due; then one comes back.

Counts afterwards that each was recorded once, that each escalation was raised once, and that each message about one
arrived once at a real mail server; and says how long people waited meanwhile, who took a step every second.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from email.parser import BytesHeaderParser
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.engine import AREA, CASEWORKER, MANAGER, Engine, engine
from benchmarks.measure import FORM, Call, Timings, a_step
from runtime.embedded.mail import embedded_mail
from runtime.referrals import NotAnswered
from schemas.people import Role, Staff
from simulation.staffing import enter_missing

SUPERVISOR = Staff(id="su-1", role=Role.SUPERVISOR, areas=(AREA,), email="su-1@example.org")
AT_ONCE = 20
# On so many referrals, in turn, people take steps meanwhile: most of them have not been asked for anything lately.
ASIDE = 60
# Seconds that an opening may take at the most, on a machine that has much else to do.
_EACH = 0.08

_POLICY = """
extends = "england-and-wales.toml"
name = "Storm"
version = "storm"

[deadlines.allocation]
due = "PT{seconds}S"
escalate = ["PT0S"]
ground = "local"
source = "All at once, to see what happens"

[deadlines.first_contact]
due = "20wd"
warn = []
escalate = []
ground = "local"
source = "Out of the way of what is tried out"
"""


async def run(count: int, console: Console) -> bool:
    """Raise the storm and count what it left; whether nothing was lost and nothing came twice."""
    seconds = max(30, round(count * _EACH))
    with tempfile.TemporaryDirectory(prefix="rj-storm-") as made:
        folder = Path(made)
        policy = folder / "policy.toml"
        policy.write_text(_POLICY.format(seconds=seconds))
        async with embedded_mail(folder / "mail") as mail:
            told = {"RJ_POLICY": str(policy), "RJ_SMTP_URL": mail.url}
            async with engine(told) as running:
                await enter_missing(
                    running.referrals.pool, running.referrals.keys, (SUPERVISOR,), by=MANAGER.id
                )
                opened = time.monotonic()
                async with running.working():
                    steps = [await a_step(running.referrals) for _ in range(ASIDE)]
                    await _open(running, count)
                console.print(f"{count} opened in {time.monotonic() - opened:.0f} s; the worker is gone.")
                await asyncio.sleep(max(0.0, opened + seconds + count * _EACH - time.monotonic()))
                began = time.monotonic()
                async with running.working(), _people(steps) as waited:
                    taken = await _settled(running, count)
                counts, messages = await _counts(running), _messages(mail.folder)
                return _report(console, counts, messages, count, taken - began, waited)


async def _open(running: Engine, count: int) -> None:
    left = iter(track(range(count), "Opening", transient=True))

    async def caller() -> None:
        for _ in left:
            await running.referrals.open(FORM, CASEWORKER.id)

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))


@asynccontextmanager
async def _people(steps: Sequence[Call]) -> AsyncIterator[Timings]:
    """A step every second, whether or not the last one was answered, until the context ends; how long each took.

    One that got no answer took as long as a person waits for one.
    """
    waited, over = Timings(), asyncio.Event()

    async def one(step: Call) -> None:
        started = time.monotonic()
        with suppress(NotAnswered):
            await step()
        waited.latencies.append(time.monotonic() - started)

    async with asyncio.TaskGroup() as asking:

        async def every_second() -> None:
            for step in itertools.cycle(steps):
                asking.create_task(one(step))
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 1)
                if over.is_set():
                    return

        asking.create_task(every_second())
        try:
            yield waited
        finally:
            over.set()


async def _settled(running: Engine, count: int) -> float:
    """Wait until every message has its outcome; when that was."""
    settled = 0
    while settled < count:
        await asyncio.sleep(1)
        settled = await running.referrals.pool.fetchval(
            "SELECT count(*) FROM notice WHERE outcome IS NOT NULL"
        )
    return time.monotonic()


async def _counts(running: Engine) -> dict[str, tuple[int, int]]:
    """How often each kind was recorded, and on how many referrals."""
    rows = await running.referrals.pool.fetch(
        "SELECT kind || coalesce(' ' || (body ->> 'point'), '') AS what, count(*), count(DISTINCT reference) AS of"
        " FROM event WHERE kind IN ('deadline_reached', 'escalation_raised', 'notice_settled') GROUP BY 1"
    )
    return {row["what"]: (row["count"], row["of"]) for row in rows}


def _messages(folder: Path) -> Counter[str]:
    parser = BytesHeaderParser()
    return Counter(str(parser.parsebytes(path.read_bytes())["Message-ID"]) for path in folder.glob("*.eml"))


def _report(
    console: Console,
    counts: dict[str, tuple[int, int]],
    messages: Counter[str],
    count: int,
    seconds: float,
    waited: Timings,
) -> bool:
    expected = (
        "deadline_reached due",
        "deadline_reached escalate-1",
        "escalation_raised escalate-1",
        "notice_settled",
    )
    once = all(counts.get(what) == (count, count) for what in expected)
    arrived = len(messages) == count and set(messages.values()) <= {1}
    for what in expected:
        console.print(f"{what}: {counts.get(what, (0, 0))[0]} on {counts.get(what, (0, 0))[1]} referrals")
    console.print(f"messages that arrived: {messages.total()}, each once: {arrived}")
    console.print(
        f"{2 * count} points and {count} messages in {seconds:.0f} s: {3 * count / seconds:.0f} a second"
    )
    console.print(
        f"a step of a person meanwhile, one every second, {len(waited.latencies)} in all: "
        f"p50 {waited.quantile(0.5):.2f} s, p99 {waited.quantile(0.99):.2f} s, max {max(waited.latencies):.2f} s"
    )
    return once and arrived


def main() -> None:
    """Read the options, raise the storm; ends with 1 where something was lost or came twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many referrals (default 10000)")
    options = parser.parse_args()
    well = asyncio.run(run(options.count, Console()))
    # A client that is still alive when the interpreter ends may abort it (a known fault of the SDK).
    gc.collect()
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
