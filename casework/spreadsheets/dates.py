"""Days and times as people in England and Wales write them: the day first."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from casework.spreadsheets.sheets import Cell

_DAYS = "write it as 3/9/2026 (day first), 3 Sep 2026 or 2026-09-03"
_TIMES = "write it as 9:00, 9.30 or 9am"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MIDNIGHT = re.compile(r"[T ]+0?0:00(:00(\.0+)?)?(Z|\+00:00)?$", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{2}|\d{4})", re.ASCII)
_IN_WORDS = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(\d{1,2})(?:st|nd|rd|th)?[-\s.]*([a-z]{3,9})\.?,?[-\s]*(\d{2}|\d{4})",
    re.ASCII | re.IGNORECASE,
)
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2}))?\s*([ap]\.?m\.?)?", re.ASCII | re.IGNORECASE)
_DAY_AND_TIME = re.compile(
    r"(?P<day>.*\d)(?:\s*,\s*|\s+at\s+|\s+|T)(?P<time>\d{1,2}[:.\s]*\d{0,2}.*)", re.ASCII
)


def read_day(cell: Cell) -> str:
    """The day in a cell, as year-month-day.

    Raises:
        ValueError: it holds none that can only be meant so; its message says what is accepted.
    """
    match cell:
        case datetime():
            if cell.time() != time():
                raise ValueError("must be a day without a time")
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case str():
            return _day_in(_MIDNIGHT.sub("", cell.strip())).isoformat()
        case _:
            raise ValueError(f"is not a day; {_DAYS}")


def read_time(cell: Cell) -> str:
    """The time of day in a cell, as hours and minutes of 24 hours, such as 09:00.

    Raises:
        ValueError: it holds none; its message says what is accepted.
    """
    match cell:
        case datetime():
            pass
        case time():
            return f"{cell:%H:%M}"
        case timedelta() if timedelta() <= cell < timedelta(days=1):
            return f"{cell.seconds // 3600:02}:{cell.seconds // 60 % 60:02}"
        case str():
            return _time_in(cell.strip())
    raise ValueError(f"is not a time of day; {_TIMES}")


def read_moment(cell: Cell) -> str:
    """The day and time in a cell, as the clock in London shows it, such as 2026-09-03T09:00.

    Raises:
        ValueError: it does not hold both; its message says what is accepted.
    """
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="minutes")
    found = _DAY_AND_TIME.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None:
        raise ValueError("must be a day with a time, such as 3/9/2026 9:00")
    return f"{read_day(found['day'])}T{read_time(found['time'])}"


def _day_in(text: str) -> date:
    if found := _YEAR_FIRST.fullmatch(text):
        return _existing(int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = int(found[1]), int(found[3]), _year(found[4])
        if month > len(_MONTHS) >= day and day:
            raise ValueError(f"has the month first; {_DAYS}")
        return _existing(year, month, day)
    if found := _IN_WORDS.fullmatch(text):
        return _existing(_year(found[3]), _month(found[2]), int(found[1]))
    raise ValueError(f"is not a day; {_DAYS}")


def _year(text: str) -> int:
    if len(text) != len("2026"):
        # 45 could be 1945 or 2045.
        raise ValueError("has a year of two digits; write the year with four, such as 3/9/2026")
    return int(text)


def _month(word: str) -> int:
    lower = word.lower()
    for at, (short, full) in enumerate(zip(_MONTHS, _FULL_MONTHS, strict=True), 1):
        if lower.startswith(short) and (full.startswith(lower) or lower == "sept"):
            return at
    raise ValueError(f"is not a day; {_DAYS}")


def _existing(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("is a day that does not exist") from None


def _time_in(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None or (found[2] is None and found[4] is None):
        raise ValueError(f"is not a time of day; {_TIMES}")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[4] or "")[:1].lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"is not a time of day; {_TIMES}")
        hour = hour % 12 + 12 * (half == "p")
    try:
        return f"{time(hour, minute, int(found[3] or 0)):%H:%M}"
    except ValueError:
        raise ValueError(f"is not a time of day; {_TIMES}") from None
