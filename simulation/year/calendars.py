"""When referrals arrive in an invented year, and when its workers are at work."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from lifecycle.timing.working_time import is_working_day
from schemas.areas import LONDON
from simulation.year.chances import ARRIVALS_BY_MONTH, ARRIVALS_BY_WEEKDAY

LENGTH = timedelta(days=365)

# Days of leave in a year, in blocks of so many days from a Monday on.
_LEAVE = (14, 7, 7, 5)
_DAY = 8 * 60


def arrivals(chance: random.Random, count: int, end: datetime) -> list[datetime]:
    """When so many referrals arrive in the year that ends at a moment, in order, in UTC.

    Args:
        end: aware; none arrives later.
    """
    first = (end - LENGTH).astimezone(LONDON).date()
    days = [first + timedelta(days=number) for number in range(1, LENGTH.days + 1)]
    chosen = chance.choices(days, [_busy(day) for day in days], k=count)
    # Most arrive in the hours of an office.
    moments = [_at(day, int(chance.triangular(8 * 60, 19 * 60, 11 * 60)), chance) for day in chosen]
    return sorted(moment if moment <= end else end - timedelta(minutes=1) for moment in moments)


def _busy(day: date) -> float:
    weekday = day.weekday() if day.weekday() > 4 or is_working_day(day) else 6
    return ARRIVALS_BY_WEEKDAY[weekday] * ARRIVALS_BY_MONTH[day.month - 1]


def _at(day: date, minute: int, chance: random.Random) -> datetime:
    wall = datetime.combine(day, time(minute // 60, minute % 60), LONDON)
    return wall.astimezone(UTC) + timedelta(microseconds=chance.randrange(60_000_000))


class Calendar:
    """The days on which one worker is there: working days of England and Wales, without their leave.

    Args:
        key: makes this worker's leave, the same whenever it is asked.
        end: of the year, aware.
    """

    def __init__(self, key: str, end: datetime) -> None:
        self._key = key
        self._end = end.astimezone(LONDON).date()

    @cached_property
    def _away(self) -> frozenset[date]:
        chance = random.Random(f"{self._key}/leave")  # noqa: S311 - a synthesis that can be repeated, not a secret
        away = set[date]()
        for length in _LEAVE:
            starts = self._end - timedelta(days=chance.randrange(LENGTH.days))
            monday = starts - timedelta(days=starts.weekday())
            away |= {monday + timedelta(days=number) for number in range(length)}
        if chance.random() < 0.25:
            # A day of the week that they do not work.
            off = chance.randrange(5)
            away |= {
                day for day in (self._end - timedelta(days=n) for n in range(400)) if day.weekday() == off
            }
        return frozenset(away)

    def works_on(self, day: date) -> bool:
        """Whether they are there on that day."""
        return is_working_day(day) and day not in self._away

    def moment(self, earliest: datetime, chance: random.Random) -> datetime:
        """A moment of their working hours, in UTC, from that one on: the same day while it lasts, else the next."""
        local = earliest.astimezone(LONDON)
        day, minute = local.date(), local.hour * 60 + local.minute - 9 * 60
        if self.works_on(day) and 0 <= minute < _DAY:
            return earliest.astimezone(UTC)
        if minute >= 0:
            day += timedelta(days=1)
        while not self.works_on(day):
            day += timedelta(days=1)
        return _at(day, 9 * 60 + chance.randrange(_DAY // 2), chance)
