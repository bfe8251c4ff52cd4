"""A form that is sent when the session has run out."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

import pytest

from casework.session import Session, WayIn
from casework.signing_in.kept_forms import drop_what_ended, find_typed, keep_typed
from casework.signing_in.sessions import form_token
from console.asked import Console
from console.security.cookies import COOKIE
from runtime.referrals import Referrals
from schemas.people import Staff
from schemas.reading.reference import reference_from
from stores.database import Pool, connect
from tests.casework.signing_in.people import People
from tests.console.sign_in.conftest import Clock
from tests.console.visiting import Visitor, visiting


@pytest.fixture
async def member(people: People) -> Staff:
    """Somebody whose session runs out."""
    return await people.member()


@pytest.fixture
async def reference(referrals: Referrals) -> str:
    """The reference of a referral that has a key."""
    made = reference_from(secrets.randbits(35))
    await referrals.keys.create(made)
    return made


async def run_out(owner_url: str, member: Staff, ago: str = "31 minutes") -> None:
    """Let the person's sessions have been used last so long ago."""
    owner = await connect(owner_url)
    await owner.execute(
        "UPDATE web_session SET seen_at = now() - $2::text::interval WHERE staff = $1", member.id, ago
    )
    await owner.close()


async def kept(pool: Pool, member: Staff) -> int:
    """How many forms are kept for somebody."""
    count: int = await pool.fetchval("SELECT count(*) FROM kept_form WHERE staff = $1", member.id)
    return count


async def sign_in_again(visitor: Visitor, ours: Console, staff_id: str) -> None:
    """Hold a new session in the same browser."""
    async with visiting(ours, staff_id) as other:
        visitor.client.cookies = other.client.cookies


async def test_the_page_offers_what_was_typed_with_a_button_that_sends_it(
    ours: Console, member: Staff, owner_url: str, pool: Pool
) -> None:
    typed = {"at_once": ["news", "task"], "digest": "no", "email": "kept@example.org"}
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        answer = await visitor.post("/account/messages", typed, 401)
        assert "kept for 12 hours" in answer.text
        [wanted] = re.findall(r'href="/sign-in\?next=([^"]+)"', answer.text)
        assert wanted == "%2Faccount%2Fmessages%3Fkept%3D1"
        assert "kept@example.org" not in answer.text
        sealed = await pool.fetchval("SELECT sealed FROM kept_form WHERE staff = $1", member.id)
        assert b"kept@" not in sealed
        await sign_in_again(visitor, ours, member.id)
        assert "kept@example.org" not in await visitor.get("/account/messages")
        page = await visitor.get("/account/messages?kept=1")
        [banner] = re.findall(
            r'<form method="post" action="/account/messages\?kept=1"[^>]*>.*?</form>', page, re.DOTALL
        )
        fields = re.findall(r'name="([^"]+)" value="([^"]*)"', banner)
        assert [each for each in fields if each[0] != "csrf"] == [
            ("at_once", "news"),
            ("at_once", "task"),
            ("digest", "no"),
            ("email", "kept@example.org"),
        ]
        await visitor.post("/account/messages?kept=1", typed | {"email": "x@"}, 422)
        assert await kept(pool, member) == 1
        await visitor.post("/account/messages?kept=1", typed)
        assert await kept(pool, member) == 0
        assert "kept@example.org" in await visitor.get("/account")
        assert "had typed" not in await visitor.get("/account/messages?kept=1")


async def test_what_was_typed_is_thrown_away_where_it_is_not_wanted(
    ours: Console, member: Staff, owner_url: str, pool: Pool
) -> None:
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        await visitor.post("/account/messages", {"email": "kept@example.org"}, 401)
        await sign_in_again(visitor, ours, member.id)
        await visitor.get("/account/messages?kept=1")
        answer = await visitor.post("/discard-typed", {"back": "/account/messages"})
        assert answer.headers["location"] == "/account/messages"
        assert await kept(pool, member) == 0


async def test_nobody_else_is_offered_what_was_typed(
    ours: Console, member: Staff, people: People, owner_url: str
) -> None:
    other = await people.member()
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        await visitor.post("/account/messages", {"email": "kept@example.org"}, 401)
        await sign_in_again(visitor, ours, other.id)
        assert "kept@example.org" not in await visitor.get("/account/messages?kept=1")


async def test_nothing_is_kept_of_a_form_that_was_not_made_for_the_session_or_has_no_person(
    ours: Console, member: Staff, people: People, owner_url: str, pool: Pool
) -> None:
    typed = {"email": "kept@example.org"}
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        await visitor.post("/account/messages", typed | {"csrf": "0" * 64}, 401)
        await visitor.post("/account/messages", {"email": "  "}, 401)
        cross = await visitor.client.post(
            "/account/messages", data=typed, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert cross.status_code == 403
        visitor.client.cookies.set(COOKIE, "x" * 43, domain="console.example.org")
        await visitor.post("/account/messages", typed, 401)
    async with visiting(ours, member.id) as visitor:
        token = visitor.client.cookies[COOKIE]
        await visitor.post("/sign-out")
        visitor.client.cookies.set(COOKIE, token)
        await visitor.post("/account/messages", typed, 401)
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        await people.change(member, active=False)
        await visitor.post("/account/messages", typed, 401)
    assert await kept(pool, member) == 0


async def test_what_was_typed_is_kept_for_twelve_hours(
    ours: Console, member: Staff, owner_url: str, pool: Pool, clock: Clock, referrals: Referrals
) -> None:
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member, "11 hours")
        await visitor.post("/account/messages", {"email": "kept@example.org"}, 401)
        await sign_in_again(visitor, ours, member.id)
        clock.forward(hours=11, minutes=59)
        assert "kept@example.org" in await visitor.get("/account/messages?kept=1")
        await drop_what_ended(referrals, clock())
        assert await kept(pool, member) == 1
        clock.forward(minutes=1)
        assert "kept@example.org" not in await visitor.get("/account/messages?kept=1")
        await drop_what_ended(referrals, clock())
        assert await kept(pool, member) == 0


async def test_no_password_is_kept_and_nothing_of_a_button(
    ours: Console, member: Staff, owner_url: str, pool: Pool
) -> None:
    typed = {"present": "Canary", "password": "Canary", "again": "Canary"}
    async with visiting(ours, member.id) as visitor:
        await run_out(owner_url, member)
        for path in ("/account/password", "/account/recovery-codes"):
            assert "kept for" not in (await visitor.post(path, typed, 401)).text
        await visitor.post("/hide-names", {"back": "/my-work"}, 401)
    assert await kept(pool, member) == 0


async def test_what_was_typed_of_a_referral_goes_with_its_erasure(
    referrals: Referrals, member: Staff, reference: str, owner_url: str, ours: Console
) -> None:
    path, fields = f"/referrals/{reference}/steps/record_note", [("note", "Canary")]
    async with visiting(ours, member.id) as visitor:
        token = visitor.client.cookies[COOKIE]
        await run_out(owner_url, member)
        now = datetime.now(UTC)
        assert await keep_typed(referrals, token, form_token(token), path, fields, now)
        session = Session(referrals, member, WayIn.CONSOLE)
        assert await find_typed(session, path, now) == fields
        async with referrals.pool.nowhere.acquire() as connection, connection.transaction():
            await referrals.keys.destroy(connection, reference, "tests", "sm-1")
        assert await find_typed(session, path, now) is None
        assert not await keep_typed(referrals, token, form_token(token), path, fields, now)
