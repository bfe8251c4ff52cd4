"""Going through the rows of a spreadsheet that was given in a browser: a trial, or the import."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from casework.failures import failure_of
from casework.importing import CheckedRow, Outcome, RowOutcome, import_rows
from casework.opening.headings import place_by_label
from casework.opening.uploads import (
    RefusedRow,
    UploadResult,
    UploadState,
    for_the_page,
    part_of,
    read_upload,
)
from casework.session import Session
from casework.spreadsheets.columns import Place
from casework.spreadsheets.headings import number_known
from casework.spreadsheets.reading import open_spreadsheet
from casework.spreadsheets.rows import checked_rows
from casework.spreadsheets.sheets import Spreadsheet
from casework.spreadsheets.writing import refused_rows
from lifecycle import Refused
from stores.console import import_uploads

_PRINTED = 200
_AT_A_TIME = 20
# Seconds after which it is said how far it is.
_BEAT = 1.0


class Claim(NamedTuple):
    """That this process goes through the rows of a spreadsheet, and no other.

    Attributes:
        record: whether referrals are opened; else it is told what would be.
    """

    upload: str
    worker: UUID
    record: bool


async def claim(session: Session, upload: str, *, record: bool) -> Claim | None:
    """Begin to go through the rows, with :func:`go_through`; None where another process does, or it was imported.

    Args:
        record: whether referrals are to be opened.

    Raises:
        Refused: it is not there any more, is not theirs, or its headings are not all clear.
    """
    found = await read_upload(session, upload)
    if found.problems:
        raise Refused("headings_unclear", found.problems[0])
    began = UploadState.IMPORTING if record else UploadState.CHECKING
    claimed = Claim(upload, uuid4(), record)
    pool = session.referrals.pool.nowhere
    return claimed if await import_uploads.claim(pool, upload, claimed.worker, began) else None


async def go_through(session: Session, claimed: Claim) -> None:
    """Go through the rows, and keep what came of each. Safe to stop at any time, and to begin again."""
    upload, worker, record = claimed
    pool = session.referrals.pool.nowhere
    going = _Going()
    try:
        if not await _while_it_is_ours(session, claimed, going):
            return
    except Exception as error:
        failure = failure_of(_first(error))
        if failure is None:
            await import_uploads.let_go(pool, upload, worker)
            raise
        going.failed = failure.sentence
    except asyncio.CancelledError:
        await import_uploads.let_go(pool, upload, worker)
        raise
    ended = UploadState.DONE if record else UploadState.CHECKED
    await import_uploads.finish(
        pool,
        session.referrals.keys,
        upload,
        worker,
        UploadState.FAILED if going.failed else ended,
        going.result().model_dump_json(),
        going.refused,
    )


class _Going:
    """How far the rows were gone through, and what came of them."""

    def __init__(self) -> None:
        self.done = 0
        self.counts = dict.fromkeys(Outcome, 0)
        self.rows: list[tuple[CheckedRow, tuple[str, ...]]] = []
        self.refused: bytes | None = None
        self.failed = ""

    def result(self) -> UploadResult:
        return UploadResult(
            fresh=self.counts[Outcome.OPENED] + self.counts[Outcome.WOULD_OPEN],
            here=self.counts[Outcome.ALREADY_HERE],
            refused=len(self.rows),
            rows=tuple(RefusedRow(row=row.number, reasons=why) for row, why in self.rows[:_PRINTED]),
            failed=self.failed,
        )


async def _while_it_is_ours(session: Session, claimed: Claim, going: _Going) -> bool:
    """Whether all rows were gone through before it was dropped, or another process took it."""
    pool = session.referrals.pool.nowhere
    work = asyncio.create_task(_rows(session, claimed.upload, going, record=claimed.record))
    try:
        while await import_uploads.beat(pool, claimed.upload, claimed.worker, going.done):
            await asyncio.wait({work}, timeout=_BEAT)
            if work.done():
                await work
                return True
        return False
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await work


async def _rows(session: Session, upload: str, going: _Going, *, record: bool) -> None:
    data, about = await part_of(session, upload, "file"), await part_of(session, upload, "about")
    if data is None or about is None:
        raise Refused("upload_gone", "The spreadsheet was dropped meanwhile.")
    known = json.loads(about)
    places = [place_by_label(name) if name else None for name in known["places"]]
    spreadsheet, rows = await asyncio.to_thread(_read, data, known, places)
    heading_of = {
        place.name: heading for place, heading in zip(places, known["headings"], strict=True) if place
    }

    def told(row: CheckedRow, outcome: RowOutcome) -> None:
        going.done += 1
        going.counts[outcome.outcome] += 1
        if outcome.problems:
            said = (
                f"{heading_of.get(each.column, each.column)}: {each.reason}" if each.column else each.reason
                for each in outcome.problems
            )
            going.rows.append((row, tuple(map(for_the_page, said))))

    try:
        await import_rows(session, rows, told, record=record, at_a_time=_AT_A_TIME)
    finally:
        if going.rows:
            refused = [(row.cells, "; ".join(why)) for row, why in going.rows]
            going.refused = await asyncio.to_thread(refused_rows, spreadsheet, refused)


def _read(
    data: bytes, known: dict[str, Any], places: Sequence[Place | None]
) -> tuple[Spreadsheet, list[CheckedRow]]:
    spreadsheet = open_spreadsheet(
        io.BytesIO(data), "The file", known=number_known, sheet=known["sheet"] or None
    )
    return spreadsheet, list(checked_rows(spreadsheet, places))


def _first(error: Exception) -> Exception:
    """What went wrong first, where several things did at once."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
