"""Opening referrals from the rows of a spreadsheet: what became of each, as data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum

from casework.session import Session
from lifecycle import Refused
from schemas.base import Model
from schemas.commands import OpenReferral
from stores.logs.event_log import commands_of

_AT_ONCE = 10


class RowToOpen(Model):
    """A row that reads as a referral.

    Attributes:
        number: which row of the file it is; the header is row 1.
        external_id: the referral's id in the system that sends it; the same source and id open it once.
    """

    number: int
    external_id: str
    form: OpenReferral


class Outcome(StrEnum):
    """What became of a row."""

    OPENED = "opened"
    ALREADY_HERE = "already_here"
    REFUSED = "refused"


class RowOutcome(Model):
    """What became of one row. Never what stands in it.

    Attributes:
        reference: of the referral that was opened or is here; None where the row was refused.
        field: of the referral's document, or external_id, that is at fault, if one is.
        reason: why it was refused, in a sentence.
    """

    number: int
    outcome: Outcome
    reference: str | None = None
    field: str | None = None
    reason: str | None = None


async def import_rows(
    session: Session, rows: Sequence[RowToOpen], told: Callable[[RowOutcome], None]
) -> None:
    """Open a referral for each row that is not here yet. Safe to run twice, and to stop at any time.

    Args:
        told: hears what became of each row, as soon as it is known; those that are here already first.

    Raises:
        NotAnswered, TemporalUnreachable: what was told of is done; the same rows may be imported again.
    """
    waiting = await _new_ones(session, rows, told)

    async def open_some() -> None:
        while waiting:
            told(await _open(session, waiting.pop()))

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(open_some())


async def _open(session: Session, row: RowToOpen) -> RowOutcome:
    try:
        receipt = await session.referrals.open(row.form, session.member.id, external_id=row.external_id)
    except Refused as refused:
        return RowOutcome(
            number=row.number, outcome=Outcome.REFUSED, field=refused.field, reason=refused.message
        )
    return RowOutcome(number=row.number, outcome=Outcome.OPENED, reference=receipt.reference)


async def _new_ones(
    session: Session, rows: Sequence[RowToOpen], told: Callable[[RowOutcome], None]
) -> list[RowToOpen]:
    """The rows that are not here yet, last first."""
    referrals = session.referrals
    openings = [await referrals.identity_of(row.form.source, row.external_id) for row in rows]
    here = await commands_of(referrals.pool, [opening.reference for opening in openings])
    new = []
    for row, opening in zip(rows, openings, strict=True):
        if opening.reference not in here:
            new.append(row)
        elif opening.command_id in here[opening.reference]:
            told(RowOutcome(number=row.number, outcome=Outcome.ALREADY_HERE, reference=opening.reference))
        else:
            # References are short, so that two cases may come to the same one.
            reason = "Its reference is taken by another referral; give it another external id."
            told(RowOutcome(number=row.number, outcome=Outcome.REFUSED, field="external_id", reason=reason))
    return new[::-1]
