"""A caseload to look at in the browser: a small invented year of an area of its own, with every situation in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from operations.erasure import erase
from runtime.referrals import Referrals
from schemas.areas import Area
from schemas.people import Role, Staff
from schemas.referral import Referral
from schemas.vocabulary import ErasureReason, Stage
from simulation.year.living import Plan, live
from simulation.year.people import team_of
from stores.database import connect
from stores.logs import whole_logs
from tests.register import enter

AREA = Area.NORTHAMPTONSHIRE
REFERRALS = 24
_SEED = 11

CASEWORKER, FACILITATOR, SUPERVISOR, MANAGER, PARTNER, COMMISSIONER = (
    f"{AREA}-{letters}-1" for letters in ("cw", "fa", "su", "sm", "pa", "co")
)
AUDITOR = f"{AREA}-au-1"
PEOPLE: dict[Role, str] = {
    Role.CASEWORKER: CASEWORKER,
    Role.FACILITATOR: FACILITATOR,
    Role.SUPERVISOR: SUPERVISOR,
    Role.SERVICE_MANAGER: MANAGER,
    Role.PARTNER: PARTNER,
    Role.COMMISSIONER: COMMISSIONER,
    Role.AUDITOR: AUDITOR,
}
"""Who looks, by role."""

STATES: dict[str, Callable[[Referral], bool]] = {
    "received": lambda each: each.stage is Stage.RECEIVED,
    "victim contact": lambda each: each.stage is Stage.VICTIM_CONTACT,
    "risk assessment": lambda each: each.stage is Stage.RISK_ASSESSMENT,
    "offender consent": lambda each: each.stage is Stage.OFFENDER_CONSENT,
    "preparation": lambda each: each.stage is Stage.PREPARATION,
    "conference": lambda each: each.stage is Stage.CONFERENCE,
    "follow-up": lambda each: each.stage is Stage.FOLLOW_UP,
    "closed": lambda each: each.closed,
    "on hold": lambda each: each.hold is not None,
    "safeguarding": lambda each: each.safeguarding is not None,
    "sensitive": lambda each: bool(each.sensitive_categories) and not each.closed,
    "waiting for a sign-off": lambda each: bool(each.sign_off_requests),
    "escalated": lambda each: bool(each.escalations),
}
"""What a referral may be in that changes its pages."""


@dataclass(frozen=True)
class Caseload:
    """What was written.

    Attributes:
        states: a referral in each of the states, and one that was erased.
        to_be_reached: one of the caseworker's own, in which a contact is to be recorded.
    """

    states: dict[str, str]
    to_be_reached: str


_written: dict[str, Caseload] = {}


async def write_caseload(referrals: Referrals, owner_url: str) -> Caseload:
    """Enter the team of the area and write its year, once for all tests of a process."""
    if owner_url not in _written:
        _written[owner_url] = await _write(referrals, owner_url)
    return _written[owner_url]


async def _write(referrals: Referrals, owner_url: str) -> Caseload:
    await enter(referrals.pool, referrals.keys, *_team())
    plan = Plan(AREA, REFERRALS, _SEED, datetime.now(UTC), referrals.policies.of(AREA))
    logs = list(live(plan))
    owner = await connect(owner_url)
    await whole_logs.write(owner, referrals.keys, logs)
    await owner.close()
    found = [log.referral for log in logs]
    states = {name: next(each.reference for each in found if there(each)) for name, there in STATES.items()}
    gone = next(each.reference for each in found if each.closed and each.reference not in states.values())
    await erase(referrals, gone, ErasureReason.REQUEST, SUPERVISOR)
    return Caseload(
        states | {"erased": gone},
        next(each.reference for each in found if _to_be_reached(each)),
    )


def _to_be_reached(each: Referral) -> bool:
    stands_still = each.closed or each.hold or each.safeguarding
    return each.caseworker == CASEWORKER and each.stage is not Stage.RECEIVED and not stands_still


def _team() -> list[Staff]:
    everybody = [each.model_copy(update={"email": None}) for each in team_of(AREA).everybody]
    everybody.append(Staff(id=AUDITOR, role=Role.AUDITOR, areas=(AREA,), name="Ada Invented"))
    # The manager last: nobody makes supervisors on their first day as one.
    return sorted(everybody, key=lambda each: each.role is Role.SERVICE_MANAGER)
