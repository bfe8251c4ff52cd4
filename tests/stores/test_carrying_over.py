"""A log written before links were keyed is served, carried over and found as it was recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifecycle import fold
from lifecycle.coarse_facts import facts_of
from operations.upgrading import up_to_date
from runtime.embedded.postgres import embedded_postgres
from runtime.settings import Settings
from schemas import commands as c
from stores.database import Connection, Pool, connect, connect_pool
from stores.keys.referral_keys import DataKey, EpochKeys, KeyStore, MasterKeys
from stores.logs import anchors as anchoring
from stores.logs import event_log, staff_log
from stores.logs.anchors import Anchors, check
from stores.logs.carrying_over import to_carry_over
from stores.logs.chain import chain_key
from stores.logs.verifying import verify
from stores.migrate import FOLDER, migrate
from tests.conftest import any_time
from tests.life import form
from tests.stores.test_event_log import ATTEMPT, Recording

BEFORE = ("0001_roles_and_keys.sql", "0002_referrals.sql", "0003_notices.sql")


@dataclass
class Older:
    """An installation as an older version left it: one referral of four steps."""

    dsn: str
    owner_dsn: str
    reference: str
    settings: Settings


@pytest.fixture
async def older(
    pool: Pool, keys: KeyStore, master_keys: MasterKeys, servers_folder: Path, tmp_path: Path
) -> AsyncIterator[Older]:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    for command in (form(), ATTEMPT, c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        await recording.take(command)
    ring = tmp_path / "master.keys"
    ring.touch(mode=0o600)
    ring.write_bytes(master_keys.path.read_bytes())
    files = tmp_path / "migrations"
    files.mkdir()
    for name in BEFORE:
        shutil.copy(FOLDER / name, files)
    async with embedded_postgres(servers_folder / f"older-{recording.reference[3:7].lower()}") as server:
        await migrate(server.owner_dsn, folder=files)
        owner = await connect(server.owner_dsn)
        await _copied(pool, keys, master_keys, owner, recording.reference)
        await owner.close()
        yield Older(
            server.dsn,
            server.owner_dsn,
            recording.reference,
            Settings(master_keys_file=ring, anchors=tmp_path / "anchors"),
        )


async def _copied(
    pool: Pool, keys: KeyStore, master_keys: MasterKeys, owner: Connection, reference: str
) -> None:
    """Record the same steps by the function of that time, which made plain links."""
    installation = await pool.fetchrow("SELECT secret_wrapped, master_key_id FROM keys.installation")
    assert installation is not None
    await owner.execute(
        "INSERT INTO keys.installation (secret_wrapped, master_key_id) VALUES ($1, $2)", *installation
    )
    # Of that time there was no epoch; the master key alone wrapped.
    held = await pool.fetchrow(
        "SELECT wrapped, epoch, master_key_id FROM keys.data_key WHERE reference = $1", reference
    )
    assert held is not None
    bare = EpochKeys.beside(master_keys).unwrap(held["wrapped"], held["epoch"], reference)
    await owner.execute(
        "INSERT INTO keys.data_key (reference, wrapped, master_key_id) VALUES ($1, $2, $3)",
        reference,
        bare,
        held["master_key_id"],
    )
    await owner.execute(
        "INSERT INTO staff (id, role, areas) VALUES ('cw-1', 'caseworker', '{durham}') ON CONFLICT DO NOTHING"
    )
    rows = await pool.fetch("SELECT * FROM event WHERE reference = $1 ORDER BY sequence", reference)
    stands = json.loads(
        await pool.fetchval("SELECT to_jsonb(r)::text FROM referral r WHERE reference = $1", reference)
    )
    deadlines = await pool.fetchval(
        "SELECT jsonb_agg(to_jsonb(d))::text FROM deadline d WHERE reference = $1", reference
    )
    key = await keys.get(reference)
    for step in sorted({row["step"] for row in rows}):
        own = [_as_it_was(dict(row), key) for row in rows if row["step"] == step]
        answer = await owner.fetchval(
            "SELECT record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            reference,
            step - 1,
            own[0]["command_id"],
            own[0]["at"],
            own[0]["actor"],
            own[0]["role"],
            "durham",
            [],
            None,
            [row["kind"] for row in own],
            [row["body"] for row in own],
            [row["sealed"] for row in own],
            # Of that time lists told it exactly.
            json.dumps(stands | {"sequence": 0, "justice_stage": "post_sentence_community"}),
            deadlines,
            "[]",
        )
        assert answer == "recorded"


def _as_it_was(row: dict[str, Any], key: DataKey) -> dict[str, Any]:
    """With the special categories of the opening in the clear, as they were before they were sealed."""
    if row["kind"] == "referral_received":
        place = f"{key.reference}/{row['sequence']}".encode()
        body, sealed = json.loads(row["body"]), json.loads(key.open(row["sealed"], place))
        for name in ("justice_stage", "sensitive_categories"):
            body[name] = sealed.pop(name)
        for at, person in enumerate(body["participants"]):
            for name in ("ethnicity", "custody"):
                person[name] = sealed["participants"][str(at)].pop(name)
        row |= {"body": json.dumps(body), "sealed": key.seal(json.dumps(sealed).encode(), place)}
    return row


async def upgraded(older: Older) -> None:
    await up_to_date(older.settings, older.dsn, older.owner_dsn)


async def found(older: Older, pool: Pool, master_keys: MasterKeys) -> list[Any]:
    keys = KeyStore(pool, MasterKeys.load(older.settings.master_keys_file))
    return [broken async for _, broken in verify(pool, keys, [older.reference], {}) if broken]


async def test_it_is_carried_over_and_goes_on(older: Older, master_keys: MasterKeys, tmp_path: Path) -> None:
    await upgraded(older)
    await any_time(older.owner_dsn)
    async with await connect_pool(older.dsn) as pool:
        assert await found(older, pool, master_keys) == []
        keys = KeyStore(pool, MasterKeys.load(older.settings.master_keys_file))
        goes_on = Recording(pool, keys)
        goes_on.reference = older.reference
        taken = await goes_on.take(ATTEMPT)
        assert taken.receipt.sequence == 6
        assert await found(older, pool, master_keys) == []
        # What is sealed today was in the clear, and is read as it was.
        [stored] = await pool.fetch("SELECT body FROM event WHERE kind = 'referral_received'")
        body = json.loads(stored["body"])
        assert not {"justice_stage", "sensitive_categories"} & set(body)
        assert not any({"ethnicity", "custody"} & set(person) for person in body["participants"])
        history = await event_log.history(pool, keys, older.reference)
        assert fold(history).justice_stage == "post_sentence_community"
        # What figures need of it is there, as if it had been recorded today.
        told = await pool.fetch("SELECT name, value FROM fact")
        assert {(row["name"], row["value"]) for row in told} == {
            (each.name, each.value) for each in facts_of(history)
        }
        anchors = Anchors(pool, keys, tmp_path / "anchors")
        before, after = await anchors.known()
        carried = [(each.kind, each.subject) for each in await staff_log.read(pool)]
        register = await staff_log.verify(
            pool, await chain_key(keys), anchoring.fold([before, after])["staff"]
        )
    assert (carried, register) == ([("carried_over", "cw-1")], [])
    assert set(before.grown) == {f"{older.reference}#plain", "staff"}
    assert set(after.grown) == {older.reference}
    documents = [path.read_text() for path in sorted((tmp_path / "anchors").glob("*.anchor"))]
    assert len(check(documents, (tmp_path / "anchors" / "anchors.pub").read_text())) == 2


async def test_what_was_tampered_with_before_is_not_made_whole(older: Older, master_keys: MasterKeys) -> None:
    owner = await connect(older.owner_dsn)
    await owner.execute(
        "UPDATE event SET actor = 'cw-2' WHERE reference = $1 AND sequence = 2", older.reference
    )
    await upgraded(older)
    assert await to_carry_over(owner) == [older.reference]
    await owner.close()
    async with await connect_pool(older.dsn) as pool:
        [broken] = await found(older, pool, master_keys)
    assert "carried over" in broken.said


async def test_carrying_over_again_changes_nothing(older: Older) -> None:
    await upgraded(older)
    owner = await connect(older.owner_dsn)
    links = await owner.fetch("SELECT hash FROM event ORDER BY sequence")
    await upgraded(older)
    assert await owner.fetch("SELECT hash FROM event ORDER BY sequence") == links
    assert await to_carry_over(owner) == []
    await owner.close()
