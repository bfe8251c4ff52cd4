"""How pages say days and moments: by the console's own time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from console.rendering import brief_day, recent_moment, short_moment

NOW = datetime(2031, 1, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day", "moment"),
    [
        (NOW, "2 Jan", "Thu 2 Jan, 09:00"),
        (NOW - timedelta(days=7), "26 Dec 2030", "Thu 26 Dec 2030, 09:00"),
        (datetime(2030, 6, 30, 23, 30, tzinfo=UTC), "1 Jul 2030", "Mon 1 Jul 2030, 00:30"),
    ],
)
def test_a_day_of_another_year_than_the_consoles_names_its_year(at: datetime, day: str, moment: str) -> None:
    assert brief_day(at, NOW) == day
    assert short_moment(at, NOW) == moment


def test_a_day_without_a_time_is_the_day_that_it_is() -> None:
    assert brief_day(date(2031, 1, 1), NOW) == "1 Jan"


def test_what_was_today_says_so() -> None:
    assert recent_moment(NOW, NOW) == "Today 09:00"
