"""What auditors read, and that they read nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from casework.access import What, require_access
from casework.access_log import looks_at
from casework.searching.search import search
from casework.session import Session, WayIn, sign_in
from console.asked import Console
from console.pages import Whose, all_pages
from lifecycle import Refused
from operations.verification_runs import begin_verification, verification_runs
from runtime.referrals import Referrals
from schemas.access import DataKind
from schemas.people import Role
from stores.database import connect
from tests.console.derbyshire import WORDS, allocated, hire, signed_in, to_sign_off
from tests.console.visiting import visiting

WHY = "Canary reason: she rang me"


@pytest.fixture(autouse=True)
async def people(referrals: Referrals) -> None:
    await hire(referrals)


@pytest.fixture
async def auditor(referrals: Referrals) -> Session:
    return await signed_in(referrals, "dy-au")


async def test_an_auditor_sees_that_a_reason_was_given_and_not_which(
    console: Console, referrals: Referrals, auditor: Session
) -> None:
    reference = await allocated(referrals, sensitive_categories=["stalking"])
    nosy = await sign_in(referrals, "dy-cx", WayIn.CONSOLE, reason=WHY)
    await require_access(nosy, What.PEOPLE, reference)
    async with visiting(console, "dy-au") as visitor:
        for query in (f"reference={reference}", "by=dy-cx", "of=dy-cw"):
            page = await visitor.get(f"/audit/access-log?{query}")
            assert reference in page
            assert "given" in page
            assert WHY not in page
            assert WORDS not in page
            assert "Dora" not in page
    # Its supervisors do see it.
    supervisor = await signed_in(referrals, "dy-su")
    assert WHY in [each.reason for each in await looks_at(supervisor, reference)]
    assert {each.reason for each in await looks_at(auditor, reference)} == {None}


async def test_what_an_auditor_looks_at_is_recorded_too(referrals: Referrals, auditor: Session) -> None:
    reference = await allocated(referrals)
    found = await looks_at(auditor, reference)
    assert [(each.staff, each.role, each.kind) for each in found] == [
        ("dy-au", Role.AUDITOR, DataKind.ACCESS_LOG)
    ]


@pytest.mark.parametrize(
    "what", [What.STATUS, What.CASELOAD, What.PEOPLE, What.OFFER, What.COLLEAGUES, What.FIGURES]
)
async def test_an_auditor_sees_nothing_of_a_referral(
    referrals: Referrals, auditor: Session, what: What
) -> None:
    reference = await allocated(referrals)
    with pytest.raises(Refused):
        await require_access(auditor, what, reference)


async def test_the_database_takes_no_look_of_an_auditor_but_at_the_access_log(
    referrals: Referrals, owner_url: str
) -> None:
    reference = await allocated(referrals)
    owner = await connect(owner_url)
    statement = (
        "INSERT INTO access_log (reference, sequence, at, staff, role, kind, relation, way_in, hash)"
        " VALUES ($1, 1, now(), 'dy-au', 'auditor', $2, 'own_area', 'console', '')"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(statement, reference, "people")
    await owner.close()


async def test_an_auditor_has_one_page_at_the_top_and_is_led_there(console: Console) -> None:
    async with visiting(console, "dy-au") as visitor:
        answer = await visitor.client.get("/")
        assert answer.headers["location"] == "/audit"
        page = await visitor.get("/audit")
        assert re.findall(r'href="([^"]*)"', page[page.index("rj-nav") : page.index("</nav>")]) == ["/audit"]
    theirs = {
        each.path for each in all_pages() if not isinstance(each.whose, Whose) and Role.AUDITOR in each.whose
    }
    assert theirs == {"/audit", "/audit/compare", "/audit/access-log", "/audit/searches", "/audit/register"}


async def test_the_log_of_the_register_names_ids_alone(console: Console) -> None:
    async with visiting(console, "dy-au") as visitor:
        page = await visitor.get("/audit/register")
        assert "dy-cw</a> entered: caseworker in derbyshire" in page
        for hidden in ("Dana", "@example.org"):
            assert hidden not in page
        assert "dy-cx" not in await visitor.get("/audit/register?of=dy-cw")
        # Of another area nothing is shown.
        assert "cw-kent" not in page
        await visitor.get("/audit/register?of=Nobody!", status=422)


async def test_an_auditor_sees_who_searched_and_not_for_whom(console: Console, referrals: Referrals) -> None:
    await allocated(referrals)
    await search(await signed_in(referrals, "dy-cw"), WORDS)
    async with visiting(console, "dy-au") as visitor:
        page = await visitor.get("/audit/searches?by=dy-cw")
        assert re.search(r'by=dy-cw">dy-cw</a>.*?name.*?<code>[0-9a-f]{8}</code>', page, re.DOTALL)
        assert "Canary" not in page
        assert "Nobody has searched." in await visitor.get("/audit/searches?by=dy-fa")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Fill in one of the three."),
        ("reference=RJ-7KQ4-M2X1&by=dy-cw", "Fill in one of the three."),
        ("reference=banana", "Not a reference: one looks like"),
        ("by=Nobody!", "Give the id of somebody"),
        ("of=dy-nobody", "dy-nobody is not in the staff register"),
        ("reference=RJ-0000-0000", "There is no referral RJ-0000-0000."),
    ],
)
async def test_what_is_asked_wrongly_is_a_sentence(console: Console, query: str, said: str) -> None:
    async with visiting(console, "dy-au") as visitor:
        assert said in await visitor.get(f"/audit/access-log?{query}", status=422)


async def test_a_referral_of_another_area_is_not_an_auditors(console: Console, referrals: Referrals) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "au-1") as visitor:
        page = await visitor.get(f"/audit/access-log?reference={reference}", status=422)
        assert "does not work in derbyshire" in page
        assert reference not in await visitor.get("/audit/access-log?by=dy-cw")


async def test_all_logs_are_compared_from_a_page_and_what_is_broken_is_named(
    console: Console, referrals: Referrals, auditor: Session, owner_url: str, tmp_path: Path
) -> None:
    reference = await allocated(referrals)
    here = replace(console, settings=console.settings.model_copy(update={"anchors": tmp_path}))
    task = await begin_verification(auditor, tmp_path)
    assert task is not None
    async with visiting(here, "dy-au") as visitor:
        answer = await visitor.client.get("/audit")
        assert answer.headers["refresh"] == "3"
        assert "The page looks again by itself." in answer.text
        # One at a time: another does not begin a second.
        await visitor.post("/audit/compare")
        assert await begin_verification(auditor, tmp_path) is None
        await task
        page = await visitor.get("/audit")
    [run, *_] = await verification_runs(auditor)
    assert run.asked_by == "dy-au"
    assert run.ended_at is not None
    assert run.done == run.total
    assert not run.failed
    assert "refresh" not in (await _get(here)).headers
    owner = await connect(owner_url)
    was = await owner.fetchval("SELECT hash FROM event WHERE reference = $1 AND sequence = 2", reference)
    await owner.execute(
        "UPDATE event SET hash = $2 WHERE reference = $1 AND sequence = 2", reference, b"x" * 32
    )
    try:
        again = await begin_verification(auditor, tmp_path)
        assert again is not None
        await again
        async with visiting(here, "dy-sm") as visitor:
            page = await visitor.get("/audit")
            assert "not as recorded" in page
            assert f"<li>{reference}, entry 2: " in page
    finally:
        await owner.execute(
            "UPDATE event SET hash = $2 WHERE reference = $1 AND sequence = 2", reference, was
        )
        await owner.close()


async def _get(console: Console):  # type: ignore[no-untyped-def]
    async with visiting(console, "dy-au") as visitor:
        return await visitor.client.get("/audit")


async def test_a_comparison_that_fell_silent_was_broken_off(
    console: Console, referrals: Referrals, auditor: Session, owner_url: str
) -> None:
    owner = await connect(owner_url)
    await owner.execute(
        "INSERT INTO verification (asked_by, seen_at, done) VALUES ('dy-au', now() - interval '2 minutes', 7)"
    )
    async with visiting(console, "dy-au") as visitor:
        assert "was broken off at 7 referrals" in await visitor.get("/audit")
    await owner.execute("DELETE FROM verification WHERE done = 7 AND ended_at IS NULL")
    await owner.close()


async def test_whether_logs_are_as_recorded_is_for_auditors_and_service_managers(
    referrals: Referrals,
) -> None:
    for who in ("dy-cw", "dy-su", "dy-co", "dy-pa"):
        session = await signed_in(referrals, who)
        with pytest.raises(Refused):
            await verification_runs(session)
        with pytest.raises(Refused):
            await begin_verification(session, Path())
