"""The public pages, on which somebody asks to be called: answered without a script, kept by nobody, leaving nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
import structlog

from casework.asking_to_be_called.asking import Limits, open_waiting
from casework.asking_to_be_called.questions import QUESTIONS
from casework.asking_to_be_called.unsent import AnswersGone, read_answers
from casework.session import WayIn, sign_in
from casework.worklist.worklist import worklist
from console.asked import Console
from console.public import LARGEST
from console.public.leaving import ELSEWHERE
from console.public.speaking import SPOKEN
from lifecycle.notifying.sending import Send, Wait, plan
from lifecycle.people.contacts import Contact, contact_of
from runtime.referrals import Referrals
from schemas.areas import LONDON, Area
from schemas.people import ContactSafety, Person, Role, Staff
from schemas.vocabulary import Channel
from stores import notices
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.logs import event_log
from tests.console.public_visitor import CANARIES, GIVEN, Asker, reference_in, said_wrong
from tests.console.referral.reading import section
from tests.console.visiting import visiting
from tests.register import enter

HERE = Area.DYFED_POWYS
SUPERVISOR = "dp-su"
BASES = [each.base for each in SPOKEN]


@pytest.fixture(autouse=True)
async def team(pool: Pool, keys: KeyStore) -> None:
    await enter(pool, keys, Staff(id=SUPERVISOR, role=Role.SUPERVISOR, areas=(HERE,)))
    await pool.execute("DELETE FROM request_to_be_called")


@asynccontextmanager
async def asking(console: Console, base: str = "/self-referral") -> AsyncIterator[Asker]:
    async with visiting(console) as visitor:
        yield Asker(visitor.client, base)


async def is_open(referrals: Referrals, reference: str) -> bool:
    return bool(await event_log.history(referrals.pool, referrals.keys, reference))


# What becomes of it.


@pytest.mark.parametrize("base", BASES)
async def test_who_asks_is_told_a_number_and_the_supervisors_find_it_to_allocate(
    console: Console, referrals: Referrals, base: str
) -> None:
    async with asking(console, base) as asker:
        asked = await asker.to_check()
        assert asked == list(QUESTIONS)
        page = (await asker.send()).text
        reference = reference_in(page)
        supervisor = await sign_in(referrals, SUPERVISOR, WayIn.CONSOLE)
        assert reference in {each.reference for each in (await worklist(supervisor)).items}
        [due] = [
            each.due_at
            for each in (await referrals.recorded(reference)).deadlines
            if each.key == "first_contact"
        ]
        assert f"{due.astimezone(LONDON).day} " in re.sub("<[^>]+>", "", page)
    async with visiting(console, SUPERVISOR) as visitor:
        assert "asked to be called" in section(await visitor.get(f"/referrals/{reference}"), "latest")


async def test_a_message_afterwards_keeps_to_the_safe_hours(console: Console, referrals: Referrals) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        reference = reference_in((await asker.send()).text)
    key = await referrals.keys.get(reference)
    history = await event_log.read(referrals.pool, reference, key=key)
    [answer] = await notices.pending(referrals.pool, reference)
    assert (answer.template, answer.to) == ("acknowledgement", "s1")
    contact = contact_of(history, "s1")
    noon = datetime(2030, 3, 4, 12, tzinfo=UTC)
    referral = (await referrals.recorded(reference)).referral
    assert plan(referral, answer, contact, {}, Channel, noon) == Wait(noon.replace(hour=18))
    assert plan(referral, answer, contact, {}, Channel, noon.replace(hour=18)) == Send(Channel.TEXT)
    # For whom they asked, nothing is safe.
    assert contact_of(history, "h1") == Contact(Person(), ContactSafety())


async def test_over_the_limits_who_asks_is_told_the_same_and_it_is_opened_later(
    console: Console, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casework.asking_to_be_called.asking.Limits", lambda: Limits(of_one=0))
    async with asking(console) as asker:
        await asker.to_check()
        page = await asker.send()
        assert page.status_code == HTTPStatus.OK
        reference = reference_in(page.text)
        assert "We will try to reach you by" in page.text
        assert not await is_open(referrals, reference)
        assert await open_waiting(referrals, Limits(1000, 1000)) == 1
        assert await is_open(referrals, reference)


async def test_what_only_a_program_fills_in_is_answered_with_the_same_page_and_kept_nowhere(
    console: Console, referrals: Referrals
) -> None:
    async with asking(console) as honest, asking(console) as trapped:
        await honest.to_check()
        await trapped.to_check()
        page, other = (await honest.send()).text, (await trapped.send(trapped=True)).text
    reference = reference_in(other)
    assert page.replace(reference_in(page), "N") == other.replace(reference, "N")
    assert not await is_open(referrals, reference)
    assert (
        await referrals.pool.fetchval(
            "SELECT count(*) FROM request_to_be_called WHERE reference = $1", reference
        )
        == 0
    )


def test_no_person_sees_the_trap() -> None:
    from console.static_files import files
    from console.texts import texts

    assert ".rj-unseen { display: none; }" in files()["public.css"].plain.decode()
    assert texts("en")("check.trap")


# What stays behind.


async def test_nothing_of_what_was_said_stands_in_an_address_a_header_or_a_log(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        async with asking(console) as asker:
            await asker.to_check()
            await asker.send()
            for answer in asker.answers:
                address, headers = str(answer.request.url), str(answer.headers).lower()
                for canary in CANARIES:
                    assert canary not in address.lower()
                    assert canary not in headers
                assert "?" not in address
    everything = f"{caplog.text}{logged}".lower()
    assert not [each for each in CANARIES if each in everything]


async def test_no_log_holds_the_token_or_the_network_address(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        async with asking(console) as asker:
            await asker.to_check()
            token = asker.token
            await asker.send()
    assert token
    assert token not in f"{caplog.text}{logged}"
    assert "127.0.0.1" not in f"{logged}"


async def test_at_the_end_the_browser_holds_nothing(console: Console) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        token = asker.token
        assert token
        page = await asker.send()
        assert asker.token is None
        assert not asker.client.cookies
        again = await asker.get("/self-referral/done")
        assert reference_in(page.text) not in again.text
        for answer in asker.answers:
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
    with pytest.raises(AnswersGone):
        await read_answers(console.referrals, token)


async def test_the_cookie_is_of_this_host_for_this_visit_and_for_no_script(console: Console) -> None:
    async with asking(console) as asker:
        await asker.start()
        [cookie] = [each for answer in asker.answers if (each := answer.headers.get("set-cookie"))]
        kept = {each.strip().partition("=")[0].lower() for each in cookie.split(";")}
        assert cookie.startswith("__Host-")
        assert {"secure", "httponly", "path"} <= kept
        assert "samesite=strict" in cookie.lower()
        assert not {"max-age", "expires", "domain"} & kept
        assert "canary" not in cookie.lower()


async def test_leaving_drops_all_at_once_and_leads_to_where_nothing_is_told(console: Console) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        token = asker.token
        assert token
        for base in BASES:
            page = await asker.get(f"{base}/check")
            assert re.search(rf'<a href="{base}/exit"[^>]*rel="nofollow noreferrer"', page.text)
        answer = await asker.get("/self-referral/exit")
        assert (answer.status_code, answer.headers["location"]) == (303, ELSEWHERE)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert asker.token is None
        asker.client.cookies.set("__Host-page", token)
        assert "Your answers are not here now" in (await asker.get("/self-referral/check")).text


async def test_every_page_can_be_left(console: Console) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        await asker.send()
        pages = [
            each for each in asker.answers if each.headers.get("content-type", "").startswith("text/html")
        ]
        for answer in [*pages, await asker.get("/self-referral/nothing/here")]:
            assert 'href="/self-referral/exit"' in answer.text
            assert "govuk-exit-this-page" in answer.text


async def test_answers_that_are_gone_lead_back_to_the_start(console: Console, owner_url: str) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        owner = await connect(owner_url)
        await owner.execute("UPDATE unsent_answers SET kept_until = clock_timestamp()")
        await owner.close()
        answer = await asker.client.post("/self-referral/name", data={"name": "Canary-Who-Sings"})
        assert "Your answers are not here now" in answer.text
        assert "Canary" not in answer.text


# Forms.


async def test_every_page_works_without_a_script(console: Console) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        page = await asker.send()
        assert page.status_code == HTTPStatus.OK
        for answer in asker.answers:
            assert "<script>" not in answer.text
            assert not re.search(r"\son\w+=|style=", answer.text)
            assert len(re.findall("<script", answer.text)) <= 1


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", [each for each in QUESTIONS if each not in ("name", "words", "help")])
async def test_a_question_without_its_answer_is_asked_again_in_the_same_language(
    console: Console, base: str, name: str
) -> None:
    [spoken] = [each for each in SPOKEN if each.base == base]
    async with asking(console, base) as asker:
        await asker.start()
        answer = await asker.post(f"{base}/{name}")
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        [wrong] = said_wrong(answer.text)
        field, _, said = wrong.partition(": ")
        assert f'id="{field}"' in answer.text
        assert said in spoken.texts.items().values()
        assert f"<title>{spoken.texts('all.error')}: " in answer.text


async def test_nothing_typed_is_lost_where_something_is_wrong_or_changed(console: Console) -> None:
    async with asking(console) as asker:
        await asker.start()
        wrong = {"ways": ["phone", "email"], "phone": ["banana"], "email": ["canary.sings@example.org"]}
        page = (await asker.post("/self-referral/ways", wrong)).text
        assert 'value="banana"' in page
        assert 'value="canary.sings@example.org"' in page
        await asker.to_check()
        page = (await asker.get("/self-referral/ways")).text
        assert 'value="canary.sings@example.org"' in page
        assert page.count(" checked") == 4
        # After a change they are back where they check.
        answer = await asker.post("/self-referral/name", {"name": ["Ada"]})
        assert answer.headers["location"] == "/self-referral/check"
        assert "Ada" in (await asker.get("/self-referral/check")).text


async def test_sent_twice_it_is_one_request(console: Console, referrals: Referrals) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        for _ in range(2):
            assert (await asker.post("/self-referral/check")).status_code == 303
        assert reference_in((await asker.get("/self-referral/done")).text)
    assert await referrals.pool.fetchval("SELECT count(*) FROM request_to_be_called") == 1


async def test_nothing_is_sent_before_every_question_is_answered(console: Console) -> None:
    async with asking(console) as asker:
        await asker.start()
        for address in ("/self-referral/check", "/self-referral/done"):
            answer = await asker.get(address)
            assert answer.status_code == 303
        answer = await asker.post("/self-referral/check")
        assert answer.headers["location"] == "/self-referral/messages"


async def test_a_form_of_somebody_else_or_of_another_site_is_refused(console: Console) -> None:
    async with asking(console) as asker:
        where = await asker.start()
        answer = await asker.client.post(where, data={"csrf": "0" * 64, "leave_message": "yes"})
        assert answer.status_code == HTTPStatus.FORBIDDEN
        answer = await asker.client.post(where, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "Sorry, this did not work" in answer.text


async def test_a_form_that_is_too_large_is_not_read(console: Console) -> None:
    async with asking(console) as asker:
        answer = await asker.client.post("/self-referral/words", content=b"x" * (LARGEST + 1))
        assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    "path", ["/self-referral/nothing", "/self-referral/nothing/here", "/hunanatgyfeirio/dim"]
)
async def test_an_address_that_is_none_says_so_without_a_word_for_staff(console: Console, path: str) -> None:
    async with visiting(console) as visitor:
        page = await visitor.get(path, status=404)
        assert "Go to the first page" not in page
        assert "rj-exit" in page


async def test_where_nobody_could_read_it_nobody_is_asked(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: object) -> frozenset[Area]:
        return frozenset()

    monkeypatch.setattr("casework.asking_to_be_called.asking.staff.areas_of", nowhere)
    async with asking(console) as asker:
        page = (await asker.get("/self-referral")).text
        assert "You can not ask us here yet" in page
        assert "<form" not in page


async def test_each_page_leads_to_itself_in_the_other_language(console: Console) -> None:
    async with asking(console) as asker:
        await asker.to_check()
        for name in ("", *(f"/{each}" for each in QUESTIONS), "/check"):
            page = (await asker.get(f"/self-referral{name}")).text
            assert f'href="/hunanatgyfeirio{name}" hreflang="cy"' in page
            other = (await asker.get(f"/hunanatgyfeirio{name}")).text
            assert '<html lang="cy"' in other
            assert f'href="/self-referral{name}" hreflang="en"' in other
        # The number is told once, so both languages are on that page.
        page = (await asker.send()).text
        assert 'href="#cy"' in page
        assert '<section lang="cy" id="cy"' in page


def test_the_visitor_answers_every_question() -> None:
    assert list(GIVEN) == list(QUESTIONS)
