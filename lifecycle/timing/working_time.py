"""Working time of England and Wales, in the time of Europe/London."""

import calendar
import functools
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from lifecycle.timing.bank_holidays import bank_holidays
from schemas.areas import LONDON

DAY_STARTS = time(9)
DAY_ENDS = time(17)
# What arrives after this counts as arriving on the next working day. Borrowed from HMPPS CAS1.
CUT_OFF = time(13)

Closures: TypeAlias = frozenset[date]
"""Days on which a service is closed besides weekends and bank holidays."""

_NONE: Closures = frozenset()

_SPAN = re.compile(r"(\d+)(wd|w|m)|PT(\d+)S")


def is_working_day(day: date, closures: Closures = _NONE) -> bool:
    """Whether it is neither a weekend, nor a bank holiday in England and Wales, nor a day of the closures.

    Bank holidays are as they have been since 2000.
    """
    return day.weekday() < 5 and day not in bank_holidays(day.year) and day not in closures


@functools.lru_cache(maxsize=10_000)
def shift_working_days(day: date, count: int, closures: Closures = _NONE) -> date:
    """The working day that many working days after (or, for a negative count, before) a day."""
    step = timedelta(days=1 if count >= 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_working_day(day, closures):
            day += step
    return day


def working_days_between(start: date, end: date, closures: Closures = _NONE) -> int:
    """How many working days come after one day until another, that one included; negative where it lies before.

    From a Friday to the Monday after it is one; a day to itself is none.
    """
    if end < start:
        return -working_days_between(end, start, closures)
    days = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
    return sum(is_working_day(day, closures) for day in days)


def clock_start(moment: datetime, closures: Closures = _NONE) -> datetime:
    """When the clock starts for something that arrived at that moment: at once, or at 09:00 on the next working day.

    Returns:
        An instant in UTC.
    """
    local = moment.astimezone(LONDON)
    if is_working_day(local.date(), closures) and local.time() <= CUT_OFF:
        return moment.astimezone(UTC)
    return at_day_start(shift_working_days(local.date(), 1, closures))


def at_day_start(day: date) -> datetime:
    """09:00 London time on that day, in UTC."""
    return datetime.combine(day, DAY_STARTS, LONDON).astimezone(UTC)


def at_day_end(day: date) -> datetime:
    """17:00 London time on that day, in UTC."""
    return datetime.combine(day, DAY_ENDS, LONDON).astimezone(UTC)


def add_span(moment: datetime, span: str, *, back: bool = False, closures: Closures = _NONE) -> datetime:
    """The instant a span after (or before) a moment, in UTC.

    Working days, weeks and months keep the London time of day; seconds are elapsed time.

    Args:
        moment: aware.
        span: as :data:`schemas.policy.Span` accepts it.
        back: count backwards.
        closures: days on which the service is closed besides weekends and bank holidays.
    """
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"{span!r} is not a span of time")
    count, unit, seconds = found.groups()
    sign = -1 if back else 1
    if seconds is not None:
        return moment.astimezone(UTC) + sign * timedelta(seconds=int(seconds))
    local = moment.astimezone(LONDON)
    amount = sign * int(count)
    match unit:
        case "wd":
            day = shift_working_days(local.date(), amount, closures)
        case "w":
            day = local.date() + timedelta(weeks=amount)
        case _:
            day = shift_months(local.date(), amount)
    return datetime.combine(day, local.time(), LONDON).astimezone(UTC)


def shift_months(day: date, count: int) -> date:
    """The same day of the month that many months later (or earlier), or the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
