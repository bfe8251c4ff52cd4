"""The people of an area that no other test uses, and referrals of theirs. Everybody is invented."""

from __future__ import annotations

from datetime import UTC, datetime

from casework.session import Session, WayIn, sign_in
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.commands import Command
from schemas.people import Role, Staff
from schemas.vocabulary import RiskFactor
from tests.life import HARMED, form, until_preparation
from tests.register import enter

HERE = Area.DERBYSHIRE
PEOPLE = (
    Staff(id="dy-cw", role=Role.CASEWORKER, areas=(HERE,), name="Dana Invented", email="dy-cw@example.org"),
    Staff(id="dy-cx", role=Role.CASEWORKER, areas=(HERE,), name="Dora Invented"),
    Staff(id="dy-fa", role=Role.FACILITATOR, areas=(HERE,), name="Fern Invented", advanced_practitioner=True),
    Staff(id="dy-su", role=Role.SUPERVISOR, areas=(HERE,), name="Sami Invented"),
    Staff(id="dy-sv", role=Role.SUPERVISOR, areas=(HERE,), name="Sian Invented"),
    Staff(id="dy-au", role=Role.AUDITOR, areas=(HERE,), name="Alba Invented"),
    Staff(id="dy-co", role=Role.COMMISSIONER, areas=(HERE,), name="Cleo Invented"),
    Staff(id="dy-pa", role=Role.PARTNER, areas=(HERE,), name="Pia Invented"),
    # Last, for a new service manager makes no supervisors.
    Staff(id="dy-sm", role=Role.SERVICE_MANAGER, areas=(HERE,), name="Mina Invented"),
)
WORDS = "Canary words of nobody"


async def hire(referrals: Referrals) -> None:
    """Enter the people, as they are at first."""
    await enter(referrals.pool, referrals.keys, *PEOPLE)


async def signed_in(referrals: Referrals, who: str, **more: str) -> Session:
    """The session of somebody in the console."""
    return await sign_in(referrals, who, WayIn.CONSOLE, **more)


async def received(referrals: Referrals, **changes: object) -> str:
    """A referral that is nobody's yet."""
    opened = form(WORDS, **{"area": HERE, **changes})
    return (await referrals.open(opened, "dy-cw")).reference


async def allocated(referrals: Referrals, caseworker: str = "dy-cw", **changes: object) -> str:
    """A referral of a caseworker's."""
    reference = await received(referrals, **changes)
    await referrals.take(reference, c.RecordDuplicateCheck(), caseworker)
    await referrals.take(reference, c.Allocate(caseworker=caseworker), caseworker)
    return reference


def assessment(level: str, *factors: RiskFactor, about: str | None = HARMED) -> c.RecordRiskAssessment:
    """A risk assessment in which these factors have a level, and the others are low."""
    body = [
        {"factor": each, "level": level, "evidence": WORDS, "mitigation": f"{WORDS}, mitigated"}
        if each in factors
        else {"factor": each, "level": "low"}
        for each in RiskFactor
    ]
    return c.RecordRiskAssessment.model_validate({"about": about, "factors": body})


async def at_risk_assessment(referrals: Referrals, caseworker: str = "dy-cw", **changes: object) -> str:
    """A referral whose risk is to be assessed."""
    reference = await received(referrals, **changes)
    story = until_preparation(datetime.now(UTC).date())
    begun = next(at for at, (_, command) in enumerate(story) if isinstance(command, c.BeginRiskAssessment))
    for _, command in story[: begun + 1]:
        theirs: Command = c.Allocate(caseworker=caseworker) if isinstance(command, c.Allocate) else command
        await referrals.take(reference, theirs, caseworker)
    return reference


async def to_sign_off(referrals: Referrals, caseworker: str = "dy-cw", **changes: object) -> str:
    """A referral whose risk assessment waits for a sign-off: a factor is high."""
    reference = await at_risk_assessment(referrals, caseworker, **changes)
    await referrals.take(reference, assessment("high", RiskFactor.THREATS), caseworker)
    verdict = c.RecordRiskVerdict.model_validate({"verdict": "proceed_indirect"})
    await referrals.take(reference, verdict, caseworker)
    return reference
