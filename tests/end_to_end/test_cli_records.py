"""Verifying, keys and erasure through `rj`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from operations.completing_erasures import complete_erasures
from runtime.referrals import Referrals
from stores.database import connect
from stores.keys.epochs import Wrapping
from stores.keys.referral_keys import EpochKeys, KeyErased, KeyStore, MasterKeys
from stores.logs import event_log
from tests.end_to_end.conftest import Rj, Said
from tests.stores.thief import Thief
from workflows.ids import workflow_id


def of_referral(said: Said, reference: str) -> list[dict[str, object]]:
    """What is not as recorded of one referral: other tests alter theirs, and the register, as their owner."""
    return [each for each in said.json["broken"] if each["reference"] == reference]


async def test_a_log_that_was_altered_is_found(rj: Rj, reference: str, owner_url: str) -> None:
    assert (await rj("verify", reference)).out.splitlines()[0] == "As recorded: 1 referral."
    await rj("do", reference, "record_duplicate_check", "--as", "cw-1")
    owner = await connect(owner_url)
    try:
        alter = "UPDATE event SET actor = $2 WHERE reference = $1 AND sequence = 2"
        await owner.execute(alter, reference, "cw-2")
        said = await rj("verify", reference)
        assert said.code == 3
        assert said.out.splitlines()[0] == f"{reference}: It is not as it was recorded. (event 2)"
        assert "1 of 1" in said.one_sentence()
        everything = await rj("verify", "--json")
        assert everything.code == 3
        [broken] = of_referral(everything, reference)
        assert broken["sequence"] == 2
        await owner.execute(alter, reference, "cw-1")
    finally:
        await owner.close()
    everything = await rj("verify", "--json")
    assert of_referral(everything, reference) == []
    assert everything.json["checked"] > 0


async def test_keys_are_added_and_rotated(rj: Rj, reference: str, master_keys: MasterKeys) -> None:
    before = (await rj("keys", "status", "--json")).json["newest"]
    added = await rj("keys", "new")
    assert added.code == 0, added.err
    newest = (await rj("keys", "status", "--json")).json["newest"]
    assert newest != before
    assert newest in added.out
    assert f"{before}" in (await rj("keys", "status")).out
    assert (await rj("keys", "rotate")).out.startswith("Wrapped ")
    status = (await rj("keys", "status", "--json")).json
    assert set(status["data_keys"]) == {newest}
    assert (await rj("do", reference, "record_duplicate_check", "--as", "cw-1")).code == 0
    assert master_keys.newest == newest


async def test_a_ring_that_cannot_be_used_gets_one_sentence(rj: Rj, tmp_path: Path) -> None:
    missing = {"RJ_MASTER_KEYS_FILE": str(tmp_path / "none")}
    for command in ("keys status", "keys rotate", "list --as cw-1"):
        said = await rj(*command.split(), env=missing)
        assert said.code == 2
        assert "cannot be read" in said.one_sentence()


async def test_the_first_master_key_is_made_only_where_nothing_is_sealed(
    rj: Rj, reference: str, database_url: str, tmp_path: Path
) -> None:
    ring = tmp_path / "new.keys"
    told = {"RJ_MASTER_KEYS_FILE": str(ring)}
    said = await rj("keys", "new", env=told)
    assert said.code == 2
    assert "put it back from its backup" in said.one_sentence()
    assert not ring.exists()

    # A database of the same server that has no tables of ours.
    empty = told | {"DATABASE_URL": re.sub(r"/rj(?=\?|$)", "/postgres", database_url)}
    said = await rj("keys", "new", env=empty)
    assert said.code == 0, said.err
    assert said.out.startswith(f"Made {ring} with {MasterKeys.load(ring).newest}. Back it up")
    assert (await rj("keys", "new", env=empty)).out.startswith("Added ")
    assert len(MasterKeys.load(ring).ids) == 2


async def test_an_erased_referral_cannot_be_read_by_anybody(
    rj: Rj, reference: str, referrals: Referrals, master_keys: MasterKeys
) -> None:
    await rj("do", reference, "raise_safeguarding", "--set", "note=Canary", "--as", "pa-1")
    erased = await rj("erase", reference, "--reason", "court_order", "--as", "sm-1", "--yes")
    assert erased.code == 0, erased.err
    assert f"{reference} is erased: " in erased.out
    assert "by sm-1, court order." in erased.out

    again = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes", "--json")
    assert again.code == 0
    assert (again.json["already"], again.json["reason"], again.json["by_staff"]) == (
        True,
        "court_order",
        "sm-1",
    )

    assert "Complete by " in erased.out
    assert again.json["completed_at"] is None
    assert again.json["master_keys_to_retire"] == []

    with pytest.raises(KeyErased):
        await KeyStore(referrals.pool, master_keys).get(reference)
    timeline = await rj("timeline", reference, "--as", "su-1")
    assert timeline.code == 0
    assert "A safeguarding concern was raised" in timeline.out
    assert all(re.match(r" {0,6}[\d\w]", line) for line in timeline.out.splitlines()), "details are told"
    for how in ((), ("--outline",)):
        events = (await rj("timeline", reference, "--as", "su-1", *how, "--json")).json["events"]
        assert all(set(each["event"]) == {"kind"} for each in events)
    assert "Erased " in timeline.out
    assert "Canary" not in timeline.out
    assert "Alex Example" not in timeline.out
    shown = (await rj("show", reference, "--as", "su-1")).out
    assert "Closed as erased by sm-1" in shown
    assert "Erased " in shown
    assert (await rj("verify", reference)).code == 0
    listed = (await rj("list", "--stage", "closed", "--limit", "10000", "--json", "--as", "su-1")).json
    assert reference in {line["reference"] for line in listed}


async def test_a_thief_with_the_whole_disk_opens_an_erased_key_only_until_the_erasure_is_complete(
    rj: Rj, reference: str, referrals: Referrals, servers_folder: Path
) -> None:
    example = (await rj("example", "referral")).out
    other = (await rj("open", "-", "--as", "cw-1", "--json", given=example)).json["reference"]
    stored = "SELECT wrapped FROM keys.data_key WHERE reference = $1"
    copies = {each: await referrals.pool.fetchval(stored, each) for each in (reference, other)}
    said = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")
    assert "Complete by " in said.out
    thief = Thief(servers_folder)
    assert await referrals.pool.fetchval(stored, reference) is None
    assert thief.finds(copies[reference]), "PostgreSQL keeps what was deleted"
    assert thief.opens(copies[reference], reference)
    status = (await rj("keys", "status", "--json")).json
    assert status["incomplete"]["count"] >= 1
    assert "complete by " in (await rj("keys", "status")).out

    done = await rj("keys", "complete-erasures")
    assert done.code == 0, done.err
    assert done.out.startswith("Completed ")
    thief = Thief(servers_folder)
    assert thief.keys
    assert thief.finds(copies[reference])
    assert thief.opens(copies[reference], reference) is None
    assert thief.opens(await referrals.pool.fetchval(stored, other), other), "of the others he opens all"
    assert (await rj("timeline", other, "--as", "su-1")).code == 0
    said = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")
    assert "Complete since " in said.out
    assert (await rj("keys", "status", "--json")).json["epoch"] != status["epoch"]


async def test_what_was_stored_before_epoch_keys_opens_until_the_master_key_is_retired(
    rj: Rj, reference: str, referrals: Referrals, master_keys: MasterKeys, servers_folder: Path
) -> None:
    raw = Wrapping(master_keys, EpochKeys.beside(master_keys)).unwrap(
        (await referrals.pool.fetch("SELECT * FROM keys.data_key WHERE reference = $1", reference))[0],
        reference,
    )
    bare, old = master_keys.wrap(raw, reference)
    # As an earlier version left it.
    await referrals.pool.execute(
        "UPDATE keys.data_key SET wrapped = $2, master_key_id = $3, epoch = NULL WHERE reference = $1",
        reference,
        bare,
        old,
    )
    assert (await rj("do", reference, "record_duplicate_check", "--as", "cw-1")).code == 0
    said = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")
    assert "Not complete: its key was first stored before epoch keys existed" in said.out
    assert old in said.out
    assert "rj keys retire" in (await rj("keys", "complete-erasures")).out
    assert Thief(servers_folder).opens(bare, reference) == raw

    await rj("keys", "new")
    refused = await rj("keys", "retire", "--yes")
    assert refused.code == 3
    assert "rj keys rotate" in refused.one_sentence()
    await rj("keys", "rotate")
    asked = await rj("keys", "retire", given="")
    assert asked.code == 2
    assert "--yes" in asked.one_sentence()
    retired = await rj("keys", "retire", "--yes")
    assert retired.code == 0, retired.err
    assert old in retired.out
    thief = Thief(servers_folder)
    assert thief.finds(bare)
    assert thief.opens(bare, reference) is None
    said = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")
    assert "Complete since " in said.out
    assert (await rj("keys", "retire", "--yes")).out.startswith("There is no master key but ")


async def test_an_erasure_that_is_late_is_complained_about(
    rj: Rj, reference: str, referrals: Referrals, owner_url: str
) -> None:
    await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")

    async def found() -> dict[str, str]:
        findings = (await rj("doctor", "--json")).json
        one: dict[str, str] = next(each for each in findings if each["check"] == "erasures")
        return one

    assert (await found())["standing"] == "ok"
    epochs = referrals.keys.epochs
    assert await complete_erasures(epochs) is None
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE keys.erasure SET erased_at = erased_at - interval '25 hours' WHERE reference = $1", reference
    )
    await owner.close()
    late = await found()
    assert late["standing"] == "note"
    assert "not complete after a day" in late["said"]
    assert "rj keys complete-erasures" in late["remedy"]
    assert "not complete after a day" in (await rj("keys", "status")).out
    assert await complete_erasures(epochs) is None
    assert (await found())["said"] == "All are complete."


async def test_no_step_is_taken_on_an_erased_referral(rj: Rj, reference: str, referrals: Referrals) -> None:
    example = (await rj("example", "referral")).out
    assert (await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes")).code == 0
    before = await event_log.read(referrals.pool, reference)
    for step in ("reopen --set reason=Canary", "add_note --set note=Canary"):
        said = await rj("do", reference, *step.split(), "--as", "su-2")
        assert said.code == 3
        assert "has been erased" in said.one_sentence()
    assert await event_log.read(referrals.pool, reference) == before

    opened = await rj("open", "-", "--as", "cw-1", "--external-id", reference, "--json", given=example)
    sent = opened.json["reference"]
    assert (await rj("erase", sent, "--reason", "request", "--as", "su-1", "--yes")).code == 0
    said = await rj("open", "-", "--as", "cw-1", "--external-id", reference, given=example)
    assert said.code == 3
    assert "has been erased" in said.one_sentence()


async def test_a_closed_referral_is_erased_as_it_closed(rj: Rj, reference: str) -> None:
    await rj("do", reference, "close", "--set", "reason=service_no_capacity", "--as", "cw-1")
    assert (await rj("erase", reference, "--reason", "retention", "--as", "su-1", "--yes")).code == 0
    shown = (await rj("show", reference, "--json", "--as", "su-1")).json
    assert shown["referral"]["closure_reason"] == "service_no_capacity"
    assert shown["erased"]["reason"] == "retention"
    assert "participants" not in shown["referral"]


async def test_temporal_is_told_to_delete_the_history(rj: Rj, reference: str, referrals: Referrals) -> None:
    erased = await rj("erase", reference, "--reason", "request", "--as", "su-1", "--yes", "--json")
    query = f'WorkflowId = "{workflow_id(reference)}"'
    # Temporal deletes a run that has just ended only after some seconds, so that what is said is looked at instead.
    kept = [run.id async for run in referrals.client.list_workflows(query)]
    assert erased.json["temporal_runs_kept"] >= len(kept)
