"""Signing in at a real OpenID provider, from the console's first page to its last."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from casework.signing_in.openid import OpenIdProvider
from console.asked import Console
from console.security.cookies import COOKIE, PROVIDER
from tests.casework.signing_in.people import CONSOLE, People, settings
from tests.console.oidc.conftest import SECRET
from tests.console.visiting import Visitor, visiting

Running = tuple[asyncio.subprocess.Process, str]


def with_provider(console: Console, issuer: str, secret: str = SECRET, **more: Any) -> Console:
    """The console of an installation that has this provider."""
    known = settings(oidc_issuer=issuer, oidc_client_id="rj-console", oidc_client_secret=secret, **more)
    return replace(console, settings=known, provider=OpenIdProvider.of(known), now=lambda: datetime.now(UTC))


async def at_provider(address: str, who: str) -> tuple[str, httpx.Cookies]:
    """Sign in at the provider as a browser does; where it leads back to, and its cookies."""
    async with httpx.AsyncClient() as browser:
        for _ in range(12):
            if address.startswith(CONSOLE):
                return address, browser.cookies
            answer = await browser.get(address)
            if answer.is_redirect:
                address = urljoin(address, answer.headers["location"])
                continue
            assert answer.status_code == 200, answer.text
            [action] = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)
            prompt = "login" if 'name="login"' in answer.text else "consent"
            sent = {"prompt": prompt, "login": who, "password": "any"}
            answer = await browser.post(urljoin(address, action), data=sent)
            address = urljoin(address, answer.headers["location"])
    raise AssertionError("the provider leads nowhere")


async def come_back(visitor: Visitor, who: str, wanted: str = "/account") -> httpx.Response:
    """Go to the provider from the console, sign in there, and come back."""
    leaves = await visitor.client.get(f"/sign-in/provider?next={wanted}")
    assert leaves.status_code == 303
    back, _ = await at_provider(leaves.headers["location"], who)
    return await visitor.client.get(back)


async def test_somebody_signs_in_at_the_provider_and_out_again(
    console: Console, running: Running, people: People
) -> None:
    _, issuer = running
    member = await people.member("la-at-provider", email="la-at-provider@example.org")
    async with visiting(with_provider(console, issuer)) as visitor:
        page = await visitor.get("/sign-in?next=/account")
        assert 'href="/sign-in/provider?next=/account"' in page
        assert 'name="password"' not in page
        answer = await come_back(visitor, member.id)
        assert answer.headers["location"] == "/account"
        assert PROVIDER not in visitor.client.cookies
        page = await visitor.get("/account")
        assert member.id in page
        assert "Recovery codes" not in page
        answer = await visitor.post("/sign-out")
        assert answer.headers["location"] == "/signed-out?there=1"
        answer = await visitor.client.get("/signed-out?there=1")
        there = answer.headers["refresh"].partition("url=")[2]
        assert there.startswith(f"{issuer}/session/end?")
        assert "refresh" not in (await visitor.client.get("/signed-out")).headers
    async with httpx.AsyncClient() as browser:
        # The provider knows the address that people come back to.
        asked = await browser.get(there)
        assert asked.status_code == 200, asked.text


async def test_a_claim_that_holds_the_staff_id_names_the_person(
    console: Console, running: Running, people: People
) -> None:
    member = await people.member("la-by-claim")
    async with visiting(with_provider(console, running[1], oidc_claim="staff_id")) as visitor:
        await come_back(visitor, member.id)
        assert member.id in await visitor.get("/account")


async def test_who_is_not_in_the_register_or_not_verified_is_told_so_and_not_signed_in(
    console: Console, running: Running, people: People
) -> None:
    await people.member("la-unverified", email="unverified-1@example.org")
    gone = await people.member("la-gone", email="la-gone@example.org", active=False)
    async with visiting(with_provider(console, running[1])) as visitor:
        for who, sentence in (
            ("stranger", "the staff register here does not know you"),
            ("unverified-1", "does not say that it has verified your e-mail address"),
            (gone.id, "the staff register here does not know you"),
        ):
            answer = await come_back(visitor, who)
            assert answer.status_code == 403
            assert sentence in answer.text
            assert f"{who}@" not in answer.text
            assert COOKIE not in visitor.client.cookies


async def test_an_answer_is_taken_once_and_only_in_the_browser_that_asked(
    console: Console, running: Running, people: People
) -> None:
    member = await people.member("la-twice-back", email="la-twice-back@example.org")
    ours = with_provider(console, running[1])
    async with visiting(ours) as visitor, visiting(ours) as thief:
        leaves = await visitor.client.get("/sign-in/provider")
        back, _ = await at_provider(leaves.headers["location"], member.id)
        answer = await thief.client.get(back)
        assert answer.status_code == 409
        assert "Sign in once more" in answer.text
        ticket = visitor.client.cookies[PROVIDER]
        assert (await visitor.client.get(back)).status_code == 303
        visitor.client.cookies.set(PROVIDER, ticket, domain="console.example.org")
        # The provider takes a code once.
        assert (await visitor.client.get(back)).status_code == 503


async def test_a_wrong_secret_or_verifier_signs_nobody_in(
    console: Console, running: Running, people: People
) -> None:
    member = await people.member("la-wrong-secret", email="la-wrong-secret@example.org")
    async with visiting(with_provider(console, running[1], "another secret")) as visitor:
        answer = await come_back(visitor, member.id)
        assert answer.status_code == 503
        assert "did not answer as it should" in answer.text
        assert COOKIE not in visitor.client.cookies


async def test_a_provider_that_is_away_is_a_sentence_and_503(
    console: Console, running: Running, people: People
) -> None:
    process, issuer = running
    member = await people.member("la-away", email="la-away@example.org")
    ours = with_provider(console, issuer)
    async with visiting(ours) as visitor:
        leaves = await visitor.client.get("/sign-in/provider")
        back, _ = await at_provider(leaves.headers["location"], member.id)
        process.kill()
        await process.wait()
        answer = await visitor.client.get(back)
        assert answer.status_code == 503
        assert "sign-in does not answer. Try again in a few minutes." in answer.text
    async with visiting(with_provider(console, issuer)) as visitor:
        answer = await visitor.client.get("/sign-in/provider")
        assert answer.status_code == 503
        assert PROVIDER not in visitor.client.cookies
        # Whoever is signed in stays so, and can leave.
        assert (await visitor.client.get("/signed-out?there=1")).status_code == 200


async def test_without_a_provider_there_is_no_way_to_one(console: Console) -> None:
    async with visiting(replace(console, settings=settings())) as visitor:
        assert "/sign-in/provider" not in await visitor.get("/sign-in")
        await visitor.get("/sign-in/provider", 409)
        await visitor.get("/sign-in/provider/answer?code=c&state=s", 409)


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", "provider.mjs"])
def test_the_files_for_npm_name_no_registry(name: str, request: pytest.FixtureRequest) -> None:
    text = (request.path.parent / name).read_text()
    assert "registry" not in text
    assert '"resolved"' not in text
