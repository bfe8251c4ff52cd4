"""The bank holidays of England and Wales, by the Banking and Financial Dealings Act 1971 and by proclamation.

Reckoned here and not asked of a library: the library `holidays` reads the calendars of every country, which costs a
process a tenth of a second. The tests compare every day from 2000 to 2070 with it, and every published one with GOV.UK.
"""

import functools
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

_MONDAY, _SATURDAY = 0, 5

PROCLAIMED = frozenset(
    {
        date(2002, 6, 3),  # Golden Jubilee
        date(2011, 4, 29),  # royal wedding
        date(2012, 6, 5),  # Diamond Jubilee
        date(2022, 6, 3),  # Platinum Jubilee
        date(2022, 9, 19),  # state funeral of Queen Elizabeth II
        date(2023, 5, 8),  # coronation of King Charles III
    }
)
"""Days proclaimed besides those of every year. A new one is added here; until then a policy's `closures` names it."""

MOVED: Mapping[date, date] = MappingProxyType(
    {
        date(2002, 5, 27): date(2002, 6, 4),  # Spring, to the Golden Jubilee
        date(2012, 5, 28): date(2012, 6, 4),  # Spring, to the Diamond Jubilee
        date(2020, 5, 4): date(2020, 5, 8),  # Early May, to the 75th anniversary of VE Day
        date(2022, 5, 30): date(2022, 6, 2),  # Spring, to the Platinum Jubilee
    }
)
"""Days of one year that were put off by proclamation, and to when."""


@functools.cache
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of a year in England and Wales, those in place of a Saturday or a Sunday included."""
    easter = easter_sunday(year)
    new_year = _weekdays_in_place_of(date(year, 1, 1))
    christmas = _weekdays_in_place_of(date(year, 12, 25), date(year, 12, 26))
    movable = {
        easter - timedelta(days=2),  # Good Friday
        easter + timedelta(days=1),  # Easter Monday
        _first_monday(date(year, 5, 1)),
        _last_monday(date(year, 5, 31)),
        _last_monday(date(year, 8, 31)),
    }
    of_every_year = {MOVED.get(day, day) for day in movable}
    return new_year | christmas | of_every_year | {day for day in PROCLAIMED if day.year == year}


def easter_sunday(year: int) -> date:
    """Easter Sunday by the Gregorian calendar, as reckoned by the algorithm of Meeus, Jones and Butcher."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    correction = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _weekdays_in_place_of(*days: date) -> frozenset[date]:
    """The days themselves, or for each on a weekend the next weekday that is none of them."""
    found = {day for day in days if day.weekday() < _SATURDAY}
    for day in days:
        if day.weekday() >= _SATURDAY:
            instead = day
            while instead.weekday() >= _SATURDAY or instead in found:
                instead += timedelta(days=1)
            found.add(instead)
    return frozenset(found)


def _first_monday(day: date) -> date:
    """The first Monday on or after a day."""
    return day + timedelta(days=(_MONDAY - day.weekday()) % 7)


def _last_monday(day: date) -> date:
    """The last Monday on or before a day."""
    return day - timedelta(days=(day.weekday() - _MONDAY) % 7)
