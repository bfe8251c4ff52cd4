"""How old people are: the age band of a birthday, and who is a child at a moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from schemas.areas import LONDON
from schemas.referral import Referral
from schemas.vocabulary import AgeBand

_UNTIL = (
    (18, AgeBand.UNDER_18),
    (25, AgeBand.FROM_18_TO_24),
    (35, AgeBand.FROM_25_TO_34),
    (55, AgeBand.FROM_35_TO_54),
)


def becomes(years: int, born: date) -> date:
    """The day on which somebody becomes that old, from its first moment on.

    Who was born on 29 February does so on 1 March where that year has no such day.
    Source: Family Law Reform Act 1969, section 9.
    """
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def turns_18_on(born: date) -> date:
    """The day on which somebody is no longer a child."""
    return becomes(18, born)


def band_of(born: date, on: date) -> AgeBand:
    """The age band on that day of who was born on the first."""
    return next((band for years, band in _UNTIL if on < becomes(years, born)), AgeBand.OVER_54)


def noticed_at(turns_18: date) -> datetime:
    """When the clock notices that a child has turned 18: at 09:00 in London on the first Monday from that day on.

    Deadlines and timers are not encrypted, so they hold no birthday: only the week in which it lies can be told from a
    Monday. What the rules allow depends on the day itself.
    """
    monday = turns_18 + timedelta(days=-turns_18.weekday() % 7)
    return datetime.combine(monday, time(9), LONDON)


def as_of(referral: Referral, at: datetime) -> Referral:
    """The referral with everybody who has turned 18 by that moment as an adult, before the clock has noticed it.

    For deciding only: their clock runs on, and what is recorded keeps the age band of the day of receipt.

    Args:
        at: aware.
    """
    grown = {person.id for person in referral.participants if person.child and not person.child_at(at)}
    if not grown:
        return referral
    people = tuple(
        person.model_copy(update={"age_band": AgeBand.FROM_18_TO_24}) if person.id in grown else person
        for person in referral.participants
    )
    return referral.model_copy(update={"participants": people})
