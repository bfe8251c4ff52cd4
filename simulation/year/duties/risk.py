"""The risk assessment, and that the risk stands as assessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from lifecycle.activities.state import several
from lifecycle.people.consents import both_sides
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import Command
from schemas.facts import FactorAssessment
from schemas.vocabulary import (
    ClosureReason,
    Level,
    RiskFactor,
    Stage,
    Verdict,
)
from simulation.year.courses import Course
from simulation.year.duties.table import Case, Todo, duty


@duty(Stage.RISK_ASSESSMENT)
def risk(case: Case) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    if referral.sign_off_requests:
        return
    moves, returned = case.times("stage_entered"), case.times("signed_off")
    done = {each.about for each in referral.risk.assessments}
    about: list[str | None] = [*(each.id for each in both_sides(referral)), None]
    missing = [each for each in about if each not in done]
    for each in missing:

        def assess(at: datetime, about: str | None = each) -> Command:
            return c.RecordRiskAssessment(about=about, factors=_factors(course))

        yield Todo(f"assess/{each}/{moves}", case.caseworker, 3, assess)
    if missing:
        return
    if referral.risk.verdict is None:
        yield Todo(
            f"verdict/{moves}/{returned}",
            case.caseworker,
            1.5,
            lambda at: c.RecordRiskVerdict(verdict=course.verdict),
        )
    elif referral.risk.verdict is Verdict.UNSAFE:
        yield Todo(
            f"unsafe/{returned}", case.caseworker, 2, lambda at: c.Close(reason=ClosureReason.RISK_UNSAFE)
        )


def _factors(course: Course) -> tuple[FactorAssessment, ...]:
    levels = dict.fromkeys(RiskFactor, Level.LOW)
    levels[RiskFactor.HARM_AND_IMPACT] = Level.MEDIUM
    if course.high_factor is not None or course.verdict is Verdict.UNSAFE:
        levels[course.high_factor or RiskFactor.THREATS] = Level.HIGH
    return tuple(FactorAssessment(factor=factor, level=level) for factor, level in levels.items())


def reconfirm(case: Case, activity: Activity) -> Callable[[datetime], Command]:
    """Confirms that the risk stands: that of an activity alone, where there are several."""
    which = activity.id if several(case.referral) else None
    return lambda at: c.ReconfirmRisk(activity=which)


def last_confirmed(case: Case, activity: Activity) -> str:
    """When the risk of an activity was confirmed last, for the keys of what depends on it."""
    moments = [each for each in (activity.risk_confirmed_at, case.referral.risk.confirmed_at) if each]
    return f"{max(moments):%Y%m%d%H%M}" if moments else "never"
