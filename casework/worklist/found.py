"""What was found to do, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework.worklist.answers import Answer


@dataclass(frozen=True)
class Found:
    """Something to do on a referral. Instants are UTC."""

    answer: Answer
    key: str
    participants: tuple[str, ...] = ()
    colleagues: tuple[str, ...] = ()
    deadline: str | None = None
    due_at: datetime | None = None
    over_at: datetime | None = None
    instead_of: str | None = None
    words: tuple[tuple[str, str], ...] = ()
    waits_for: tuple[str, ...] | None = None
    """The colleagues who are to do it; none named: a supervisor. None: it is the reader's."""
    decide: tuple[str, ...] = ()
    """The colleagues of whom one decides, where a supervisor is to."""
    note: str = ""
    activity: str | None = None
    """The id of the activity that it is about, where it is about one."""


def is_late(found: Found, at: datetime) -> bool:
    """Whether it is past its time: a meeting, when it has ended."""
    ends = found.over_at or found.due_at
    return ends is not None and ends <= at
