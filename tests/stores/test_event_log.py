"""The event log: append-only, chained, one transaction a step, refused whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.steps import Steps
from lifecycle import fold
from policies.files import load_policies
from schemas import commands as c
from schemas.commands import Command
from schemas.people import Actor
from schemas.reading.reference import reference_from
from schemas.steps import Request, StepTaken
from stores.database import Connection, Pool, connect
from stores.keys.referral_keys import KeyErased, KeyStore, MasterKeys
from stores.logs import event_log
from stores.logs.chain import chain_key
from stores.logs.verifying import Break, first_break
from stores.referrals import list_referrals
from tests.life import HARMED, form

ATTEMPT = c.RecordContactAttempt.model_validate(
    {"participant": HARMED, "channel": "phone", "outcome": "no_answer", "note": "Invented words"}
)


class Recording:
    """A referral that is recorded without Temporal: the step activity alone, on the real database."""

    def __init__(self, pool: Pool, keys: KeyStore) -> None:
        self.reference = reference_from(uuid4().int)
        self.pool = pool
        self.keys = keys
        self._steps = Steps(pool, keys, load_policies())

    async def take(self, command: Command, *, staff_id: str = "cw-1", role: str = "caseworker") -> StepTaken:
        actor = Actor.model_validate({"id": staff_id, "role": role, "area": "durham"})
        request = Request(command_id=uuid4(), actor=actor, command=command)
        history = await event_log.history(self.pool, self.keys, self.reference)
        referral = fold(history) if history else None
        return await ActivityEnvironment().run(
            self._steps.take_step, self.reference, referral, request, datetime.now(UTC)
        )

    async def knows_the_key(self) -> None:
        """This process has used the key lately, and remembers it."""
        await self.keys.get(self.reference)

    async def stored(self) -> tuple[int, ...]:
        """How many rows there are of it: events, referrals, deadlines."""
        return tuple(
            [
                await self.pool.fetchval(f"SELECT count(*) FROM {table} WHERE reference = $1", self.reference)
                for table in ("event", "referral", "deadline")
            ]
        )


@pytest.fixture
async def recording(pool: Pool, keys: KeyStore) -> Recording:
    made = Recording(pool, keys)
    await keys.create(made.reference)
    await made.take(form())
    await made.take(ATTEMPT)
    return made


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[Connection]:
    """The database's owner, who may do anything; nothing of it stays."""
    connection = await connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def broken(recording: Recording, seen_by: Connection | None = None) -> Break | None:
    chain = await chain_key(recording.keys)
    if seen_by is not None:
        return await first_break(seen_by, recording.keys, chain, recording.reference)
    async with recording.pool.acquire() as connection:
        return await first_break(connection, recording.keys, chain, recording.reference)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE event SET actor = 'cw-2'", "DELETE FROM event", "TRUNCATE event", "DROP TABLE event"],
)
async def test_the_application_cannot_change_what_was_recorded(recording: Recording, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await recording.pool.execute(statement)


async def test_an_untouched_log_verifies(recording: Recording) -> None:
    assert await broken(recording) is None


@pytest.mark.parametrize(
    ("tampering", "at"),
    [
        ("UPDATE event SET actor = 'cw-2' WHERE reference = $1 AND sequence = 1", 1),
        ("UPDATE event SET at = at + interval '1 microsecond' WHERE reference = $1 AND sequence = 2", 2),
        ("UPDATE event SET body = '{}' WHERE reference = $1 AND sequence = 2", 2),
        ("UPDATE event SET sealed = NULL WHERE reference = $1 AND sequence = 2", 2),
        ("DELETE FROM event WHERE reference = $1 AND sequence = 1", 1),
        ("DELETE FROM event WHERE reference = $1 AND sequence = 2", 2),
    ],
)
async def test_tampering_by_the_databases_owner_is_found(
    recording: Recording, owner: Connection, tampering: str, at: int
) -> None:
    await owner.execute(tampering, recording.reference)
    found = await broken(recording, owner)
    assert found is not None
    assert (found.reference, found.sequence) == (recording.reference, at)


async def test_what_is_sensitive_opens_with_the_key_only(recording: Recording, keys: KeyStore) -> None:
    closed = await event_log.read(recording.pool, recording.reference)
    opened = await event_log.read(
        recording.pool, recording.reference, key=await keys.get(recording.reference)
    )
    assert "Invented" not in "".join(recorded.model_dump_json() for recorded in closed)
    assert "Invented words" in opened[1].model_dump_json()
    # The rules see what they decide by, and nobody's name.
    history = await event_log.history(recording.pool, keys, recording.reference)
    assert fold(opened) == fold(history)
    assert "Invented" not in "".join(recorded.model_dump_json() for recorded in history)
    # Without the key it reads, and is not what was said.
    assert fold(closed).justice_stage is None


async def test_what_is_sealed_opens_only_where_it_was_put(
    recording: Recording, keys: KeyStore, owner: Connection
) -> None:
    """One note moved to the place of another is refused."""
    await recording.take(ATTEMPT)
    await owner.execute(
        "UPDATE event SET sealed = (SELECT sealed FROM event WHERE reference = $1 AND sequence = 2)"
        " WHERE reference = $1 AND sequence = 3",
        recording.reference,
    )
    with pytest.raises(Exception, match="not sealed for"):
        await event_log.read(owner, recording.reference, key=await keys.get(recording.reference))


async def test_an_erased_referral_still_verifies_and_counts(recording: Recording, keys: KeyStore) -> None:
    async with recording.pool.acquire() as connection, connection.transaction():
        await keys.destroy(connection, recording.reference, "request", "su-1")
    with pytest.raises(KeyErased):
        await keys.get(recording.reference)
    assert await broken(recording) is None
    assert len(await event_log.read(recording.pool, recording.reference)) == 2


async def test_nothing_is_recorded_of_an_erased_referral_by_who_remembers_its_key(
    recording: Recording, keys: KeyStore, master_keys: MasterKeys
) -> None:
    await recording.take(c.Close.model_validate({"reason": "service_no_capacity"}))
    before = await recording.stored()
    elsewhere = Recording(recording.pool, KeyStore(recording.pool, master_keys))
    elsewhere.reference = recording.reference
    await elsewhere.knows_the_key()
    async with recording.pool.acquire() as connection, connection.transaction():
        await keys.destroy(connection, recording.reference, "request", "su-1")
    with pytest.raises(ApplicationError, match="erased"):
        await elsewhere.take(c.Reopen(reason="after all"), staff_id="su-1", role="supervisor")
    assert await recording.stored() == before


@pytest.mark.parametrize(
    ("staff_id", "role"),
    [("nobody", "caseworker"), ("cw-gone", "caseworker"), ("cw-kent", "caseworker"), ("cw-1", "supervisor")],
)
async def test_a_false_claim_leaves_nothing(recording: Recording, staff_id: str, role: str) -> None:
    before = await recording.stored()
    with pytest.raises(ApplicationError):
        await recording.take(ATTEMPT, staff_id=staff_id, role=role)
    assert await recording.stored() == before


async def test_a_colleague_who_left_cannot_be_given_work(recording: Recording) -> None:
    await recording.take(c.RecordDuplicateCheck())
    await recording.take(c.Allocate(caseworker="cw-1"))
    before = await recording.stored()
    with pytest.raises(ApplicationError):
        await recording.take(c.Reassign(caseworker="cw-gone"), staff_id="su-1", role="supervisor")
    assert await recording.stored() == before


async def test_a_refused_opening_leaves_nothing(pool: Pool, keys: KeyStore) -> None:
    refused = Recording(pool, keys)
    await keys.create(refused.reference)
    with pytest.raises(ApplicationError):
        await refused.take(form(), staff_id="cw-kent")
    assert await refused.stored() == (0, 0, 0)


async def test_the_read_model_is_what_the_events_come_to(recording: Recording) -> None:
    await recording.take(c.RecordDuplicateCheck())
    taken = await recording.take(c.Allocate(caseworker="cw-1"))
    [line] = [
        line
        for line in await list_referrals(recording.pool, caseworker="cw-1", limit=1000)
        if line.reference == recording.reference
    ]
    assert (line.stage, line.next_due_at) == (taken.receipt.stage, taken.receipt.next_due_at)
    keys = await recording.pool.fetch("SELECT key FROM deadline WHERE reference = $1", recording.reference)
    assert {row["key"] for row in keys} == {deadline.key for deadline in taken.deadlines}


async def test_closing_clears_the_deadlines(recording: Recording) -> None:
    await recording.take(c.Close.model_validate({"reason": "service_no_capacity"}))
    assert (await recording.stored())[2] == 0
