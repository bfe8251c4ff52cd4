"""Working time of England and Wales. Every expected instant was counted by hand on a calendar."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from govuk_bank_holidays.bank_holidays import BankHolidays  # type: ignore[import-untyped]

from lifecycle.timing.bank_holidays import bank_holidays
from lifecycle.timing.working_time import (
    add_span,
    at_day_end,
    at_day_start,
    clock_start,
    is_working_day,
    shift_working_days,
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01",  # New Year's Day
        "2026-04-03",  # Good Friday
        "2026-04-06",  # Easter Monday
        "2026-05-04",  # Early May
        "2026-05-25",  # Spring
        "2026-08-31",  # Summer
        "2026-12-25",  # Christmas Day
        "2026-12-28",  # Boxing Day, in place of the Saturday
        "2022-09-19",  # State funeral
        "2023-05-08",  # Coronation
        "2026-03-07",  # a Saturday
        "2026-03-08",  # a Sunday
    ],
)
def test_days_off(day: str) -> None:
    assert not is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day",
    [
        "2026-03-02",  # a Monday
        "2026-01-02",  # a bank holiday in Scotland only
        "2026-03-17",  # a bank holiday in Northern Ireland only
        "2026-12-24",
        "2026-12-29",
    ],
)
def test_working_days(day: str) -> None:
    assert is_working_day(date.fromisoformat(day))


# What GOV.UK publishes, as the package carries it; nothing is fetched.
PUBLISHED = BankHolidays(use_cached_holidays=True)
DIVISION = BankHolidays.ENGLAND_AND_WALES
YEARS = sorted({each["date"].year for each in PUBLISHED.get_holidays(division=DIVISION)})


def days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]


def test_gov_uk_publishes_years_enough_to_compare() -> None:
    assert {2012, 2022, 2023, 2026, 2028} <= set(YEARS)


@pytest.mark.parametrize("year", YEARS)
def test_every_day_is_what_gov_uk_says(year: int) -> None:
    differing = [
        day for day in days(year) if is_working_day(day) is not PUBLISHED.is_work_day(day, division=DIVISION)
    ]
    assert differing == []


def test_bank_holidays_of_seventy_years_are_what_the_library_says() -> None:
    for year in range(2000, 2071):
        library = holidays.country_holidays("GB", subdiv="ENG", years=year)
        # On a weekend it names the day itself besides the one in place of it.
        assert bank_holidays(year) == {day for day in library if day.weekday() < 5}, year


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_an_area_with_closures_of_its_own(year: int) -> None:
    # Some of them fall on a weekend or a bank holiday: closed twice is closed.
    closures = frozenset(date(year, month, day) for month, day in ((3, 2), (8, 14), (12, 24), (12, 25)))
    for day in days(year):
        expected = PUBLISHED.is_work_day(day, division=DIVISION) and day not in closures
        assert is_working_day(day, closures) is expected, day


@pytest.mark.parametrize(
    ("came", "starts"),
    [
        ("2026-03-02T10:30", "2026-03-02T10:30"),  # Monday morning: at once
        ("2026-03-02T13:00", "2026-03-02T13:00"),  # at the cut-off: still that day
        ("2026-03-02T13:00:01", "2026-03-03T09:00"),  # after it: the next day at nine
        ("2026-03-06T15:00", "2026-03-09T09:00"),  # Friday afternoon: Monday
        ("2026-03-07T10:00", "2026-03-09T09:00"),  # Saturday
        ("2026-03-08T23:59", "2026-03-09T09:00"),  # Sunday
        (
            "2026-12-24T14:00",
            "2026-12-29T09:00",
        ),  # past Christmas, the weekend and the day in place of Boxing Day
        (
            "2026-04-02T13:30",
            "2026-04-07T08:00",
        ),  # Maundy Thursday at 14:30 in summer: the Tuesday after Easter
        ("2026-07-01T12:00", "2026-07-01T12:00"),  # 13:00 in summer is 12:00 UTC: still that day
        ("2026-07-01T12:30", "2026-07-02T08:00"),  # 13:30 in summer: the next day
        # The last working day before Easter and before Christmas, at the cut-off and a second past it.
        ("2026-04-02T12:00", "2026-04-02T12:00"),
        ("2026-04-02T12:00:01", "2026-04-07T08:00"),
        ("2026-12-24T13:00", "2026-12-24T13:00"),
        ("2026-12-24T13:00:01", "2026-12-29T09:00"),
        ("2021-12-24T13:00:01", "2021-12-29T09:00"),  # both days of Christmas have one in their place
        # Over the weekend on which the clocks go forward and that on which they go back, nine is nine in London.
        ("2026-03-27T13:00", "2026-03-27T13:00"),
        ("2026-03-27T13:00:01", "2026-03-30T08:00"),
        ("2026-03-29T00:59", "2026-03-30T08:00"),
        ("2026-03-30T12:00", "2026-03-30T12:00"),
        ("2026-10-23T12:00", "2026-10-23T12:00"),
        ("2026-10-23T12:00:01", "2026-10-26T09:00"),
        ("2026-10-25T01:30", "2026-10-26T09:00"),
        ("2026-10-26T13:00", "2026-10-26T13:00"),
    ],
)
def test_when_a_clock_starts(came: str, starts: str) -> None:
    assert clock_start(utc(came)) == utc(starts)


@pytest.mark.parametrize(
    ("day", "count", "lands"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),  # over a weekend
        ("2026-04-02", 1, "2026-04-07"),  # over Easter
        ("2026-03-02", 20, "2026-03-30"),
        ("2026-03-09", -1, "2026-03-06"),
        ("2026-04-07", -5, "2026-03-27"),  # 2 April, 1 April, 31, 30, 27 March
        ("2026-03-07", 1, "2026-03-09"),  # from a Saturday
        ("2026-03-02", 0, "2026-03-02"),
    ],
)
def test_working_days_on_and_back(day: str, count: int, lands: str) -> None:
    assert shift_working_days(date.fromisoformat(day), count) == date.fromisoformat(lands)


@pytest.mark.parametrize(
    ("moment", "span", "lands"),
    [
        ("2026-03-02T10:00", "2wd", "2026-03-04T10:00"),
        # Clocks go forward on 29 March 2026: ten in London is ten UTC before it and nine UTC after it.
        ("2026-03-27T10:00", "1wd", "2026-03-30T09:00"),
        ("2026-03-27T10:00", "1w", "2026-04-03T09:00"),
        ("2026-01-31T10:00", "3m", "2026-04-30T09:00"),  # no 31 April
        # They go back on 25 October 2026.
        ("2026-10-23T09:00", "1wd", "2026-10-26T10:00"),
        ("2026-10-23T09:00", "6w", "2026-12-04T10:00"),
        ("2026-11-30T10:00", "3m", "2027-02-28T10:00"),
        # Seconds are elapsed time, whatever the clocks do.
        ("2026-03-29T00:30", "PT3600S", "2026-03-29T01:30"),
        ("2026-10-25T00:30", "PT3600S", "2026-10-25T01:30"),
        ("2026-03-02T10:00", "PT0S", "2026-03-02T10:00"),
    ],
)
def test_spans_keep_the_time_of_day_in_london(moment: str, span: str, lands: str) -> None:
    assert add_span(utc(moment), span) == utc(lands)


def test_a_span_is_counted_back_as_well() -> None:
    assert add_span(utc("2026-03-30T09:00"), "1wd", back=True) == utc("2026-03-27T10:00")
    assert add_span(utc("2026-04-30T09:00"), "2m", back=True) == utc("2026-02-28T10:00")


def test_what_is_no_span_is_refused() -> None:
    with pytest.raises(ValueError, match="not a span"):
        add_span(utc("2026-03-02T10:00"), "two days")


def test_a_working_day_is_from_nine_to_five_in_london() -> None:
    assert at_day_start(date(2026, 3, 2)) == utc("2026-03-02T09:00")
    assert at_day_start(date(2026, 7, 1)) == utc("2026-07-01T08:00")
    assert at_day_end(date(2026, 3, 2)) == utc("2026-03-02T17:00")
    assert at_day_end(date(2026, 7, 1)) == utc("2026-07-01T16:00")


# A service that closes between Christmas and New Year, and on the Tuesday after Easter.
CLOSURES = frozenset(date(2026, 12, day) for day in (24, 29, 30, 31)) | {date(2026, 4, 7)}


@pytest.mark.parametrize(
    ("came", "starts"),
    [
        ("2026-12-23T13:00", "2026-12-23T13:00"),  # the last day that is left before Christmas
        ("2026-12-23T13:00:01", "2027-01-04T09:00"),  # past it, New Year's Day and a weekend
        ("2026-12-24T10:00", "2027-01-04T09:00"),  # a closure counts as a day off
        ("2026-04-02T13:30", "2026-04-08T08:00"),
        ("2026-03-02T10:30", "2026-03-02T10:30"),  # no closure near
    ],
)
def test_when_a_clock_starts_where_the_service_is_closed(came: str, starts: str) -> None:
    assert clock_start(utc(came), CLOSURES) == utc(starts)


@pytest.mark.parametrize(
    ("day", "count", "lands"),
    [
        ("2026-12-22", 1, "2026-12-23"),
        ("2026-12-22", 2, "2027-01-04"),
        ("2027-01-04", -1, "2026-12-23"),
        ("2026-04-02", 1, "2026-04-08"),
        ("2026-03-02", 1, "2026-03-03"),
    ],
)
def test_closures_are_no_working_days(day: str, count: int, lands: str) -> None:
    assert shift_working_days(date.fromisoformat(day), count, CLOSURES) == date.fromisoformat(lands)


def test_one_area_s_closures_are_not_another_s() -> None:
    day = date(2026, 12, 22)
    assert shift_working_days(day, 2, CLOSURES) == date(2027, 1, 4)
    assert shift_working_days(day, 2) == date(2026, 12, 24)
    assert shift_working_days(day, 2, frozenset({date(2026, 12, 23)})) == date(2026, 12, 29)


def test_spans_of_working_days_pass_over_closures_and_others_do_not() -> None:
    moment = utc("2026-12-22T10:00")
    assert add_span(moment, "2wd", closures=CLOSURES) == utc("2027-01-04T10:00")
    assert add_span(moment, "1w", closures=CLOSURES) == utc("2026-12-29T10:00")
    assert add_span(utc("2027-01-04T10:00"), "2wd", back=True, closures=CLOSURES) == moment
