"""Policy, health and figures."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from casework.words.policy import deadline_words
from console.asked import Console
from policies.files import load_policies
from reports.figures_seen import SMALLEST
from reports.funnel import funnel
from runtime.findings import Finding, Severity
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.events import PolicyAdopted
from stores.logs import event_log
from tests.console.derbyshire import HERE, allocated, hire, received
from tests.console.visiting import visiting
from tests.life import form

NOW = load_policies().base


@pytest.fixture(autouse=True)
async def people(referrals: Referrals) -> None:
    await hire(referrals)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@asynccontextmanager
async def an_older_policy(referrals: Referrals, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    with monkeypatch.context() as earlier:
        older = NOW.model_copy(update={"version": "2026-11"})
        earlier.setitem(cast(dict[Area, Any], referrals.policies.areas), HERE, older)
        yield


async def adopted(referrals: Referrals, reference: str) -> int:
    history = await event_log.history(referrals.pool, referrals.keys, reference)
    return sum(isinstance(each.event, PolicyAdopted) for each in history)


async def test_each_deadline_of_the_policy_stands_with_its_ground(console: Console) -> None:
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get("/policy"))
        for each in deadline_words(NOW):
            assert each.source.split("'")[0].split('"')[0] in page
            assert each.due in page
        assert f"version {NOW.version}" in page
        assert "does not work in durham" in await visitor.get("/policy?area=durham", status=403)


async def test_one_referral_adopts_what_is_in_force(
    console: Console, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_older_policy(referrals, monkeypatch):
        reference = await allocated(referrals)
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get("/policy"))
        assert re.search(r"2026-11 \d+ ", page)
        answer = await visitor.post(
            "/policy/adopt", {"which": "reference", "reference": reference.lower()}, 200
        )
        assert f"Let {reference} go on under version {NOW.version}?" in answer.text
        assert await adopted(referrals, reference) == 0
        found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
        await visitor.post("/policy/adopt/begin", {key: each for key, each in found.items() if key != "back"})
        assert await adopted(referrals, reference) == 1
        answer = await visitor.post("/policy/adopt", {"which": "reference", "reference": reference}, 200)
        assert "already" in answer.text


async def test_all_of_an_area_adopt_it_and_the_page_says_how_far_it_has_come(
    console: Console, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_older_policy(referrals, monkeypatch):
        references = [await allocated(referrals) for _ in range(2)]
    async with visiting(console, "dy-sv") as visitor:
        assert "No adoption is going on" in await visitor.get("/policy/adoptions/derbyshire")
        answer = await visitor.post("/policy/adopt", {"which": "area", "area": "derbyshire"}, 200)
        assert re.search(r"Let \d+ open referrals go on under the policy", answer.text)
        answer = await visitor.post("/policy/adopt/begin", {"which": "area", "area": "derbyshire"})
        assert answer.headers["location"] == "/policy/adoptions/derbyshire"
        handle = referrals.client.get_workflow_handle("service/adopt-policy/dy-sv/derbyshire")
        await handle.result()
        assert "adopted the policy" in await visitor.get("/policy/adoptions/derbyshire")
    for reference in references:
        assert await adopted(referrals, reference) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 409),
        ({"which": "reference", "reference": "banana"}, 422),
        ({"which": "area", "area": "atlantis"}, 422),
        ({"which": "area", "area": "durham"}, 403),
    ],
)
async def test_an_adoption_that_cannot_be_is_refused(
    console: Console, fields: dict[str, str], status: int
) -> None:
    async with visiting(console, "dy-su") as visitor:
        for address in ("/policy/adopt", "/policy/adopt/begin"):
            await visitor.post(address, fields, status=status)


async def test_health_says_in_plain_words_what_presses_first(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found() -> list[Finding]:
        return [
            Finding("database", Severity.OK, "PostgreSQL 18 at localhost:5432/rj."),
            Finding("e-mail", Severity.NOTE, "Kept by `rj up`.", "Name a mail server."),
            Finding("worker", Severity.SERVER, "No worker asks for work.", "Run `rj up`."),
        ]

    monkeypatch.setattr("operations.diagnosis.health.diagnose", found)
    async with visiting(console, "dy-sm") as visitor:
        page = text_of(await visitor.get("/health"))
    assert "No referral can be opened." in page
    assert page.index("Problem The worker") < page.index("Note E-mail")
    assert "What to do: Run rj up." in page
    assert "The database" in page
    # Of what is in order no place is named.
    assert "5432" not in page


async def test_health_is_for_service_managers_alone(console: Console) -> None:
    for who in ("dy-cw", "dy-su", "dy-au", "dy-co", "dy-pa"):
        async with visiting(console, who) as visitor:
            assert "not for your role" in await visitor.get("/health", status=403)


async def test_every_check_of_the_doctor_has_a_plain_name(console: Console) -> None:
    from operations.diagnosis.doctor import diagnose
    from operations.diagnosis.health import _CALLED

    assert {each.check for each in await diagnose()} <= set(_CALLED)


async def test_a_commissioner_lands_on_figures_and_sees_no_small_number(
    console: Console, referrals: Referrals
) -> None:
    for _ in range(SMALLEST):
        await received(referrals)
    counted = await funnel(referrals.pool, areas=[HERE])
    few = [each for each in counted.figures if 0 < each.count < SMALLEST]
    async with visiting(console, "dy-co") as visitor:
        assert (await visitor.client.get("/")).headers["location"] == "/figures"
        page = text_of(await visitor.get("/figures"))
        for each in counted.figures:
            assert each.rule in page
        assert f"Received {counted.count('received')} A referral was sent to the service." in page
        assert page.count(f"under {SMALLEST}") >= len(few) + 1
        assert "does not work in durham" in await visitor.get("/figures?area=durham", status=403)
        await visitor.get("/figures?period=never", status=422)
    async with visiting(console, "dy-su") as visitor:
        page = text_of(await visitor.get("/figures"))
        assert "under 5" not in page
        assert "You see small numbers" in page


async def test_figures_are_of_ones_own_areas(console: Console, referrals: Referrals) -> None:
    await received(referrals)
    await referrals.open(form(), "cw-1")
    here, everywhere = await funnel(referrals.pool, areas=[HERE]), await funnel(referrals.pool)
    assert here.count("received") < everywhere.count("received")
    async with visiting(console, "dy-cw") as visitor:
        page = text_of(await visitor.get("/figures"))
        assert f"Received {here.count('received')} " in page
