"""The risk of a referral: by person and factor, beside the round before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import AwareDatetime, Field

from casework.referral.page.case import Case
from casework.words.risk_factors import GROUPS
from schemas.base import Model
from schemas.events import RiskAssessed, RiskVerdictGiven, SignedOff, StageEntered
from schemas.facts import FactorAssessment
from schemas.vocabulary import Level, RiskFactor, SignOffSubject, Stage, Verdict


class Judged(Model):
    """How high a risk is judged to be for a person, or for the pair.

    Attributes:
        level: now; None: it was not assessed in this round.
        before: in the round before; None: it was not assessed then.
        changed: whether it is another than before.
        mitigation: what is done about it.
    """

    level: Level | None
    before: Level | None
    changed: bool
    evidence: str | None = Field(default=None, repr=False)
    mitigation: str | None = Field(default=None, repr=False)


class FactorRow(Model):
    """A risk factor, with how it is judged for each who was assessed, in their order."""

    name: str
    judged: tuple[Judged, ...]


class FactorGroup(Model):
    """Factors that belong together."""

    name: str
    rows: tuple[FactorRow, ...]


class RiskAbout(Model):
    """Who was assessed, and by whom.

    Attributes:
        called: as they are called; the pair.
        at: when; None: not in this round.
        by: who assessed them last, by name.
        unknown: how many factors are not known.
        changed: how many are other than in the round before.
    """

    called: str = Field(repr=False)
    at: AwareDatetime | None
    by: str
    unknown: int
    changed: int


class RoundOfRisk(Model):
    """A round of the assessment that is over, or goes on.

    Attributes:
        verdict: that it came to; None: none yet.
        missing: what was still needed.
        by: who gave the verdict, by name.
        signed_off_by: who signed it off, by name; None: nobody.
        returned: whether it was returned instead.
    """

    began_at: AwareDatetime
    verdict: Verdict | None
    verdict_at: AwareDatetime | None
    missing: str | None = Field(default=None, repr=False)
    by: str
    signed_off_by: str | None
    signed_off_at: AwareDatetime | None
    returned: bool


class RiskView(Model):
    """The risk of a referral.

    Attributes:
        present: the last round; None: none has begun.
        earlier: the rounds before, the latest first.
        about: who was assessed: people, and the pair.
        groups: the factors that were assessed, now or before.
        waits: whether it waits for a sign-off.
        confirmed_at: when it was confirmed last that the risk stands.
    """

    present: RoundOfRisk | None
    earlier: tuple[RoundOfRisk, ...]
    about: tuple[RiskAbout, ...]
    groups: tuple[FactorGroup, ...]
    waits: bool
    confirmed_at: AwareDatetime | None


@dataclass
class _Round:
    began: AwareDatetime
    assessed: dict[str | None, tuple[AwareDatetime, str, Mapping[RiskFactor, FactorAssessment]]] = field(
        default_factory=dict
    )
    verdict: RiskVerdictGiven | None = None
    verdict_at: AwareDatetime | None = None
    by: str | None = None
    decision: SignedOff | None = None
    decided_at: AwareDatetime | None = None
    decided_by: str | None = None

    def factors(self, about: str | None) -> Mapping[RiskFactor, FactorAssessment]:
        """What was assessed of a person, or of the pair."""
        return self.assessed[about][2] if about in self.assessed else {}


def risk_of(case: Case) -> RiskView:
    """The risk of a referral. What was judged of people is left out where that is not shown."""
    rounds = _rounds(case)
    now = rounds[-1] if rounds else None
    before = next((each for each in reversed(rounds[:-1]) if each.assessed), None)
    whom: list[str | None] = []
    if now is not None and case.opened:
        whom = list(dict.fromkeys((*now.assessed, *(before.assessed if before else ()))))
    judged = {each: _judged(each, now, before) for each in whom}
    return RiskView(
        present=_round(case, now) if now else None,
        earlier=tuple(_round(case, each) for each in reversed(rounds[:-1])),
        about=tuple(_about(case, each, now, judged[each]) for each in whom),
        groups=tuple(_groups(judged)),
        waits=any(each.subject is SignOffSubject.RISK_ASSESSMENT for each in case.referral.sign_off_requests),
        confirmed_at=case.referral.risk.confirmed_at,
    )


def _rounds(case: Case) -> list[_Round]:
    """Each time that the referral was in risk assessment."""
    rounds: list[_Round] = []
    for recorded in case.standing():
        event = recorded.event
        if isinstance(event, StageEntered) and event.stage is Stage.RISK_ASSESSMENT:
            rounds.append(_Round(recorded.at))
        if not rounds:
            continue
        now = rounds[-1]
        match event:
            case RiskAssessed():
                factors = {each.factor: each for each in event.factors}
                now.assessed[event.about] = (recorded.at, recorded.actor, factors)
                now.verdict = now.decision = None
            case RiskVerdictGiven():
                now.verdict, now.verdict_at, now.by = event, recorded.at, recorded.actor
            case SignedOff() if event.subject is SignOffSubject.RISK_ASSESSMENT:
                now.decision, now.decided_at, now.decided_by = event, recorded.at, recorded.actor
            case _:
                pass
    return rounds


def _round(case: Case, one: _Round) -> RoundOfRisk:
    signed = one.decision is not None and one.decision.approved
    judged = one.verdict is not None and not case.withheld
    return RoundOfRisk(
        began_at=one.began,
        verdict=one.verdict.verdict if one.verdict and judged else None,
        verdict_at=one.verdict_at if one.verdict else None,
        missing=one.verdict.missing if one.verdict and judged else None,
        by=case.colleague(one.by) if one.verdict else "",
        signed_off_by=case.colleague(one.decided_by) if signed else None,
        signed_off_at=one.decided_at if signed else None,
        returned=one.decision is not None and not one.decision.approved,
    )


def _judged(about: str | None, now: _Round | None, before: _Round | None) -> dict[RiskFactor, Judged]:
    """Each factor that was assessed of a person or the pair, now or in the round before."""
    present = now.factors(about) if now else {}
    was = before.factors(about) if before else {}
    return {each: _one(present.get(each), was.get(each)) for each in {**present, **was}}


def _one(now: FactorAssessment | None, was: FactorAssessment | None) -> Judged:
    level, before = now.level if now else None, was.level if was else None
    return Judged(
        level=level,
        before=before,
        changed=now is not None and was is not None and level is not before,
        evidence=now.evidence if now else None,
        mitigation=now.mitigation if now else None,
    )


def _groups(judged: Mapping[str | None, Mapping[RiskFactor, Judged]]) -> Iterator[FactorGroup]:
    for name, factors in GROUPS.items():
        rows = tuple(
            FactorRow(name=words, judged=tuple(each.get(factor, _NOTHING) for each in judged.values()))
            for factor, words in factors.items()
            if any(factor in each for each in judged.values())
        )
        if rows:
            yield FactorGroup(name=name, rows=rows)


def _about(
    case: Case, about: str | None, now: _Round | None, judged: Mapping[RiskFactor, Judged]
) -> RiskAbout:
    at, by, _ = now.assessed.get(about, (None, None, {})) if now else (None, None, {})
    return RiskAbout(
        called=case.called(about) if about else "The two together",
        at=at,
        by=case.colleague(by) if by else "",
        unknown=sum(each.level is Level.UNKNOWN for each in judged.values()),
        changed=sum(each.changed for each in judged.values()),
    )


_NOTHING = Judged(level=None, before=None, changed=False)
