"""The worker's process in a benchmark: the referrals' worker as it runs in production, and one for the empty update.

It is told by the environment where the servers are, as `python worker.py` would be, and drains on SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal

from temporalio.envconfig import ClientConnectConfig
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from benchmarks.nothing import TASK_QUEUE, NothingWorkflow
from runtime.connections import connected
from runtime.settings import Settings
from runtime.workers import outward, worker


async def main() -> None:
    """Work until asked to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    temporal: ClientConnectConfig = {"target_host": os.environ["TEMPORAL_ADDRESS"], "namespace": "default"}
    settings = Settings.load()
    async with connected(settings, os.environ["DATABASE_URL"], temporal) as referrals:
        steps = worker(
            referrals.client, referrals.pool, referrals.keys, referrals.policies, outward(settings)
        )
        nothing = Worker(
            referrals.client,
            task_queue=TASK_QUEUE,
            workflows=[NothingWorkflow],
            # As the other has them.
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        async with steps, nothing:
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
