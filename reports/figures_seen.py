"""The figures as a signed-in person may see them: of their areas, without small numbers for who works on no referral.

Ground: a count of a few could point at a person (requirements: a commissioner never sees such a cell). What is left out
is not yet kept from being found by subtraction, which the returns of a service will see to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import NamedTuple

from casework.access import What, areas_to_see
from casework.session import Session
from reports.funnel import CLOSURES_RULE, Closures, Figure, funnel
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.people import Role
from schemas.vocabulary import ClosureReason, Stage

__all__ = [
    "CLOSURES_RULE",
    "SMALLEST",
    "ClosuresSeen",
    "FigureSeen",
    "FiguresSeen",
    "Period",
    "figures_seen",
    "periods",
]

SMALLEST = 5
"""The smallest count, but for none, that is shown to who works on no referral."""

_WITHOUT_SMALL_NUMBERS = frozenset({Role.COMMISSIONER, Role.PARTNER})
_YEARS_BACK = 2
_FIRST_MONTH = 4


class Period(NamedTuple):
    """A period in which referrals were sent to the service.

    Attributes:
        key: by which an address names it.
        called: as people read it.
        since: its first day; None: from the beginning.
        before: the day after its last; None: until now.
    """

    key: str
    called: str
    since: date | None = None
    before: date | None = None


class FigureSeen(Model):
    """One figure; its count is None where it is too small to be shown."""

    name: str
    rule: str
    count: int | None


class ClosuresSeen(Model):
    """How many were closed for a reason, having left a stage; None where that is too small to be shown."""

    reason: ClosureReason
    stage: Stage
    count: int | None


class FiguresSeen(Model):
    """The figures of some areas.

    Attributes:
        without_small_numbers: whether small numbers are left out.
    """

    areas: tuple[Area, ...]
    figures: tuple[FigureSeen, ...]
    closures: tuple[ClosuresSeen, ...]
    without_small_numbers: bool


def periods(today: date) -> list[Period]:
    """The periods that figures may be of: all of it, and financial years with their quarters, the latest first."""
    return [Period("all", "From the beginning"), *_years(today)]


def _years(today: date) -> Iterator[Period]:
    this = today.year if today.month >= _FIRST_MONTH else today.year - 1
    for year in range(this, this - _YEARS_BACK, -1):
        starts = date(year, _FIRST_MONTH, 1)
        yield Period(f"{year}", f"April {year} to March {year + 1}", starts, date(year + 1, _FIRST_MONTH, 1))
        for number in (4, 3, 2, 1):
            since, before = _quarter(year, number), _quarter(year, number + 1)
            if since <= today:
                last = date.fromordinal(before.toordinal() - 1)
                called = f"{since:%B} to {last:%B %Y}"
                yield Period(f"{year}-q{number}", called, since, before)


def _quarter(year: int, number: int) -> date:
    months = _FIRST_MONTH - 1 + 3 * (number - 1)
    return date(year + months // 12, months % 12 + 1, 1)


async def figures_seen(session: Session, period: Period, area: Area | None = None) -> FiguresSeen:
    """The figures of the person's areas, of referrals that were sent to the service in a period.

    Args:
        area: of this one only.

    Raises:
        Refused: figures are not theirs to see, or not of this area.
    """
    areas = areas_to_see(session.member, What.FIGURES, area)
    counted = await funnel(
        session.referrals.pool, areas=areas, since=_begins(period.since), before=_begins(period.before)
    )
    leave_out = session.member.role in _WITHOUT_SMALL_NUMBERS

    def shown(each: Figure | Closures) -> int | None:
        return None if leave_out and 0 < each.count < SMALLEST else each.count

    return FiguresSeen(
        areas=tuple(areas),
        figures=tuple(
            FigureSeen(name=each.name, rule=each.rule, count=shown(each)) for each in counted.figures
        ),
        closures=tuple(
            ClosuresSeen(reason=each.reason, stage=each.stage, count=shown(each)) for each in counted.closures
        ),
        without_small_numbers=leave_out,
    )


def _begins(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), LONDON) if day is not None else None
