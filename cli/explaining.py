"""How one deadline and the reasons for it are laid out in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from casework import words
from casework.referral.deadlines import Explained
from casework.words import when


def lines(found: Explained, now: datetime) -> Iterator[str]:
    """One deadline in words: what it is on the first line, why and what follows below it."""
    late = " (overdue)" if found.overdue else ""
    yield f"{words.deadline_in_words(found.key)}: due {when(found.due_at)}{late}"
    yield f"  key: {found.key}"
    why = words.why_due(found.key, found.span, found.started_at, found.counted_from, found.because)
    yield f"  because: {why} ({found.ground}: {found.source})"
    if found.held_from and when(found.held_from) != when(found.due_at):
        yield f"  moved from {when(found.held_from)}: its clock stood still on hold, or while closed"
    if found.extended_from:
        yield f"  extended until {when(found.due_at)}; it was due {when(found.extended_from)}"
    if found.reached:
        reached = ", ".join(f"{words.point_in_words(each.point)} {when(each.at)}" for each in found.reached)
        yield f"  reached: {reached}"
    for each in found.escalated:
        yield f"  escalated to the {words.in_words(each.rung)} since {when(each.since)}"
    yield f"  next: {_follows(found, now)}"
    yield f"  ends with: {found.ends_with}"


def _follows(found: Explained, now: datetime) -> str:
    if found.due_if_resumed_now:
        return f"it waits for a resume; resumed now, it would be due {when(found.due_if_resumed_now)}"
    if not found.next:
        return "nothing more; it stays open until it is done"
    at = found.next[0].at
    behind = " (not recorded yet: does a worker run?)" if at <= now else ""
    return f"{when(at)}: {'; '.join(each.what for each in found.next)}{behind}"
