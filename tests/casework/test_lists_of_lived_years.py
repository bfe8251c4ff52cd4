"""Worklists and lists find, over lived years, what the rules and the referrals' states lead to: no less and no more.

One of the years was written before the lists had columns of their own.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from casework.worklist.duties import Duties, duties_of
from casework.worklist.finding import ItemFinder
from casework.worklist.supervising import SOON
from lifecycle import evolve
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import add_span
from policies.files import load_policies
from runtime.embedded.postgres import embedded_postgres
from schemas.areas import Area
from schemas.events import ComplaintRecorded
from schemas.people import Staff
from schemas.policy import DeadlineName, Rung
from schemas.vocabulary import ComplaintAbout, Source, Stage
from simulation.year.living import Plan, live
from simulation.year.people import team_of
from stores import supervision
from stores.database import Connection, Pool, connect, connect_pool
from stores.keys.referral_keys import KeyStore, MasterKeys
from stores.logs import whole_logs
from stores.logs.whole_logs import WholeLog
from stores.migrate import FOLDER, migrate
from stores.referrals import Line, Place, list_referrals, referral_row, soonest_due
from stores.supervision import Counts, week_end
from stores.worklists import OnHand, Raised, on_hand

AREA, OTHER = Area.DURHAM, Area.CUMBRIA
END = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
LAST_WITHOUT = "0023_policies_kept.sql"


@dataclass(frozen=True)
class Lived:
    """Two lived years in a database of their own: the one was there before the worklist's columns."""

    pool: Pool
    owner: Connection
    before: list[WholeLog]
    after: list[WholeLog]

    @property
    def logs(self) -> list[WholeLog]:
        return [*self.before, *self.after]


def year(seed: int) -> list[WholeLog]:
    """A lived year, with a complaint about the first referral that is closed, which is rare."""
    policies = load_policies()
    logs = list(live(Plan(AREA, 40, seed, END, policies.of(AREA), {OTHER: policies.of(OTHER)})))
    place = next(place for place, log in enumerate(logs) if log.referral.closed and log.referral.area == AREA)
    logs[place] = complained_about(logs[place])
    return logs


def complained_about(log: WholeLog) -> WholeLog:
    last = log.events[-1]
    recorded = last.model_copy(
        update={
            "sequence": last.sequence + 1,
            "step": last.sequence + 1,
            "at": END,
            "command_id": uuid4(),
            "event": ComplaintRecorded(complaint="k1", about=ComplaintAbout.CONDUCT),
        }
    )
    return replace(log, events=[*log.events, recorded], referral=evolve(log.referral, recorded))


@pytest_asyncio.fixture(scope="module")
async def lived() -> AsyncIterator[Lived]:
    with tempfile.TemporaryDirectory() as name:
        folder, older = Path(name), Path(name) / "older"
        folder.chmod(0o711)
        older.mkdir()
        for file in FOLDER.glob("*.sql"):
            if file.name <= LAST_WITHOUT:
                shutil.copy(file, older)
        async with embedded_postgres(folder / "postgres") as server:
            await migrate(server.owner_dsn, folder=older)
            owner = await connect(server.owner_dsn)
            async with await connect_pool(server.dsn) as pool:
                keys = KeyStore(pool, MasterKeys.create(folder / "master.keys"))
                before, after = year(1), year(2)
                await whole_logs.write(owner, keys, before)
                await migrate(server.owner_dsn)
                await whole_logs.write(owner, keys, after)
                yield Lived(pool.within([AREA, OTHER]), owner, before, after)
            await owner.close()


def row_of(log: WholeLog) -> OnHand:
    referral = log.referral
    return OnHand(
        reference=referral.reference,
        area=referral.area,
        stage=referral.stage,
        caseworker=referral.caseworker,
        deadlines={each.key: each.due_at for each in log.deadlines},
        escalations=tuple(
            Raised(deadline=each.deadline, rung=each.rung, raised_at=each.raised_at)
            for each in referral.escalations
        ),
    )


def to_do(member: Staff, duties: Duties, logs: Sequence[WholeLog]) -> set[str]:
    """On which referrals the rules find something for somebody to do, each asked."""
    return {
        log.referral.reference
        for log in logs
        if log.referral.area == AREA
        if ItemFinder(member, duties, row_of(log), log.referral, END).find()
    }


async def found(pool: Pool, member: Staff, duties: Duties) -> set[str]:
    rows = await on_hand(
        pool,
        {AREA: duties.people},
        workers=duties.workers,
        rungs=duties.rungs,
        supervising=member.role in SUPERVISORS,
        now=END,
        soon=add_span(END, SOON),
    )
    return {each.reference for each in rows}


EVERYBODY = {each.id: each for each in team_of(AREA).everybody}
LEFT = f"{AREA}-cw-1"


@pytest.mark.parametrize(
    ("who", "left"),
    [*((each, None) for each in EVERYBODY), *((each, LEFT) for each in EVERYBODY if each != LEFT)],
)
async def test_all_that_the_rules_find_for_somebody_is_found(
    lived: Lived, who: str, left: str | None
) -> None:
    duties = duties_of(EVERYBODY[who], AREA, [each for name, each in EVERYBODY.items() if name != left], END)
    wanted, asked = to_do(EVERYBODY[who], duties, lived.logs), await found(lived.pool, EVERYBODY[who], duties)
    assert wanted <= asked
    # Whoever works on a referral may have nothing to do there; a supervisor's list is as the rules have it.
    if Rung.SUPERVISOR in duties.rungs:
        assert wanted == asked


async def test_what_was_there_before_the_upgrade_is_told_as_its_deadlines_have_it_and_of_the_log_rather_too_much(
    lived: Lived,
) -> None:
    rows = {row["reference"]: row for row in await lived.pool.fetch("SELECT * FROM referral")}
    assert len(rows) == len(lived.logs)
    told = {"facilitators": 0, "unchecked_draft": 0, "unanswered_complaint": 0, "review_due_at": 0}
    for log in lived.logs:
        row, derived = rows[log.referral.reference], referral_row(log.referral, log.deadlines)
        for name in ("inactive_from", "supervision_due_at", "review_due_at"):
            assert (row[name].isoformat() if row[name] else None) == derived[name]
        assert set(derived["facilitators"]) <= set(row["facilitators"])
        assert derived["unchecked_draft"] <= row["unchecked_draft"]
        assert derived["unanswered_complaint"] <= row["unanswered_complaint"]
        for name in told:
            told[name] += bool(derived[name])
    assert all(told.values()), told


def due(log: WholeLog) -> datetime | None:
    soonest = soonest_due(log.deadlines)
    return soonest.due_at if soonest else None


def past(log: WholeLog, *names: DeadlineName) -> bool:
    """Whether one of its deadlines is past: any, or one of these."""
    now = datetime.now(UTC)
    return any(each.due_at <= now for each in log.deadlines if not names or each.name in names)


def place(log: WholeLog) -> tuple[datetime, datetime, str]:
    return due(log) or datetime.max.replace(tzinfo=UTC), log.referral.received_at, log.referral.reference


LISTS: list[tuple[dict[str, Any], Callable[[WholeLog], bool]]] = [
    ({}, lambda log: True),
    ({"areas": [AREA]}, lambda log: log.referral.area == AREA),
    ({"areas": [OTHER]}, lambda log: log.referral.area == OTHER),
    ({"areas": []}, lambda log: False),
    ({"stage": Stage.PREPARATION}, lambda log: log.referral.stage is Stage.PREPARATION),
    ({"stage": Stage.CLOSED}, lambda log: log.referral.closed),
    ({"caseworker": f"{AREA}-cw-2"}, lambda log: log.referral.caseworker == f"{AREA}-cw-2"),
    ({"overdue": True}, past),
    ({"past_due": True}, lambda log: (at := due(log)) is not None and at <= datetime.now(UTC)),
    ({"inactive": True}, lambda log: past(log, DeadlineName.INACTIVITY)),
    ({"on_hold": True}, lambda log: log.referral.hold is not None),
    ({"sensitive": True}, lambda log: log.referral.sensitive),
    ({"safeguarding": True}, lambda log: log.referral.safeguarding is not None),
    ({"unallocated": True}, lambda log: log.referral.caseworker is None),
    ({"source": Source.PROBATION}, lambda log: log.referral.source is Source.PROBATION),
    ({"due_before": END}, lambda log: (due(log) or END) < END),
    (
        {"areas": [AREA], "stage": Stage.VICTIM_CONTACT, "overdue": True},
        lambda log: log.referral.area == AREA and log.referral.stage is Stage.VICTIM_CONTACT and past(log),
    ),
]


@pytest.mark.parametrize(("asked", "belongs"), LISTS, ids=[str(asked) for asked, _ in LISTS])
async def test_a_list_has_what_its_filters_say_soonest_due_first_and_goes_on_where_a_page_ended(
    lived: Lived, asked: dict[str, Any], belongs: Callable[[WholeLog], bool]
) -> None:
    open_or_asked = [log for log in lived.logs if "stage" in asked or not log.referral.closed]
    wanted = [log.referral.reference for log in sorted(filter(belongs, open_or_asked), key=place)]
    lines = await list_referrals(lived.pool, **asked, limit=1000)
    assert [each.reference for each in lines] == wanted
    paged: list[Line] = []
    while len(paged) < len(lines):
        after = Place(paged[-1].next_due_at, paged[-1].received_at, paged[-1].reference) if paged else None
        paged += await list_referrals(lived.pool, **asked, after=after, limit=7)
    assert paged == lines


async def test_a_line_says_who_was_inactive_and_who_had_no_case_supervision(lived: Lived) -> None:
    logs = {log.referral.reference: log for log in lived.logs}
    lines = await list_referrals(lived.pool, limit=1000)
    assert any(each.inactive for each in lines)
    for line in lines:
        log = logs[line.reference]
        assert line.inactive == past(log, DeadlineName.INACTIVITY)
        assert line.unsupervised == past(log, DeadlineName.SUPERVISION)


def open_in(logs: Sequence[WholeLog], *areas: Area) -> list[WholeLog]:
    return [log for log in logs if not log.referral.closed and log.referral.area in areas]


@pytest.mark.parametrize("areas", [[AREA], [OTHER], [AREA, OTHER], []], ids=str)
@pytest.mark.parametrize("rung", [None, *Rung])
async def test_escalations_are_listed_oldest_first(
    lived: Lived, areas: list[Area], rung: Rung | None
) -> None:
    wanted = sorted(
        (each.raised_at, log.referral.reference, each.deadline, each.point, each.rung)
        for log in open_in(lived.logs, *areas)
        for each in log.referral.escalations
        if rung in (None, each.rung)
    )
    found = await supervision.open_escalations(lived.pool, areas=areas, rung=rung, limit=1000)
    assert [
        (each.raised_at, each.reference, each.deadline, each.point, each.rung) for each in found
    ] == wanted
    assert await supervision.open_escalations(lived.pool, areas=areas, rung=rung, limit=1) == found[:1]
    assert rung is Rung.CASEWORKER or AREA not in areas or len(wanted) > 1


@pytest.mark.parametrize("areas", [[AREA], [AREA, OTHER], []], ids=str)
async def test_sign_offs_that_wait_are_listed_oldest_first(lived: Lived, areas: list[Area]) -> None:
    wanted = sorted(
        (each.requested_at, log.referral.reference, each.subject, due_at.get(f"sign_off/{each.about}"))
        for log in open_in(lived.logs, *areas)
        for due_at in [{each.key: each.due_at for each in log.deadlines}]
        for each in log.referral.sign_off_requests
    )
    found = await supervision.waiting_sign_offs(lived.pool, areas=areas, limit=None)
    assert [(each.requested_at, each.reference, each.subject, each.due_at) for each in found] == wanted
    assert await supervision.waiting_sign_offs(lived.pool, areas=areas, limit=1) == found[:1]
    assert bool(wanted) == bool(areas)


async def test_what_waits_is_counted_as_it_stands(lived: Lived) -> None:
    logs = open_in(lived.logs, AREA)
    found = await supervision.counts(
        lived.pool, [AREA], [(AREA, Rung.SUPERVISOR), (OTHER, Rung.CASEWORKER)], END
    )
    assert found == Counts(
        open=len(logs),
        past_due=sum((at := due(log)) is not None and at <= END for log in logs),
        on_hold=sum(log.referral.hold is not None for log in logs),
        unallocated=sum(log.referral.caseworker is None for log in logs),
        inactive=sum(
            each.name is DeadlineName.INACTIVITY and each.due_at <= END
            for log in logs
            for each in log.deadlines
        ),
        safeguarding=sum(log.referral.safeguarding is not None for log in logs),
        escalations=sum(each.rung is Rung.SUPERVISOR for log in logs for each in log.referral.escalations),
    )


async def test_a_workload_is_what_each_has(lived: Lived) -> None:
    loads = {each.staff: each for each in await supervision.workload(lived.pool, areas=[AREA], now=END)}
    logs = open_in(lived.logs, AREA)
    assert loads.keys() >= {log.referral.caseworker for log in logs}
    for caseworker, load in loads.items():
        theirs = [log for log in logs if log.referral.caseworker == caseworker]
        dates = [
            [each.due_at for each in log.deadlines if each.name not in ("inactivity", "supervision")]
            for log in theirs
        ]
        assert load.open == len(theirs)
        assert load.on_hold == sum(log.referral.hold is not None for log in theirs)
        assert load.overdue == sum(any(at <= END for at in each) for each in dates)
        assert load.due_this_week == sum(any(END < at < week_end(END) for at in each) for each in dates)
        assert load.escalations == sum(len(log.referral.escalations) for log in theirs)


async def test_what_waits_goes_where_its_referral_goes(lived: Lived) -> None:
    async def listed(connection: Connection) -> list[tuple[str, int]]:
        rows = await connection.fetch(
            "SELECT area, (SELECT count(*) FROM sign_off_request s WHERE s.reference = escalation.reference)"
            " FROM escalation WHERE reference = $1",
            reference,
        )
        return [tuple(row) for row in rows]

    change = "UPDATE referral SET {} WHERE reference = $1"
    transaction = lived.owner.transaction()
    await transaction.start()
    try:
        reference = await lived.owner.fetchval(
            "SELECT reference FROM escalation WHERE area = $1 LIMIT 1", AREA
        )
        asked = [{"subject": "closure", "requested_by": "cw-1", "requested_at": END.isoformat()}]
        await lived.owner.execute(change.format("sign_offs = $2"), reference, json.dumps(asked))
        before = await listed(lived.owner)
        assert set(before) == {(AREA, 1)}
        await lived.owner.execute(change.format("area = $2"), reference, OTHER)
        assert await listed(lived.owner) == [(OTHER, 1)] * len(before)
        await lived.owner.execute(change.format("stage = 'closed'"), reference)
        assert await listed(lived.owner) == []
        await lived.owner.execute(change.format("stage = 'preparation', sign_offs = '[]'"), reference)
        assert await listed(lived.owner) == [(OTHER, 0)] * len(before)
        await lived.owner.execute(change.format("escalations = '[]'"), reference)
        assert await listed(lived.owner) == []
    finally:
        await transaction.rollback()
