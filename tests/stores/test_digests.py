"""What the summaries of working mornings are made of, as PostgreSQL has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest_asyncio

from schemas.areas import Area
from schemas.notices import About, Category, Outcome, Party
from schemas.people import Role
from schemas.policy import DeadlineName, Rung
from schemas.referral import Escalation, SignOffRequest, Task
from schemas.vocabulary import SignOffSubject
from stores import digests, notices
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from stores.referrals import areas_and_stages
from stores.register import set_messages
from stores.tasks import open_tasks
from tests.caseload import HERE, Caseload, a_caseload

NOW = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest_asyncio.fixture
async def caseload(owner_url: str, pool: Pool, keys: KeyStore) -> AsyncIterator[Caseload]:
    async with a_caseload(owner_url, pool, keys) as made:
        yield made


async def test_the_readers_are_staff_with_an_address_who_want_it_and_are_there(
    caseload: Caseload, keys: KeyStore
) -> None:
    away = NOW + timedelta(days=3)
    for role in Role:
        if role is not Role.SYSTEM:
            await caseload.member(f"dg-{role.replace('_', '-')}", role)
    await caseload.member("dg-left", active=False)
    await caseload.member("dg-no-address", email=None)
    await caseload.member("dg-away", absent_until=away, stand_in="dg-caseworker")
    no_wish = await caseload.member("dg-no-wish")
    await set_messages(caseload.pool, keys, no_wish.model_copy(update={"digest": False}))
    found = [each.id for each in await digests.readers(caseload.pool, NOW)]
    assert found == ["dg-caseworker", "dg-facilitator", "dg-service-manager", "dg-supervisor"]
    assert "dg-away" in [each.id for each in await digests.readers(caseload.pool, away)]


async def test_a_summary_is_sent_once_a_day(caseload: Caseload) -> None:
    await caseload.member("dg-1")
    pool, day = caseload.pool, date(2026, 12, 1)
    assert not await digests.sent(pool, "dg-1", day)
    for _ in range(2):
        await digests.begin(pool, "dg-1", day)
        assert not await digests.sent(pool, "dg-1", day)
    await digests.mark_sent(pool, "dg-1", day, NOW)
    await digests.begin(pool, "dg-1", day)
    assert await digests.sent(pool, "dg-1", day)
    assert not await digests.sent(pool, "dg-1", date(2026, 12, 2))


async def test_deadlines_are_those_of_the_workers_without_inactivity(caseload: Caseload) -> None:
    mine = await caseload.referral("dg-1", {"first_contact": NOW, "inactivity": NOW, "check_in": LATER})
    led = await caseload.referral("dg-2", {"thinking_time/h1": NOW}, facilitator="dg-1")
    await caseload.referral("dg-2", {"first_contact": NOW})
    await caseload.referral(None, {"allocation": NOW})
    found = await digests.due(caseload.pool, HERE, LATER, workers=["dg-1"])
    assert {(each.reference, each.key) for each in found} == {
        (mine, "first_contact"),
        (led, "thinking_time/h1"),
    }
    assert {each.due_at for each in found} == {NOW}


async def test_deadlines_of_a_name_are_those_of_every_referral(caseload: Caseload) -> None:
    owned = await caseload.referral("dg-1", {"inactivity": NOW, "first_contact": NOW})
    unowned = await caseload.referral(None, {"allocation": NOW, "inactivity": NOW})
    left = await caseload.referral("dg-left", {"allocation": NOW})
    found = await digests.due(
        caseload.pool,
        HERE,
        LATER,
        workers=[],
        names=[DeadlineName.INACTIVITY],
        unowned_names=[DeadlineName.ALLOCATION, DeadlineName.FIRST_CONTACT],
        team=["dg-1"],
    )
    assert {(each.reference, each.key) for each in found} == {
        (owned, "inactivity"),
        (unowned, "inactivity"),
        (unowned, "allocation"),
        (left, "allocation"),
    }


def _raised(deadline: str, rung: Rung, point: str = "escalate-1") -> Escalation:
    return Escalation(deadline=deadline, point=point, at=NOW, rung=rung, raised_at=NOW)


async def test_an_escalation_is_on_its_rung_once_and_rests_with_its_clock(caseload: Caseload) -> None:
    twice = [_raised("first_contact", Rung.SUPERVISOR), _raised("first_contact", Rung.SUPERVISOR, "due")]
    climbed = await caseload.referral("dg-1", {"first_contact": NOW}, escalations=twice)
    own = await caseload.referral(
        "dg-1", {"check_in": LATER}, escalations=[_raised("check_in", Rung.CASEWORKER)]
    )
    await caseload.referral(
        "dg-1", {"survey": NOW}, escalations=[_raised("survey", Rung.SERVICE_MANAGER, "escalate-2")]
    )
    # On hold: its clock stands still, so that the deadline is not open.
    await caseload.referral("dg-1", {}, escalations=[_raised("first_contact", Rung.SUPERVISOR)])
    found = await digests.escalated(caseload.pool, HERE, [Rung.SUPERVISOR], [])
    assert [tuple(each) for each in found] == [(climbed, "victim_contact", "first_contact", NOW)]
    found = await digests.escalated(caseload.pool, HERE, [], ["dg-1"])
    assert [(each.reference, each.key) for each in found] == [(own, "check_in")]


async def test_sign_offs_say_where_what_and_since_when(caseload: Caseload) -> None:
    asked = SignOffRequest(subject=SignOffSubject.READINESS, requested_by="dg-1", requested_at=NOW)
    reference = await caseload.referral("dg-1", sign_offs=[asked])
    found = await digests.sign_offs(caseload.pool, HERE)
    assert [tuple(each) for each in found] == [(reference, "victim_contact", "readiness", NOW)]


async def test_the_count_of_what_is_unread_ends_with_reading_and_a_task_does_not(caseload: Caseload) -> None:
    task = Task(id="8-1", template="appointment", to="h1", why=Outcome.NO_SAFE_CHANNEL, since=NOW)
    reference, pool = await caseload.referral("dg-1", tasks=[task]), caseload.pool
    about = About(participant="h1", wanted="appointment", why="no_safe_channel")
    await caseload.letter(reference, "dg-1", "task", Category.TASK, about, at=NOW)
    await caseload.letter(reference, "dg-1", "allocated", Category.NEWS)
    await caseload.letter(reference, "h1", "appointment", Category.NEWS, party=Party.PARTICIPANT)
    assert await digests.unread(pool, "dg-1") == 2
    assert await digests.unread(pool, "h1") == 0
    told = await notices.inbox(pool, "dg-1")
    await notices.mark_read(pool, "dg-1", [(each.reference, each.notice.id) for each in told], NOW)
    assert await digests.unread(pool, "dg-1") == 0
    [found] = await open_tasks(pool, areas=[HERE], caseworkers=["dg-1"])
    assert (found.reference, found.id, found.to, found.template, found.since) == (
        reference,
        "8-1",
        "h1",
        "appointment",
        NOW,
    )


async def test_tasks_are_those_of_the_workers_and_of_what_nobody_of_the_team_owns(caseload: Caseload) -> None:
    task = Task(id="8-1", template="appointment", to="h1", why=Outcome.REFUSED, since=NOW)
    pool = caseload.pool
    mine = await caseload.referral("dg-1", tasks=[task])
    other = await caseload.referral("dg-2", tasks=[task.model_copy(update={"since": LATER})])
    nobodys = await caseload.referral(None, tasks=[task])
    elsewhere = await caseload.referral("dg-1", tasks=[task], area=Area.KENT)

    async def told(**filters: Any) -> set[str]:
        return {each.reference for each in await open_tasks(pool, **filters)}

    assert await told(areas=[HERE], caseworkers=["dg-1"]) == {mine}
    assert await told(areas=[HERE], caseworkers=["dg-1"], unowned_by=["dg-1", "dg-2"]) == {mine, nobodys}
    assert await told(areas=[HERE], caseworkers=[], unowned_by=["dg-1"]) == {other, nobodys}
    assert await told(caseworkers=["dg-1"]) == {mine, elsewhere}
    assert [each.reference for each in await open_tasks(pool, areas=[HERE])][-1] == other
    assert len(await open_tasks(pool, areas=[HERE], limit=1)) == 1


async def test_where_referrals_are(caseload: Caseload) -> None:
    reference = await caseload.referral("dg-1")
    assert await areas_and_stages(caseload.pool, [reference, "RJ-0000-0000"]) == {
        reference: (HERE, "victim_contact")
    }
