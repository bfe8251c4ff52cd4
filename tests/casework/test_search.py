"""Searching: what a text may mean, who finds whom by it, and that every search is written down first."""

from __future__ import annotations

from typing import Any, cast

import pytest

from casework.access_log import looks_at
from casework.listing import Listed
from casework.referral_lists import SentList
from casework.searching.duplicates import possible_duplicates, possible_duplicates_of
from casework.searching.log import searches
from casework.searching.search import LONGEST, Found, part_of_reference, read, search
from casework.session import Session, WayIn, sign_in
from lifecycle import Refused
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.access import DataKind, Relation, Searched, SearchKind
from schemas.areas import Area
from schemas.commands import OpenReferral
from schemas.people import Role, Staff
from schemas.vocabulary import ParticipantRole
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.life import form
from tests.register import enter

NAME, BORN, PHONE, EMAIL, CRIME = (
    "Morwenna Öz-Quist",
    "1966-06-07",
    "+447700900461",
    "mq@example.org",
    "CHQ/77/26",
)


@pytest.fixture
def referrals(pool: Pool, keys: KeyStore) -> Referrals:
    """The engine without Temporal, which nobody asks here."""
    return Referrals(cast(Any, None), pool, keys, cast(Any, None))


@pytest.fixture
async def book(pool: Pool, keys: KeyStore) -> Book:
    found = Book(pool, keys, Area.CHESHIRE, "ch")
    await found.hire()
    return found


def asked(**changes: object) -> OpenReferral:
    """A referral of Morwenna, whom nobody else in the tests is called."""
    person = {"name": NAME, "date_of_birth": BORN, "phone": PHONE, "email": EMAIL}
    other = {"name": "Piotr Invented", "date_of_birth": "1989-01-02", "phone": "+447700900462"}
    participants = [
        {"id": "h1", "role": "harmed", "person": person},
        {"id": "r1", "role": "responsible", "person": other},
    ]
    body = {"area": Area.CHESHIRE, "participants": participants, "crime_reference": CRIME, **changes}
    return form("Invented", **body)


async def opened(book: Book, **changes: object) -> str:
    """A referral of Morwenna that is ch-1's."""
    reference = await book.open(
        **{name: value for name, value in dict(asked(**changes)).items() if name != "kind"}
    )
    await book.take(reference, "cw-1", c.RecordDuplicateCheck(), MONDAY)
    await book.take(reference, "cw-1", c.Allocate(caseworker="cw-1"), MONDAY)
    return reference


@pytest.fixture
async def ordinary(book: Book) -> str:
    return await opened(book)


@pytest.fixture
async def sensitive(book: Book) -> str:
    return await opened(book, sensitive_categories=["stalking"])


async def found(session: Session, text: str, **more: Any) -> list[Found]:
    result = await search(session, text, limit=1000, **more)
    assert isinstance(result, Listed)
    return list(result.items)


async def hit_on(session: Session, text: str, reference: str, **more: Any) -> Found:
    """What a search found of one referral, which it must have found."""
    [hit] = [each for each in await found(session, text, **more) if each.reference == reference]
    return hit


async def references(session: Session, text: str) -> set[str]:
    return {each.reference for each in await found(session, text)}


async def session_of(referrals: Referrals, who: str) -> Session:
    return await sign_in(referrals, who, WayIn.CONSOLE)


# What a text may mean.


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("RJ-7KQ4-M2X1", ["reference"]),
        ("rj 7kq4", ["reference"]),
        ("7KQ4", ["crime_reference", "reference"]),
        ("KQMX", ["name", "name", "reference"]),
        ("Ada", ["name", "name"]),
        ("Ada Lovel", ["name", "name", "reference"]),
        ("O'Brien", ["name", "name"]),
        ("17/05/1990", ["date_of_birth"]),
        ("17 May 1990", ["date_of_birth"]),
        ("17 5 1990", ["date_of_birth"]),
        ("1990-05-17", ["date_of_birth"]),
        ("07700 900123", ["phone"]),
        ("ada@example.org", ["email"]),
        ("CR/1234/26", ["crime_reference"]),
        ("王 伟", ["name", "name"]),
    ],
)
def test_one_box_understands(text: str, kinds: list[str]) -> None:
    assert [kind for reading in read(text) for kind in reading.kinds] == kinds


def test_several_things_of_one_person_are_parted_by_commas() -> None:
    [reading] = read("Smith, 17/05/1990, 07700 900123")
    assert reading.kinds == (SearchKind.NAME, SearchKind.DATE_OF_BIRTH, SearchKind.PHONE)
    [reading] = read("Smith, John")
    assert {term.value for term in reading.terms} == {"smith", "john"}


@pytest.mark.parametrize("text", ["", " , ", "J", "7_", "%", "Smith, 7KQ4", "Smith, %"])
def test_what_means_nothing_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(Refused, match="letters and digits of a reference") as refused:
        read(text)
    assert refused.value.field == "text"
    # What was typed may be somebody's name.
    assert text.strip(" ,") == "" or text not in str(refused.value)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused, match=f"at most {LONGEST}"):
        read("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("7KQ4", "7KQ4"),
        ("rj-7kq4", "RJ7KQ4"),
        ("RJ-7KQ4-M2X1", "RJ7KQ4M2X1"),
        ("rj 7kq4 m2x1", "RJ7KQ4M2X1"),
        (" q4-m2 ", "Q4M2"),
        ("olI", "011"),
    ],
)
def test_hyphens_spaces_case_and_look_alikes_of_a_reference_do_not_matter(typed: str, part: str) -> None:
    assert part_of_reference(typed) == part


@pytest.mark.parametrize("typed", ["", "7", "RJ-", "RJ-7", "7KQ%", "7_Q4", "7KU4", "7\u2010KQ"])
def test_what_no_reference_holds_is_not_searched_for(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        part_of_reference(typed)
    assert refused.value.field == "text"


# Who finds whom.


@pytest.mark.parametrize(
    ("text", "by", "whom"),
    [
        (NAME, "name", "h1"),
        ("oz-quist MORWENNA", "name", "h1"),
        ("morw", "name", "h1"),
        ("mo öz", "name", "h1"),
        ("7/6/1966", "date_of_birth", "h1"),
        ("07700 900461", "phone", "h1"),
        ("MQ@example.org", "email", "h1"),
        ("chq 77 26", "crime_reference", None),
        ("Morwenna, 7 June 1966", "name", "h1"),
    ],
)
async def test_a_referral_is_found_by(
    referrals: Referrals, ordinary: str, text: str, by: str, whom: str | None
) -> None:
    hit = await hit_on(await session_of(referrals, "ch-2"), text, ordinary)
    assert by in hit.by
    assert [each.id for each in hit.people] == ([whom] if whom else [])
    assert all(each.role is ParticipantRole.HARMED for each in hit.people)


async def test_another_person_of_the_same_referral_is_not_meant(referrals: Referrals, ordinary: str) -> None:
    session = await session_of(referrals, "ch-2")
    assert ordinary not in await references(session, "Morwenna, 2/1/1989")
    assert ordinary in await references(session, "Piotr, 2/1/1989")
    assert ordinary not in await references(session, "Morwenna Invented")


async def test_names_are_shown_to_who_works_on_it_alone_and_that_is_a_look(
    referrals: Referrals, book: Book
) -> None:
    ursula = {"id": "h1", "role": "harmed", "person": {"name": "Ursula Öz"}}
    ordinary = await opened(book, participants=[ursula, {"id": "r1", "role": "responsible"}])
    for who in ("ch-2", "ch-su"):
        hit = await hit_on(await session_of(referrals, who), "Ursula Öz", ordinary)
        assert [each.name for each in hit.people] == [None]
    mine = await session_of(referrals, "ch-1")
    hidden = await hit_on(mine, "Ursula Öz", ordinary, names=False)
    assert [each.name for each in hidden.people] == [None]
    hit = await hit_on(mine, "Ursula Öz", ordinary)
    assert [each.name for each in hit.people] == ["Ursula Ö."]
    assert "Ursula" not in repr(hit)
    looks = await looks_at(await session_of(referrals, "ch-su"), ordinary)
    assert [
        (each.staff, each.kind, each.relation) for each in looks if each.kind is not DataKind.ACCESS_LOG
    ] == [("ch-1", DataKind.NAME, Relation.OWN)]


async def test_a_sensitive_case_is_found_by_who_works_on_it_or_supervises_and_nobody_else(
    referrals: Referrals, book: Book, sensitive: str
) -> None:
    texts = ("Morwenna", "7/6/1966", "07700 900461", "CHQ/77/26", "mq@example.org")
    for text in texts:
        for who in ("ch-1", "ch-su"):
            assert sensitive in await references(await session_of(referrals, who), text), (who, text)
        for who in ("ch-2", "ch-fa"):
            assert sensitive not in await references(await session_of(referrals, who), text), (who, text)
    # Not even with a reason, for that it is found tells who is in it.
    curious = await sign_in(referrals, "ch-2", WayIn.CONSOLE, reason="Invented: she rang me")
    assert sensitive not in await references(curious, "Morwenna")
    # By its reference it is found as it is listed, and tells nobody's name.
    [hit] = await found(await session_of(referrals, "ch-2"), sensitive)
    assert (hit.reference, hit.by, hit.people) == (sensitive, (SearchKind.REFERENCE,), ())


async def test_how_many_are_shown_tells_nothing_of_those_that_are_not(
    referrals: Referrals, book: Book
) -> None:
    people = [{"id": "h1", "role": "harmed", "person": {"name": "Ottoline Invented"}},
              {"id": "r1", "role": "responsible"}]  # fmt: skip
    shown = await opened(book, participants=people)
    for _ in range(2):
        await opened(book, participants=people, sensitive_categories=["stalking"])
    result = await search(await session_of(referrals, "ch-2"), "Ottoline", limit=1)
    assert isinstance(result, Listed)
    assert ([each.reference for each in result.items], result.more) == ([shown], False)


async def test_a_stand_in_finds_it_while_the_other_is_away(
    referrals: Referrals, sensitive: str, owner_url: str
) -> None:
    owner = await connect(owner_url)
    try:
        away = "UPDATE staff SET absent_until = now() + interval '1 day', stand_in = 'ch-2' WHERE id = 'ch-1'"
        await owner.execute(away)
        assert sensitive in await references(await session_of(referrals, "ch-2"), "Morwenna")
    finally:
        await owner.execute("UPDATE staff SET absent_until = NULL, stand_in = NULL WHERE id = 'ch-1'")
        await owner.close()
    assert sensitive not in await references(await session_of(referrals, "ch-2"), "Morwenna")


async def test_nobody_is_found_in_another_area(referrals: Referrals, ordinary: str) -> None:
    for who in ("cw-kent", "su-1"):
        session = await session_of(referrals, who)
        for text in (NAME, "07700 900461", CRIME, ordinary):
            assert ordinary not in await references(session, text)


async def test_a_partner_finds_by_reference_what_they_sent_and_nobody_by_a_name(
    referrals: Referrals, pool: Pool, keys: KeyStore, ordinary: str
) -> None:
    await enter(pool, keys, Staff(id="ch-pa", role=Role.PARTNER, areas=(Area.CHESHIRE,)))
    session = await session_of(referrals, "ch-pa")
    result = await search(session, ordinary)
    assert isinstance(result, SentList)
    assert result.lines == ()
    with pytest.raises(Refused, match="letters and digits of a reference"):
        await search(session, "Morwenna Öz")


@pytest.mark.parametrize("who", ["co-1"])
async def test_who_sees_figures_alone_searches_nothing(referrals: Referrals, who: str) -> None:
    with pytest.raises(Refused):
        await search(await session_of(referrals, who), "Morwenna")


async def test_an_erased_person_is_found_no_more(referrals: Referrals, ordinary: str) -> None:
    session = await session_of(referrals, "ch-1")
    assert ordinary in await references(session, NAME)
    async with referrals.pool.acquire() as connection, connection.transaction():
        await referrals.keys.destroy(connection, ordinary, "request", "ch-su")
    assert ordinary not in await references(session, NAME)


async def test_who_has_exactly_that_name_comes_first(referrals: Referrals, book: Book, ordinary: str) -> None:
    longer = [{"id": "h1", "role": "harmed", "person": {"name": "Morwenna Öz-Quistgaard"}},
              {"id": "r1", "role": "responsible"}]  # fmt: skip
    later = await opened(book, participants=longer, crime_reference=None)
    order = [each.reference for each in await found(await session_of(referrals, "ch-su"), NAME)]
    assert order.index(ordinary) < order.index(later)


# The log of searches.


async def last_searches(referrals: Referrals, of: str, count: int) -> list[Searched]:
    return (await searches(await session_of(referrals, "ch-su"), by=of, limit=count))[::-1]


async def test_every_search_is_written_down_with_by_what_and_how_much_was_found(
    referrals: Referrals, ordinary: str
) -> None:
    session = await session_of(referrals, "ch-2")
    for text in (NAME, NAME.upper(), "1/1/1911", ordinary):
        await found(session, text)
    with pytest.raises(Refused):
        await found(session, "%")
    name, again, nobody, reference = await last_searches(referrals, "ch-2", 4)
    assert (name.staff, name.role, name.way_in, name.areas) == (
        "ch-2", Role.CASEWORKER, WayIn.CONSOLE, (Area.CHESHIRE,)
    )  # fmt: skip
    assert name.kinds == (SearchKind.NAME,)
    assert name.found >= 1
    assert again.sought == name.sought, "the same is seen to be searched for again"
    assert (nobody.kinds, nobody.found) == ((SearchKind.DATE_OF_BIRTH,), 0)
    assert (reference.kinds, reference.found) == ((SearchKind.REFERENCE,), 1)
    assert len({each.sought for each in (name, nobody, reference)}) == 3


async def test_the_searches_are_for_who_supervises_the_area(referrals: Referrals, ordinary: str) -> None:
    await found(await session_of(referrals, "ch-2"), NAME)
    for who in ("ch-1", "ch-2", "co-1"):
        with pytest.raises(Refused):
            await searches(await session_of(referrals, who))
    assert await searches(await session_of(referrals, "su-1"), by="ch-2") == []
    everybody = await searches(await session_of(referrals, "ch-su"))
    assert {each.staff for each in everybody} >= {"ch-2"}
    with pytest.raises(Refused):
        await searches(await session_of(referrals, "ch-su"), by="nobody-1")


async def test_nothing_that_was_searched_for_stands_in_the_database(
    referrals: Referrals, ordinary: str, owner_url: str
) -> None:
    await found(await session_of(referrals, "ch-1"), NAME)
    owner = await connect(owner_url)
    try:
        for table in ("search_log", "blind_index", "access_log"):
            rows = await owner.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
            for canary in ("orwenna", "quist", "7700900461", "1966-06-07", "chq"):
                assert not any(canary in row["row"].lower() for row in rows), (table, canary)
    finally:
        await owner.close()


# Possible duplicates.


async def test_a_referral_of_the_same_person_is_a_possible_duplicate(
    referrals: Referrals, ordinary: str
) -> None:
    session = await session_of(referrals, "ch-2")
    same: dict[str, dict[str, Any]] = {
        "name": {"name": "ÖZ QUIST, morwenna", "date_of_birth": BORN},
        "phone": {"phone": "07700 900461"},
        "email": {"email": "mq@example.org"},
    }
    for by, person in same.items():
        people = [{"id": "h1", "role": "harmed", "person": person}, {"id": "r1", "role": "responsible"}]
        new = asked(participants=people, crime_reference=None)
        [hit] = [
            each for each in await possible_duplicates(session, new, limit=1000) if each.reference == ordinary
        ]
        assert by in hit.by
        assert [each.id for each in hit.people] == ["h1"]
    crime = asked(participants=[{"id": "h1", "role": "harmed"}, {"id": "r1", "role": "responsible"}])
    assert ordinary in {each.reference for each in await possible_duplicates(session, crime, limit=1000)}
    [*_, last] = await last_searches(referrals, "ch-2", 1)
    assert SearchKind.DUPLICATES in last.kinds


async def test_a_name_alone_is_no_duplicate_nor_is_who_only_accompanies(
    referrals: Referrals, ordinary: str
) -> None:
    people = [
        {"id": "h1", "role": "harmed", "person": {"name": NAME}},
        {"id": "r1", "role": "responsible", "person": {"name": NAME, "date_of_birth": "1977-07-07"}},
        {"id": "i1", "role": "interpreter", "accompanies": "h1", "person": {"phone": PHONE}},
    ]
    new = asked(participants=people, crime_reference=None)
    assert await possible_duplicates(await session_of(referrals, "ch-2"), new) == ()


async def test_a_sensitive_duplicate_is_told_to_who_supervises_alone(
    referrals: Referrals, book: Book, sensitive: str
) -> None:
    assert sensitive not in {
        each.reference
        for each in await possible_duplicates(await session_of(referrals, "ch-2"), asked(), limit=1000)
    }
    later = await opened(book)
    found_by_supervisor = await possible_duplicates_of(
        await session_of(referrals, "ch-su"), later, limit=1000
    )
    assert sensitive in {each.reference for each in found_by_supervisor}
    assert later not in {each.reference for each in found_by_supervisor}


async def test_a_partner_is_told_of_no_duplicate(
    referrals: Referrals, pool: Pool, keys: KeyStore, ordinary: str
) -> None:
    await enter(pool, keys, Staff(id="ch-pa", role=Role.PARTNER, areas=(Area.CHESHIRE,)))
    assert await possible_duplicates(await session_of(referrals, "ch-pa"), asked()) == ()
