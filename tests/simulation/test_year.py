"""An invented year: lived by the real rules, the same for the same seed, and with something in every list."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from lifecycle import deadlines, fold, next_point
from lifecycle.coarse_facts import facts_of
from lifecycle.timing.working_time import is_working_day
from policies.files import load_policies
from schemas.areas import LONDON, Area
from schemas.events import DeadlineReached, NoticeSettled, ReferralReceived
from schemas.people import Role
from simulation.year.calendars import Calendar, arrivals
from simulation.year.living import Plan, live
from simulation.year.people import team_of
from simulation.year.situations import SITUATIONS
from stores.logs.whole_logs import WholeLog

AREA = Area.DURHAM
OTHER = Area.CUMBRIA
END = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)


def plan(referrals: int = 60, seed: int = 1, end: datetime = END) -> Plan:
    policies = load_policies()
    return Plan(AREA, referrals, seed, end, policies.of(AREA), {OTHER: policies.of(OTHER)})


@pytest.fixture(scope="module")
def year() -> list[WholeLog]:
    return list(live(plan()))


def test_the_same_seed_gives_the_same_year_to_the_byte(year: list[WholeLog]) -> None:
    again = list(live(plan()))
    assert again == year
    assert [[each.model_dump_json() for each in log.events] for log in again] == [
        [each.model_dump_json() for each in log.events] for log in year
    ]


def test_another_seed_gives_another_year(year: list[WholeLog]) -> None:
    other = {log.referral.reference for log in live(plan(20, seed=2))}
    assert not other & {log.referral.reference for log in year}


def test_a_log_folds_to_what_is_stored_beside_it(year: list[WholeLog]) -> None:
    for log in year:
        referral = fold(log.events)
        assert (referral, deadlines(referral)) == (log.referral, tuple(log.deadlines))
        assert sorted(facts_of(log.events), key=repr) == sorted(log.facts, key=repr)


def test_every_point_of_a_deadline_was_reached_when_its_time_came_and_none_is_left(
    year: list[WholeLog],
) -> None:
    for log in year:
        for recorded in log.events:
            if isinstance(recorded.event, DeadlineReached):
                assert recorded.event.at <= recorded.at
                assert recorded.role is Role.SYSTEM
        point = next_point(log.deadlines, log.referral)
        assert point is None or point[0] > END


def test_events_are_in_order_and_none_is_after_the_end(year: list[WholeLog]) -> None:
    for log in year:
        assert [each.sequence for each in log.events] == list(range(1, len(log.events) + 1))
        assert all(before.at <= after.at for before, after in pairwise(log.events))
        assert log.events[-1].at <= END


def test_every_message_that_leaves_the_house_has_come_to_its_end_or_waits_for_something(
    year: list[WholeLog],
) -> None:
    for log in year:
        settled = {each.event.notice for each in log.events if isinstance(each.event, NoticeSettled)}
        assert settled == {each.notice.id for each in log.notices if each.outcome is not None}
        assert all(each.notice.outward for each in log.notices if each.outcome is not None)
        if log.referral.closed:
            assert not any(each.notice.outward and each.outcome is None for each in log.notices)


@pytest.mark.parametrize(
    "end", [END, datetime(2026, 12, 26, 3, tzinfo=UTC), datetime(2027, 8, 29, 23, tzinfo=UTC)]
)
def test_every_situation_is_met_whenever_the_year_ends(end: datetime) -> None:
    logs = list(live(plan(30, end=end)))
    assert {
        name for name, each in SITUATIONS.items() if not any(each.there(log, end) for log in logs)
    } == set()


def test_everybody_is_invented_and_nobody_can_be_called(year: list[WholeLog]) -> None:
    assert all((each.name or "").endswith(" Invented") for each in team_of(AREA).everybody)
    for log in year:
        received = log.events[0].event
        assert isinstance(received, ReferralReceived)
        for person in (each.person for each in received.participants):
            assert (person.name or "").endswith(" Invented")
            assert re.fullmatch(r"\+447700900\d{3}", person.phone or "")
            assert person.email is None or person.email.endswith("@example.org")


def test_a_worker_works_in_working_hours_and_not_on_leave() -> None:
    calendar = Calendar("somebody", END)

    chance = random.Random(1)
    days = [END - timedelta(days=number) for number in range(365)]
    off = [day.date() for day in days if is_working_day(day.date()) and not calendar.works_on(day.date())]
    assert len(off) >= 20
    for day in days:
        at = calendar.moment(day, chance).astimezone(LONDON)
        assert calendar.works_on(at.date())
        assert 9 <= at.hour < 17


def test_more_arrive_on_working_days_than_on_days_off() -> None:

    moments = arrivals(random.Random(1), 2000, END)
    assert moments == sorted(moments)
    assert END - timedelta(days=366) < moments[0] <= moments[-1] <= END
    working = sum(is_working_day(each.astimezone(LONDON).date()) for each in moments)
    assert 0.9 < working / 2000 < 0.98
