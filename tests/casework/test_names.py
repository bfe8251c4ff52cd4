"""First names and initials in lists: for whom, of which referrals, by how many statements, and how often noted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from casework.access_log import looks_by
from casework.names import names_in_lists
from casework.session import Session, WayIn, sign_in
from operations.verifying import verify
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.access import DataKind, Look, Relation
from schemas.areas import Area
from schemas.people import Person, Role, Staff
from stores import register
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import event_log
from stores.logs.anchors import Anchors
from tests.book import MONDAY, Book
from tests.life import HARMED, RESPONSIBLE, until_preparation
from tests.register import enter
from tests.statements import counted

HERE = Area.THAMES_VALLEY
CASEWORKER, SECOND, SUPERVISOR = "tv-1", "tv-2", "tv-su"


@pytest_asyncio.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    recorded = Book(pool, keys, HERE, "tv")
    await recorded.hire()
    await enter(pool, keys, Staff(id="tv-pa", role=Role.PARTNER, areas=(HERE,)))
    for away in (CASEWORKER, SECOND):
        await register.set_absent(pool, keys, away, None, None, away)
    return recorded


async def opened(book: Book, **known: Any) -> str:
    """A referral of June Invented and Adam Other that is cw-1's."""
    people = [
        {"id": HARMED, "role": "harmed", "person": {"name": "June Invented"}},
        {"id": RESPONSIBLE, "role": "responsible", "person": {"name": "Adam Other"}},
    ]
    reference = await book.open(MONDAY, participants=people, **known)
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        await book.take(reference, "cw-1", command, MONDAY)
    return reference


@pytest.fixture
def referrals(pool: Pool, keys: KeyStore) -> Referrals:
    """The engine without Temporal, which nobody asks here."""
    return Referrals(cast(Any, None), pool, keys, cast(Any, None))


async def names(referrals: Referrals, who: str, *references: str) -> dict[str, dict[str, str]]:
    return await names_in_lists(await sign_in(referrals, who, WayIn.CONSOLE), references)


async def looks(referrals: Referrals, who: str, *references: str) -> list[Look]:
    """Somebody's looks at names of these referrals, the latest first."""
    found = await looks_by(await sign_in(referrals, "tv-sv", WayIn.API), who, limit=1000)
    return [each for each in found if each.kind is DataKind.NAME and each.reference in references]


async def test_who_works_on_a_case_sees_first_names_and_initials(referrals: Referrals, book: Book) -> None:
    reference = await opened(book)
    assert await names(referrals, CASEWORKER, reference) == {
        reference: {HARMED: "June I.", RESPONSIBLE: "Adam O."}
    }
    assert [each.relation for each in await looks(referrals, CASEWORKER, reference)] == [Relation.OWN]


async def test_names_are_as_they_were_amended_last(referrals: Referrals, book: Book) -> None:
    reference = await opened(book)
    amended = c.AmendParticipant(participant=HARMED, person=Person(name="Mrs Juna Other"))
    await book.take(reference, "cw-1", amended, MONDAY)
    assert (await names(referrals, CASEWORKER, reference))[reference][HARMED] == "Juna O."


async def test_names_are_not_as_a_step_said_that_was_taken_back(referrals: Referrals, book: Book) -> None:
    reference = await opened(book)
    step = await event_log.length(book.pool, reference) + 1
    amended = c.AmendParticipant(participant=HARMED, person=Person(name="Juna Other"))
    await book.take(reference, "cw-1", amended, MONDAY)
    await book.take(reference, "su-1", c.CorrectStep(step=step, reason="Invented"), MONDAY)
    assert (await names(referrals, CASEWORKER, reference))[reference][HARMED] == "June I."


async def test_who_joins_later_has_a_name_too(referrals: Referrals, book: Book) -> None:
    reference = await opened(book)
    supporter = {"id": "s1", "role": "supporter", "accompanies": HARMED, "person": {"name": "Nia Prys Jones"}}
    await book.take(reference, "cw-1", c.AddParticipant.model_validate({"participant": supporter}), MONDAY)
    assert (await names(referrals, CASEWORKER, reference))[reference]["s1"] == "Nia J."


async def test_who_does_not_work_on_a_case_sees_no_name_and_leaves_no_look(
    referrals: Referrals, book: Book
) -> None:
    reference = await opened(book)
    for stranger in (SECOND, "tv-fa", "cw-kent", "su-1", "tv-pa", "co-1"):
        assert await names(referrals, stranger, reference, "RJ-0000-0000") == {}
        assert await looks(referrals, stranger, reference) == []


async def test_who_stands_in_sees_the_names_while_the_other_is_away(
    referrals: Referrals, book: Book, pool: Pool, keys: KeyStore
) -> None:
    reference = await opened(book)
    until = datetime.now(UTC) + timedelta(days=1)
    await register.set_absent(pool, keys, CASEWORKER, until, SECOND, CASEWORKER)
    assert (await names(referrals, SECOND, reference))[reference][HARMED] == "June I."
    assert [each.relation for each in await looks(referrals, SECOND, reference)] == [Relation.STANDS_IN]
    await register.set_absent(pool, keys, CASEWORKER, None, None, CASEWORKER)
    assert await names(referrals, SECOND, reference) == {}


async def test_co_facilitators_see_the_names_until_they_are_replaced(
    referrals: Referrals, book: Book
) -> None:
    reference = await book.open()
    await book.tell(reference, until_preparation(MONDAY.date()), MONDAY)
    both = c.AssignFacilitators(facilitator="fa-1", co_facilitator="fa-2")
    await book.take(reference, "cw-1", both, MONDAY)
    assert HARMED in (await names(referrals, "tv-fb", reference))[reference]
    await book.take(reference, "cw-1", c.AssignFacilitators(facilitator="fa-1"), MONDAY)
    assert await names(referrals, "tv-fb", reference) == {}


async def test_supervisors_see_names_but_in_a_sensitive_case(referrals: Referrals, book: Book) -> None:
    ordinary, sensitive = await opened(book), await opened(book, sensitive_categories=["stalking"])
    assert set(await names(referrals, SUPERVISOR, ordinary, sensitive)) == {ordinary}
    [look] = await looks(referrals, SUPERVISOR, ordinary, sensitive)
    assert (look.reference, look.relation) == (ordinary, Relation.OWN_AREA)
    assert RESPONSIBLE in (await names(referrals, CASEWORKER, sensitive))[sensitive]


async def test_of_an_erased_referral_nobody_has_a_name(
    referrals: Referrals, book: Book, keys: KeyStore, owner_url: str
) -> None:
    reference = await opened(book)
    owner = await connect(owner_url)
    async with owner.transaction():
        await keys.destroy(owner, reference, "asked_for", CASEWORKER)
    await owner.close()
    assert await names(referrals, CASEWORKER, reference) == {}
    assert await looks(referrals, CASEWORKER, reference) == []


async def test_a_list_that_is_read_again_is_written_down_once_in_thirty_minutes(
    referrals: Referrals, book: Book, owner_url: str
) -> None:
    first, second = await opened(book), await opened(book)
    for _ in range(3):
        await names(referrals, CASEWORKER, first, second)
    assert len(await looks(referrals, CASEWORKER, first, second)) == 2
    # For a person, not for a session of theirs; and another person's reading is another look.
    await names(referrals, SUPERVISOR, first)
    assert len(await looks(referrals, SUPERVISOR, first)) == 1
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE access_log SET at = at - interval '31 minutes' WHERE reference = $1 AND staff = $2",
        first,
        CASEWORKER,
    )
    await names(referrals, CASEWORKER, first, second)
    assert len(await looks(referrals, CASEWORKER, first)) == 2
    assert len(await looks(referrals, CASEWORKER, second)) == 1
    # As it was, for its log is a chain.
    await owner.execute(
        "UPDATE access_log SET at = at + interval '31 minutes' WHERE reference = $1 AND staff = $2 AND sequence = 1",
        first,
        CASEWORKER,
    )
    await owner.close()


async def test_names_seen_by_another_relation_are_another_look(referrals: Referrals, book: Book) -> None:
    reference = await opened(book)
    await names(referrals, SUPERVISOR, reference)
    await book.take(reference, "su-1", c.Reassign(caseworker=SUPERVISOR), MONDAY)
    await names(referrals, SUPERVISOR, reference)
    found = [each.relation for each in await looks(referrals, SUPERVISOR, reference)]
    assert found == [Relation.OWN, Relation.OWN_AREA]


async def test_the_number_of_statements_is_fixed_whatever_the_number_of_referrals(
    pool: Pool, master_keys: MasterKeys, book: Book
) -> None:
    many = [await opened(book) for _ in range(12)]
    found = []
    for references in (many[:1], many[1:]):
        # Keys that no process has in mind yet.
        keys = KeyStore(pool, master_keys)
        await keys.installation_secret()
        session: Session = await sign_in(
            Referrals(cast(Any, None), pool, keys, cast(Any, None)), CASEWORKER, WayIn.CONSOLE
        )
        with counted() as statements:
            assert len(await names_in_lists(session, references)) == len(references)
        found.append(len(statements))
    assert found[0] == found[1] <= 6


async def test_readers_at_the_same_moment_all_leave_their_looks_in_one_chain(
    referrals: Referrals, book: Book, tmp_path: Path
) -> None:
    references = [await opened(book) for _ in range(4)]
    people = (CASEWORKER, SUPERVISOR, "tv-sv")
    read = await asyncio.gather(*(names(referrals, who, *references) for who in people for _ in range(2)))
    assert all(set(each) == set(references) for each in read)
    for who in people:
        assert {each.reference for each in await looks(referrals, who, *references)} == set(references)
    anchors = Anchors(referrals.pool, referrals.keys, tmp_path)
    for reference in references:
        assert not (await verify(referrals, anchors, reference, lambda done, total: None)).breaks
