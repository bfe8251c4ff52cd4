"""What another user of the machine tries, who reaches our servers and has none of our files.

A process of its own, `as_another_user.py UID TEMPORAL SOCKETS PORT DATA_FOLDER`: as root it becomes that user before
it tries anything; else it stays who it is and leaves the files alone. It prints as JSON how much it tried and all that
was obeyed, answered or opened.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec

from schemas.commands import COMMANDS
from workflows.ids import CATCH_UP

QUEUES = {
    "ReferralWorkflow": "referrals",
    "NoticeWorkflow": "referrals-messages",
    "DigestWorkflow": "referrals-service",
    "ReassignmentWorkflow": "referrals-service",
}
ACTIVITIES = ("take_step", "read_log", "carry", "send_digests", "give_referrals")
SIGNED_IN_AS = ("rj_app", "rj_owner", "rj", "postgres", "root", "nobody")
WITHIN = timedelta(seconds=20)

tried = 0
managed: list[str] = []


async def attempt(name: str, doing: Awaitable[Any]) -> None:
    """Note it unless it is refused. That nobody answers in time is noted too: a referral may hang on it."""
    global tried
    tried += 1
    try:
        async with asyncio.timeout(WITHIN.total_seconds()):
            answer = await doing
    except TimeoutError:
        managed.append(f"{name}: no answer")
    except Exception:  # noqa: BLE001 - refused, whoever says so and in whatever words
        return
    else:
        managed.append(f"{name}: {answer!r}")


async def try_temporal(address: str) -> None:
    """Every update, query, workflow and activity of ours, a signal and a schedule, by Temporal's own client."""
    client = await Client.connect(address)
    running = [each.id async for each in client.list_workflows("ExecutionStatus = 'Running'")]
    referral = min(each for each in running if each.startswith("referral/") and each.count("/") == 1)
    handle = client.get_workflow_handle(referral)
    for command in sorted(COMMANDS):
        forged = {"actor": {"staff_id": "su-1", "role": "supervisor"}, "command": {"type": command}}
        await attempt(f"update {command}", handle.execute_update(command, forged))
    await attempt("query", handle.query("overview"))
    await handle.signal(CATCH_UP, "a stranger's")
    for workflow, queue in QUEUES.items():
        start = client.execute_workflow(workflow, {"x": 1}, id=f"{referral}/{uuid4().hex}", task_queue=queue)
        await attempt(f"start {workflow}", start)
    for activity in ACTIVITIES:
        for queue in sorted(set(QUEUES.values())):
            asked = client.execute_activity(
                activity, {"x": 1}, id=uuid4().hex, task_queue=queue, start_to_close_timeout=WITHIN
            )
            await attempt(f"activity {activity} on {queue}", asked)
    action = ScheduleActionStartWorkflow("DigestWorkflow", id=uuid4().hex, task_queue="referrals-service")
    schedule = await client.create_schedule(uuid4().hex, Schedule(action=action, spec=ScheduleSpec()))
    await schedule.trigger()
    await schedule.delete()


async def try_database(sockets: str, port: int) -> None:
    """To sign in as anybody, by the socket and by the port."""
    for user in SIGNED_IN_AS:
        for host in (sockets, "127.0.0.1"):
            for database in ("rj", "postgres"):
                signing_in = asyncpg.connect(host=host, port=port, user=user, database=database)
                await attempt(f"sign in as {user} to {database} at {host}", signing_in)


def try_files(folder: Path) -> None:
    """To list or read anything in the data folder, and what the processes that work on it were given."""
    global tried
    paths = [
        folder,
        *(folder / name for name in ("master.keys", "epoch.keys", "service.json", "rj.log", "mail")),
    ]
    for path in paths:
        tried += 1
        try:
            managed.append(
                f"listed {path.name}: {sorted(path.iterdir())}" if path.is_dir() else path.read_text()
            )
        except OSError:
            continue
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if str(folder) in words and process.pid != os.getpid():
                tried += 1
                managed.append(f"environment of {process.pid}: {len(process.environ())}")
        except psutil.Error:
            continue


async def main(uid: int, temporal: str, sockets: str, port: int, data: Path) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        try_files(data)
    await try_temporal(temporal)
    await try_database(sockets, port)
    sys.stdout.write(json.dumps({"uid": os.geteuid(), "tried": tried, "managed": managed}))


if __name__ == "__main__":
    _, as_user, temporal_at, socket_folder, postgres_port, folder = sys.argv
    asyncio.run(main(int(as_user), temporal_at, socket_folder, int(postgres_port), Path(folder)))
