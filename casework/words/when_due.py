"""How soon something is due, in a few words, with how it presses."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import NamedTuple

from lifecycle.timing.working_time import DAY_ENDS, DAY_STARTS, working_days_between
from schemas.areas import LONDON


class Presses(StrEnum):
    """How something that is due presses."""

    LATE = "late"
    TODAY = "today"
    LATER = "later"


class DueWords(NamedTuple):
    """When something is due, in a few words: 2 working days late; Today 15:00; Wed 2 Dec."""

    words: str
    presses: Presses


# What is due with the day, or with its beginning or end, has no time of its own.
_NO_TIME = (time(), DAY_STARTS, DAY_ENDS)


def when_due(due_at: datetime, now: datetime) -> DueWords:
    """When something is due, in a few words, by working days of England and Wales.

    Args:
        due_at: aware.
        now: aware.
    """
    due, today = due_at.astimezone(LONDON), now.astimezone(LONDON)
    at = "" if due.time().replace(microsecond=0) in _NO_TIME else f" {due:%H:%M}"
    if due_at <= now:
        late = working_days_between(due.date(), today.date())
        if late:
            return DueWords(f"{late} working day{'s' * (late != 1)} late", Presses.LATE)
        return DueWords(f"Late since{at}" if at else "Was due today", Presses.LATE)
    if due.date() == today.date():
        return DueWords(f"Today{at}", Presses.TODAY)
    year = "" if abs((due - today).days) < 300 else f" {due:%Y}"
    return DueWords(f"{due:%a %-d %b}{year}", Presses.LATER)


def waited(days: int) -> str:
    """Since how many working days something waits: today; 3 working days."""
    return f"{days} working day{'s' * (days != 1)}" if days > 0 else "today"
