"""The page of search: one box, nothing of what is searched for in an address, names for who works on the case."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from casework.searching.log import searches
from casework.session import WayIn, sign_in
from console.asked import Console
from schemas.areas import Area
from schemas.people import Role, Staff
from tests.console.visiting import Visitor, visiting
from tests.life import form
from tests.register import enter

NAME = "Theodosia Wren-Ábel"
CW, OTHER, SUPERVISOR, PARTNER = "cs-1", "cs-2", "cs-su", "cs-pa"


@pytest.fixture
async def people(console: Console) -> None:
    roles = {CW: Role.CASEWORKER, OTHER: Role.CASEWORKER, SUPERVISOR: Role.SUPERVISOR, PARTNER: Role.PARTNER}
    pool, keys = console.referrals.pool, console.referrals.keys
    for who, role in roles.items():
        await enter(pool, keys, Staff(id=who, role=role, areas=(Area.CHESHIRE,)))


@pytest.fixture
async def reference(console: Console, people: None) -> str:
    """A referral of Theodosia that is cs-1's."""
    from schemas import commands as c

    person = {"id": "h1", "role": "harmed", "person": {"name": NAME, "phone": "07700 900553"}}
    body = form("Invented", area="cheshire", participants=[person, {"id": "r1", "role": "responsible"}])
    receipt = await console.referrals.open(body, CW)
    await console.referrals.take(receipt.reference, c.RecordDuplicateCheck(), CW)
    await console.referrals.take(receipt.reference, c.Allocate(caseworker=CW), CW)
    return receipt.reference


@pytest.fixture
async def visitor(console: Console, reference: str) -> AsyncIterator[Visitor]:
    async with visiting(console, CW) as found:
        yield found


async def test_who_works_on_it_reads_the_name_unless_names_are_hidden(
    visitor: Visitor, reference: str
) -> None:
    assert "What do you search for?" in await visitor.get("/search")
    page = (await visitor.post("/search", {"text": "theodosia wren"}, 200)).text
    assert f'href="/referrals/{reference}"' in page
    assert "Theodosia W." in page
    await visitor.post("/hide-names", {"back": "/search"})
    page = (await visitor.post("/search", {"text": "theodosia wren"}, 200)).text
    assert reference in page
    assert "Theodosia W." not in page


async def test_another_caseworker_reads_no_name(console: Console, reference: str) -> None:
    async with visiting(console, OTHER) as visitor:
        page = (await visitor.post("/search", {"text": "07700 900553"}, 200)).text
        assert reference in page
        assert "found by phone" in page
        assert "Theodosia" not in page


async def test_what_is_searched_for_is_in_no_address_title_or_log(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await visitor.post("/search", {"text": NAME}, 200)
    assert "orena" not in str(answer.url)
    assert str(answer.url).endswith("/search")
    title = answer.text.partition("<title>")[2].partition("</title>")[0]
    assert title == "Search \u2013 Referrals"
    for canary in ("Theodosia", "theodosia", "Wren"):
        assert canary not in caplog.text
        assert canary not in str(answer.headers)


async def test_an_address_finds_nobody(visitor: Visitor) -> None:
    assert "Theodosia" not in await visitor.get("/search?text=Theodosia")


async def test_nothing_found_says_what_to_try(visitor: Visitor) -> None:
    page = (await visitor.post("/search", {"text": "Nobodysname"}, 200)).text
    assert "Nothing was found" in page
    assert "Check the spelling" in page


@pytest.mark.parametrize("text", ["", "%", "x" * 301])
async def test_what_means_nothing_is_told_at_the_box(visitor: Visitor, text: str) -> None:
    page = (await visitor.post("/search", {"text": text}, 422)).text
    assert "There is a problem" in page
    assert 'href="#text"' in page


async def test_a_search_on_the_page_is_written_down(console: Console, visitor: Visitor) -> None:
    await visitor.post("/search", {"text": "theodosia"}, 200)
    [last] = await searches(await sign_in(console.referrals, SUPERVISOR, WayIn.API), by=CW, limit=1)
    assert (last.way_in, last.kinds) == (WayIn.CONSOLE, ("name",))


async def test_a_partner_searches_by_reference_alone(console: Console, reference: str) -> None:
    async with visiting(console, PARTNER) as visitor:
        assert "Nothing was found" in (await visitor.post("/search", {"text": reference}, 200)).text
        await visitor.post("/search", {"text": "Uwe Wren"}, 422)


async def test_a_commissioner_does_not_search(console: Console) -> None:
    async with visiting(console, "co-1") as visitor:
        await visitor.get("/search", 403)
