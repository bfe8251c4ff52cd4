"""The risk of a referral: by person and factor, beside the round before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import AwareDatetime, Field

from casework.referral.page.case import Case
from schemas.base import Model
from schemas.events import RiskAssessed, RiskVerdictGiven, SignedOff, StageEntered
from schemas.facts import FactorAssessment
from schemas.vocabulary import Level, RiskFactor, SignOffSubject, Stage, Verdict


class FactorLine(Model):
    """A risk factor of a person, or of the pair.

    Attributes:
        level: now; None: it was not assessed in this round.
        before: in the round before; None: it was not assessed then.
        changed: whether it is another than before.
    """

    factor: RiskFactor
    level: Level | None
    before: Level | None
    changed: bool
    evidence: str | None = Field(default=None, repr=False)
    mitigation: str | None = Field(default=None, repr=False)


class RiskAbout(Model):
    """The risk of a person, or of the pair.

    Attributes:
        about: the person's id; None: the pair.
        called: as they are called; the pair.
        by: who assessed it last, by name.
        factors: every one that was assessed now or before.
        unknown: how many are not known.
        changed: how many are other than before.
    """

    about: str | None
    called: str = Field(repr=False)
    at: AwareDatetime | None
    by: str
    factors: tuple[FactorLine, ...]
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
        about: by person, and for the pair.
        waits: whether it waits for a sign-off.
        confirmed_at: when it was confirmed last that the risk stands.
    """

    present: RoundOfRisk | None
    earlier: tuple[RoundOfRisk, ...]
    about: tuple[RiskAbout, ...]
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


def risk_of(case: Case) -> RiskView:
    """The risk of a referral. What was judged of people is left out where that is not shown."""
    rounds = _rounds(case)
    now = rounds[-1] if rounds else None
    before = next((each for each in reversed(rounds[:-1]) if each.assessed), None)
    about = []
    if now is not None and case.opened:
        whom = dict.fromkeys((*now.assessed, *(before.assessed if before else ())))
        about = [_about(case, each, now, before) for each in whom]
    return RiskView(
        present=_round(case, now) if now else None,
        earlier=tuple(_round(case, each) for each in reversed(rounds[:-1])),
        about=tuple(about),
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


def _about(case: Case, about: str | None, now: _Round, before: _Round | None) -> RiskAbout:
    at, by, present = now.assessed.get(about, (None, None, {}))
    was = before.assessed.get(about, (None, None, {}))[2] if before else {}
    lines = tuple(
        _line(each, present.get(each), was.get(each)) for each in RiskFactor if each in present or each in was
    )
    return RiskAbout(
        about=about,
        called=case.called(about) if about else "The two together",
        at=at,
        by=case.colleague(by) if by else "",
        factors=lines,
        unknown=sum(each.level is Level.UNKNOWN for each in lines),
        changed=sum(each.changed for each in lines),
    )


def _line(factor: RiskFactor, now: FactorAssessment | None, was: FactorAssessment | None) -> FactorLine:
    level, before = now.level if now else None, was.level if was else None
    return FactorLine(
        factor=factor,
        level=level,
        before=before,
        changed=now is not None and was is not None and level is not before,
        evidence=now.evidence if now else None,
        mitigation=now.mitigation if now else None,
    )
