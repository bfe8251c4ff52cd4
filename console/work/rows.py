"""The rows of a worklist: how soon, what to do and why, where, and what leads on from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from casework.words.when_due import Presses, when_due
from casework.worklist.items import Group, ReadFirst, WorkItem
from console.acting.titles import title_of
from console.addresses import step_address
from console.rendering import sentence_case, short_day
from schemas.vocabulary import Stage

_COLOURS = {Presses.LATE: "red", Presses.TODAY: "yellow", Presses.LATER: "blue"}
_PRESSING = frozenset({Group.AT_ONCE, Group.OVERDUE, Group.TODAY})
# Between two sentences, and not after an initial.
_NEXT_SENTENCE = re.compile(r"(?<=\w\w)\. (?=[A-Z])")
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


class Tag(NamedTuple):
    """A few words on a colour."""

    words: str
    colour: str


class Way(NamedTuple):
    """What leads on from a row.

    Attributes:
        when: in which case it is the one to take; empty where there is one only.
    """

    words: str
    address: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to do, as the page shows it.

    Attributes:
        id: of the row on the page.
        soon: how soon it is to be done, or for whom it waits.
        what: what to do, as a sentence.
        because: why now, in quiet words.
        late: whether it is overdue.
        presses: whether its button is the one to press now.
        way: what its button leads to.
        others: what it may lead to besides.
    """

    id: str
    soon: Tag | None
    what: str
    because: str
    reference: str
    stage: Stage
    late: bool
    presses: bool
    way: Way
    others: tuple[Way, ...]


def rows_of(items: Iterable[WorkItem], now: datetime) -> Iterator[Row]:
    """The rows for items of a worklist, in their order."""
    seen: set[str] = set()
    for item in items:
        row = _row(item, now, seen)
        seen.add(row.id)
        yield row


def overview(overdue: int, today: int, at_once: int) -> str:
    """How much presses, in a sentence: Two things are overdue, three are for today."""
    said = []
    if at_once:
        said.append(
            f"{_count(at_once)} {'concerns are' if at_once > 1 else 'concern is'} to be looked into at once"
        )
    if overdue:
        things = "" if said else " things" if overdue > 1 else " thing"
        said.append(f"{_count(overdue)}{things} {'are' if overdue > 1 else 'is'} overdue")
    if today:
        things = "" if said else " things" if today > 1 else " thing"
        said.append(f"{_count(today)}{things} {'are' if today > 1 else 'is'} for today")
    if not said:
        return "Nothing is overdue, and nothing is for today."
    return f"{sentence_case(', '.join(said))}."


def _row(item: WorkItem, now: datetime, seen: set[str]) -> Row:
    way, *others = _ways(item)
    later = bool(item.actions) and item.actions[0].later
    return Row(
        id=_id(item, seen),
        soon=_soon(item, now),
        what=_what(item),
        because=_because(item),
        reference=item.reference,
        stage=item.stage,
        late=item.overdue,
        presses=item.group in _PRESSING and item.waits_for is None and not later,
        way=way,
        others=tuple(others),
    )


def _id(item: WorkItem, seen: set[str]) -> str:
    about = [item.deadline or item.kind or item.why, *item.concerns]
    first = re.sub(r"[^\w-]", "-", "-".join([item.reference, *about]), flags=re.ASCII)
    number = 1
    while (found := first if number == 1 else f"{first}-{number}") in seen:
        number += 1
    return found


def _soon(item: WorkItem, now: datetime) -> Tag | None:
    if item.group is Group.AT_ONCE:
        return Tag("At once", "red")
    if item.waits_for is not None:
        return Tag(f"Waiting for {item.waits_for}", "purple")
    if item.due_at is None:
        return None
    found = when_due(item.due_at, now)
    # What goes on now is not late yet.
    colour = _COLOURS[found.presses] if item.overdue or found.presses is not Presses.LATE else "yellow"
    return Tag(found.words if colour != "yellow" or found.presses is not Presses.LATE else "Now", colour)


def _what(item: WorkItem) -> str:
    # Whom it waits for stands beside it.
    return sentence_case(item.verb.removeprefix(f"{item.waits_for}: ")) if item.waits_for else item.verb


def _because(item: WorkItem) -> str:
    said = _NEXT_SENTENCE.sub(" · ", item.because).removesuffix(".")
    if item.waits_for is not None and item.due_at is not None:
        said += f" · due {short_day(item.due_at)}"
    return said


def _ways(item: WorkItem) -> list[Way]:
    referral = f"/referrals/{item.reference}"
    if item.read_first is ReadFirst.SIGN_OFFS:
        about = [item.fields[name] for name in ("subject", "activity") if name in item.fields]
        return [Way("Read and decide", "/".join(["/team/sign-offs", item.reference, *about]))]
    several = len(item.actions) > 1
    ways = [
        Way(
            title_of(each.kind).page,
            step_address(item.reference, each.kind, each.fields),
            each.when if several else "",
        )
        for each in item.actions
    ]
    return [Way("Look", referral), *ways] if item.read_first is ReadFirst.REFERRAL or not ways else ways


def _count(number: int) -> str:
    return (_NUMBERS[number] if number < len(_NUMBERS) else str(number)).lower()
