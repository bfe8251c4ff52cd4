"""A moment that somebody writes: by the clock in London unless its offset says otherwise, and never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas import commands as c
from schemas.base import Moment
from schemas.events import EVENT

MOMENT = TypeAdapter[datetime](Moment)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-12-04T14:00", datetime(2026, 12, 4, 14, tzinfo=UTC)),
        ("2026-07-04T14:00", datetime(2026, 7, 4, 13, tzinfo=UTC)),
        ("2026-07-04 14:00:30", datetime(2026, 7, 4, 13, 0, 30, tzinfo=UTC)),
        ("2026-10-25T00:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25T02:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
        ("2026-03-29T00:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T02:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ],
)
def test_without_an_offset_the_clock_is_londons(written: str, utc: datetime) -> None:
    found = MOMENT.validate_python(written)
    assert found == utc
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-07-04T14:00Z", datetime(2026, 7, 4, 14, tzinfo=UTC)),
        ("2026-07-04T14:00+02:00", datetime(2026, 7, 4, 12, tzinfo=UTC)),
        ("2026-10-25T01:30+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T01:30+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_an_offset_is_kept_to(written: str | datetime, utc: datetime) -> None:
    moment = MOMENT.validate_python(written)
    assert (moment, moment.tzinfo) == (utc, UTC)


TWICE = "that time occurs twice, as the clocks go back: add +01:00 for the first, +00:00 for the second"
LEFT_OUT = "that time does not exist, as the clocks go forward: write another, or add the offset +00:00"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("2026-10-25T01:00", TWICE),
        ("2026-10-25T01:59", TWICE),
        ("2026-03-29T01:00", LEFT_OUT),
        ("2026-03-29T01:59", LEFT_OUT),
        ("2026-12-04", "write the day with the time, such as 2026-11-26T14:00"),
        ("now", "write the day with the time, such as 2026-11-26T14:00"),
        (1796392800, "write the day with the time, such as 2026-11-26T14:00"),
        ("9999-12-31T23:59", "the year must lie between 1900 and 2199"),
        # What a program says without an offset may be of any clock.
        (datetime(2026, 12, 4, 14), "needs an offset from UTC"),  # noqa: DTZ001
        (date(2026, 12, 4), "needs an offset from UTC"),
    ],
)
def test_what_may_mean_something_else_is_refused_in_words(written: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MOMENT.validate_python(written)
    assert caught.value.errors()[0]["msg"] == f"Value error, {sentence}"


def test_what_is_stored_says_its_offset_and_reads_as_the_same_instant() -> None:
    booked = c.parse_command(
        "book_activity", {"starts_at": "2026-07-04T14:00", "attending": ["h1", "r1"]}
    ).model_dump(mode="json")
    assert booked["starts_at"] == "2026-07-04T13:00:00Z"
    event = EVENT.validate_python(booked | {"kind": "activity_booked", "method": "face_to_face"})
    assert event.model_dump()["starts_at"] == datetime(2026, 7, 4, 13, tzinfo=UTC)
