from __future__ import annotations

import pytest_asyncio

from console.acting.commands.risk.record_risk_assessment import FACTORS, GROUPS
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.events import RiskAssessed
from schemas.vocabulary import RiskFactor
from stores.logs import event_log
from tests.console.acting.browsing import controls
from tests.console.acting.conftest import opened
from tests.console.acting.people import until_risk_assessment
from tests.console.visiting import Visitor

LEVEL, EVIDENCE = "factors.{}.level", "factors.{}.evidence"


@pytest_asyncio.fixture
async def assessing(suffolk: Referrals) -> str:
    """A referral whose risk is to be assessed."""
    return await opened(suffolk, *until_risk_assessment())


async def assessed(referrals: Referrals, reference: str) -> list[RiskAssessed]:
    key = await referrals.keys.get(reference)
    history = await event_log.read(referrals.pool, reference, key=key)
    return [each.event for each in history if isinstance(each.event, RiskAssessed)]


def sent(page: str, **more: str) -> dict[str, str | list[str]]:
    found = controls(page)
    known = {name: each.value for name, each in found.items() if each.value and name not in ("csrf", "back")}
    return known | more


def test_each_factor_stands_in_one_of_five_groups() -> None:
    there = [each for _, factors in GROUPS for each in factors]
    assert len(GROUPS) == 5
    assert sorted(there) == sorted(RiskFactor)
    assert set(FACTORS) == set(RiskFactor)


async def test_an_assessment_is_interrupted_and_resumed_and_recorded(
    cass: Visitor, suffolk: Referrals, assessing: str
) -> None:
    address = f"/referrals/{assessing}/risk/assess/h1"
    page = await cass.get(address)
    assert "Assess the risk about June I." in page
    assert page.count('class="rj-factor"') == 21
    assert "<strong>0 of 21</strong>" in page
    begun = sent(page, **{LEVEL.format("threats"): "high", EVIDENCE.format("threats"): "He said so twice."})
    draft = f"/referrals/{assessing}/steps/record_risk_assessment/draft?about=h1"
    assert f'data-draft="{draft}"' in page
    await cass.post(draft, begun, status=200)
    again = await cass.get(address)
    found = controls(again)
    assert found[LEVEL.format("threats")].value == ["high"]
    assert found[EVIDENCE.format("threats")].value == ["He said so twice."]
    assert "<strong>1 of 21</strong>" in again
    assert await assessed(suffolk, assessing) == []
    done = sent(again, **{LEVEL.format("language"): "unknown"})
    answer = await cass.post(f"/referrals/{assessing}/steps/record_risk_assessment?about=h1", done)
    assert "?recorded=" in answer.headers["location"]
    [event] = await assessed(suffolk, assessing)
    assert event.about == "h1"
    assert {each.factor: each.level for each in event.factors} == {"threats": "high", "language": "unknown"}
    assert [each.evidence for each in event.factors] == ["He said so twice.", None]


async def test_evidence_without_a_level_is_asked_for_its_level(cass: Visitor, assessing: str) -> None:
    address = f"/referrals/{assessing}/steps/record_risk_assessment?about=h1"
    fields = sent(await cass.get(address), **{EVIDENCE.format("threats"): "He said so twice."})
    answer = await cass.post(address, fields, status=422)
    assert "Choose an answer to “Threats and weapons: How high is the risk?”." in answer.text
    assert 'href="#f-factors-threats-level"' in answer.text
    assert controls(answer.text)[EVIDENCE.format("threats")].value == ["He said so twice."]


async def test_the_round_before_stands_beside_and_this_round_in_the_form(
    cass: Visitor, suffolk: Referrals, assessing: str
) -> None:
    def about(level: str, words: str) -> c.RecordRiskAssessment:
        factor = {"factor": "threats", "level": level, "evidence": words}
        return c.RecordRiskAssessment.model_validate({"about": "h1", "factors": [factor]})

    await suffolk.take(assessing, about("high", "He said so twice."), "cas-1")
    await suffolk.take(assessing, c.RequestMoreInformation(reason="Ask her brother"), "cas-1")
    await suffolk.take(assessing, c.BeginRiskAssessment(), "cas-1")
    page = await cass.get(f"/referrals/{assessing}/risk/assess/h1")
    assert "Round before:" in page
    assert "He said so twice." in page
    assert controls(page)[LEVEL.format("threats")].value == []
    await suffolk.take(assessing, about("low", "Her brother never heard it."), "cas-1")
    page = await cass.get(f"/referrals/{assessing}/risk/assess/h1")
    assert controls(page)[LEVEL.format("threats")].value == ["low"]
    assert controls(page)[EVIDENCE.format("threats")].value == ["Her brother never heard it."]


async def test_the_pair_is_assessed_as_nobody_in_particular(
    cass: Visitor, suffolk: Referrals, assessing: str
) -> None:
    page = await cass.get(f"/referrals/{assessing}/risk/assess/pair")
    assert "Assess the risk between them" in page
    fields = sent(page, **{LEVEL.format("power_imbalance"): "medium"})
    await cass.post(f"/referrals/{assessing}/steps/record_risk_assessment", fields)
    [event] = await assessed(suffolk, assessing)
    assert event.about is None


async def test_nobody_is_assessed_who_is_not_in_the_referral(cass: Visitor, assessing: str) -> None:
    await cass.get(f"/referrals/{assessing}/risk/assess/h9", status=404)
    await cass.get(f"/referrals/{assessing}/steps/add_note?participant=h9")
    await cass.get(f"/referrals/{assessing}/steps/record_interest?participant=h9", status=404)
