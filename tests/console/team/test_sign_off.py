"""Reading what is to be signed off, and deciding on it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from casework.access_log import looks_at
from console.asked import Console
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.access import DataKind, Look
from schemas.events import SignedOff
from schemas.vocabulary import RiskFactor
from stores.logs import event_log
from tests.console.derbyshire import (
    WORDS,
    allocated,
    assessment,
    at_risk_assessment,
    hire,
    received,
    signed_in,
    to_sign_off,
)
from tests.console.visiting import Visitor, visiting
from tests.life import HARMED, until_conference, until_preparation


@pytest.fixture(autouse=True)
async def people(referrals: Referrals) -> None:
    await hire(referrals)


def address(reference: str, subject: str = "risk_assessment") -> str:
    return f"/team/sign-offs/{reference}/{subject}"


def text_of(page: str) -> str:
    """The page as it reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def command_in(page: str) -> str:
    found = re.search(r'name="command" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def decide(visitor: Visitor, at: str, status: int = 303, **fields: str) -> str:
    fields = {"command": command_in(await visitor.get(at))} | fields
    answer = await visitor.post(at, fields, status=status)
    return answer.text if status != 303 else answer.headers["location"]


async def decided(referrals: Referrals, reference: str) -> list[SignedOff]:
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    return [each.event for each in history if isinstance(each.event, SignedOff)]


async def looks(referrals: Referrals, reference: str) -> list[Look]:
    found = await looks_at(await signed_in(referrals, "dy-sm"), reference)
    return [each for each in found if each.kind is DataKind.SIGN_OFF]


async def test_a_risk_assessment_is_shown_with_its_author_and_all_that_is_to_be_judged(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(address(reference))
    said = text_of(page)
    assert "Made by Dana Invented." in said
    assert "Verdict Only without meeting" in said
    assert f"Threats and weapons High {WORDS} Done about it: {WORDS}, mitigated" in said
    assert "Low, with nothing noted:" in said
    assert "1 high, 20 low." in said
    title = re.search(r"<title>(.*?)</title>", page)
    assert title is not None
    assert re.fullmatch(rf"Sign off . {reference} . Referrals", title[1])


async def test_who_reads_it_is_in_the_access_log_once_for_each_look(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        await visitor.get(address(reference))
        assert [each.staff for each in await looks(referrals, reference)] == ["dy-su"]
        await visitor.get("/team")
        assert len(await looks(referrals, reference)) == 1


async def test_beside_each_factor_stands_what_the_former_round_said(
    console: Console, referrals: Referrals
) -> None:
    reference = await at_risk_assessment(referrals)
    await referrals.take(reference, assessment("low"), "dy-cw")
    await referrals.take(
        reference, c.RecordRiskVerdict.model_validate({"verdict": "proceed_direct"}), "dy-cw"
    )
    await referrals.take(reference, c.ReassessRisk(reason=WORDS), "dy-cw")
    high = assessment("high", RiskFactor.THREATS, RiskFactor.SELF_HARM)
    await referrals.take(reference, high, "dy-cw")
    await referrals.take(reference, assessment("high", RiskFactor.THREATS, about=None), "dy-cw")
    await referrals.take(
        reference, c.RecordRiskVerdict.model_validate({"verdict": "proceed_indirect"}), "dy-cw"
    )
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get(address(reference)))
    assert page.count("was low") == 2
    # Of the pair nothing was said before.
    assert "not assessed before" not in page


async def test_names_are_hidden_where_somebody_may_look_over_a_shoulder(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        assert "Canary N. (h1), the person harmed</h2>" in await visitor.get(address(reference))
        await visitor.post("/hide-names", {"back": "/team"})
        page = await visitor.get(address(reference))
        assert "Canary N." not in page
        assert "H1, the person harmed</h2>" in page


async def test_a_supervisor_signs_off_what_somebody_else_made(console: Console, referrals: Referrals) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        led_to = await decide(visitor, address(reference), decision="approve")
        assert led_to == f"/team?done={reference}"
        assert "Recorded: your decision on" in await visitor.get(led_to)
        [event] = await decided(referrals, reference)
        assert event.approved
        assert "does not wait for a sign-off any more" in await visitor.get(address(reference), status=409)


async def test_what_is_sent_back_says_why_and_what_was_typed_stays(
    console: Console, referrals: Referrals
) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        page = await decide(visitor, address(reference), status=422, decision="return")
        assert 'href="#reason"' in page
        assert "Say why you send it back" in page
        page = await decide(visitor, address(reference), status=422, reason="Look at the threats again")
        assert 'href="#decision"' in page
        assert "Look at the threats again</textarea>" in page
        page = await decide(visitor, address(reference), status=422, decision="return", reason="no")
        assert "There is a problem" in page
        assert await decided(referrals, reference) == []
        await decide(visitor, address(reference), decision="return", reason="Look at the threats again")
    [event] = await decided(referrals, reference)
    assert not event.approved


async def test_nobody_signs_off_their_own(console: Console, referrals: Referrals) -> None:
    reference = await to_sign_off(referrals, "dy-su")
    async with visiting(console, "dy-su") as visitor:
        page = await visitor.get(address(reference))
        assert "You had a part in this" in page
        assert "It is for Sian Invented" in text_of(page)
        assert "Record my decision" not in page
        fields = {"decision": "approve", "command": "5b0c3a52-0f0c-4a3e-9a55-8a4a2a7a9c11"}
        answer = await visitor.post(address(reference), fields, status=422)
        assert "There is a problem" in answer.text
    assert await decided(referrals, reference) == []


async def test_a_decision_that_is_sent_twice_is_recorded_once(console: Console, referrals: Referrals) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "dy-su") as visitor:
        fields = {"decision": "approve", "command": command_in(await visitor.get(address(reference)))}
        for _ in range(2):
            answer = await visitor.post(address(reference), fields)
            assert answer.headers["location"] == f"/team?done={reference}"
    assert len(await decided(referrals, reference)) == 1


async def test_readiness_is_shown_with_who_is_prepared(console: Console, referrals: Referrals) -> None:
    called = {"cw-1": "dy-cw", "fa-1": "dy-fa", "fa-2": "dy-cx", "su-1": "dy-su"}
    reference = await _prepared(referrals, called)
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get(address(reference, "readiness")))
    assert "Readiness to sign off" in page
    assert "Method Face to face" in page
    assert "Fern Invented, an advanced practitioner, with Dora Invented" in page
    assert page.count("Not prepared") == 0
    assert "Made by Dora Invented and Fern Invented." in page


async def _prepared(referrals: Referrals, called: dict[str, str]) -> str:
    now = datetime.now(UTC)
    reference = await received(referrals)
    for who, command in (*until_preparation(now.date()), *until_conference(now)):
        if isinstance(command, c.DecideSignOff):
            break
        fields = {
            name: called[value]
            for name in ("caseworker", "facilitator", "co_facilitator")
            if (value := getattr(command, name, None)) in called
        }
        await referrals.take(reference, command.model_copy(update=fields), called[who])
    return reference


async def test_a_closure_is_shown_with_its_reason(console: Console, referrals: Referrals) -> None:
    reference = await allocated(referrals)
    for _ in range(2):
        attempt = c.RecordContactAttempt.model_validate(
            {"participant": HARMED, "channel": "phone", "outcome": "no_answer"}
        )
        await referrals.take(reference, attempt, "dy-cw")
    close = c.Close.model_validate({"reason": "risk_unsafe", "note": WORDS})
    await referrals.take(reference, close, "dy-cw")
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get(address(reference, "closure")))
    assert "Closing the referral to sign off" in page
    assert "unsafe" in page
    assert f"Note {WORDS}" in page


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("/team/sign-offs/RJ-0000-0000/risk_assessment", 404),
        ("/team/sign-offs/nothing/risk_assessment", 404),
        ("/team/sign-offs/RJ-7KQ4-M2X1/nothing", 404),
    ],
)
async def test_what_is_not_there_is_a_sentence(console: Console, at: str, status: int) -> None:
    async with visiting(console, "dy-su") as visitor:
        assert "There is nothing at this address" in await visitor.get(at, status=status)


async def test_a_supervisor_of_another_area_reads_nothing(console: Console, referrals: Referrals) -> None:
    reference = await to_sign_off(referrals)
    async with visiting(console, "su-1") as visitor:
        page = await visitor.get(address(reference), status=403)
        assert WORDS not in page
    assert await looks(referrals, reference) == []
