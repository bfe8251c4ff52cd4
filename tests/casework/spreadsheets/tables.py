"""Spreadsheets for the tests, and reading them. Everybody in them is invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from casework.importing import CheckedRow, RowToOpen
from casework.spreadsheets.columns import Place
from casework.spreadsheets.headings import match_headings, number_known
from casework.spreadsheets.reading import open_spreadsheet
from casework.spreadsheets.rows import checked_rows
from casework.spreadsheets.sheets import Spreadsheet

SAVED = Path(__file__).parent / "saved"

ROW: Mapping[str, object] = {
    "external_id": "CASE-1",
    "area": "durham",
    "source": "police",
    "initiator": "agency",
    "offence": "burglary",
    "justice_stage": "out_of_court",
    "harmed_name": "Alex Example",
}
"""What is needed, and a name."""


def csv_bytes(
    *rows: Sequence[object], separator: str = ",", encoding: str = "utf-8", line_end: str = "\r\n"
) -> bytes:
    """A CSV file; the first row is the headings."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(*sheets: Sequence[Sequence[object]], hidden: Sequence[int] = ()) -> bytes:
    """A workbook with these sheets; a text that begins with = is a text."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats: dict[type[object], Any] = {
        type_: book.add_format({"num_format": said})
        for type_, said in ((datetime, "dd/mm/yyyy hh:mm"), (date, "dd/mm/yyyy"), (time, "hh:mm"))
    }
    for number, rows in enumerate(sheets):
        sheet = book.add_worksheet()
        if number in hidden:
            sheet.hide()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if type(cell) in formats:
                    sheet.write_datetime(at, column, cell, formats[type(cell)])
                elif cell != "":
                    sheet.write(at, column, cell)
    book.close()
    return file.getvalue()


def opened(data: bytes, *, sheet: str | None = None, name: str = "cases") -> Spreadsheet:
    """The spreadsheet in a file of these bytes."""
    return open_spreadsheet(io.BytesIO(data), name, known=number_known, sheet=sheet)


def checked(
    data: bytes, mapping: Mapping[str, Place | None] | None = None, **options: Any
) -> list[CheckedRow]:
    """What its rows hold."""
    spreadsheet = opened(data, **options)
    return list(checked_rows(spreadsheet, match_headings(spreadsheet.headings, mapping or {}, "cases")))


def read(data: bytes, **options: Any) -> list[RowToOpen]:
    """The referrals that its rows hold, all of which must be right."""
    found = checked(data, **options)
    assert [row.problems for row in found if row.problems] == []
    return [row.to_open for row in found if row.to_open is not None]


def with_cells(**more: object) -> tuple[list[str], list[object]]:
    """Headings and one row that has what is needed, with these cells too."""
    cells = {**ROW, **more}
    return list(cells), list(cells.values())


def reasons(data: bytes, **options: Any) -> list[tuple[str, str]]:
    """What is wrong with its rows: each column with the reason."""
    return [(each.column, each.reason) for row in checked(data, **options) for each in row.problems]
