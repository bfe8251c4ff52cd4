"""The deadlines of a referral, each with why it is due then and what happens next, in words."""

from __future__ import annotations

import re

from pydantic import AwareDatetime

from casework.referral.deadlines import Explained, explained
from casework.referral.page.case import Case
from casework.words import in_words, point_in_words, span_in_words, when, why_due
from casework.words.due import deadline_called
from casework.worklist.answers import ANSWERS, WHOM
from lifecycle.activities.state import several
from lifecycle.timing.working_time import working_days_between
from schemas.activity import activity_in_key
from schemas.areas import LONDON
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.policy import DeadlineName, Ground

# How the words of a deadline name the commands that end it.
_COMMANDS = re.compile(r" \(([a-z_]+(?:[,;][a-z_ ]*| [a-z_]+)*)\)")


class EndingStep(Model):
    """A step that ends a deadline.

    Attributes:
        kind: of the command.
        fields: of it, as far as the deadline tells them.
    """

    kind: str
    fields: dict[str, str]


class DeadlineLine(Model):
    """A deadline in words.

    Attributes:
        key: by which it is named.
        name: what it is called.
        in_working_days: until it is due; negative: since.
        paused: whether a hold has stopped it; then due_at is when it was due.
        why: why it is due then.
        ground, source: where its number comes from.
        changed: what moved it: an extension, a hold.
        escalated: to whom it was escalated, and since when.
        reached: the points that it came to.
        next: what happens next.
        ends_with: what ends it.
        steps: the steps that end it.
    """

    key: str
    name: str
    due_at: AwareDatetime
    in_working_days: int
    overdue: bool
    paused: bool
    why: str
    ground: Ground
    source: str
    changed: tuple[str, ...]
    escalated: tuple[str, ...]
    reached: tuple[str, ...]
    next: tuple[str, ...]
    ends_with: str
    steps: tuple[EndingStep, ...]

    @property
    def anchor(self) -> str:
        """By which its place on the page is named."""
        return self.key.replace("/", "-")


def deadlines_of_case(case: Case) -> tuple[DeadlineLine, ...]:
    """The deadlines of a referral, soonest due first; those that a hold has stopped come last."""
    lines = [_line(case, each) for each in explained(case.referral, case.at)]
    return tuple(sorted(lines, key=lambda each: each.paused))


def _line(case: Case, each: Explained) -> DeadlineLine:
    ends_with, kinds = without_commands(each.ends_with)
    today = case.at.astimezone(LONDON).date()
    closures = frozenset(case.referral.policy.closures)
    return DeadlineLine(
        key=each.key,
        name=_name(case, each),
        due_at=each.due_at,
        in_working_days=working_days_between(today, each.due_at.astimezone(LONDON).date(), closures),
        overdue=each.overdue,
        paused=each.paused,
        why=why_due(each.key, each.span, each.started_at, each.counted_from, each.because),
        ground=each.ground,
        source=each.source,
        changed=tuple(_changed(each)),
        escalated=tuple(f"to the {in_words(one.rung)} since {when(one.since)}" for one in each.escalated),
        reached=tuple(f"{point_in_words(one.point)}, {when(one.at)}" for one in each.reached),
        next=tuple(f"{one.what}, {when(one.at)}" for one in each.next),
        ends_with=ends_with,
        steps=tuple(EndingStep(kind=kind, fields=_fields(case, each.key, kind)) for kind in kinds),
    )


def _name(case: Case, each: Explained) -> str:
    if each.key == DeadlineName.INACTIVITY and each.span is not None:
        return f"No step for {span_in_words(each.span)}"
    return deadline_called(each.key, case.called)


def _fields(case: Case, key: str, kind: str) -> dict[str, str]:
    """The fields of a command that ends a deadline, as far as its key tells them."""
    name, *parts = key.split("/")
    about, activity = (parts or [""])[0], activity_in_key(key)
    known = {
        "participant": about if case.referral.participant(about) else "",
        "about": about,
        "subject": about,
    }
    answer = ANSWERS.get(DeadlineName(name))
    asked = answer.fields if answer is not None and answer.kind == kind else WHOM
    found = {field: value.format_map(known) for field, value in asked.items()}
    if activity is not None and several(case.referral):
        found["activity"] = activity
    return {field: value for field, value in found.items() if value and field in COMMANDS[kind].model_fields}


def _changed(each: Explained) -> list[str]:
    said = []
    if each.extended_from is not None:
        said.append(f"It was moved; it would have been due {when(each.extended_from)}.")
    if each.held_from is not None:
        said.append(f"A hold stopped it for a time; it would have been due {when(each.held_from)}.")
    if each.due_if_resumed_now is not None:
        said.append(f"Were the hold ended now, it would be due {when(each.due_if_resumed_now)}.")
    return said


def without_commands(ends_with: str) -> tuple[str, tuple[str, ...]]:
    """What ends a deadline without the names of the commands, and these."""
    kinds = [
        word
        for found in _COMMANDS.findall(ends_with)
        for word in re.findall(r"[a-z_]+", found)
        if word in COMMANDS
    ]

    def kept(found: re.Match[str]) -> str:
        words = re.findall(r"[a-z_]+", found[1])
        return "" if any(word in COMMANDS for word in words) else found[0]

    return _COMMANDS.sub(kept, ends_with), tuple(dict.fromkeys(kinds))
