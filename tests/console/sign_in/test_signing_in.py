"""Signing in by password and second factor, page by page."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest

from casework.session import Session
from console.asked import Console
from console.security.cookies import COOKIE, INVITATION, SIGN_IN
from tests.casework.signing_in.people import CONSOLE, PASSWORD, Account, People, settings
from tests.console.sign_in.conftest import Clock
from tests.console.visiting import Visitor, visiting

pytestmark = pytest.mark.usefixtures("quick_hashing")


@pytest.fixture
async def account(people: People, manager: Session, clock: Clock) -> Account:
    """Somebody with an account."""
    return await people.account(manager, clock())


async def give_password(
    visitor: Visitor, account: Account, password: str = PASSWORD, status: int = 303, wanted: str = ""
) -> httpx.Response:
    """Type staff id and password, and send them."""
    typed = {"staff": account.member.id, "password": password, "next": wanted}
    return await visitor.post("/sign-in/password", typed, status)


async def test_somebody_signs_in_and_comes_to_where_they_wanted_to_go(
    ours: Console, account: Account, clock: Clock
) -> None:
    async with visiting(ours) as visitor:
        page = await visitor.get("/sign-in?next=/account")
        assert 'name="next" value="/account"' in page
        answer = await give_password(visitor, account, wanted="/account")
        assert answer.headers["location"] == "/sign-in/code?next=%2Faccount"
        page = await visitor.get(answer.headers["location"])
        assert 'name="next" value="/account"' in page
        assert 'autocomplete="one-time-code"' in page
        answer = await visitor.post("/sign-in/code", {"code": account.code(clock()), "next": "/account"})
        assert answer.headers["location"] == "/account"
        assert account.member.id in await visitor.get("/account")


async def test_a_password_alone_opens_nothing(ours: Console, account: Account) -> None:
    async with visiting(ours) as visitor:
        await give_password(visitor, account)
        assert COOKIE not in visitor.client.cookies
        assert (await visitor.client.get("/account")).status_code == 303


async def test_what_the_browser_holds_between_the_steps_names_nobody_and_ends_with_them(
    ours: Console, account: Account, clock: Clock
) -> None:
    async with visiting(ours) as visitor:
        answer = await give_password(visitor, account)
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.startswith(SIGN_IN)
        for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
            assert mark in cookie
        assert account.member.id not in cookie
        await visitor.post("/sign-in/code", {"code": account.code(clock())})
        assert SIGN_IN not in visitor.client.cookies


async def test_a_sign_in_takes_a_new_token_and_ends_the_session_before_it(
    ours: Console, account: Account, clock: Clock
) -> None:
    async with visiting(ours, account.member.id) as visitor:
        before = visitor.client.cookies[COOKIE]
        await give_password(visitor, account)
        await visitor.post("/sign-in/code", {"code": account.code(clock())})
        assert visitor.client.cookies[COOKIE] != before
        await visitor.get("/account")
    async with visiting(ours) as thief:
        thief.client.cookies.set(COOKIE, before)
        assert (await thief.client.get("/account")).status_code == 303


async def test_what_was_wrong_is_told_beside_its_field_and_no_secret_is_repeated(
    ours: Console, account: Account
) -> None:
    async with visiting(ours) as visitor:
        page = (await visitor.post("/sign-in/password", {}, 422)).text
        assert 'href="#staff"' in page
        assert 'href="#password"' in page
        assert "<title>Error: Sign in" in page
        page = (await give_password(visitor, account, "a wrong secret", 422)).text
        assert "You could not be signed in with this" in unescape(page)
        assert f'value="{account.member.id}"' in page
        assert "a wrong secret" not in page
        await give_password(visitor, account)
        page = (await visitor.post("/sign-in/code", {"code": "000000"}, 422)).text
        assert 'href="#code"' in page
        assert "000000" not in page
        assert "Enter the code" in (await visitor.post("/sign-in/code", {}, 422)).text


async def test_nobody_is_led_elsewhere_at_any_step(ours: Console, account: Account, clock: Clock) -> None:
    async with visiting(ours) as visitor:
        answer = await give_password(visitor, account, wanted="//evil.example")
        assert answer.headers["location"] == "/sign-in/code?next=%2F"
        assert "evil" not in await visitor.get("/sign-in/code?next=https://evil.example")
        code = {"code": account.code(clock()), "next": "https://evil.example"}
        assert (await visitor.post("/sign-in/code", code)).headers["location"] == "/"


async def test_without_a_password_before_it_no_code_is_asked_for(ours: Console, account: Account) -> None:
    async with visiting(ours) as visitor:
        for path in ("/sign-in/code", "/sign-in/recovery-code"):
            answer = await visitor.client.get(path)
            assert answer.headers["location"] == "/sign-in?next=%2F"
        await visitor.post("/sign-in/code", {"code": "123456"}, 422)
        visitor.client.cookies.set(SIGN_IN, "x" * 200, domain="console.example.org")
        assert (
            "Give your password first" in (await visitor.post("/sign-in/code", {"code": "123456"}, 422)).text
        )


async def test_a_code_comes_within_ten_minutes_of_the_password(
    ours: Console, account: Account, clock: Clock
) -> None:
    async with visiting(ours) as visitor:
        await give_password(visitor, account)
        clock.forward(minutes=10)
        answer = await visitor.post("/sign-in/code", {"code": account.code(clock())}, 422)
        assert "Give your password first" in answer.text


async def test_a_recovery_code_signs_in(ours: Console, account: Account, clock: Clock) -> None:
    async with visiting(ours) as visitor:
        await give_password(visitor, account)
        await visitor.get("/sign-in/recovery-code?next=/account")
        wrong = await visitor.post("/sign-in/recovery-code", {"code": "AAAAA-AAAAA"}, 422)
        assert 'href="#code"' in wrong.text
        typed = {"code": account.recovery_codes[0], "next": "/account"}
        await visitor.post("/sign-in/recovery-code", typed)
        assert "9 left of 10" in await visitor.get("/account")


async def test_too_many_attempts_from_one_address_are_told_when_to_come_back(
    ours: Console, account: Account
) -> None:
    async with visiting(ours) as visitor:
        visitor.client._transport.client = ("198.51.100.44", 1)  # type: ignore[attr-defined]
        for number in range(30):
            await visitor.post("/sign-in/password", {"staff": f"la-x-{number}", "password": "guess"}, 422)
        answer = await give_password(visitor, account, status=429)
        assert answer.headers["retry-after"] == "900"
        assert "Try again in 15 minutes" in answer.text


async def test_a_sign_in_that_another_site_sends_is_refused(ours: Console, account: Account) -> None:
    async with visiting(ours) as visitor:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            typed = {"staff": account.member.id, "password": PASSWORD}
            answer = await visitor.client.post("/sign-in/password", data=typed, headers=headers)
            assert answer.status_code == 403
            assert SIGN_IN not in visitor.client.cookies


async def test_where_passwords_are_off_none_is_asked_for_or_taken(ours: Console, account: Account) -> None:
    off = replace(ours, settings=settings(local_accounts="off"))
    async with visiting(off) as visitor:
        page = await visitor.get("/sign-in")
        assert "password" not in page.partition("<main")[2].partition("Nobody can sign in here")[0]
        await give_password(visitor, account, status=409)


async def test_who_becomes_inactive_is_signed_out_at_once(
    ours: Console, account: Account, people: People, clock: Clock
) -> None:
    async with visiting(ours) as visitor:
        await give_password(visitor, account)
        await visitor.post("/sign-in/code", {"code": account.code(clock())})
        await visitor.get("/account")
        await people.change(account.member, active=False)
        assert (await visitor.client.get("/account")).status_code == 303
        await give_password(visitor, account, status=422)


# An invitation


async def test_who_is_invited_sets_up_their_account_and_is_signed_in(
    ours: Console, people: People, manager: Session, clock: Clock
) -> None:
    member = await people.member()
    token = await people.link(manager, member.id, clock())
    async with visiting(ours) as visitor:
        answer = await visitor.client.get(f"/invitation?token={token}")
        # The secret leaves the address, for a cookie.
        assert answer.headers["location"] == "/invitation"
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.startswith(INVITATION)
        for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=3600"):
            assert mark in cookie
        page = await visitor.get("/invitation")
        assert member.id in page
        assert token not in page
        # Nothing to scan before there is a password.
        assert (await visitor.client.get("/invitation/authenticator")).headers["location"] == "/invitation"
        typed = {"password": PASSWORD, "again": PASSWORD}
        await visitor.post("/invitation/password", typed)
        page = await visitor.get("/invitation/authenticator")
        assert "<svg" in page
        assert "style=" not in page
        secret = re.sub(" ", "", re.findall(r'class="rj-key">([A-Z2-7 ]+)<', page)[0])
        account = Account(ours.referrals, member, secret, [])
        wrong = await visitor.post("/invitation/authenticator", {"code": "000000"}, 422)
        assert 'href="#code"' in wrong.text
        assert secret in re.sub(" ", "", wrong.text)
        done = await visitor.post("/invitation/authenticator", {"code": account.code(clock())}, 200)
        codes = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", done.text)
        assert len(set(codes)) == 10
        assert "no-store" in done.headers["cache-control"]
        page = await visitor.get("/account")
        assert "10 left of 10" in page
        assert not any(code in page for code in codes)
        # The link is used up.
        assert INVITATION not in visitor.client.cookies
        await visitor.get(f"/invitation?token={token}", 409)
    async with visiting(ours) as again:
        later = clock.forward(minutes=1)
        await give_password(again, account)
        await again.post("/sign-in/code", {"code": account.code(later)})


async def test_a_password_that_is_not_accepted_is_told_and_not_repeated(
    ours: Console, people: People, manager: Session, clock: Clock
) -> None:
    token = await people.link(manager, (await people.member()).id, clock())
    async with visiting(ours) as visitor:
        await visitor.client.get(f"/invitation?token={token}")
        for typed, field in (
            ({"password": "short", "again": "short"}, "password"),
            ({"password": PASSWORD, "again": "something different"}, "again"),
            ({"password": PASSWORD}, "again"),
            ({}, "password"),
        ):
            answer = await visitor.post("/invitation/password", typed, 422)
            assert f'href="#{field}"' in answer.text
            assert PASSWORD not in answer.text


async def test_a_link_that_does_not_count_is_told_in_a_sentence(ours: Console) -> None:
    async with visiting(ours) as visitor:
        for path in ("/invitation?token=nothing", "/invitation", "/invitation/authenticator"):
            assert "Ask your service manager for another" in await visitor.get(path, 409)
        for path in ("/invitation/password", "/invitation/authenticator"):
            assert (await visitor.post(path, {"code": "1", "password": "p"}, 409)).status_code == 409


async def test_an_account_that_is_set_up_anew_ends_every_session_of_before(
    ours: Console, account: Account, manager: Session, people: People, clock: Clock
) -> None:
    async with visiting(ours, account.member.id) as thief:
        await thief.get("/account")
        token = await people.link(manager, account.member.id, clock())
        async with visiting(ours) as visitor:
            await visitor.client.get(f"/invitation?token={token}")
            await visitor.post("/invitation/password", {"password": PASSWORD, "again": PASSWORD})
            page = await visitor.get("/invitation/authenticator")
            account.secret = re.sub(" ", "", re.findall(r'class="rj-key">([A-Z2-7 ]+)<', page)[0])
            await visitor.post("/invitation/authenticator", {"code": account.code(clock())}, 200)
            await visitor.get("/account")
        assert (await thief.client.get("/account")).status_code == 303


async def test_the_links_of_invitations_lead_to_the_console(people: People, manager: Session) -> None:
    token = await people.link(manager, (await people.member()).id)
    assert len(token) == 43
    assert CONSOLE.startswith("https://")
