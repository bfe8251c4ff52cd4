"""The old trick: one command makes a supervisor, who signs off, and a second takes the trace away."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from lifecycle import Refused
from runtime.referrals import Referrals
from schemas import commands as c
from schemas.areas import Area
from schemas.people import Actor, Role, Staff
from schemas.steps import Request
from stores.logs import event_log
from tests.end_to_end.conftest import Rj
from tests.life import form, until_preparation
from tests.register import enter

AREA = Area.CHESHIRE


async def waits_for_a_sign_off(referrals: Referrals) -> str:
    """A sensitive case that nb-sm, the service manager, has assessed themself."""
    for member in (
        Staff(id="nb-sm", role=Role.SERVICE_MANAGER, areas=(AREA,)),
        Staff(id="nb-cw", role=Role.CASEWORKER, areas=(AREA,)),
    ):
        await enter(referrals.pool, referrals.keys, member)
    opened = form(area=AREA, sensitive_categories=["hate_crime"])
    reference = (await referrals.open(opened, "nb-cw")).reference
    for _, command in until_preparation(datetime.now(UTC).date()):
        step = c.Allocate(caseworker="nb-cw") if isinstance(command, c.Allocate) else command
        by = "nb-sm" if isinstance(command, c.RecordRiskAssessment | c.RecordRiskVerdict) else "nb-cw"
        await referrals.take(reference, step, by)
        if isinstance(command, c.RecordRiskVerdict):
            break
    return reference


async def test_who_makes_a_supervisor_to_sign_off_their_own_work_fails_and_leaves_a_trace(
    rj: Rj, referrals: Referrals, owner_url: str
) -> None:
    reference = await waits_for_a_sign_off(referrals)
    # As one who has been a service manager for long.
    owner = await asyncpg.connect(owner_url)
    await owner.execute("UPDATE staff SET role_since = now() - interval '9 days' WHERE id = 'nb-sm'")
    await owner.close()
    made = ("staff", "add", "nb-su", "--area", AREA, "--as", "nb-sm", "--role")
    assert (await rj(*made, "supervisor")).code == 0
    asked = ("do", reference, "sign_off", "--set", "subject=risk_assessment", "--set", "approved=true")
    said = await rj(*asked, "--as", "nb-su")
    assert (said.code, said.out) == (3, "")
    assert "less than a day ago" in said.one_sentence()
    # Who leaves the register's word out of their claim is looked up where the step is recorded.
    claim = Actor(id="nb-su", role=Role.SUPERVISOR, area=AREA)
    approve = c.DecideSignOff.model_validate({"subject": "risk_assessment", "approved": True})
    with pytest.raises(Refused) as refused:
        await referrals.send(reference, Request(command_id=uuid4(), actor=claim, command=approve))
    assert refused.value.code == "staff_made_by_author"
    assert "No sign-off waits" in (await rj("signoffs", "--as", "nb-su")).out
    assert "sign_off" not in (await rj("permitted", reference, "--as", "nb-su")).out
    assert (await rj(*made, "caseworker", "--inactive")).code == 0
    log = (await rj("staff", "log", "--of", "nb-su", "--as", "nb-sm")).out.splitlines()
    assert [line.split("  ")[-1] for line in log] == [
        "nb-sm: nb-su entered: supervisor in cheshire",
        "nb-sm: nb-su changed: supervisor, now caseworker; inactive",
    ]
    history = await event_log.read(referrals.pool, reference)
    assert "signed_off" not in {each.event.kind for each in history}
