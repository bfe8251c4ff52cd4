"""The table of duties, and what a worker knows when they look for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeAlias, TypeVar
from zlib import crc32

from schemas.areas import LONDON, Area
from schemas.commands import Command
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import (
    Stage,
)
from simulation.year.courses import Course
from simulation.year.lives import Life
from simulation.year.people import Team

T = TypeVar("T")

ALWAYS = frozenset(Stage)
OPEN = ALWAYS - {Stage.CLOSED}
WORDS = "Invented, as everything here is."


class Todo(NamedTuple):
    """One thing to do.

    Attributes:
        key: names it within its referral as long as it is to be done.
        who: the id of the member of staff whose it is.
        days: how many working days they take for it on average; 0: in the same sitting as what came before.
        command: makes the command, when it is given.
        not_before: a moment before which it cannot be done, UTC.
    """

    key: str
    who: str
    days: float
    command: Callable[[datetime], Command]
    not_before: datetime | None = None


@dataclass(frozen=True)
class Case:
    """What a worker knows of a referral.

    Attributes:
        teams: of the areas that the year is of.
        refused: keys of what the rules have refused again and again.
        another: the reference of an earlier referral, for one that is the same.
    """

    life: Life
    course: Course
    teams: Mapping[Area, Team]
    refused: frozenset[str]
    another: str | None

    @property
    def referral(self) -> Referral:
        """As it is now."""
        return self.life.referral

    @property
    def team(self) -> Team:
        """The staff of the area that has it."""
        return self.teams[self.referral.area]

    @property
    def caseworker(self) -> str:
        """Who has it, or the one who looks at what nobody has."""
        return self.referral.caseworker or self.team.caseworkers[0].id

    @property
    def facilitator(self) -> str:
        """Who prepares and runs the activity."""
        return self.referral.facilitator or self.caseworker

    @property
    def supervisor(self) -> str:
        """The first."""
        return self.team.supervisors[0].id

    def pick(self, what: str, among: Sequence[T]) -> T:
        """One of these, the same whenever it is asked for this referral."""
        return among[crc32(f"{self.referral.reference}/{what}".encode()) % len(among)]

    def times(self, kind: str) -> int:
        """How many events of that kind there are."""
        return self.life.counted[kind]

    def member(self, staff_id: str) -> Actor:
        """Somebody of one of the teams, acting in their area."""
        everybody = (each for team in self.teams.values() for each in team.everybody)
        found = next(each for each in everybody if each.id == staff_id)
        return found.acting_in(found.areas[0])

    def supervisor_but(self, made: frozenset[str]) -> str | None:
        """A supervisor who is none of these."""
        return next((each.id for each in self.team.supervisors if each.id not in made), None)


Duty: TypeAlias = Callable[[Case], Iterator[Todo]]

DUTIES: list[tuple[frozenset[Stage], Duty]] = []
"""The table: in which stages each is looked for."""


def duty(*stages: Stage) -> Callable[[Duty], Duty]:
    """Enter the decorated function into the table, for some stages; for every open one where none is named."""

    def enter(found: Duty) -> Duty:
        DUTIES.append((frozenset(stages) or OPEN, found))
        return found

    return enter


def todos(case: Case) -> Iterator[Todo]:
    """What there is to do in the present state."""
    stage = case.referral.stage
    for stages, found in DUTIES:
        if stage in stages:
            yield from found(case)


def today(at: datetime) -> date:
    """The day in England and Wales."""
    return at.astimezone(LONDON).date()
