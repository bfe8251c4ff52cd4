"""The published pre-sentence pathfinder as referrals: their totals are the published ones, the cases are invented.

Who is synthesised does not depend on the share: a small share is a part of a larger one, so that one may follow the
other. What is left half-done by an interruption is gone on with, because every referral has its reference and every
step its command id from its number.
"""

from __future__ import annotations

import asyncio
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import Field

from reports import funnel as figures
from runtime.referrals import Referrals
from schemas.base import Model
from schemas.commands import OpenReferral
from simulation.pathfinder_stories import SOURCE, STAFF, Case, Fate, story
from simulation.staffing import enter_missing
from stores.logs import event_log

PUBLISHED = Path(__file__).parent / "pathfinder.toml"

# A published row, and the figure of the funnel that counts the same.
ROWS = {
    "suitable": "received",
    "victim_contacted": "contacted",
    "victim_interested": "interested",
    "guilty_plea": "plea_guilty",
    "adjourned": "adjourned",
    "conference": "direct_held",
    "other_activity": "indirect_held",
}

# Referrals in hand at once: as many callers as the benchmark has.
AT_ONCE = 20

_STEPS = UUID("7d1c9a52-3b0e-4f4e-8a77-2a1f5a3c6e90")


class Published(Model):
    """How many referrals came how far; each row is a part of the one above, the last two both of `adjourned`."""

    source: str
    suitable: int = Field(ge=0)
    victim_contacted: int = Field(ge=0)
    victim_interested: int = Field(ge=0)
    guilty_plea: int = Field(ge=0)
    adjourned: int = Field(ge=0)
    conference: int = Field(ge=0)
    other_activity: int = Field(ge=0)

    def row(self, name: str) -> int:
        """The row of that name."""
        count: int = getattr(self, name)
        return count

    def scaled(self, share: float) -> Published:
        """A share of every row, rounded, but never more than the row of which it is a part."""
        rows = {name: int(self.row(name) * share + 0.5) for name in ROWS}
        for above, below in zip(list(ROWS)[:5], list(ROWS)[1:6], strict=True):
            rows[below] = min(rows[below], rows[above])
        rows["other_activity"] = min(rows["other_activity"], rows["adjourned"] - rows["conference"])
        return Published(source=self.source, **rows)

    def fates(self) -> dict[Fate, int]:
        """How many referrals end in which way."""
        return {
            Fate.NOT_CONTACTED: self.suitable - self.victim_contacted,
            Fate.NOT_INTERESTED: self.victim_contacted - self.victim_interested,
            Fate.NO_GUILTY_PLEA: self.victim_interested - self.guilty_plea,
            Fate.NOT_ADJOURNED: self.guilty_plea - self.adjourned,
            Fate.STOPPED: self.adjourned - self.conference - self.other_activity,
            Fate.OTHER_ACTIVITY: self.other_activity,
            Fate.CONFERENCE: self.conference,
        }


def published() -> Published:
    """The figures as they were published."""
    return Published.model_validate(tomllib.loads(PUBLISHED.read_text(encoding="utf-8")), extra="forbid")


def synthesise(share: float, seed: int) -> list[Case]:
    """The cases of a share of the pathfinder, in the order in which they are sent. Each seed gives other cases."""
    whole = published()
    fates = [fate for fate, count in whole.fates().items() for _ in range(count)]
    random.Random(seed).shuffle(fates)  # noqa: S311 - a synthesis that can be repeated, not a secret
    left = whole.scaled(share).fates()
    cases = []
    for number, fate in enumerate(fates, 1):
        if left[fate]:
            left[fate] -= 1
            cases.append(Case(number, seed, fate))
    return cases


@dataclass(frozen=True)
class Compared:
    """A row of the published figures beside what was counted from the event log."""

    row: str
    published: int
    counted: int
    rule: str

    @property
    def equal(self) -> bool:
        """Whether the two are the same."""
        return self.published == self.counted


@dataclass(frozen=True)
class Driven:
    """What a run came to.

    Attributes:
        rows: the comparison.
        referrals: how many there are.
        steps: how many steps this run took; those of an earlier one are not taken again.
    """

    rows: tuple[Compared, ...]
    referrals: int
    steps: int


async def drive(
    referrals: Referrals,
    share: float,
    seed: int,
    advance: Callable[[], object] = lambda: None,
    by: str | None = None,
) -> Driven:
    """Drive a share of the pathfinder through real commands, then count it from the event log.

    Args:
        advance: called whenever a referral has come to its end.
        by: the service manager who enters the invented people, where there is one already.

    Raises:
        ExceptionGroup: of what stopped it; run again, it goes on from there.
    """
    await enter_missing(referrals.pool, referrals.keys, STAFF, by)
    cases = synthesise(share, seed)
    ids = [await referrals.identity_of(SOURCE, case.external_id) for case in cases]
    references = [reference for reference, _ in ids]
    taken = await event_log.commands_of(referrals.pool, references)
    steps = 0

    async def take_turns(left: Iterator[tuple[Case, tuple[str, UUID]]]) -> None:
        nonlocal steps
        for case, (reference, opening) in left:
            new = await _tell(referrals, case, reference, opening, taken.get(reference, frozenset()))
            steps += new  # not before: others add to it while this one waits
            advance()

    left = iter(zip(cases, ids, strict=True))
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(take_turns(left))
    return Driven(await _compare(referrals, share, references), len(cases), steps)


async def _tell(
    referrals: Referrals, case: Case, reference: str, opening: UUID, taken: frozenset[UUID]
) -> int:
    """Take the steps of one case that were not taken yet; how many those were."""
    steps = 0
    for number, (who, command) in enumerate(story(case)):
        command_id = uuid5(_STEPS, f"{reference}/{number}") if number else opening
        if command_id in taken:
            continue
        if isinstance(command, OpenReferral):
            await referrals.open(command, who, external_id=case.external_id)
        else:
            await referrals.take(reference, command, who, command_id=command_id)
        steps += 1
    return steps


async def _compare(referrals: Referrals, share: float, references: Sequence[str]) -> tuple[Compared, ...]:
    expected = published().scaled(share)
    counted = await figures.funnel(referrals.pool, references=references)
    rules = {figure.name: figure.rule for figure in counted.figures}
    return tuple(
        Compared(row, expected.row(row), counted.count(name), rules[name]) for row, name in ROWS.items()
    )
