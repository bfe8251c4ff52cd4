"""What a person sees and changes of their own account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from casework.failures import Refused
from casework.session import Session
from casework.signing_in.sessions import begin_session
from console.asked import Console
from console.security.cookies import COOKIE
from runtime.referrals import Referrals
from schemas.notices import Category
from schemas.people import Role
from schemas.web import SignedInBy
from tests.casework.signing_in.people import PASSWORD, Account, People
from tests.console.sign_in.conftest import Clock
from tests.console.visiting import Visitor, visiting

pytestmark = pytest.mark.usefixtures("quick_hashing")


@pytest.fixture
async def account(people: People, manager: Session, clock: Clock) -> Account:
    """Somebody with an account."""
    return await people.account(manager, clock())


async def elsewhere(referrals: Referrals, account: Account, device: str) -> str:
    """Sign the same person in with another browser; its token."""
    return await begin_session(referrals, account.member.id, SignedInBy.PASSWORD, device)


async def still(visitor: Visitor, token: str) -> bool:
    """Whether a token still opens pages."""
    headers = {"Cookie": f"{COOKIE}={token}"}
    cookies, visitor.client.cookies = visitor.client.cookies, None  # type: ignore[assignment]
    answer = await visitor.client.get("/account", headers=headers)
    visitor.client.cookies = cookies
    return answer.status_code == 200


async def test_sessions_are_listed_and_ended_one_by_one(
    ours: Console, account: Account, referrals: Referrals
) -> None:
    tablet = await elsewhere(referrals, account, "Safari on iPad")
    phone = await elsewhere(referrals, account, "Firefox on Android")
    async with visiting(ours, account.member.id) as visitor:
        page = await visitor.get("/account")
        assert page.count("Safari on iPad") == 2
        assert "A test, this one" in page
        rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
        [row] = [row for row in rows if "iPad" in row]
        [session] = re.findall(r'name="session" value="(\d+)"', row)
        await visitor.post("/account/sessions/end", {"session": session})
        assert [await still(visitor, token) for token in (tablet, phone)] == [False, True]
        assert "iPad" not in await visitor.get("/account")


async def test_all_other_sessions_are_ended_at_once(
    ours: Console, account: Account, referrals: Referrals
) -> None:
    tokens = [await elsewhere(referrals, account, "Edge on Windows") for _ in range(3)]
    async with visiting(ours, account.member.id) as visitor:
        await visitor.post("/account/sessions/end-others")
        assert [await still(visitor, token) for token in tokens] == [False, False, False]
        assert "Edge" not in await visitor.get("/account")


async def test_nobody_ends_the_session_of_somebody_else(
    ours: Console, account: Account, people: People, manager: Session, clock: Clock
) -> None:
    other = await people.account(manager, clock())
    async with visiting(ours, other.member.id) as theirs, visiting(ours, account.member.id) as visitor:
        await elsewhere(ours.referrals, other, "Opera on Linux")
        page = await theirs.get("/account")
        [session] = re.findall(r'name="session" value="(\d+)"', page)
        assert "Opera" not in await visitor.get("/account")
        for given in (session, "", "x", "9" * 40, "-1"):
            await visitor.post("/account/sessions/end", {"session": given})
        assert "Opera" in await theirs.get("/account")


async def test_a_changed_password_ends_every_other_session_and_not_this_one(
    ours: Console, account: Account, referrals: Referrals
) -> None:
    thief = await elsewhere(referrals, account, "Chrome on Linux")
    async with visiting(ours, account.member.id) as visitor:
        await visitor.get("/account/password")
        new = "harbour thimble sandwich"
        for typed, field, sentence in (
            ({"present": PASSWORD, "password": new, "again": "other"}, "again", "the same password twice"),
            ({"present": PASSWORD, "password": "short", "again": "short"}, "password", "5 characters"),
            ({"present": "wrong", "password": new, "again": new}, "present", "not your present password"),
        ):
            answer = await visitor.post("/account/password", typed, 422)
            assert f'href="#{field}"' in answer.text
            assert sentence in answer.text
            assert new not in answer.text
        assert await still(visitor, thief)
        answer = await visitor.post("/account/password", {"present": PASSWORD, "password": new, "again": new})
        assert "Your password is changed" in await visitor.get(answer.headers["location"])
        assert not await still(visitor, thief)


async def test_new_recovery_codes_take_the_password_and_are_shown_once(
    ours: Console, account: Account
) -> None:
    async with visiting(ours, account.member.id) as visitor:
        await visitor.get("/account/recovery-codes")
        answer = await visitor.post("/account/recovery-codes", {"present": "wrong"}, 422)
        assert "<li>" not in answer.text.partition("<main")[2].partition("</ul>")[2]
        answer = await visitor.post("/account/recovery-codes", {"present": PASSWORD}, 200)
        codes = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", answer.text)
        assert len(set(codes) - set(account.recovery_codes)) == 10
        for path in ("/account", "/account/recovery-codes"):
            page = await visitor.get(path)
            assert not any(code in page for code in codes)


async def test_a_person_sees_what_was_done_to_their_account_and_by_whom(
    ours: Console, account: Account, manager: Session, people: People, clock: Clock
) -> None:
    other = await people.account(manager, clock())
    for _ in range(6):
        with pytest.raises(Refused):
            await account.give_password(clock(), "not the password")
    async with visiting(ours, account.member.id) as visitor:
        page = await visitor.get("/account")
        for done in ("Invited to set it up, or to set it up anew, by sm-lancs", "Locked for 30 minutes"):
            assert page.count(done) == 1
        assert other.member.id not in page
    async with visiting(ours, other.member.id) as visitor:
        assert "Locked" not in await visitor.get("/account")


async def test_who_has_no_password_is_offered_none(ours: Console, people: People) -> None:
    async with visiting(ours, (await people.member()).id) as visitor:
        assert "Recovery codes" not in await visitor.get("/account")
        for path in ("/account/password", "/account/recovery-codes"):
            assert "do not sign in with a password" in await visitor.get(path, 409)
            await visitor.post(path, {"present": PASSWORD}, 409)


async def test_a_person_chooses_what_they_are_told_by_email(
    ours: Console, people: People, referrals: Referrals
) -> None:
    member = await people.member(email="told@example.org")
    async with visiting(ours, member.id) as visitor:
        page = await visitor.get("/account/messages")
        assert 'value="told@example.org"' in page
        typed = {"at_once": ["escalation", "news"], "digest": "no", "email": "other@example.org"}
        answer = await visitor.post("/account/messages", typed)
        page = await visitor.get(answer.headers["location"])
        assert "A deadline was missed, and it comes to you<br>Other news of your referrals" in page
        assert "other@example.org" in page
        known = await referrals.member(member.id)
        assert (known.at_once, known.digest) == ((Category.ESCALATION, Category.NEWS), False)
        await visitor.post("/account/messages", {"digest": "yes"})
        known = await referrals.member(member.id)
        assert (known.at_once, known.digest, known.email) == ((), True, None)


async def test_an_address_that_cannot_be_used_is_told_and_what_was_chosen_stays_on_the_page(
    ours: Console, people: People, referrals: Referrals
) -> None:
    member = await people.member(email="told@example.org")
    async with visiting(ours, member.id) as visitor:
        for email in ("x@", "a@b", "a@example.org, b@example.org", "a@example.org\nBcc: b@example.org"):
            typed = {"at_once": ["news"], "digest": "no", "email": email}
            page = (await visitor.post("/account/messages", typed, 422)).text
            assert 'href="#email"' in page
            assert re.search(r'value="news"\s+checked', page)
            assert re.search(r'value="no"\s+checked', page)
        page = (await visitor.post("/account/messages", {"at_once": ["nonsense"]}, 422)).text
        assert 'href="#at_once"' in page
        assert await referrals.member(member.id) == member


async def test_a_person_says_that_they_are_away_and_who_stands_in(
    ours: Console, people: People, referrals: Referrals, clock: Clock
) -> None:
    clock.at = datetime.now(UTC)
    member, colleague = await people.member(), await people.member(name="Kit Invented")
    partner = await people.member(role=Role.PARTNER)
    last = clock() + timedelta(days=9)
    day = {"until-day": str(last.day), "until-month": str(last.month), "until-year": str(last.year)}
    async with visiting(ours, member.id) as visitor:
        page = await visitor.get("/account/absence")
        assert "Kit Invented, caseworker" in page
        assert partner.id not in page
        assert f'value="{member.id}"' not in page
        for typed, field in (
            ({"stand_in": colleague.id}, "until-day"),
            ({**day, "until-month": "13", "stand_in": colleague.id}, "until-day"),
            ({**day, "until-year": "2020", "stand_in": colleague.id}, "until-day"),
            ({**day, "until-day": "x", "stand_in": colleague.id}, "until-day"),
            (day, "stand_in"),
            ({**day, "stand_in": partner.id}, "stand_in"),
            ({**day, "stand_in": "nobody"}, "stand_in"),
        ):
            page = (await visitor.post("/account/absence", typed, 422)).text
            assert f'href="#{field}"' in page
        assert f'value="{day["until-year"]}"' in page
        answer = await visitor.post("/account/absence", {**day, "stand_in": colleague.id})
        page = unescape(await visitor.get(answer.headers["location"]))
        assert f"{last:%-d %b %Y}, and {colleague.id} stands in for you" in page
        assert (await referrals.member(member.id)).stand_in == colleague.id
        await visitor.post("/account/absence/end")
        assert (await referrals.member(member.id)).stand_in is None
        assert "You are at work" in await visitor.get("/account")


async def test_who_may_have_no_stand_in_is_not_asked_for_one(ours: Console) -> None:
    async with visiting(ours, "co-1") as visitor:
        assert "When you are away" not in await visitor.get("/account")
        await visitor.get("/account/absence", 403)
