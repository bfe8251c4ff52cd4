"""Who sees what of a referral's pages, and that each look at people is written down once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.asked import Console
from schemas import commands as c
from schemas.access import DataKind, Look, Relation, WayIn
from stores import notices
from stores.database import Pool, connect
from stores.logs import access_log
from tests.console.referral.cases import (
    CASEWORKER,
    JACK,
    JUNE,
    NIA,
    NOTE,
    PARTNER,
    PHONE,
    PLACE,
    READ_PHONE,
    STRANGER,
    SUPERVISOR,
    Cases,
)
from tests.console.referral.reading import links, said, title
from tests.console.visiting import Visitor, visiting
from tests.life import HARMED, RESPONSIBLE, consent

TABS = {
    "": DataKind.PEOPLE,
    "/people": DataKind.PEOPLE,
    f"/people/{HARMED}": DataKind.CONTACT,
    "/risk": DataKind.PEOPLE,
    "/activities": DataKind.PEOPLE,
    "/agreement": DataKind.PEOPLE,
    "/messages": DataKind.PEOPLE,
    "/timeline": DataKind.TIMELINE,
    "/deadlines": DataKind.PEOPLE,
    "/steps": DataKind.PEOPLE,
}
NAMES = ("June", "Jack", "Nia", JUNE, JACK, NIA, PHONE, READ_PHONE, PLACE, NOTE)
SAID = "She rang while nobody else was here"


@pytest.mark.parametrize("tab", TABS)
async def test_each_page_is_one_look_of_its_kind(console: Console, cases: Cases, tab: str) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        assert "June I." in said(await visitor.get(f"/referrals/{reference}{tab}"))
    [look] = await _looks(cases, reference)
    assert (look.staff, look.kind, look.relation) == (CASEWORKER, TABS[tab], Relation.OWN)
    assert look.way_in is WayIn.CONSOLE


@pytest.mark.parametrize("tab", TABS)
async def test_with_names_hidden_nothing_about_people_is_shown_and_nobody_looked(
    console: Console, cases: Cases, tab: str
) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        await visitor.post("/hide-names")
        page = await visitor.get(f"/referrals/{reference}{tab}")
    assert not [each for each in NAMES if each in page]
    assert await _looks(cases, reference) == []


async def test_with_names_hidden_people_stand_by_their_sides(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        await visitor.post("/hide-names")
        page = said(await visitor.get(f"/referrals/{reference}"))
    assert "The person harmed and the person responsible" in page
    assert "Try again to reach h1, the person harmed" in page


async def test_where_somebody_is_reached_is_shown_on_asking_alone(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        for tab in TABS:
            page = await visitor.get(f"/referrals/{reference}{tab}")
            assert (READ_PHONE in page, PLACE in page) == (
                (True, True) if tab.endswith("h1") else (False, False)
            )
        page = await visitor.get(f"/referrals/{reference}/people/{HARMED}")
    assert JUNE in said(page)
    assert "Safe: phone, 09:00 to 17:00; no voicemail; neutral words only." in said(page)
    assert "Calls: safe Texts: not safe" in said(page)
    assert JUNE not in title(page)


async def test_nobody_looks_at_whom_nobody_knows(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        await visitor.get(f"/referrals/{reference}/people/h9", status=409)
        await visitor.get(f"/referrals/{reference}/people/x%3Cy", status=409)
    assert await _looks(cases, reference) == []


async def test_a_stranger_to_a_sensitive_case_says_why_once_and_its_supervisors_are_told_once(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted(sensitive_categories=["domestic_abuse"])
    async with visiting(console, STRANGER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/risk", status=403)
        assert f"Why do you need to look at {reference}?" in said(page)
        assert not [each for each in NAMES if each in page]
        answer = await visitor.post(f"/referrals/{reference}/reason", {"reason": " "}, status=422)
        assert "Say why you need to look." in said(answer.text)
        answer = await visitor.post(f"/referrals/{reference}/reason", {"reason": "??"}, status=422)
        assert "The reason says nothing" in said(answer.text)
        assert await _looks(cases, reference) == []
        back = f"/referrals/{reference}/risk"
        answer = await visitor.post(f"/referrals/{reference}/reason", {"reason": SAID, "back": back})
        assert answer.headers["location"] == back
        assert "June I." in said(await visitor.get(back))
        assert "June I." in said(await visitor.get(f"/referrals/{reference}/people"))
    looks = await _looks(cases, reference)
    assert [each.reason for each in looks] == [SAID] * 3
    told = [
        each
        for each in await notices.inbox(cases.pool, SUPERVISOR, limit=1000)
        if each.reference == reference and each.notice.template == "looked_at"
    ]
    assert len(told) == 1


async def test_a_reason_holds_for_who_gave_it_and_for_half_an_hour(
    console: Console, cases: Cases, owner_url: str
) -> None:
    reference = await cases.contacted(sensitive_categories=["stalking"])
    other = await cases.contacted(sensitive_categories=["stalking"])
    async with visiting(console, STRANGER) as visitor:
        await visitor.post(f"/referrals/{reference}/reason", {"reason": SAID})
        await visitor.get(f"/referrals/{other}", status=403)
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE access_log SET at = at - interval '31 minutes' WHERE reference = $1", reference
    )
    await owner.close()
    async with visiting(console, STRANGER) as visitor:
        await visitor.get(f"/referrals/{reference}", status=403)


async def test_after_the_reason_nobody_is_led_elsewhere(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, STRANGER) as visitor:
        for elsewhere in ("//evil.example", "https://evil.example/", "/my-work", ""):
            answer = await visitor.post(f"/referrals/{reference}/reason", {"reason": SAID, "back": elsewhere})
            assert answer.headers["location"] == f"/referrals/{reference}"


async def test_a_partner_sees_how_it_stands_with_what_they_sent_and_no_more(
    console: Console, cases: Cases
) -> None:
    reference = await cases.sent()
    async with visiting(console, PARTNER) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
        assert "It was received, and nobody works on it yet." in said(page)
        assert not [each for each in NAMES if each in page]
        assert f"/referrals/{reference}/steps/raise_safeguarding" in links(page)
        await visitor.get(f"/referrals/{reference}/timeline", status=403)
        other = await cases.contacted()
        await visitor.get(f"/referrals/{other}", status=403)
    assert await _looks(cases, reference) == []


async def test_who_works_elsewhere_sees_nothing(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    for who in ("cw-1", "su-1", "co-1"):
        async with visiting(console, who) as visitor:
            for tab in (*TABS, "/access-log"):
                page = await visitor.get(f"/referrals/{reference}{tab}", status=403)
                assert not [each for each in NAMES if each in page]
    assert await _looks(cases, reference) == []


async def test_who_it_is_offered_to_sees_the_offer_and_decides(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    for whom in (HARMED, RESPONSIBLE):
        await cases.now(reference, "cw-1", consent(whom, "transfer", datetime.now(UTC).date()))
    offer = c.OfferTransfer.model_validate({"area": "kent", "reason": "Both of them moved there"})
    await cases.now(reference, "su-1", offer)
    async with visiting(console, "sm-1") as visitor:
        page = await visitor.get(f"/referrals/{reference}")
        assert f"Nottinghamshire offers {reference} to Kent" in said(page)
        assert "Both of them moved there" in said(page)
        assert f"/referrals/{reference}/steps/accept_transfer" in links(page)
        assert not [each for each in NAMES if each in page]
        await visitor.get(f"/referrals/{reference}/people", status=403)
    async with visiting(console, SUPERVISOR) as visitor:
        page = said(await visitor.get(f"/referrals/{reference}"))
    assert "Offered to Kent Sue Invented offered it on" in page


async def test_of_an_erased_referral_only_its_dates_are_left(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    await cases.now(reference, "cw-1", c.Close.model_validate({"reason": "service_no_capacity"}))
    async with cases.pool.acquire() as connection, connection.transaction():
        await cases.keys.destroy(connection, reference, "request", SUPERVISOR)
    async with visiting(console, SUPERVISOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}")
        assert "Erased" in said(page)
        assert "by Sue Invented (request)" in said(page)
        for tab in TABS:
            status = 409 if tab.endswith("h1") else 200
            page = await visitor.get(f"/referrals/{reference}{tab}", status=status)
            assert not [each for each in NAMES if each in page]
    assert await _looks(cases, reference) == []


async def test_supervisors_read_who_looked_and_caseworkers_do_not(console: Console, cases: Cases) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        page = await visitor.get(f"/referrals/{reference}/people/{HARMED}")
        assert f"/referrals/{reference}/access-log" not in links(page)
        await visitor.get(f"/referrals/{reference}/access-log", status=403)
    async with visiting(console, SUPERVISOR) as visitor:
        page = await visitor.get(f"/referrals/{reference}/access-log")
    assert "Cass Invented caseworker How somebody is reached in the console Works on it" in said(page)
    assert not [each for each in NAMES if each in page]
    assert [each.kind for each in await _looks(cases, reference)] == [DataKind.ACCESS_LOG, DataKind.CONTACT]


async def test_a_reference_written_otherwise_leads_to_its_page_and_a_wrong_one_to_a_sentence(
    console: Console, cases: Cases
) -> None:
    reference = await cases.contacted()
    async with visiting(console, CASEWORKER) as visitor:
        answer = await visitor.client.get(f"/referrals/{reference.lower()}/people?x=1")
        assert answer.headers["location"] == f"/referrals/{reference}/people?x=1"
        page = await visitor.get("/referrals/RJ-0000-0001", status=404)
        assert "mistyped" in said(page)
        assert "There is no referral" in said(await visitor.get("/referrals/RJ-0000-0000", status=404))


@pytest.mark.parametrize("tab", TABS)
async def test_a_page_takes_few_statements_however_long_the_log(
    console: Console, cases: Cases, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = await cases.contacted(), await cases.prepared()
    async with visiting(console, CASEWORKER) as visitor:
        for reference in (short, long):
            await visitor.get(f"/referrals/{reference}{tab}")
        asked = [await _statements(visitor, f"/referrals/{each}{tab}", monkeypatch) for each in (short, long)]
    assert asked[0] == asked[1]
    assert asked[0] <= 8


async def _statements(visitor: Visitor, address: str, monkeypatch: pytest.MonkeyPatch) -> int:
    asked: list[str] = []
    with monkeypatch.context() as patched:
        for name in ("fetch", "fetchrow", "fetchval", "execute"):
            known = getattr(Pool, name)

            async def noting(pool: Pool, query: str, *arguments: object, known: object = known) -> object:
                asked.append(query)
                return await known(pool, query, *arguments)  # type: ignore[operator]

            patched.setattr(Pool, name, noting)
        await visitor.get(address)
    return len(asked)


async def _looks(cases: Cases, reference: str) -> list[Look]:
    return await access_log.at_referral(cases.pool, cases.keys, reference, 100)
