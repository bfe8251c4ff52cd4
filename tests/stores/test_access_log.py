"""The access log cannot be rewritten quietly, and the application adds to it and does nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas.access import DataKind, Look, Relation, WayIn
from schemas.areas import Area
from schemas.people import Role
from stores.database import Connection, Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import access_log
from stores.logs.anchors import Anchors, fold, lost_since
from stores.logs.chain import ChainKey, chain_key
from tests.life import form
from tests.stores.test_event_log import Recording

CALL = "SELECT record_look($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


@dataclass
class Looked:
    """A referral at which three people looked, the second of them with a reason."""

    reference: str
    pool: Pool
    keys: KeyStore
    chain: ChainKey
    owner: Connection

    async def look(self, who: str = "cw-1", reason: str | None = None, **known: Any) -> str:
        stands = await access_log.standing(self.pool, self.reference)
        assert stands is not None
        look = Look(
            reference=self.reference,
            sequence=stands.looks + 1,
            at=known.get("at", stands.now),
            staff=who,
            role=known.get("role", Role.CASEWORKER),
            kind=DataKind.TIMELINE,
            relation=Relation.OWN_AREA,
            way_in=WayIn.COMMAND_LINE,
            reason=reason,
        )
        key = await self.keys.get(self.reference) if reason else None
        return await access_log.record(self.pool, self.chain, look, stands.head, key, known.get("told", ()))

    async def found(self, anchored: tuple[int, str] | None = None) -> access_log.LookBreak | None:
        return await access_log.first_break(self.owner, self.chain, self.reference, anchored)

    async def head(self) -> tuple[int, str]:
        return (await access_log.heads(self.pool))[self.reference + access_log.SUFFIX]


@pytest.fixture
async def looked(pool: Pool, keys: KeyStore, owner_url: str) -> AsyncIterator[Looked]:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form())
    owner = await connect(owner_url)
    found = Looked(recording.reference, pool, keys, await chain_key(keys), owner)
    for reason in (None, "Invented", None):
        assert await found.look(reason=reason) == "recorded"
    transaction = owner.transaction()
    await transaction.start()
    yield found
    await transaction.rollback()
    await owner.close()


async def test_what_was_not_touched_is_as_recorded(looked: Looked) -> None:
    assert await looked.found(await looked.head()) is None


_WHERE = "WHERE reference = $1 AND sequence = 2"
_CLOSE_THE_GAP = "UPDATE access_log SET sequence = sequence - 1 WHERE reference = $1 AND sequence > 2"


@pytest.mark.parametrize(
    "statements",
    [
        (f"UPDATE access_log SET staff = 'cw-2' {_WHERE}",),
        (f"UPDATE access_log SET role = 'supervisor' {_WHERE}",),
        (f"UPDATE access_log SET kind = 'contact' {_WHERE}",),
        (f"UPDATE access_log SET relation = 'own' {_WHERE}",),
        (f"UPDATE access_log SET way_in = 'console' {_WHERE}",),
        (f"UPDATE access_log SET at = at - interval '1 day' {_WHERE}",),
        (f"UPDATE access_log SET sealed = NULL {_WHERE}",),
        (f"UPDATE access_log SET sealed = sealed || '\\x00' {_WHERE}",),
        (f"UPDATE access_log SET hash = sha256(hash) {_WHERE}",),
        (f"DELETE FROM access_log {_WHERE}",),
        (f"DELETE FROM access_log {_WHERE}", _CLOSE_THE_GAP),
        ("DELETE FROM access_log WHERE reference = $1 AND sequence = 3",),
        ("DELETE FROM access_log WHERE reference = $1",),
        (
            (
                "INSERT INTO access_log SELECT reference, 4, at, staff, role, kind, relation, way_in, sealed, hash"
                f" FROM access_log {_WHERE}"
            ),
        ),
    ],
)
async def test_a_look_that_is_changed_taken_out_or_put_in_is_found(
    looked: Looked, statements: Sequence[str]
) -> None:
    anchored = await looked.head()
    for statement in statements:
        await looked.owner.execute(statement, looked.reference)
    assert await looked.found(anchored) is not None


async def test_a_log_of_looks_that_is_gone_is_missed_by_the_next_anchor(
    looked: Looked, tmp_path: Path
) -> None:
    anchors = Anchors(looked.pool, looked.keys, tmp_path)
    made = await anchors.make()
    assert made.grown[looked.reference + access_log.SUFFIX] == await looked.head()
    anchored = fold(await anchors.known())
    await looked.owner.execute("DELETE FROM access_log WHERE reference = $1", looked.reference)
    name = looked.reference + access_log.SUFFIX
    heads = {each: where for each, where in anchored.items() if each != name}
    assert await lost_since(looked.owner, anchored, heads) == [name]


async def test_after_more_looks_an_anchored_log_is_not_taken_for_lost(looked: Looked) -> None:
    name = looked.reference + access_log.SUFFIX
    anchored = {name: await looked.head()}
    assert await looked.look() == "recorded"
    assert await access_log.lost_since(looked.pool, anchored) == []
    assert await looked.found(anchored[name]) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET staff = 'cw-2' WHERE reference = $1",
        "DELETE FROM access_log WHERE reference = $1",
        "INSERT INTO access_log VALUES ($1, 9, now(), 'cw-1', 'caseworker', 'contact', 'own', 'api', NULL, '')",
    ],
)
async def test_the_application_changes_and_deletes_no_look(looked: Looked, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await looked.pool.execute(statement, looked.reference)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await looked.pool.execute("TRUNCATE access_log")


@pytest.mark.parametrize(
    ("who", "role", "answer"),
    [
        ("nobody-1", Role.CASEWORKER, "staff_unknown"),
        ("cw-gone", Role.CASEWORKER, "staff_inactive"),
        ("cw-kent", Role.CASEWORKER, "staff_other_area"),
        ("cw-1", Role.SUPERVISOR, "staff_other_role"),
    ],
)
async def test_who_looks_comes_from_the_register(looked: Looked, who: str, role: Role, answer: str) -> None:
    assert await looked.look(who, role=role) == answer
    assert (await looked.head())[0] == 3


@pytest.mark.parametrize("apart", [timedelta(minutes=-2), timedelta(minutes=2)])
async def test_a_look_is_dated_when_it_is_made(looked: Looked, apart: timedelta) -> None:
    assert await looked.look(at=datetime.now(UTC) + apart) == "behind"
    assert (await looked.head())[0] == 3


async def test_a_look_comes_after_the_last_one(looked: Looked) -> None:
    at = datetime.now(UTC)
    rest: tuple[Any, ...] = (at, "cw-1", "caseworker", "people", "own_area", "api", None, b"\x01" * 32, [])
    length, head = await looked.head()
    for after, previous in (
        (length, b""),
        (length, b"\x02" * 32),
        (length - 1, bytes.fromhex(head)),
        (0, b""),
    ):
        assert await looked.pool.nowhere.fetchval(CALL, looked.reference, after, previous, *rest) == "behind"
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await looked.pool.nowhere.fetchval(
            CALL, looked.reference, length, bytes.fromhex(head), *rest[:7], b"", []
        )


@pytest.mark.parametrize(
    ("staff", "role", "kind", "relation", "way_in", "sealed"),
    [
        ("cw-1", "caseworker", "people", "own", "api", None),
        ("cw-1", "caseworker", "people", "sent", "api", None),
        ("pa-1", "partner", "people", "own_area", "api", None),
        ("cw-1", "caseworker", "nonsense", "own_area", "api", None),
        ("cw-1", "caseworker", "people", "other_area", "api", None),
        ("cw-1", "caseworker", "people", "own_area", "post", None),
        ("cw-1", "caseworker", "people", "own_area", "api", b"junk"),
        ("cw-1", "caseworker", None, "own_area", "api", None),
    ],
)
async def test_no_look_is_written_that_cannot_be(
    looked: Looked,
    staff: str,
    role: str,
    kind: str | None,
    relation: str,
    way_in: str,
    sealed: bytes | None,
) -> None:
    """By whoever signs in to the database as the application and calls the function by hand."""
    length, head = await looked.head()
    look: tuple[Any, ...] = (datetime.now(UTC), staff, role, kind, relation, way_in, sealed, b"\x01" * 32, [])
    with pytest.raises(
        (asyncpg.CheckViolationError, asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)
    ):
        await looked.pool.nowhere.fetchval(CALL, looked.reference, length, bytes.fromhex(head), *look)
    assert (await looked.head())[0] == length


async def test_a_stranger_to_a_sensitive_case_writes_no_look_without_a_reason(looked: Looked) -> None:
    await looked.owner.execute("UPDATE referral SET sensitive = TRUE WHERE reference = $1", looked.reference)
    length, head = await looked.head()
    look: tuple[Any, ...] = (datetime.now(UTC), "cw-2", "caseworker", "people", "own_area", "api", None)
    look += (b"\x01" * 32, [])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="has a reason"):
        await looked.owner.fetchval(CALL, looked.reference, length, bytes.fromhex(head), *look)


async def test_only_those_who_supervise_the_area_are_told(looked: Looked) -> None:
    assert await looked.look("cw-2", "Invented", told=["su-1", "cw-1", "nobody-1", "sm-1"]) == "recorded"
    rows = await looked.pool.fetch(
        "SELECT recipient, template, outward FROM notice WHERE reference = $1 AND template = 'looked_at'"
        " ORDER BY recipient",
        looked.reference,
    )
    assert [tuple(row) for row in rows] == [("sm-1", "looked_at", False), ("su-1", "looked_at", False)]


async def test_a_transaction_sees_the_looks_of_the_areas_that_it_names(looked: Looked) -> None:
    count = "SELECT count(*) FROM access_log WHERE reference = $1"
    assert await looked.pool.within([Area.DURHAM]).fetchval(count, looked.reference) == 3
    assert await looked.pool.within([Area.KENT]).fetchval(count, looked.reference) == 0
    assert await looked.pool.nowhere.fetchval(count, looked.reference) == 0


async def test_a_reason_opens_only_where_it_was_put_and_is_gone_with_the_key(looked: Looked) -> None:
    said = await access_log.at_referral(looked.pool, looked.keys, looked.reference, 10)
    assert [(each.sequence, each.reason_given, each.reason) for each in said] == [
        (3, False, None),
        (2, True, "Invented"),
        (1, False, None),
    ]
    async with looked.pool.acquire() as connection, connection.transaction():
        await looked.keys.destroy(connection, looked.reference, "request", "su-1")
    said = await access_log.at_referral(looked.pool, looked.keys, looked.reference, 10)
    assert [(each.reason_given, each.reason) for each in said] == [(False, None), (True, None), (False, None)]
    # The log itself is as it was recorded, and no reason is added that nobody could destroy.
    assert await looked.found(await looked.head()) is None
    stands = await access_log.standing(looked.pool, looked.reference)
    assert stands is not None
    assert stands.erased
    sealed: tuple[Any, ...] = (
        stands.now,
        "cw-1",
        "caseworker",
        "people",
        "own_area",
        "api",
        b"sealed" * 6,
        b"\x01" * 32,
        [],
    )
    assert (
        await looked.pool.nowhere.fetchval(CALL, looked.reference, stands.looks, stands.head, *sealed)
        == "erased"
    )


async def test_of_two_who_look_at_once_one_is_written_and_the_other_told_to_try_again(looked: Looked) -> None:
    stands = await access_log.standing(looked.pool, looked.reference)
    assert stands is not None
    look = Look(
        reference=looked.reference,
        sequence=stands.looks + 1,
        at=stands.now,
        staff="cw-1",
        role=Role.CASEWORKER,
        kind=DataKind.CONTACT,
        relation=Relation.OWN_AREA,
        way_in=WayIn.API,
    )
    tries = [access_log.record(looked.pool, looked.chain, look, stands.head, None) for _ in range(5)]
    assert sorted(await asyncio.gather(*tries)) == ["behind"] * 4 + ["recorded"]
    assert await looked.found() is None
