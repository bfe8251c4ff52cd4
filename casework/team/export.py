"""A list of referrals as a spreadsheet: how each stands, and nothing about anybody in it.

Whether a case is sensitive, or a safeguarding concern is open, is left out too: a file travels further than a page.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from casework.referral_lists import ListFilters, ReferralLine, list_referrals
from casework.session import Session
from casework.spreadsheets.writing import CsvWriter, RowWriter, XlsxWriter
from casework.words import deadline_in_words, in_words
from schemas.areas import LONDON

MOST = 100_000
"""Rows."""

HEADINGS = (
    "Referral",
    "Area",
    "Stage",
    "Caseworker",
    "Next deadline",
    "Due",
    "Overdue",
    "On hold",
    "Nothing happened for too long",
    "Received",
    "Closed as",
)


class Format(StrEnum):
    """Of which kind a file is."""

    CSV = "csv"
    XLSX = "xlsx"


async def export_list(session: Session, filters: ListFilters, kind: Format) -> bytes:
    """The referrals that fit every filter, as a file.

    Raises:
        Refused: as :func:`casework.referral_lists.list_referrals`.
    """
    found = await list_referrals(session, filters.model_copy(update={"limit": MOST, "after": None}))
    return await asyncio.to_thread(_written, found.lines, kind)


def _written(lines: Iterable[ReferralLine], kind: Format) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        writer: RowWriter = (
            CsvWriter(path.open("wb"), ",")
            if kind is Format.CSV
            else XlsxWriter(path.open("wb"), "Referrals", Path(folder))
        )
        for row in _rows(lines, kind):
            writer.write(row)
        writer.close()
        return path.read_bytes()


def _rows(lines: Iterable[ReferralLine], kind: Format) -> Iterator[Sequence[object]]:
    yield HEADINGS
    for each in lines:
        yield (
            each.reference,
            each.area,
            in_words(each.stage),
            each.caseworker or "",
            deadline_in_words(each.next_deadline) if each.next_deadline else "",
            _moment(each.next_due_at, kind),
            _yes(each.overdue),
            _yes(each.on_hold),
            _yes(each.inactive),
            _moment(each.received_at, kind),
            in_words(each.closure_reason) if each.closure_reason else "",
        )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _moment(at: datetime | None, kind: Format) -> object:
    if at is None:
        return ""
    local = at.astimezone(LONDON).replace(tzinfo=None, microsecond=0)
    # A workbook has a type of its own for it.
    return local if kind is Format.XLSX else f"{local:%Y-%m-%d %H:%M}"
