"""Record the histories that lie beside the tests: ``python -m tests.replay.record NAME``.

They are of an invented referral, and are kept with its key so that any machine can replay them. Never edit or delete
one: it stands for the referrals that are in flight when a new version is deployed. Add one when the shell changes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from policies.files import load_policies
from runtime.connections import connect_temporal
from runtime.embedded.postgres import embedded_postgres
from runtime.embedded.temporal import embedded_temporal
from runtime.referrals import Referrals
from runtime.workers import register_search_attributes, worker
from schemas.commands import Command
from simulation.staffing import enter_missing
from stores.database import connect_pool
from stores.keys.epochs import Wrapping
from stores.keys.referral_keys import EpochKeys, KeyStore, MasterKeys
from stores.migrate import migrate
from tests.conftest import STAFF
from tests.life import asides, detours, form, until_closed, until_conference, until_preparation
from tests.replay.replaying import histories_of
from workflows.ids import workflow_id

FOLDER = Path(__file__).parent / "histories"


async def record(name: str, folder: Path) -> None:
    """Lead a referral through its life, with continue-as-new, and keep every run's history."""
    early = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=120")
    async with (
        embedded_postgres(folder / "postgres") as database,
        embedded_temporal(folder / "temporal", search_attributes={}, extra_args=early) as server,
    ):
        await migrate(database.owner_dsn)
        async with await connect_pool(database.dsn) as pool:
            master_keys = MasterKeys.create(folder / "master.keys")
            keys = KeyStore(pool, master_keys)
            await enter_missing(pool, keys, STAFF)
            client = await connect_temporal({"target_host": server.address}, keys)
            await register_search_attributes(client)
            policy = load_policies()
            async with worker(client, pool, keys, policy):
                reference = await _live(Referrals(client, pool, keys, policy))
            row = await pool.fetchrow("SELECT * FROM keys.data_key WHERE reference = $1", reference)
            assert row is not None
            key = Wrapping(master_keys, EpochKeys.beside(master_keys)).unwrap(row, reference)
            found = await histories_of(client, keys)
            kept = {
                "reference": reference,
                "key": base64.b64encode(key).decode(),
                "ids": {history.run_id: history.workflow_id for history in found},
                "histories": {history.run_id: history.to_json_dict() for history in found},
            }
            (FOLDER / f"{name}.json").write_text(json.dumps(kept) + "\n")


async def _live(referrals: Referrals) -> str:
    reference = (await referrals.open(form(), "cw-1")).reference

    async def take(steps: list[tuple[str, Command]]) -> None:
        for staff_id, command in steps:
            await referrals.take(reference, command, staff_id)

    now = datetime.now(UTC)
    await take(until_preparation(now.date()))
    # Its workflow is taken away, and another one is woken by the signal alone.
    await referrals.client.get_workflow_handle(workflow_id(reference)).terminate()
    await referrals.wake(reference)
    await take(asides(now.date()))
    await take(until_conference(datetime.now(UTC)))
    await take(detours(datetime.now(UTC)))
    await take(until_closed(datetime.now(UTC)))
    return reference


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="rj-") as made:
        Path(made).chmod(0o711)
        asyncio.run(record(sys.argv[1], Path(made)))
