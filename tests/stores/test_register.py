"""The staff register: who may change it, what takes two, and that no change goes without its event."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import cast

import asyncpg
import pytest
import pytest_asyncio
from temporalio.client import Client

from lifecycle import Refused
from operations.verifying import verify
from policies.files import load_policies
from runtime.embedded.postgres import EmbeddedPostgres, embedded_postgres
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import PractitionerLevel
from stores import register, staff
from stores.database import Connection, Pool, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import staff_log
from stores.logs.anchors import Anchors, LogsLost
from stores.logs.chain import ChainKey, chain_key
from stores.migrate import migrate
from stores.register import Kind

DURHAM, KENT, ESSEX = (Area.DURHAM,), (Area.KENT,), (Area.ESSEX,)


def person(
    staff_id: str, role: Role = Role.CASEWORKER, areas: tuple[Area, ...] = DURHAM, **more: object
) -> Staff:
    return Staff.model_validate({"id": staff_id, "role": role, "areas": areas} | more)


def manager(staff_id: str, areas: tuple[Area, ...] = DURHAM, **more: object) -> Staff:
    return person(staff_id, Role.SERVICE_MANAGER, areas, **more)


@dataclass
class Register:
    """A register of a test's own, as the application reaches it and as the database's owner does."""

    pool: Pool
    owner: Connection
    keys: KeyStore
    key: ChainKey

    async def first(self, *areas: Area) -> None:
        await register.enter_first(self.pool, self.keys, manager("sm-1", areas or DURHAM))

    async def enter(self, member: Staff, by: str = "sm-1") -> Kind | None:
        return await register.enter(self.pool, self.keys, member, by)

    async def two(self) -> None:
        """Two service managers of Durham, sm-1 and sm-2."""
        await self.first()
        assert await self.enter(manager("sm-2")) is Kind.ENTERED

    async def three(self) -> None:
        """And sm-3."""
        await self.two()
        assert await self.enter(manager("sm-3")) is Kind.PROPOSED
        await self.confirm("sm-3", "sm-2")

    async def a_day_later(self) -> None:
        """Nobody dates an event back; for a test the database's owner does."""
        await self.owner.execute("UPDATE staff SET role_since = role_since - interval '1 day'")

    async def confirm(self, subject: str, by: str) -> Staff:
        return await register.confirm(self.pool, self.keys, subject, by)

    async def of(self, staff_id: str) -> Staff:
        found = await staff.get(self.pool, staff_id)
        assert found is not None
        return found

    async def broken(self) -> list[tuple[int | None, str | None]]:
        return [each[:2] for each in await staff_log.verify(self.pool, self.key)]

    async def refused(self, member: Staff, by: str) -> str:
        before = await staff_log.head(self.pool)
        with pytest.raises(Refused) as refused:
            await self.enter(member, by)
        assert await staff_log.head(self.pool) == before
        return refused.value.code


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[tuple[EmbeddedPostgres, MasterKeys]]:
    """A migrated database of these tests' own, with its master keys."""
    with tempfile.TemporaryDirectory(prefix="rj-") as folder:
        Path(folder).chmod(0o711)
        async with embedded_postgres(Path(folder) / "postgres") as database:
            await migrate(database.owner_dsn)
            yield database, MasterKeys.create(Path(folder) / "master.keys")


@pytest_asyncio.fixture
async def reg(server: tuple[EmbeddedPostgres, MasterKeys]) -> AsyncIterator[Register]:
    """An empty register."""
    database, master_keys = server
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute("TRUNCATE staff, staff_event CASCADE")
    async with await connect_pool(database.dsn, size=4) as pool:
        keys = KeyStore(pool, master_keys)
        yield Register(pool, owner, keys, await chain_key(keys))
    await owner.close()


async def test_the_first_service_manager_is_made_once(reg: Register) -> None:
    await reg.first()
    found = await reg.of("sm-1")
    assert (found.role, found.role_by) == (Role.SERVICE_MANAGER, "sm-1")
    for again in ("sm-1", "sm-2"):
        with pytest.raises(Refused):
            await register.enter_first(reg.pool, reg.keys, manager(again))
    assert [each.kind for each in await staff_log.read(reg.pool)] == [Kind.FIRST]


async def test_nobody_enters_anybody_into_an_empty_register(reg: Register) -> None:
    assert await reg.refused(person("cw-1"), "cw-1") == "staff_unknown"


async def test_a_change_is_an_event_with_who_when_before_and_after(reg: Register) -> None:
    await reg.first()
    await reg.enter(person("cw-1", name="Invented One"))
    assert await reg.enter(person("cw-1", Role.SUPERVISOR)) is Kind.CHANGED
    assert await reg.enter(person("cw-1", Role.SUPERVISOR)) is None
    entered, changed = await staff_log.read(reg.pool, of="cw-1")
    assert (entered.kind, entered.before, changed.kind) == (Kind.ENTERED, None, Kind.CHANGED)
    assert (changed.before, changed.after) == (entered.after, await reg.of("cw-1"))
    assert changed.after is not None
    assert (changed.after.name, changed.after.role_by, changed.after.role_since) == (
        "Invented One",
        "sm-1",
        changed.at,
    )
    assert timedelta() <= datetime.now(UTC) - changed.at < timedelta(minutes=1)
    assert await reg.broken() == []


async def test_a_role_dates_from_when_it_or_an_area_was_given_or_given_back(reg: Register) -> None:
    await reg.first(*DURHAM, *KENT)
    await reg.enter(person("su-1", Role.SUPERVISOR))
    since = [(await reg.of("su-1")).role_since]
    for change in (
        {"areas": (*DURHAM, *KENT)},
        {"active": False, "areas": (*DURHAM, *KENT)},
        {"areas": (*DURHAM, *KENT)},
        {"areas": KENT},
        {"areas": KENT, "name": "Invented Two"},
    ):
        await reg.enter(
            Staff.model_validate({"id": "su-1", "role": Role.SUPERVISOR} | {"areas": DURHAM} | change)
        )
        since.append((await reg.of("su-1")).role_since)
    gained = [one != other for one, other in pairwise(since)]
    assert gained == [True, False, True, False, False]


@pytest.mark.parametrize(
    "role",
    [Role.CASEWORKER, Role.FACILITATOR, Role.SUPERVISOR, Role.PARTNER, Role.COMMISSIONER, Role.AUDITOR],
)
async def test_only_service_managers_change_who_may_do_what(reg: Register, role: Role) -> None:
    await reg.first()
    await reg.enter(person("xx-1", role))
    assert await reg.refused(person("cw-9"), "xx-1") == "not_your_role"
    assert await reg.refused(person("sm-1", Role.CASEWORKER), "xx-1") == "not_your_role"


async def test_who_has_left_changes_nothing_any_more(reg: Register) -> None:
    await reg.three()
    await reg.enter(manager("sm-3", active=False))
    await reg.confirm("sm-3", "sm-2")
    assert await reg.refused(person("cw-9"), "sm-3") == "staff_inactive"
    assert await reg.refused(person("cw-9"), "nobody-1") == "staff_unknown"


async def test_a_service_manager_changes_only_areas_that_no_other_one_manages_alone(reg: Register) -> None:
    await reg.first(*DURHAM)
    await reg.enter(manager("sm-kent", KENT))
    assert await reg.refused(person("cw-9", areas=KENT), "sm-1") == "staff_other_area"
    # An area without one is any service manager's to begin.
    assert await reg.enter(person("cw-e", areas=ESSEX)) is Kind.ENTERED
    await reg.enter(person("fa-1"))
    assert await reg.enter(person("fa-1", areas=(*DURHAM, *KENT)), "sm-kent") is Kind.CHANGED
    assert await reg.refused(person("fa-1", areas=DURHAM), "sm-1") == "staff_other_area"
    assert await reg.refused(person("fa-1", Role.SUPERVISOR, (*DURHAM, *KENT)), "sm-1") == "staff_other_area"


@pytest.mark.parametrize(
    "change",
    [
        {"role": Role.SUPERVISOR},
        {"areas": (*DURHAM, *KENT)},
        {"active": False},
        {"advanced_practitioner": True},
    ],
)
async def test_nobody_changes_what_they_may_do_themself(reg: Register, change: dict[str, object]) -> None:
    await reg.first()
    assert await reg.refused(manager("sm-1").model_copy(update=change), "sm-1") == "own_entry"
    assert await reg.enter(manager("sm-1", name="Invented Three")) is Kind.CHANGED


async def test_where_there_are_two_service_managers_making_another_takes_both(reg: Register) -> None:
    await reg.two()
    assert await reg.enter(manager("sm-3")) is Kind.PROPOSED
    assert await staff.get(reg.pool, "sm-3") is None
    assert [each.subject for each in await staff_log.proposals(reg.pool)] == ["sm-3"]
    for nobody in ("sm-1", "sm-3", "nobody-1"):
        with pytest.raises(Refused):
            await reg.confirm("sm-3", nobody)
    made = await reg.confirm("sm-3", "sm-2")
    assert made == await reg.of("sm-3")
    assert (made.role_by, made.active) == ("sm-1", True)
    assert await staff_log.proposals(reg.pool) == []
    with pytest.raises(Refused):
        await reg.confirm("sm-3", "sm-2")
    assert await reg.broken() == []


@pytest.mark.parametrize("was", [Role.SUPERVISOR, Role.CASEWORKER])
async def test_raising_or_bringing_somebody_back_as_service_manager_takes_both_too(
    reg: Register, was: Role
) -> None:
    await reg.two()
    await reg.enter(person("cw-1", was))
    await reg.enter(manager("sm-x", active=False))
    for staff_id in ("cw-1", "sm-x"):
        assert await reg.enter(manager(staff_id)) is Kind.PROPOSED
        with pytest.raises(Refused) as refused:
            await reg.confirm(staff_id, "sm-1")
        assert refused.value.code == "another_confirms"


async def test_an_area_with_two_is_not_opened_to_a_service_manager_of_another_by_one(reg: Register) -> None:
    await reg.two()
    await reg.enter(manager("sm-kent", KENT))
    assert await reg.enter(manager("sm-kent", (*DURHAM, *KENT))) is Kind.PROPOSED
    assert (await reg.of("sm-kent")).areas == KENT
    with pytest.raises(Refused) as refused:
        await reg.confirm("sm-kent", "sm-kent")
    assert refused.value.code == "own_entry"


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.SUPERVISOR}, {"areas": KENT}])
async def test_nobody_gets_rid_of_the_other_service_managers_so_as_to_be_alone(
    reg: Register, change: dict[str, object]
) -> None:
    await reg.three()
    gone = manager("sm-2").model_copy(update=change)
    assert await reg.enter(gone) is Kind.PROPOSED
    assert (await reg.of("sm-2")).role is Role.SERVICE_MANAGER
    with pytest.raises(Refused) as refused:
        await reg.confirm("sm-2", "sm-1")
    assert refused.value.code == "another_confirms"
    await reg.confirm("sm-2", "sm-3")
    assert {name: getattr(await reg.of("sm-2"), name) for name in change} == change


async def test_of_two_the_one_who_goes_agrees_or_has_a_week_to_decline(reg: Register) -> None:
    await reg.two()
    assert await reg.enter(manager("sm-2", active=False)) is Kind.PROPOSED
    with pytest.raises(Refused) as refused:
        await reg.confirm("sm-2", "sm-1")
    assert refused.value.code == "a_week"
    await register.decline(reg.pool, reg.keys, "sm-2", "sm-2")
    assert await staff_log.proposals(reg.pool) == []
    assert await reg.enter(manager("sm-2", active=False)) is Kind.PROPOSED
    assert not (await reg.confirm("sm-2", "sm-2")).active
    assert [each.kind for each in await staff_log.read(reg.pool, of="sm-2")] == [
        *(Kind.ENTERED, Kind.PROPOSED, Kind.DECLINED, Kind.PROPOSED, Kind.CONFIRMED)
    ]
    assert await reg.broken() == []


async def test_of_two_the_one_who_stays_confirms_alone_a_week_after(reg: Register) -> None:
    await reg.two()
    await reg.enter(manager("sm-2", active=False))
    # Nobody may date an event back; for the test its owner does.
    await reg.owner.execute("UPDATE staff_event SET at = at - interval '8 days'")
    assert not (await reg.confirm("sm-2", "sm-1")).active


async def test_what_was_changed_since_is_proposed_anew(reg: Register) -> None:
    await reg.two()
    await reg.enter(person("cw-1"))
    await reg.enter(manager("cw-1"))
    await register.set_absent(
        reg.pool, reg.keys, "cw-1", datetime.now(UTC) + timedelta(days=3), "sm-1", "cw-1"
    )
    with pytest.raises(Refused) as refused:
        await reg.confirm("cw-1", "sm-2")
    assert refused.value.code == "changed_since"


async def test_who_proposed_and_may_not_any_more_proposes_in_vain(reg: Register) -> None:
    await reg.three()
    await reg.a_day_later()
    await reg.enter(manager("sm-4"), "sm-3")
    await reg.enter(person("sm-3", Role.SUPERVISOR))
    await reg.confirm("sm-3", "sm-2")
    with pytest.raises(Refused) as refused:
        await reg.confirm("sm-4", "sm-2")
    assert refused.value.code == "proposer_may_not"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.SERVICE_MANAGER])
async def test_a_new_service_manager_makes_no_supervisors_for_who_made_them(
    reg: Register, role: Role
) -> None:
    await reg.first()
    await reg.enter(manager("sm-x", ESSEX))
    assert await reg.refused(person("su-x", role, ESSEX), "sm-x") == "too_new"
    assert await reg.enter(person("cw-x", areas=ESSEX), "sm-x") is Kind.ENTERED
    await reg.a_day_later()
    assert await reg.enter(person("su-x", role, ESSEX), "sm-x") is Kind.ENTERED


async def test_everybody_chooses_their_own_messages(reg: Register) -> None:
    await reg.first()
    await reg.enter(person("cw-1"))
    chosen = (await reg.of("cw-1")).model_copy(update={"digest": False, "email": "cw-1@example.org"})
    await register.set_messages(reg.pool, reg.keys, chosen)
    await register.set_messages(reg.pool, reg.keys, chosen)
    assert await reg.of("cw-1") == chosen
    last = (await staff_log.read(reg.pool, of="cw-1"))[-1]
    assert (last.sequence, last.kind, last.actor) == (3, Kind.MESSAGES, "cw-1")
    forged = await call(reg)
    forged.kind, forged.actor = "messages", "sm-1"
    forged.before = forged.after = json.dumps(register._state(chosen))
    forged.become(digest=True)
    assert await forged.answer() == "not_yours"


async def test_absence_is_for_oneself_and_for_supervisors_of_the_area(reg: Register) -> None:
    await reg.first(*DURHAM, *KENT)
    for member in (
        *(person("cw-1"), person("cw-2"), person("su-1", Role.SUPERVISOR)),
        person("su-kent", Role.SUPERVISOR, KENT),
    ):
        await reg.enter(member)
    until = datetime.now(UTC) + timedelta(days=3)
    for who in ("cw-1", "su-1", "sm-1"):
        await register.set_absent(reg.pool, reg.keys, "cw-1", until, "cw-2", who)
        assert (await reg.of("cw-1")).stand_in == "cw-2"
        await register.set_absent(reg.pool, reg.keys, "cw-1", None, None, who)
    for who in ("cw-2", "su-kent"):
        with pytest.raises(Refused):
            await register.set_absent(reg.pool, reg.keys, "cw-1", until, "cw-2", who)
    assert [each.kind for each in await staff_log.read(reg.pool, of="cw-1")][1:] == [
        Kind.ABSENT,
        Kind.BACK,
    ] * 3
    assert await reg.broken() == []


# What the application may not do, whatever it sends.


@pytest.mark.parametrize(
    "statement",
    [
        f"{verb} {table} {rest}"
        for table in ("staff", "staff_event")
        for verb, rest in (
            ("INSERT INTO", "SELECT * FROM {table} LIMIT 0"),
            ("UPDATE", "SET {column} = {column}"),
            ("DELETE FROM", ""),
            ("TRUNCATE", ""),
            ("ALTER TABLE", "DISABLE TRIGGER ALL"),
            ("DROP TABLE", ""),
            ("LOCK TABLE", "IN ACCESS EXCLUSIVE MODE"),
        )
        for rest in (rest.format(table=table, column="id" if table == "staff" else "at"),)
    ],
)
async def test_the_application_changes_no_row_itself(reg: Register, statement: str) -> None:
    await reg.first()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with reg.pool.acquire() as connection, connection.transaction():
            await connection.execute(statement)


@pytest.mark.parametrize("function", ["staff_may_change", "staff_takes_two"])
async def test_the_application_calls_only_the_functions_that_are_for_it(reg: Register, function: str) -> None:
    arguments = ", ".join(["NULL::staff"] * (3 if function == "staff_may_change" else 2))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reg.pool.fetchval(f"SELECT {function}({arguments})")


@dataclass
class Call:
    """The arguments of change_staff() for entering cw-1, all of them right."""

    reg: Register
    previous: bytes
    at: datetime
    kind: str = "entered"
    actor: str = "sm-1"
    subject: str = "cw-1"
    before: str | None = None
    after: str = ""
    link: bytes = bytes(32)

    def __post_init__(self) -> None:
        member = register._state(person("cw-1")) | {
            "role_since": register._instant(self.at),
            "role_by": "sm-1",
        }
        self.after = json.dumps(member)

    def become(self, **changes: object) -> None:
        self.after = json.dumps(json.loads(self.after) | changes)

    async def answer(self) -> str:
        try:
            answer: str = await self.reg.pool.fetchval(
                "SELECT change_staff($1, $2, $3, $4, $5, $6, $7, $8)",
                *(
                    self.previous,
                    self.at,
                    self.kind,
                    self.actor,
                    self.subject,
                    self.before,
                    self.after,
                    self.link,
                ),
            )
        except asyncpg.PostgresError as error:
            return type(error).__name__
        return answer


async def call(reg: Register) -> Call:
    _, previous = await staff_log.head(reg.pool)
    return Call(reg, previous, await reg.pool.fetchval("SELECT clock_timestamp()"))


async def test_a_right_call_is_recorded(reg: Register) -> None:
    await reg.first()
    assert await (await call(reg)).answer() == "recorded"


FORGED = {
    "another_head": ("previous", bytes(32), "behind"),
    "no_head": ("previous", None, "behind"),
    "a_short_link": ("link", b"short", "InvalidParameterValueError"),
    "no_link": ("link", None, "InvalidParameterValueError"),
    "the_past": ("at", datetime.now(UTC) - timedelta(days=2), "time"),
    "the_future": ("at", datetime.now(UTC) + timedelta(hours=1), "time"),
    "no_time": ("at", None, "InvalidParameterValueError"),
    "nobody": ("actor", "nobody-1", "staff_unknown"),
    "no_actor": ("actor", None, "InvalidParameterValueError"),
    "themself": ("actor", "cw-1", "staff_unknown"),
    "a_caseworker": ("actor", "cw-2", "not_your_role"),
    "who_has_left": ("actor", "sm-x", "staff_inactive"),
    "the_system": ("subject", "system", "InvalidParameterValueError"),
    "another_subject": ("subject", "cw-3", "InvalidParameterValueError"),
    "the_first": ("kind", "first", "not_first"),
    "a_change": ("kind", "changed", "InvalidParameterValueError"),
    "a_proposal": ("kind", "proposed", "one_is_enough"),
    "a_confirmation": ("kind", "confirmed", "not_proposed"),
    "a_refusal": ("kind", "declined", "not_proposed"),
    "carried_over": ("kind", "carried_over", "InvalidParameterValueError"),
    "no_kind": ("kind", None, "InvalidParameterValueError"),
    "an_absence": ("kind", "absent", "InvalidParameterValueError"),
    "messages": ("kind", "messages", "InvalidParameterValueError"),
    "another_before": ("before", '{"id": "cw-1"}', "behind"),
    "no_json": ("after", "{", "InvalidTextRepresentationError"),
    "nobody_after": ("after", None, "InvalidParameterValueError"),
    "not_a_person": ("after", "[]", "InvalidParameterValueError"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_argument_changes_nothing(reg: Register, name: str) -> None:
    await reg.first()
    await reg.enter(person("cw-2"))
    await reg.enter(manager("sm-x", active=False))
    forged = await call(reg)
    field, value, answer = FORGED[name]
    setattr(forged, field, value)
    before = await reg.owner.fetch("SELECT * FROM staff ORDER BY id"), await staff_log.head(reg.pool)
    assert await forged.answer() == answer
    assert (
        await reg.owner.fetch("SELECT * FROM staff ORDER BY id"),
        await staff_log.head(reg.pool),
    ) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "system"},
        {"role": "king"},
        {"areas": []},
        {"id": "cw-9"},
        {"more": 1},
        {"role_by": "cw-2"},
        {"role_since": None},
        {"role_since": "2020-01-01T00:00:00.000000Z"},
        {"absent_until": "2030-01-01T00:00:00.000000Z", "stand_in": "sm-1"},
    ],
)
async def test_a_forged_entry_is_none(reg: Register, changes: dict[str, object]) -> None:
    await reg.first()
    forged = await call(reg)
    forged.become(**changes)
    assert await forged.answer() == "InvalidParameterValueError"
    assert await staff.get(reg.pool, "cw-1") is None


async def test_what_is_confirmed_is_what_was_proposed(reg: Register) -> None:
    await reg.two()
    await reg.enter(manager("cw-1"))
    forged = await call(reg)
    forged.kind, forged.actor = "confirmed", "sm-2"
    forged.become(role="service_manager", areas=["durham", "kent"])
    assert await forged.answer() == "InvalidParameterValueError"
    forged.become(areas=["durham"])
    assert await forged.answer() == "recorded"


async def test_a_second_service_manager_is_not_made_in_one_step_by_who_asks_the_database_itself(
    reg: Register,
) -> None:
    await reg.two()
    forged = await call(reg)
    forged.become(role="service_manager")
    assert await forged.answer() == "two_needed"


# The chain.


async def test_two_who_change_the_register_at_once_both_do(reg: Register) -> None:
    await reg.first()
    await asyncio.gather(*(reg.enter(person(f"cw-{number}")) for number in range(8)))
    assert [each.sequence for each in await staff_log.read(reg.pool)] == list(range(1, 10))
    assert await reg.broken() == []


TAMPERED = {
    "UPDATE staff_event SET actor = 'sm-9' WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET at = at + interval '1 microsecond' WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET kind = 'changed' WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET after = replace(after::text, '\"caseworker\"', '\"supervisor\"')::json"
    " WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET before = '{}' WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET hash = sha256('') WHERE sequence = 2": (2, "cw-1"),
    "UPDATE staff_event SET hash = sha256('') WHERE sequence = 3": (3, "su-1"),
    "DELETE FROM staff_event WHERE sequence = 2": (2, None),
    "DELETE FROM staff_event WHERE sequence = 1": (1, None),
    "DELETE FROM staff_event WHERE sequence = 3": (None, "su-1"),
    "UPDATE staff SET role = 'supervisor' WHERE id = 'cw-1'": (None, "cw-1"),
    "UPDATE staff SET role_since = NULL WHERE id = 'su-1'": (None, "su-1"),
    "UPDATE staff SET active = FALSE WHERE id = 'su-1'": (None, "su-1"),
    "UPDATE staff SET email = 'x@example.org' WHERE id = 'su-1'": (None, "su-1"),
    "DELETE FROM staff WHERE id = 'su-1'": (None, "su-1"),
    "INSERT INTO staff (id, role, areas) VALUES ('su-9', 'supervisor', '{durham}')": (None, "su-9"),
}


@pytest.mark.parametrize("statement", TAMPERED)
async def test_what_the_owner_of_the_database_alters_is_found(reg: Register, statement: str) -> None:
    await reg.first()
    await reg.enter(person("cw-1"))
    await reg.enter(person("su-1", Role.SUPERVISOR))
    assert await reg.broken() == []
    await reg.owner.execute(statement)
    assert TAMPERED[statement] in await reg.broken()


async def test_a_chain_that_is_made_anew_without_the_master_keys_is_found(
    reg: Register, tmp_path: Path
) -> None:
    await reg.first()
    other = ChainKey(bytes(32))
    [row] = await reg.owner.fetch("SELECT *, after::text AS text FROM staff_event")
    made = register.link(
        other, b"", 1, row["at"], row["actor"], row["kind"], row["subject"], None, row["text"]
    )
    await reg.owner.execute("UPDATE staff_event SET hash = $1", made)
    assert await reg.broken() == [(1, "sm-1")]


async def test_a_tail_that_is_cut_off_with_what_it_changed_is_found_by_the_anchor(reg: Register) -> None:
    await reg.first()
    await reg.enter(person("su-1", Role.SUPERVISOR))
    length, link = await staff_log.head(reg.pool)
    anchored = (length, link.hex())
    await reg.enter(person("cw-1"))
    assert await staff_log.verify(reg.pool, reg.key, anchored) == []
    await reg.owner.execute(
        "DELETE FROM staff_event WHERE sequence > 1; DELETE FROM staff WHERE id <> 'sm-1'"
    )
    assert await reg.broken() == []
    [found] = await staff_log.verify(reg.pool, reg.key, anchored)
    assert (found.sequence, found.said) == (2, "Event 2 is not what was anchored.")


async def test_rj_verify_looks_at_the_register_and_its_anchor(reg: Register, tmp_path: Path) -> None:
    await reg.owner.execute("TRUNCATE anchor")
    await reg.first()
    await reg.enter(person("su-1", Role.SUPERVISOR))
    anchors = Anchors(reg.pool, reg.keys, tmp_path)
    await anchors.make()
    await reg.enter(person("cw-1"))
    assert set((await anchors.make()).grown) == {"staff"}
    referrals = Referrals(cast(Client, None), reg.pool, reg.keys, load_policies())

    async def said() -> list[tuple[str, str]]:
        found = await verify(referrals, anchors, None, lambda done, total: None)
        return [(each.reference, each.said) for each in found.breaks]

    assert await said() == []
    await reg.owner.execute("UPDATE staff SET role = 'supervisor' WHERE id = 'cw-1'")
    assert await said() == [("staff register, cw-1", "The entry differs from its events: role.")]
    await reg.owner.execute("DELETE FROM staff_event WHERE sequence = 3; DELETE FROM staff WHERE id = 'cw-1'")
    assert await said() == [("staff register, its log", "Event 3 is not what was anchored.")]
    with pytest.raises(LogsLost):
        await anchors.make()


async def test_a_register_older_than_its_log_is_carried_over_once(reg: Register) -> None:
    await reg.owner.execute(
        "INSERT INTO staff (id, role, areas) VALUES ('cw-1', 'caseworker', '{durham}'),"
        " ('sm-1', 'service_manager', '{durham}')"
    )
    assert await reg.broken() == [(None, "cw-1"), (None, "sm-1")]
    assert await staff_log.carry_over(reg.owner, reg.key) == 2
    assert await reg.broken() == []
    assert await staff_log.carry_over(reg.owner, reg.key) == 0
    assert await reg.enter(person("cw-1", Role.SUPERVISOR)) is Kind.CHANGED
    assert await staff_log.carry_over(reg.owner, reg.key) == 0
    assert [each.kind for each in await staff_log.read(reg.pool)] == [Kind.CARRIED_OVER] * 2 + [Kind.CHANGED]
    assert await reg.broken() == []
    with pytest.raises(Refused):
        await register.enter_first(reg.pool, reg.keys, manager("sm-2"))


async def test_a_volunteer_who_still_learns_is_entered_read_back_and_told_in_the_log(reg: Register) -> None:
    await reg.first()
    await reg.enter(person("cw-1"))
    assert await reg.enter(person("cw-1", volunteer=True, trainee=True)) is Kind.CHANGED
    found = await reg.of("cw-1")
    assert (found.volunteer, found.level) == (True, PractitionerLevel.TRAINEE)
    assert await reg.enter(person("cw-1", advanced_practitioner=True)) is Kind.CHANGED
    found = await reg.of("cw-1")
    assert (found.volunteer, found.level) == (False, PractitionerLevel.ADVANCED_PRACTITIONER)
    _, _, last = await staff_log.read(reg.pool, of="cw-1")
    assert last.before is not None
    assert last.before.trainee
    assert await reg.broken() == []


async def test_an_event_from_before_there_were_volunteers_still_leads_to_its_entry(reg: Register) -> None:
    await reg.first()
    await reg.enter(person("cw-1", advanced_practitioner=True))
    stored = await reg.owner.fetchval("SELECT after::text FROM staff_event WHERE subject = 'cw-1'")
    assert not {"volunteer", "trainee", "level"} & set(json.loads(stored))
    assert (await reg.of("cw-1")).level is PractitionerLevel.ADVANCED_PRACTITIONER
    assert await reg.broken() == []


async def test_nobody_is_a_trainee_and_an_advanced_practitioner(reg: Register) -> None:
    await reg.first()
    with pytest.raises(asyncpg.PostgresError, match="no entry of the register"):
        await reg.enter(person("cw-1", trainee=True, advanced_practitioner=True))
