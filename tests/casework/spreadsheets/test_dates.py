"""Days and times as people write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.spreadsheets.dates import read_day, read_moment, read_time
from casework.spreadsheets.sheets import Cell

THE_THIRD_OF_SEPTEMBER: list[Cell] = [
    "2026-09-03",
    "2026/09/03",
    "3/9/2026",
    "03/09/2026",
    "03.09.2026",
    "3.9.2026",
    "3-9-2026",
    "3 / 9 / 2026",
    "3 Sep 2026",
    "3 sept 2026",
    "3-Sep-2026",
    "03 September 2026",
    "3rd September, 2026",
    "Thu 3 Sep 2026",
    "Thursday, 3 September 2026",
    " 3/9/2026 ",
    "2026-09-03 00:00:00",
    "03/09/2026 00:00",
    date(2026, 9, 3),
    datetime(2026, 9, 3),  # noqa: DTZ001 - as a spreadsheet has it
]


@pytest.mark.parametrize("written", THE_THIRD_OF_SEPTEMBER)
def test_a_day_is_read_as_it_is_written_here(written: Cell) -> None:
    assert read_day(written) == "2026-09-03"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("9/30/2026", "has the month first"),
        ("12.31.1990", "has the month first"),
        ("31/2/2026", "does not exist"),
        ("0/9/2026", "does not exist"),
        ("13/13/2026", "does not exist"),
        ("31 Jun 2026", "does not exist"),
        ("3/9/26", "two digits"),
        ("3 Sep 26", "two digits"),
        ("3/9-2026", "is not a day"),
        ("3 Sepal 2026", "is not a day"),
        ("autumn", "is not a day"),
        ("20260903", "is not a day"),
        ("2026-09-03 09:00", "is not a day"),
        ("٣/٩/٢٠٢٦", "is not a day"),
        (46268, "is not a day"),
        (True, "is not a day"),
        (time(9, 0), "is not a day"),
        (datetime(2026, 9, 3, 9, 0), "without a time"),  # noqa: DTZ001 - as a spreadsheet has it
    ],
)
def test_what_can_only_be_guessed_is_refused(written: Cell, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_day(written)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    forms = (
        f"{day:%Y-%m-%d}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d.%m.%Y}",
        f"{day.day} {day:%b} {day.year}",
        f"{day:%d %B %Y}",
        day,
    )
    assert {read_day(form) for form in forms} == {day.isoformat()}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9:00", "09:00"),
        ("09:00", "09:00"),
        ("09.00", "09:00"),
        ("9am", "09:00"),
        ("9 AM", "09:00"),
        ("9.30 p.m.", "21:30"),
        ("5:45pm", "17:45"),
        ("12am", "00:00"),
        ("12pm", "12:00"),
        ("17:30:00", "17:30"),
        ("09:00:00 AM", "09:00"),
        (time(17, 30), "17:30"),
        (timedelta(hours=9, minutes=5), "09:05"),
    ],
)
def test_a_time_is_read_as_it_is_written_here(written: Cell, meant: str) -> None:
    assert read_time(written) == meant


@pytest.mark.parametrize(
    "written",
    ["9", "25:00", "9:60", "13pm", "0am", "morning", "9:0", 9, 0.375, timedelta(days=2), date(2026, 9, 3)],
)
def test_what_is_no_time_of_day_is_refused(written: Cell) -> None:
    with pytest.raises(ValueError, match="is not a time of day; write it as 9:00"):
        read_time(written)


@pytest.mark.parametrize(
    "written",
    ["3/9/2026 9:00", "3 Sep 2026 at 9am", "2026-09-03T09:00", "3.9.2026, 09.00", datetime(2026, 9, 3, 9)],  # noqa: DTZ001
)
def test_a_day_with_a_time_is_read(written: Cell) -> None:
    assert read_moment(written) == "2026-09-03T09:00"


@pytest.mark.parametrize("written", ["3/9/2026", "9:00", 46268.375])
def test_a_day_without_a_time_is_no_moment(written: Cell) -> None:
    with pytest.raises(ValueError, match="day"):
        read_moment(written)
