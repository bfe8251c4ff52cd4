"""Opening referrals from the rows of a spreadsheet: what became of each, as data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from casework.session import Session
from casework.spreadsheets.columns import place_at
from lifecycle import Refused
from runtime.referrals import Opening
from schemas.base import Model
from schemas.commands import OpenReferral
from stores.logs.event_log import commands_of

_AT_ONCE = 10
# Rows in memory at a time. Those of one portion are waited for before the next is read.
_PORTION = 500


class RowToOpen(Model):
    """A row that reads as a referral.

    Attributes:
        number: which row of the file it is, as its program shows it.
        external_id: the referral's id in the system that sends it; the same source and id open it once.
    """

    number: int
    external_id: str
    form: OpenReferral


class Problem(Model):
    """Why a row was refused. Never what stands in it.

    Attributes:
        row: its number.
        column: the name of the column that is at fault; empty where none is.
        reason: in a sentence, without its full stop.
    """

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class CheckedRow:
    """A row of a spreadsheet, and the referral that it holds or what is wrong with it.

    Attributes:
        cells: what stands in it, to be given back where it is refused.
        to_open: None where there are problems.
    """

    number: int
    cells: Sequence[object]
    to_open: RowToOpen | None
    problems: tuple[Problem, ...]


class Outcome(StrEnum):
    """What became of a row."""

    OPENED = "opened"
    WOULD_OPEN = "would_open"
    ALREADY_HERE = "already_here"
    REFUSED = "refused"


class RowOutcome(Model):
    """What became of one row. Never what stands in it.

    Attributes:
        reference: of the referral that was opened or is here; None where the row was refused or nothing was recorded.
        problems: why it was refused.
    """

    number: int
    outcome: Outcome
    reference: str | None = None
    problems: tuple[Problem, ...] = ()


async def import_rows(
    session: Session,
    rows: Iterable[CheckedRow],
    told: Callable[[CheckedRow, RowOutcome], None],
    *,
    record: bool = True,
    at_a_time: int = _PORTION,
) -> None:
    """Open a referral for each row that is not here yet. Safe to run twice, and to stop at any time.

    Args:
        rows: read as they are needed, some hundreds at a time.
        told: hears what became of each row, in their order.
        record: False: nothing is opened, and told what would be.
        at_a_time: after how many rows at the latest it is told of them.

    Raises:
        NotAnswered, TemporalUnreachable: what was told of is done; the same rows may be imported again.
    """
    for portion in _portions(rows, at_a_time):
        outcomes = {row.number: _refused(row.number, row.problems) for row in portion if row.problems}
        try:
            await _open_portion(session, [row.to_open for row in portion if row.to_open], outcomes, record)
        finally:
            for row in portion:
                if row.number in outcomes:
                    told(row, outcomes[row.number])


def _portions(rows: Iterable[CheckedRow], size: int) -> Iterator[list[CheckedRow]]:
    reading = iter(rows)
    while portion := list(islice(reading, size)):
        yield portion


async def _open_portion(
    session: Session, rows: Sequence[RowToOpen], outcomes: dict[int, RowOutcome], record: bool
) -> None:
    waiting = await _new_ones(session, rows, outcomes)

    async def open_some() -> None:
        while waiting:
            row, opening = waiting.pop()
            outcomes[row.number] = await _open(session, row, opening, record)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(open_some())


async def _open(session: Session, row: RowToOpen, opening: Opening, record: bool) -> RowOutcome:
    try:
        if not record:
            await session.referrals.check_opening(row.form, session.member.id, opening)
            return RowOutcome(number=row.number, outcome=Outcome.WOULD_OPEN)
        receipt = await session.referrals.open(row.form, session.member.id, opening=opening)
    except Refused as refused:
        column = _column_of(refused.field, row.form)
        problem = Problem(row=row.number, column=column, reason=refused.message.rstrip("."))
        return _refused(row.number, (problem,))
    return RowOutcome(number=row.number, outcome=Outcome.OPENED, reference=receipt.reference)


def _column_of(field: str | None, form: OpenReferral) -> str:
    """The column from which a field of the referral's document comes, such as participants.0.person.phone."""
    people = [(str(person.role), int(person.id[1:])) for person in form.participants]
    place = place_at((field or "").split("."), people)
    return place.name if place else ""


def _refused(number: int, problems: tuple[Problem, ...]) -> RowOutcome:
    return RowOutcome(number=number, outcome=Outcome.REFUSED, problems=problems)


async def _new_ones(
    session: Session, rows: Sequence[RowToOpen], outcomes: dict[int, RowOutcome]
) -> list[tuple[RowToOpen, Opening]]:
    """The rows that are not here yet, last first, each with how it is opened. What became of the others is noted."""
    referrals = session.referrals
    openings = [await referrals.identity_of(row.form.source, row.external_id) for row in rows]
    here = await commands_of(referrals.pool, [opening.reference for opening in openings])
    new = []
    for row, opening in zip(rows, openings, strict=True):
        if opening.reference not in here:
            new.append((row, opening))
        elif opening.command_id in here[opening.reference]:
            outcomes[row.number] = RowOutcome(
                number=row.number, outcome=Outcome.ALREADY_HERE, reference=opening.reference
            )
        else:
            # References are short, so that two cases may come to the same one.
            reason = "its reference is taken by another referral; give it another external id"
            problem = Problem(row=row.number, column="external_id", reason=reason)
            outcomes[row.number] = _refused(row.number, (problem,))
    return new[::-1]
