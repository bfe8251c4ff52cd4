"""`python -m benchmarks.whole_logs`: how fast an invented year is lived through, and how fast it is written."""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from policies.files import load_policies
from runtime.embedded.postgres import embedded_postgres
from schemas.areas import Area
from simulation.year.living import Plan, live
from stores.database import connect, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import whole_logs
from stores.logs.whole_logs import WholeLog
from stores.migrate import migrate

AREA = Area.DURHAM
BATCH = 100


async def run(referrals: int) -> None:
    """Live a year through, write it to a database of its own, and print the two rates."""
    plan = Plan(AREA, referrals, 1, datetime.now(UTC), load_policies().of(AREA))
    began = time.perf_counter()
    logs = list(live(plan))
    lived = time.perf_counter() - began
    # In `rj demo year` one batch is in memory at a time, and none of the others is looked through for garbage.
    gc.collect()
    gc.freeze()
    with TemporaryDirectory(prefix="rj-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        async with embedded_postgres(folder / "postgres") as server:
            await migrate(server.owner_dsn)
            async with await connect_pool(server.dsn) as pool:
                keys = KeyStore(pool, MasterKeys.create(folder / "master.keys"))
                began, cpu = time.perf_counter(), time.process_time()
                # While one waits for PostgreSQL the other seals.
                await asyncio.gather(*(_write(server.owner_dsn, keys, logs[half::2]) for half in range(2)))
                wrote, cpu = time.perf_counter() - began, time.process_time() - cpu
    events = sum(len(log.events) for log in logs)
    print(f"{len(logs)} referrals, {events} events")
    print(f"lived through: {len(logs) / lived:.0f} referrals a second")
    print(f"written:       {len(logs) / wrote:.0f} referrals a second, {events / wrote:.0f} events a second")
    print(f"               {len(logs) / cpu:.0f} referrals a second of this process's own time")


async def _write(owner_dsn: str, keys: KeyStore, logs: list[WholeLog]) -> None:
    owner = await connect(owner_dsn)
    for place in range(0, len(logs), BATCH):
        await whole_logs.write(owner, keys, logs[place : place + BATCH])
    await owner.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--referrals", type=int, default=1000)
    asyncio.run(run(parser.parse_args().referrals))


if __name__ == "__main__":
    main()
