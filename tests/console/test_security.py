from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module

import pytest
import pytest_asyncio

from console.app import make_app
from console.asked import Console
from console.navigation import WORKERS
from console.pages import SMALL, Page, Whose, all_pages
from console.security.headers import HEADERS, HSTS
from console.static_files import files
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.people import Role
from tests.console.visiting import visiting
from tests.life import form

ROLES = {
    Role.CASEWORKER: "cw-1",
    Role.FACILITATOR: "fa-1",
    Role.SUPERVISOR: "su-1",
    Role.SERVICE_MANAGER: "sm-1",
    Role.PARTNER: "pa-1",
    Role.COMMISSIONER: "co-1",
    Role.AUDITOR: "au-1",
}
ADDRESSES = ("/sign-in", "/my-work", "/nothing-here", "/static/nothing/here.css")


THERE = {
    "kind": "add_note",
    "participant": "h1",
    "staff": "cw-2",
    "giver": "cw-1",
    "taker": "cw-2",
    "guide": "caseworker",
    "scope": "durham",
    "question": "name",
    "subject": "risk_assessment",
}
"""What is there of what varies in addresses, beside a referral."""

BY_PASSWORD = ("/account/password", "/account/recovery-codes")


def address(page: Page, **there: str) -> str:
    """An address of the page, with something in the place of what varies."""
    return re.sub(r"\{([^}]*)\}", lambda varies: there.get(varies[1], "RJ-0000-0000"), page.path)


@pytest_asyncio.fixture(scope="session")
async def reference(referrals: Referrals) -> str:
    """A referral that is there."""
    opened = await referrals.open(form(), "cw-1")
    for command in (c.RecordDuplicateCheck(), c.Allocate(caseworker="cw-1")):
        await referrals.take(opened.reference, command, "cw-1")
    return opened.reference


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_answer_says_what_a_browser_may_not_do(console: Console, path: str) -> None:
    async with visiting(console, "cw-1") as visitor:
        answer = await visitor.client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


async def test_browsers_remember_tls_only_where_it_is_in_front(console: Console) -> None:
    settings = console.settings.model_copy(update={"console_behind_tls": True})
    async with visiting(replace(console, settings=settings)) as visitor:
        assert (await visitor.client.get("/sign-in")).headers["strict-transport-security"] == HSTS


def test_the_policy_for_content_has_no_exception() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: f"{page.path} {'+'.join(page.methods)}")
async def test_a_page_is_answered_to_its_roles_and_to_nobody_else(console: Console, page: Page) -> None:
    if page.whose is Whose.ANYBODY:
        return
    allowed = set(Role) if page.whose is Whose.SIGNED_IN else set(page.whose)
    async with visiting(console) as visitor:
        answer = await visitor.client.request(page.methods[0], address(page))
        assert answer.status_code in (303, 401, 413)
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in")
    for role, staff_id in ROLES.items():
        if role not in allowed:
            async with visiting(console, staff_id) as visitor:
                if "GET" in page.methods:
                    assert "not for your role" in await visitor.get(address(page), status=403)
                if "POST" in page.methods:
                    await visitor.post(address(page), status=403)


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_a_role_is_answered_to_it(console: Console, reference: str, role: Role) -> None:
    async with visiting(console, ROLES[role]) as visitor:
        for page in all_pages():
            theirs = page.whose in (Whose.ANYBODY, Whose.SIGNED_IN) or role in page.whose
            if not theirs or page.waits or "GET" not in page.methods:
                continue
            answer = await visitor.client.get(address(page, reference=reference, **THERE))
            assert answer.status_code < 500, page.path
            assert "not for your role" not in answer.text, page.path
            if page.path.startswith(BY_PASSWORD):
                # Here nobody signs in with one.
                assert answer.status_code == 409
            elif page.whose is not Whose.ANYBODY and "{" not in page.path:
                # Some say what is to be asked of them.
                assert answer.status_code in (200, 303, 422), page.path
            elif page.path.startswith("/referrals/") and role in WORKERS:
                # Who looked is for those to see who look after a team.
                allowed = (200, 303, 403) if page.path.endswith("/access-log") else (200, 303)
                assert answer.status_code in allowed, page.path


@pytest.mark.parametrize("odd", ["x", "%00", "IMPORT-0", "%F0%9F%98%80"])
async def test_whatever_stands_in_an_address_is_never_a_fault(console: Console, odd: str) -> None:
    varying = [page for page in all_pages() if "{" in page.path and "GET" in page.methods]
    for page in varying:
        role = next((each for each in ROLES if each in page.whose), Role.CASEWORKER)
        async with visiting(console, ROLES[role]) as visitor:
            answer = await visitor.client.get(re.sub(r"\{[^}]*\}", odd, page.path), params={"kept": "1"})
            assert answer.status_code < 500, page.path


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "x", "1e999"])
async def test_what_is_no_number_is_told_to_who_waits_for_news(console: Console, number: str) -> None:
    async with visiting(console, "cw-1") as visitor:
        for name in ("since", "after"):
            answer = await visitor.client.get("/live", params={"about": "inbox", name: number})
            assert answer.status_code == 422


async def test_a_form_that_is_too_large_is_not_read(console: Console) -> None:
    async with visiting(console, "cw-1") as visitor:
        answer = await visitor.client.post("/sign-out", content=b"x" * (SMALL + 1))
        assert answer.status_code == 413
        assert "at most 512 kB" in answer.text


async def test_a_fault_is_a_sentence_and_never_what_the_error_said(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Secret Invented")

    monkeypatch.setattr(import_module("console.work.my_work"), "parts_with_names", broken)
    async with visiting(console, "cw-1") as visitor:
        page = await visitor.get("/my-work", status=500)
        assert "Something of ours went wrong." in page
        assert "Secret" not in page


def test_nothing_of_the_crown_and_nothing_from_elsewhere_is_served() -> None:
    for name, found in files().items():
        if found.kind == "image/png":
            continue
        text = found.plain.decode()
        assert "@font-face" not in text, name
        assert "GDS Transport" not in text, name
        if name.endswith(".css"):
            assert "url(http" not in text, name
            assert "crest.svg" not in text, name


def test_every_page_is_answered_at_one_address_only(console: Console) -> None:
    asked = [(page.path, method) for page in all_pages() for method in page.methods]
    assert len(asked) == len(set(asked))
    assert make_app(console).routes


async def test_a_spreadsheet_is_read_for_nobody_who_is_not_signed_in(console: Console) -> None:
    [large] = {page.path for page in all_pages() if page.largest > SMALL}
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(32):
            sent += SMALL
            yield b"x" * SMALL

    async with visiting(console) as visitor:
        headers = {"Content-Length": str(32 * SMALL), "Content-Type": "multipart/form-data; boundary=b"}
        answer = await visitor.client.post(large, content=endless(), headers=headers)
        assert answer.status_code == 401
        assert sent <= SMALL


@pytest.mark.parametrize("path", ["/my-work/", "/live?about=%00", "/live?about=RJ-0000"])
async def test_an_address_that_is_none_leads_nowhere(console: Console, path: str) -> None:
    async with visiting(console, "cw-1") as visitor:
        answer = await visitor.client.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 404
        assert "location" not in answer.headers
