"""A small area of these tests' own: two caseworkers, supervisors with names, and referrals of invented people."""

from __future__ import annotations

from typing import Any

from schemas import commands as c
from schemas.areas import Area
from schemas.people import Role, Staff
from stores import register, staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.book import MONDAY, Book
from tests.life import HARMED, RESPONSIBLE
from tests.register import enter

HERE = Area.LONDON
NAMES = {
    "lo-1": "Cass Invented",
    "lo-2": "Cole Invented",
    "lo-fa": "Faye Invented",
    "lo-fb": "Finn Invented",
    "lo-su": "Sue Invented",
    "lo-sv": "Saul Invented",
}
PEOPLE = [
    {"id": HARMED, "role": "harmed", "person": {"name": "Junibella Invented"}},
    {"id": RESPONSIBLE, "role": "responsible", "person": {"name": "Adamaro Other"}},
]


async def area_with_nothing_open(pool: Pool, keys: KeyStore) -> Book:
    """The area, with everybody there and every referral closed."""
    book = Book(pool, keys, HERE, "lo")
    await book.hire()
    await enter(pool, keys, Staff(id="lo-pa", role=Role.PARTNER, areas=(HERE,)))
    for who, name in NAMES.items():
        known = await staff.get(pool, who)
        assert isinstance(known, Staff)
        await enter(pool, keys, known.model_copy(update={"name": name}))
        await register.set_absent(pool, keys, who, None, None, who)
    await book.close_all()
    return book


async def opened(book: Book, **known: Any) -> str:
    """A referral of Junibella Invented and Adamaro Other that is lo-1's."""
    reference = await book.open(participants=PEOPLE, **known)
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        await book.take(reference, "cw-1", command, MONDAY)
    return reference


async def given(book: Book, **known: Any) -> str:
    """One that is lo-2's, of which they are told."""
    reference = await opened(book, **known)
    await book.take(reference, "su-1", c.Reassign(caseworker="cw-2"), MONDAY)
    return reference
