"""A log cannot be rewritten quietly: twenty ways to tamper with it as PostgreSQL's superuser, each found."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from lifecycle import Refused
from operations.anchoring import Anchoring
from operations.verifying import verify
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.events import Recorded
from stores.database import Connection, Pool, connect, connect_pool
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log, verifying
from stores.logs.anchors import AnchorProblem, Anchors, LogsLost, check, fold
from stores.logs.carrying_over import plain_link
from stores.logs.chain import ChainKey, chain_key
from stores.logs.verifying import Break, first_break, gone, orphans
from tests.life import form
from tests.stores.test_event_log import ATTEMPT, Recording


@dataclass
class Tampered:
    """One referral that was anchored with four events, and has had one since."""

    recording: Recording
    owner: Connection
    chain: ChainKey
    anchored: dict[str, tuple[int, str]]

    async def found(self) -> Break | None:
        reference = self.recording.reference
        rows = await self.owner.fetch("SELECT reference FROM referral")
        for each in gone([row["reference"] for row in rows], self.anchored):
            if each.reference == reference:
                return each
        if not await self.owner.fetchval("SELECT TRUE FROM referral WHERE reference = $1", reference):
            return Break(reference, 1, "orphan")
        return await first_break(
            self.owner, self.recording.keys, self.chain, reference, self.anchored.get(reference)
        )


@pytest.fixture
async def tampered(pool: Pool, keys: KeyStore, owner_url: str) -> AsyncIterator[Tampered]:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    for command in (ATTEMPT, c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        if command is ATTEMPT:
            await recording.take(form())
        await recording.take(command)
    length = await pool.fetchval("SELECT sequence FROM referral WHERE reference = $1", recording.reference)
    head = await event_log.head(pool, recording.reference, length)
    assert head is not None
    await recording.take(ATTEMPT)
    owner = await connect(owner_url)
    transaction = owner.transaction()
    await transaction.start()
    chain = await chain_key(keys)
    yield Tampered(recording, owner, chain, {recording.reference: (length, head.hex())})
    await transaction.rollback()
    await owner.close()


async def test_what_was_not_touched_is_as_recorded(tampered: Tampered) -> None:
    assert await tampered.found() is None


async def test_a_step_recorded_while_its_log_is_read_is_no_difference(
    tampered: Tampered, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = tampered.recording
    really = event_log.history

    async def closed_meanwhile(*args: Any) -> list[Recorded]:
        await recording.take(c.Close.model_validate({"reason": "service_no_capacity"}))
        return await really(*args)

    monkeypatch.setattr("stores.logs.verifying.history", closed_meanwhile)
    found = [
        broken
        async for _, broken in verifying.verify(recording.pool, recording.keys, [recording.reference], {})
    ]
    assert found == [None]


_WHERE = "WHERE reference = $1 AND sequence = 3"
# By way of numbers that are free, for PostgreSQL moves one row after the other in whichever order.
_CLOSE_THE_GAP = (
    "UPDATE event SET sequence = -sequence WHERE reference = $1 AND sequence > 3",
    "UPDATE event SET sequence = -sequence - 1 WHERE reference = $1 AND sequence < 0",
)
# What is left of a log whose last events are gone, with its row set back as if they had never been.
_SET_BACK = (
    "UPDATE referral SET sequence = last.sequence, head = last.hash FROM"
    " (SELECT sequence, hash FROM event WHERE reference = $1 ORDER BY sequence DESC LIMIT 1) last"
    " WHERE reference = $1"
)


@pytest.mark.parametrize(
    "statements",
    [
        (f"UPDATE event SET actor = 'cw-2' {_WHERE}",),
        (f"UPDATE event SET role = 'supervisor' {_WHERE}",),
        (f"UPDATE event SET at = at - interval '1 year' {_WHERE}",),
        (f"UPDATE event SET kind = 'note_added' {_WHERE}",),
        (f"UPDATE event SET step = 2 {_WHERE}",),
        (f"UPDATE event SET command_id = gen_random_uuid() {_WHERE}",),
        (f'UPDATE event SET body = \'{{"kind":"note_added"}}\' {_WHERE}',),
        ("UPDATE event SET sealed = NULL WHERE reference = $1 AND sequence = 2",),
        ("UPDATE event SET sealed = sealed || '\\x00' WHERE reference = $1 AND sequence = 2",),
        (f"UPDATE event SET hash = sha256(hash) {_WHERE}",),
        (f"DELETE FROM event {_WHERE}",),
        (
            f"DELETE FROM event {_WHERE}",
            *_CLOSE_THE_GAP,
        ),
        # A tail cut off with its head set back, to before it was anchored.
        ("DELETE FROM event WHERE reference = $1 AND sequence > 2", _SET_BACK),
        ("UPDATE referral SET sequence = sequence - 1 WHERE reference = $1",),
        ("UPDATE referral SET head = sha256(head) WHERE reference = $1",),
        # A whole referral gone.
        (
            "DELETE FROM deadline WHERE reference = $1",
            "DELETE FROM notice WHERE reference = $1",
            "DELETE FROM event WHERE reference = $1",
            "DELETE FROM referral WHERE reference = $1",
        ),
        # What lists show, though the log says otherwise.
        ("UPDATE referral SET stage = 'closed' WHERE reference = $1",),
        ("UPDATE referral SET area = 'kent' WHERE reference = $1",),
        ("UPDATE referral SET caseworker = 'cw-2' WHERE reference = $1",),
        ("UPDATE referral SET safeguarding = TRUE WHERE reference = $1",),
        ("UPDATE referral SET inactive_from = NULL WHERE reference = $1",),
        (
            "UPDATE referral SET supervision_due_at = supervision_due_at + interval '1 year' WHERE reference = $1",
        ),
        ("UPDATE referral SET review_due_at = now() WHERE reference = $1",),
        ("DELETE FROM deadline WHERE reference = $1",),
        ("UPDATE deadline SET due_at = due_at + interval '1 year' WHERE reference = $1",),
        ("INSERT INTO deadline VALUES ($1, 'court_date', now(), '{}')",),
        (
            "INSERT INTO escalation VALUES ($1, 1, 'durham', 'first_contact', 'due', now(), 'supervisor', now())",
        ),
        ("INSERT INTO sign_off_request VALUES ($1, 1, 'durham', 'closure', NULL, 'cw-1', now())",),
    ],
)
async def test_each_way_to_tamper_is_found(tampered: Tampered, statements: Sequence[str]) -> None:
    for statement in statements:
        await tampered.owner.execute(statement, tampered.recording.reference)
    assert await tampered.found() is not None


async def test_an_actor_rewritten_with_the_hashes_made_anew_is_found(tampered: Tampered) -> None:
    """Who has the database knows how links were made before they were keyed, and not the key."""
    reference = tampered.recording.reference
    await tampered.owner.execute(f"UPDATE event SET actor = 'cw-2' {_WHERE}", reference)
    link = b""
    for row in await tampered.owner.fetch(
        "SELECT * FROM event WHERE reference = $1 ORDER BY sequence", reference
    ):
        link = plain_link(link, reference, row)
        await tampered.owner.execute(
            "UPDATE event SET hash = $3 WHERE reference = $1 AND sequence = $2",
            reference,
            row["sequence"],
            link,
        )
    await tampered.owner.execute("UPDATE referral SET head = $2 WHERE reference = $1", reference, link)
    found = await tampered.found()
    assert found is not None
    assert found.sequence == 1


def test_no_byte_moves_from_one_field_to_the_next_unseen() -> None:
    chain = ChainKey(b"k" * 32)
    assert chain.link(b"", "ab", "c") != chain.link(b"", "a", "bc")
    assert chain.link(b"", "a", None) != chain.link(b"", "a", "")
    assert chain.link(b"", b"\xff\xff\xff\xff") != chain.link(b"", None)
    assert chain.link(b"a", "b") != chain.link(b"", "ab")
    assert chain.link(b"", "a") != ChainKey(b"l" * 32).link(b"", "a")


async def test_an_event_without_its_referral_is_found(tampered: Tampered) -> None:
    pool: Any = tampered.owner
    await tampered.owner.execute("ALTER TABLE event DROP CONSTRAINT event_reference_fkey")
    await tampered.owner.execute(
        "UPDATE event SET reference = 'RJ-0000-0000' WHERE reference = $1", tampered.recording.reference
    )
    assert "RJ-0000-0000" in {each.reference for each in await orphans(pool)}


# Anchors, on a database of their own: what is anchored is all that there is.


@pytest.fixture
def anchors(pool: Pool, keys: KeyStore, tmp_path: Path) -> Anchors:
    return Anchors(pool, keys, tmp_path / "anchors")


async def test_an_anchor_can_be_checked_with_the_public_key_alone(anchors: Anchors, tmp_path: Path) -> None:
    made = await anchors.make()
    documents = [path.read_text() for path in sorted((tmp_path / "anchors").glob("*.anchor"))]
    public = (tmp_path / "anchors" / "anchors.pub").read_text()
    assert check(documents, public)[-1] == made
    other = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    with pytest.raises(AnchorProblem, match="not signed by this installation"):
        check(documents, other)


@pytest.mark.parametrize("where", ["number", "logs", "digest", "grown", "made_at"])
async def test_an_anchor_that_was_changed_is_found(anchors: Anchors, tmp_path: Path, where: str) -> None:
    await anchors.make()
    newest = max((tmp_path / "anchors").glob("*.anchor"))
    newest.write_text(newest.read_text().replace(f'"{where}":', f'"{where}": ', 1))
    with pytest.raises(AnchorProblem):
        await anchors.known()


async def test_an_anchor_that_is_missing_is_found(anchors: Anchors, tmp_path: Path) -> None:
    await anchors.make()
    await anchors.make()
    public = (tmp_path / "anchors" / "anchors.pub").read_text()
    documents = [path.read_text() for path in sorted((tmp_path / "anchors").glob("*.anchor"))]
    with pytest.raises(AnchorProblem, match="missing"):
        check([*documents[:-2], documents[-1]], public)


async def test_no_anchor_is_made_of_a_database_that_lost_a_log(
    pool: Pool, keys: KeyStore, owner_url: str, tmp_path: Path
) -> None:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form())
    kept = Anchors(pool, keys, tmp_path / "anchors")
    await kept.make()
    owner = await connect(owner_url)
    row = await owner.fetchrow("SELECT * FROM event WHERE reference = $1", recording.reference)
    assert row is not None
    try:
        await owner.execute("UPDATE event SET hash = sha256(hash) WHERE reference = $1", recording.reference)
        await owner.execute(
            "UPDATE referral SET head = sha256(head) WHERE reference = $1", recording.reference
        )
        with pytest.raises(LogsLost, match=recording.reference):
            await kept.make()
    finally:
        await owner.execute(
            "UPDATE event SET hash = $2 WHERE reference = $1", recording.reference, row["hash"]
        )
        await owner.execute(
            "UPDATE referral SET head = $2 WHERE reference = $1", recording.reference, row["hash"]
        )
        await owner.close()
    assert (await kept.make()).grown == {}


@pytest.mark.parametrize(
    "of",
    ["event", "referral", "deadline", "escalation", "sign_off_request", "notice", "notice_try", "fact"],
)
async def test_a_transaction_sees_the_areas_that_it_names(pool: Pool, keys: KeyStore, of: str) -> None:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form())
    column = "area" if of == "fact" else "reference"
    everything = await pool.fetchval(f"SELECT count(*) FROM {of}")
    here = await pool.within([Area.DURHAM]).fetch(f"SELECT DISTINCT {column} FROM {of}")
    there = await pool.within([Area.KENT]).fetch(f"SELECT DISTINCT {column} FROM {of}")
    assert await pool.nowhere.fetchval(f"SELECT count(*) FROM {of}") == 0
    assert {row[0] for row in here}.isdisjoint({row[0] for row in there})
    if of in ("event", "referral", "deadline"):
        assert recording.reference in {row[0] for row in here}
        assert everything > 0
    both = await pool.within([Area.DURHAM, Area.KENT]).fetch(f"SELECT DISTINCT {column} FROM {of}")
    assert {row[0] for row in both} >= {row[0] for row in here} | {row[0] for row in there}


async def test_the_areas_do_not_outlive_their_transaction(pool: Pool, database_url: str) -> None:
    async with await connect_pool(database_url, size=1) as one:
        await one.fetchval("SELECT count(*) FROM referral")
        assert await one.nowhere.fetchval("SELECT current_setting('rj.areas', TRUE)") in (None, "")
        with pytest.raises(Exception, match="division by zero"):
            await one.fetchval("SELECT 1/0")
        assert await one.nowhere.fetchval("SELECT current_setting('rj.areas', TRUE)") in (None, "")


async def test_verifying_says_what_was_anchored(pool: Pool, keys: KeyStore, tmp_path: Path) -> None:
    kept = Anchors(pool, keys, tmp_path / "anchors")
    made = await kept.make()
    referrals = Referrals(cast(Any, None), pool, keys, cast(Any, None))
    with pytest.raises(Refused, match="no referral"):
        await verify(referrals, kept, "RJ-0000-0000", lambda done, total: None)
    found = await verify(referrals, kept, next(iter(fold([made])), None), lambda done, total: None)
    assert found.newest_anchor == made.made_at


async def test_an_anchor_is_made_once_a_day_and_mailed(anchors: Anchors, owner_url: str) -> None:
    sent: list[tuple[str, str]] = []

    async def send(subject: str, text: str) -> None:
        sent.append((subject, text))

    newest = await anchors.make()
    assert await Anchoring(anchors, send).keep() is None
    assert sent == []
    owner = await connect(owner_url)
    await owner.execute("UPDATE anchor SET made_at = made_at - interval '25 hours'")
    await owner.close()
    assert await Anchoring(anchors, send).keep() is None
    assert sent == [(f"Anchor {newest.number + 1}", await anchors.document(newest.number + 1))]


async def test_nothing_is_anchored_before_there_is_a_referral(
    migrated_database: EmbeddedPostgres, keys: KeyStore, tmp_path: Path
) -> None:
    """Else a new service would have its first day anchored as empty."""
    async with await connect_pool(migrated_database.dsn) as pool:
        assert await pool.fetchval("SELECT count(*) FROM referral") == 0
        assert not await Anchors(pool, keys, tmp_path / "anchors").due(datetime.now(UTC))
