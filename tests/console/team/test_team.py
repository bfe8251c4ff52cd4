"""The team's page and the lists behind its numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from casework.referral_lists import ListFilters, ReferralLine
from casework.team.export import Format, _written
from casework.team.saved_views import MOST, keep_view, saved_views
from console.asked import Console
from runtime.referrals import Referrals
from schemas import commands as c
from stores.database import Connection, Pool
from tests.console.derbyshire import WORDS, allocated, hire, received, signed_in, to_sign_off
from tests.console.visiting import Visitor, visiting


@pytest.fixture(autouse=True)
async def people(referrals: Referrals) -> None:
    await hire(referrals)


def tile(page: str, label: str) -> tuple[int, str]:
    """The number and the address of a tile."""
    pattern = r'<a class="rj-tile[^"]*" href="([^"]*)"><span class="rj-tile__count">(\d+)</span>\s*<span[^>]*>([^<]*)<'
    found = {name.replace("&#39;", "'"): (int(count), at) for at, count, name in re.findall(pattern, page)}
    return found[label]


def listed(page: str) -> set[str]:
    """The references that a page names."""
    return set(re.findall(r"RJ-[0-9A-Z]{4}-[0-9A-Z]{4}", page))


async def whole_list(visitor: Visitor, address: str) -> set[str]:
    """The references of a list, page by page."""
    found: set[str] = set()
    next_page: str | None = address
    while next_page:
        page = await visitor.get(next_page)
        found |= listed(page)
        led = re.search(r'href="([^"]*)" rel="next"', page)
        next_page = led[1].replace("&amp;", "&") if led else None
    return found


@asynccontextmanager
async def statements(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[int]]:
    """Count the statements that are asked of PostgreSQL meanwhile."""
    counted: list[int] = []
    one = Pool._one

    @asynccontextmanager
    async def counting(self: Pool) -> AsyncIterator[Connection]:
        counted.append(1)
        async with one(self) as connection:
            yield connection

    with monkeypatch.context() as patched:
        patched.setattr(Pool, "_one", counting)
        yield counted


async def test_each_number_of_the_team_leads_to_as_long_a_list(
    console: Console, referrals: Referrals
) -> None:
    reference = await allocated(referrals)
    hold = c.Hold.model_validate({"review_on": "2027-06-01", "reason": "Invented"})
    await referrals.take(reference, hold, "dy-cw")
    await received(referrals)
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get("/team")
        for label in ("overdue", "nobody's yet", "on hold", "stuck", "open"):
            number, address = tile(page, label)
            assert len(await whole_list(visitor, address)) == number
        assert tile(page, "on hold")[0] >= 1
        assert tile(page, "nobody's yet")[0] >= 1
        assert reference in await whole_list(visitor, tile(page, "on hold")[1])


async def test_the_team_page_takes_as_many_statements_however_much_waits(
    console: Console, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        await visitor.get("/team")
        async with statements(monkeypatch) as few:
            await visitor.get("/team")
        for _ in range(3):
            await to_sign_off(referrals)
        async with statements(monkeypatch) as more:
            await visitor.get("/team")
    assert len(more) == len(few) <= 7


async def test_what_waits_is_listed_for_who_may_sign_it_off_and_for_nobody_else(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals, "dy-su")
    async with visiting(console, "dy-sv") as visitor:
        assert f"/team/sign-offs/{reference}/risk_assessment" in await visitor.get("/team/sign-offs")
        page = await visitor.get("/team")
        assert "Risk assessment: only without meeting" in page
        assert "Sami Invented" in page
    async with visiting(console, "dy-su") as visitor:
        assert reference not in await visitor.get("/team/sign-offs")


async def test_no_list_of_the_team_names_anybody_in_a_referral(
    console: Console, referrals: Referrals
) -> None:
    await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        for address in ("/team", "/team/sign-offs", "/team/escalations", "/team/workload"):
            assert "Canary" not in await visitor.get(address)


async def test_a_supervisor_sees_no_referral_of_another_area(console: Console, referrals: Referrals) -> None:
    reference = await allocated(referrals)
    async with visiting(console, "su-1") as visitor:
        assert reference not in await whole_list(visitor, "/referrals")
        assert "does not work in derbyshire" in await visitor.get("/team?area=derbyshire", status=403)


async def test_an_area_that_is_none_is_a_sentence(console: Console) -> None:
    async with visiting(console, "dy-su") as visitor:
        for address in ("/team", "/team/sign-offs", "/team/escalations", "/team/workload"):
            assert "Area: choose one" in await visitor.get(f"{address}?area=atlantis", status=422)


async def test_a_person_keeps_a_list_under_a_name_and_removes_it(console: Console) -> None:
    async with visiting(console, "dy-su") as visitor, visiting(console, "dy-sv") as other:
        await visitor.post(
            "/lists/keep", {"name": " Dana, \n overdue ", "caseworker": "dy-cw", "overdue": "yes"}
        )
        page = await visitor.get("/referrals")
        assert re.search(r'href="/referrals\?caseworker=dy-cw&amp;overdue=yes"[^>]*>Dana, overdue</a>', page)
        assert "Dana, overdue" not in await other.get("/referrals")
        number = re.search(r'name="view" value="(\d+)"', page)
        assert number is not None
        await other.post("/lists/remove", {"view": number[1]})
        assert "Dana, overdue" in await visitor.get("/referrals")
        await visitor.post("/lists/remove", {"view": number[1]})
        assert "Dana, overdue" not in await visitor.get("/referrals")


@pytest.mark.parametrize("name", ["", "---", "x" * 41, "bell\x07"])
async def test_a_kept_list_has_a_name_that_can_be_read(console: Console, name: str) -> None:
    async with visiting(console, "dy-su") as visitor:
        answer = await visitor.post("/lists/keep", {"name": name}, status=409)
        assert "Name the list with letters" in answer.text


async def test_a_person_keeps_only_so_many_lists_and_a_name_only_once(
    console: Console, referrals: Referrals
) -> None:
    session = await signed_in(referrals, "dy-sm")
    for number in range(MOST):
        await keep_view(session, f"List {number}", ListFilters(overdue=True))
    await keep_view(session, "List 3", ListFilters(on_hold=True))
    found = {each.name: each.filters for each in await saved_views(session)}
    assert len(found) == MOST
    assert found["List 3"] == ListFilters(on_hold=True)
    async with visiting(console, "dy-sm") as visitor:
        answer = await visitor.post("/lists/keep", {"name": "One more"}, status=409)
        assert "remove one first" in answer.text


async def test_a_list_leaves_as_a_file_without_anything_about_a_person(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals, sensitive_categories=["stalking"])
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get("/referrals?stage=risk_assessment")
        links = re.findall(r'href="(/lists/export[^"]*)"', page)
        answers = [await visitor.client.get(link.replace("&amp;", "&")) for link in links]
    as_csv, as_workbook = answers
    assert as_csv.headers["content-type"].startswith("text/csv")
    assert re.fullmatch(
        r'attachment; filename="referrals-[\d-]+\.csv"', as_csv.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
    mine = next(row for row in rows if row["Referral"] == reference)
    assert (mine["Stage"], mine["Caseworker"], mine["On hold"]) == ("risk assessment", "dy-cw", "no")
    assert {row["Stage"] for row in rows} == {"risk assessment"}
    cells = CalamineWorkbook.from_filelike(io.BytesIO(as_workbook.content)).get_sheet_by_index(0).to_python()
    assert reference in [row[0] for row in cells]
    for text in (as_csv.text, str(cells)):
        for hidden in (WORDS, "Dana", "Invented", "ensitive", "talking", "afeguarding"):
            assert hidden not in text


def test_no_cell_of_a_list_is_run_as_a_formula() -> None:
    said: dict[str, Any] = {
        "reference": "=HYPERLINK(1)",
        "area": "@area",
        "stage": "received",
        "caseworker": "+cw",
        "next_deadline": None,
        "next_due_at": None,
        "overdue": False,
        "inactive": False,
        "unsupervised": False,
        "on_hold": False,
        "safeguarding": False,
        "sensitive": False,
        "received_at": None,
        "closure_reason": None,
    }
    line = ReferralLine.model_construct(**said)
    text = _written([line], Format.CSV).decode("utf-8-sig")
    assert "\n'=HYPERLINK(1),'@area,received,'+cw," in text.replace("\r", "")
    [_, row] = (
        CalamineWorkbook.from_filelike(io.BytesIO(_written([line], Format.XLSX)))
        .get_sheet_by_index(0)
        .to_python()
    )
    assert row[0] == "=HYPERLINK(1)"


async def test_a_list_is_exported_as_one_of_two_kinds(console: Console) -> None:
    async with visiting(console, "dy-su") as visitor:
        assert "csv or xlsx" in await visitor.get("/lists/export?kind=exe", status=422)
