"""Assess the risk: 21 factors in five groups on one page, with the round before beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casework.referral.acting import ActingView
from casework.referral.choices import Chosen
from casework.referral.risk_rounds import Assessed
from console.acting.forms.showing import Shown, ShownForm
from console.acting.wording import Ask, Body, Wording
from schemas.facts import FactorAssessment
from schemas.vocabulary import Level, RiskFactor

_F = RiskFactor
GROUPS: tuple[tuple[str, tuple[RiskFactor, ...]], ...] = (
    (
        "What happened, and how it is seen",
        (_F.ACKNOWLEDGEMENT, _F.DENIAL_OR_MINIMISING, _F.ATTITUDES, _F.HARM_AND_IMPACT),
    ),
    (
        "What is wanted from it",
        (_F.MOTIVATION, _F.WANTED_OUTCOMES, _F.NOT_PROCEEDING, _F.JUSTICE_STAGE),
    ),
    (
        "Health and needs",
        (_F.MENTAL_HEALTH, _F.SELF_HARM, _F.SUBSTANCE_USE, _F.PHYSICAL_AND_LEARNING_NEEDS, _F.LANGUAGE),
    ),
    (
        "Safety between them",
        (_F.POWER_IMBALANCE, _F.THREATS, _F.ONGOING_CONTACT, _F.SAFE_CONTACT, _F.CHILDREN_PRESENT),
    ),
    ("The meeting and around it", (_F.VENUE_AND_TRAVEL, _F.SUPPORTERS, _F.MEDIA_INTEREST)),
)
"""The factors as they are gone through with somebody."""

FACTORS = {
    _F.ACKNOWLEDGEMENT: (
        "Acknowledgement and remorse",
        "Is what happened acknowledged, and is there remorse?",
    ),
    _F.DENIAL_OR_MINIMISING: ("Denying or playing down", "Is what happened denied, excused or made small?"),
    _F.ATTITUDES: (
        "Feelings, attitudes and behaviour",
        "How do they speak of the other side, and how do they act?",
    ),
    _F.HARM_AND_IMPACT: ("Harm and its impact", "How badly, and how freshly, are they hurt?"),
    _F.MOTIVATION: ("Why they take part", "Is it their own wish, and what is behind it?"),
    _F.WANTED_OUTCOMES: ("What they hope for", "Can it be had, and is it safe to hope for?"),
    _F.NOT_PROCEEDING: ("If it does not go on", "What could happen if nothing is done?"),
    _F.JUSTICE_STAGE: ("Stage of the proceedings", "Could it touch a case that is not decided?"),
    _F.MENTAL_HEALTH: ("Mental health", ""),
    _F.SELF_HARM: ("Suicide and self-harm", "Thoughts, plans or attempts, now or before."),
    _F.SUBSTANCE_USE: ("Alcohol and drugs", ""),
    _F.PHYSICAL_AND_LEARNING_NEEDS: ("Physical and learning needs", ""),
    _F.LANGUAGE: ("Language and interpreting", ""),
    _F.POWER_IMBALANCE: ("Power and control", "Does one have power over the other, or control them?"),
    _F.THREATS: ("Threats and weapons", ""),
    _F.ONGOING_CONTACT: ("Contact between them, and orders", "Do they meet, and does an order forbid it?"),
    _F.SAFE_CONTACT: ("Safe times and ways", "Can they be reached without danger?"),
    _F.CHILDREN_PRESENT: ("Children", "Are children near, or touched by it?"),
    _F.VENUE_AND_TRAVEL: ("Place and travel", "Could they meet on the way, or be seen?"),
    _F.SUPPORTERS: ("Supporters", "Who comes along, and is that safe?"),
    _F.MEDIA_INTEREST: ("Interest of the media", ""),
}
"""How each factor is called, and what is looked at."""

_COLOURS = {Level.LOW: "green", Level.MEDIUM: "yellow", Level.HIGH: "red", Level.UNKNOWN: "purple"}
_LEVELS = {Level.LOW: "Low", Level.MEDIUM: "Medium", Level.HIGH: "High", Level.UNKNOWN: "Not known"}


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor as it stands on the page.

    Attributes:
        level, evidence, mitigation: the questions.
        was: what the round before says of it; None: nothing.
    """

    key: str
    name: str
    looked_at: str
    level: Shown
    evidence: Shown
    mitigation: Shown
    was: FactorAssessment | None
    was_tag: tuple[str, str] | None


def _with_groups(form: ShownForm, view: ActingView) -> dict[str, Any]:
    """The factors in their groups, with how many are answered."""
    rows = next((each.below for each in form.questions if each.name == "factors"), [])
    by_key = {each.name.rpartition(".")[2]: each for each in rows}
    former = view.rounds.former if view.rounds else None
    groups = [
        (heading, [_factor(each, by_key[each.value], former) for each in factors if each.value in by_key])
        for heading, factors in GROUPS
    ]
    chosen = [option.value for row in rows for option in row.below[0].options if option.checked]
    people = view.choices.get(Chosen.PARTICIPANT, ())
    assessed = [(each.value, each.words) for each in people if {"of_a_side", "active"} <= each.marks]
    return {
        "whom": [("pair", "The two together"), *assessed],
        "groups": groups,
        "answered": len(chosen),
        "unknown": chosen.count(Level.UNKNOWN.value),
        "all_factors": len(RiskFactor),
        "former": former,
        "error": next((each.error for each in form.questions if each.name == "factors"), ""),
    }


def _factor(factor: RiskFactor, row: Shown, former: Assessed | None) -> Factor:
    name, looked_at = FACTORS[factor]
    below = {each.name.rpartition(".")[2]: each for each in row.below}
    was = former.factor(factor) if former else None
    tag = (_LEVELS[was.level], _COLOURS[was.level]) if was else None
    return Factor(
        factor.value, name, looked_at, below["level"], below["evidence"], below["mitigation"], was, tag
    )


def _of_this_round(view: ActingView, about: str | None) -> Body:
    """What was recorded in this round, which is replaced as a whole."""
    present = view.rounds.present if view.rounds else None
    if present is None:
        return {}
    return {"factors": [each.model_dump(mode="json", exclude_none=True) for each in present.factors]}


WORDING = Wording(
    asks=(
        Ask(
            "about", "Who is assessed?", only=frozenset({"of_a_side"}), none="The pair: what is between them"
        ),
        Ask("factors", "Factors", words={each.value: FACTORS[each][0] for each in RiskFactor}),
        Ask("factors.level", "How high is the risk?"),
        Ask("factors.evidence", "What do you base that on?", hint=""),
        Ask("factors.mitigation", "What is done about it?", hint=""),
    ),
    begin=_of_this_round,
    template="acting/risk.html",
    shown=_with_groups,
)
