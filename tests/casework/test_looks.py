"""Each look at what is said about people is recorded, and in a sensitive case a stranger to it says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from casework.access import What, require_access
from casework.access_log import looks_at, looks_at_referrals_of, looks_by
from casework.referral.contact import contact_details
from casework.referral.timeline import read_timeline
from casework.session import Session, WayIn, sign_in
from lifecycle import Refused
from operations.verifying import verify
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.access import LONGEST_REASON, DataKind, Look, Relation
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.vocabulary import Method
from stores import notices
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyErased, KeyStore
from stores.logs.anchors import Anchors
from tests.book import MONDAY, Book
from tests.life import form, until_preparation
from tests.register import enter
from tests.stores.test_event_log import Recording

SAID = "Invented: she rang me as nobody else was there"


@pytest.fixture
def referrals(pool: Pool, keys: KeyStore) -> Referrals:
    """The engine without Temporal, which nobody asks here."""
    return Referrals(cast(Any, None), pool, keys, cast(Any, None))


async def opened(pool: Pool, keys: KeyStore, **known: Any) -> str:
    """A referral that is cw-1's."""
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form(**known))
    await recording.take(c.RecordDuplicateCheck())
    await recording.take(c.Allocate(caseworker="cw-1"))
    return recording.reference


@pytest.fixture
async def ordinary(pool: Pool, keys: KeyStore) -> str:
    return await opened(pool, keys)


@pytest.fixture
async def sensitive(pool: Pool, keys: KeyStore) -> str:
    return await opened(pool, keys, sensitive_categories=["stalking"])


async def looks(referrals: Referrals, reference: str) -> list[Look]:
    """The looks at a referral before this one, oldest first."""
    found = await looks_at(await sign_in(referrals, "su-2", WayIn.API), reference, limit=1000)
    assert (found[0].staff, found[0].kind, found[0].way_in) == ("su-2", DataKind.ACCESS_LOG, WayIn.API)
    return found[:0:-1]


async def told(pool: Pool, reference: str) -> dict[str, list[str | None]]:
    """Who was told of a look at a referral, and whose look it was."""
    found: dict[str, list[str | None]] = {}
    for who in ("cw-1", "cw-2", "su-1", "su-2", "sm-1"):
        for letter in await notices.inbox(pool, who, limit=10_000):
            if letter.reference == reference and letter.notice.template == "looked_at":
                found.setdefault(who, []).append(letter.notice.about.colleague)
    return found


async def test_each_look_says_who_at_what_why_they_may_when_and_by_which_way_in(
    referrals: Referrals, ordinary: str
) -> None:
    before = datetime.now(UTC)
    mine = await sign_in(referrals, "cw-1", WayIn.CONSOLE)
    assert await require_access(mine, What.PEOPLE, ordinary, DataKind.CONTACT) is Relation.OWN
    theirs = await sign_in(referrals, "cw-2", WayIn.COMMAND_LINE, reason=f" {SAID}\n")
    assert await require_access(theirs, What.PEOPLE, ordinary) is Relation.OWN_AREA
    first, second = await looks(referrals, ordinary)
    assert (first.staff, first.role, first.kind) == ("cw-1", Role.CASEWORKER, DataKind.CONTACT)
    assert (first.relation, first.way_in, first.reason_given) == (Relation.OWN, WayIn.CONSOLE, False)
    assert before - timedelta(seconds=5) < first.at <= second.at < datetime.now(UTC) + timedelta(seconds=5)
    assert (second.staff, second.kind) == ("cw-2", DataKind.PEOPLE)
    assert (second.relation, second.way_in, second.reason) == (Relation.OWN_AREA, WayIn.COMMAND_LINE, SAID)
    # Of an ordinary case nobody is told.
    assert await told(referrals.pool, ordinary) == {}


async def test_what_tells_of_nobody_is_not_recorded(referrals: Referrals, sensitive: str) -> None:
    for who in ("cw-1", "cw-2", "su-1"):
        session = await sign_in(referrals, who, WayIn.COMMAND_LINE)
        for what in (What.CASELOAD, What.STATUS, What.COLLEAGUES):
            await require_access(session, what, sensitive)
    assert await looks(referrals, sensitive) == []


async def test_who_is_refused_leaves_no_look(referrals: Referrals, sensitive: str) -> None:
    for who in ("co-1", "pa-1", "cw-kent"):
        session = await sign_in(referrals, who, WayIn.COMMAND_LINE, reason=SAID)
        with pytest.raises(Refused):
            await require_access(session, What.PEOPLE, sensitive)
    with pytest.raises(Refused, match="There is no referral"):
        await require_access(
            await sign_in(referrals, "su-1", WayIn.COMMAND_LINE), What.PEOPLE, "RJ-0000-0000"
        )
    assert await looks(referrals, sensitive) == []


async def test_a_stranger_to_a_sensitive_case_is_refused_without_a_reason(
    referrals: Referrals, sensitive: str
) -> None:
    for reason in (None, "", "  \n"):
        session = await sign_in(referrals, "cw-2", WayIn.COMMAND_LINE, reason=reason)
        with pytest.raises(Refused) as refused:
            await require_access(session, What.PEOPLE, sensitive)
        assert (refused.value.code, refused.value.field) == ("reason_needed", "reason")
        assert "--reason -" in str(refused.value)
    console = await sign_in(referrals, "cw-2", WayIn.CONSOLE)
    with pytest.raises(Refused) as refused:
        await require_access(console, What.PEOPLE, sensitive)
    assert "--" not in str(refused.value)
    long = await sign_in(referrals, "cw-2", WayIn.CONSOLE, reason="x" * (LONGEST_REASON + 1))
    with pytest.raises(Refused, match="at most 2000"):
        await require_access(long, What.PEOPLE, sensitive)
    assert await looks(referrals, sensitive) == []
    assert await told(referrals.pool, sensitive) == {}


@pytest.mark.parametrize("reason", [".", "\u200b\u200b\u200b", "1234", "-- --"])
async def test_a_reason_that_says_nothing_is_none(referrals: Referrals, sensitive: str, reason: str) -> None:
    session = await sign_in(referrals, "cw-2", WayIn.CONSOLE, reason=reason)
    with pytest.raises(Refused, match="says nothing"):
        await require_access(session, What.PEOPLE, sensitive)
    assert await looks(referrals, sensitive) == []


async def test_where_nothing_is_shown_no_look_is_recorded(referrals: Referrals, sensitive: str) -> None:
    session = await sign_in(referrals, "su-1", WayIn.COMMAND_LINE)
    with pytest.raises(Refused, match="no participant with that id"):
        await contact_details(session, sensitive, "h99")
    async with referrals.pool.acquire() as connection, connection.transaction():
        await referrals.keys.destroy(connection, sensitive, "request", "su-1")
    with pytest.raises(KeyErased):
        await contact_details(session, sensitive, "h1")
    assert (await read_timeline(session, sensitive)).erasure is not None
    assert await looks(referrals, sensitive) == []


async def test_with_a_reason_they_look_and_the_supervisors_are_told(
    referrals: Referrals, sensitive: str
) -> None:
    session = await sign_in(referrals, "cw-2", WayIn.COMMAND_LINE, reason=SAID)
    assert await require_access(session, What.PEOPLE, sensitive) is Relation.OWN_AREA
    [look] = await looks(referrals, sensitive)
    assert (look.staff, look.relation, look.reason) == ("cw-2", Relation.OWN_AREA, SAID)
    assert await told(referrals.pool, sensitive) == {"su-1": ["cw-2"], "su-2": ["cw-2"]}
    await require_access(session, What.PEOPLE, sensitive)
    assert await told(referrals.pool, sensitive) == {"su-1": ["cw-2"] * 2, "su-2": ["cw-2"] * 2}


async def test_who_works_on_it_supervises_it_or_stands_in_says_nothing(
    referrals: Referrals, sensitive: str
) -> None:
    for who, relation in (("cw-1", Relation.OWN), ("su-1", Relation.OWN_AREA), ("sm-1", Relation.OWN_AREA)):
        session = await sign_in(referrals, who, WayIn.COMMAND_LINE)
        assert await require_access(session, What.PEOPLE, sensitive) is relation
    assert await told(referrals.pool, sensitive) == {}


@pytest.fixture
async def absent(pool: Pool, keys: KeyStore) -> AsyncIterator[str]:
    """A caseworker who is away and for whom cw-2 stands in."""
    who = Staff(id="cw-away", role=Role.CASEWORKER, areas=(Area.DURHAM,))
    await enter(pool, keys, who)
    yield who.id
    await enter(pool, keys, who.model_copy(update={"active": False}))


async def test_a_stand_in_looks_while_the_other_is_away_and_not_after(
    referrals: Referrals, pool: Pool, keys: KeyStore, owner_url: str, absent: str
) -> None:
    recording = Recording(pool, keys)
    await keys.create(recording.reference)
    await recording.take(form(sensitive_categories=["stalking"]))
    await recording.take(c.RecordDuplicateCheck())
    await recording.take(c.Allocate(caseworker=absent), staff_id="su-1", role="supervisor")
    session = await sign_in(referrals, "cw-2", WayIn.COMMAND_LINE)
    with pytest.raises(Refused):
        await require_access(session, What.PEOPLE, recording.reference)
    owner = await connect(owner_url)
    try:
        away = "UPDATE staff SET absent_until = now() + $2::interval, stand_in = $3 WHERE id = $1"
        await owner.execute(away, absent, timedelta(days=1), "cw-2")
        assert await require_access(session, What.PEOPLE, recording.reference) is Relation.STANDS_IN
        await owner.execute(away, absent, timedelta(minutes=-1), "cw-2")
        with pytest.raises(Refused):
            await require_access(session, What.PEOPLE, recording.reference)
    finally:
        await owner.execute("UPDATE staff SET absent_until = NULL, stand_in = NULL WHERE id = $1", absent)
        await owner.close()


async def test_twenty_who_look_at_once_are_all_recorded(referrals: Referrals, ordinary: str) -> None:
    session = await sign_in(referrals, "cw-1", WayIn.CONSOLE)
    await asyncio.gather(*(require_access(session, What.PEOPLE, ordinary) for _ in range(20)))
    assert [each.sequence for each in await looks(referrals, ordinary)] == [*range(1, 21)]


async def test_supervisors_list_the_looks_at_somebodys_referrals_and_of_somebody(
    referrals: Referrals, sensitive: str, ordinary: str
) -> None:
    session = await sign_in(referrals, "fa-2", WayIn.COMMAND_LINE, reason=SAID)
    for reference in (sensitive, ordinary):
        await require_access(session, What.PEOPLE, reference)
    supervisor = await sign_in(referrals, "su-1", WayIn.COMMAND_LINE)
    for found in (
        await looks_at_referrals_of(supervisor, "cw-1", limit=2),
        await looks_by(supervisor, "fa-2", limit=2),
    ):
        assert [each.reference for each in found] == [ordinary, sensitive]
        # What was said is read of one referral at a time, which is a look.
        assert all(each.reason_given and each.reason is None for each in found)
    for who in ("cw-1", "fa-2", "pa-1", "co-1"):
        nosy = await sign_in(referrals, who, WayIn.COMMAND_LINE)
        for asked in (looks_at(nosy, ordinary), looks_by(nosy, "fa-2"), looks_at_referrals_of(nosy, "cw-1")):
            with pytest.raises(Refused):
                await asked
    with pytest.raises(Refused):
        await looks_by(supervisor, "nobody-1")


async def test_lists_show_no_look_in_another_area(
    referrals: Referrals, pool: Pool, keys: KeyStore, ordinary: str
) -> None:
    foreign = Staff(id="su-kent", role=Role.SUPERVISOR, areas=(Area.KENT,))
    await enter(pool, keys, foreign)
    await require_access(await sign_in(referrals, "cw-1", WayIn.API), What.PEOPLE, ordinary)
    abroad = await sign_in(referrals, "su-kent", WayIn.API)
    assert await looks_by(abroad, "cw-1") == []
    assert await looks_at_referrals_of(abroad, "cw-1") == []
    with pytest.raises(Refused, match="does not work in durham"):
        await looks_at(abroad, ordinary)
    await enter(pool, keys, foreign.model_copy(update={"active": False}))


async def test_verifying_finds_a_look_that_was_changed_afterwards(
    referrals: Referrals, ordinary: str, owner_url: str, tmp_path: Path
) -> None:
    await require_access(await sign_in(referrals, "cw-2", WayIn.API), What.PEOPLE, ordinary)
    anchors = Anchors(referrals.pool, referrals.keys, tmp_path)

    async def breaks() -> list[tuple[str, int | None]]:
        found = await verify(referrals, anchors, ordinary, lambda done, total: None)
        return [(each.reference, each.sequence) for each in found.breaks]

    assert await breaks() == []
    owner = await connect(owner_url)
    change = "UPDATE access_log SET staff = $2 WHERE reference = $1"
    try:
        await owner.execute(change, ordinary, "cw-1")
        assert await breaks() == [(f"{ordinary}, its access log", 1)]
    finally:
        await owner.execute(change, ordinary, "cw-2")
        await owner.close()
    assert await breaks() == []


async def test_of_an_erased_referral_no_reason_is_asked_for_or_left(
    referrals: Referrals, sensitive: str
) -> None:
    session = await sign_in(referrals, "cw-2", WayIn.COMMAND_LINE, reason=SAID)
    await require_access(session, What.PEOPLE, sensitive)
    async with referrals.pool.acquire() as connection, connection.transaction():
        await referrals.keys.destroy(connection, sensitive, "request", "su-1")
    # With a reason that is not needed any more, and without one.
    await require_access(session, What.PEOPLE, sensitive)
    await require_access(await sign_in(referrals, "fa-2", WayIn.API), What.PEOPLE, sensitive)
    found = await looks(referrals, sensitive)
    assert [(each.staff, each.reason_given, each.reason) for each in found] == [
        ("cw-2", True, None),
        ("cw-2", False, None),
        ("fa-2", False, None),
    ]


def test_a_session_does_not_show_the_reason() -> None:
    session = Session(cast(Any, None), cast(Any, None), WayIn.API, SAID)
    assert SAID not in repr(session)


async def test_who_runs_one_activity_works_on_its_referral_while_they_do(
    pool: Pool, keys: KeyStore, referrals: Referrals
) -> None:
    book = Book(pool, keys, Area.DERBYSHIRE, "dy")
    await book.hire()
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    facilitator = await sign_in(referrals, "dy-fb", WayIn.COMMAND_LINE)
    assert await require_access(facilitator, What.PEOPLE, reference) is Relation.OWN_AREA
    for method in (Method.SHUTTLE, Method.LETTER):
        await book.take(reference, "cw-1", c.PlanActivity(method=method), MONDAY)
    own = c.AssignFacilitators(facilitator="fa-2", activity="a2")
    await book.take(reference, "cw-1", own, MONDAY)
    assert await require_access(facilitator, What.PEOPLE, reference) is Relation.OWN
    another = c.AssignFacilitators(facilitator="fa-1", activity="a2")
    await book.take(reference, "cw-1", another, MONDAY)
    assert await require_access(facilitator, What.PEOPLE, reference) is Relation.OWN_AREA
