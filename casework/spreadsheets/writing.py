"""Spreadsheets that leave: the refused rows, to be mended and imported again, and a template to begin with.

No text in them is run as a formula: a workbook says of each that it is text, and CSV has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TextIO

from casework.spreadsheets.columns import EXTERNAL_ID, Column, Kind, columns
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.headings import REASON
from casework.spreadsheets.safe_text import made_harmless
from casework.spreadsheets.sheets import Spreadsheet
from casework.spreadsheets.values import label_of

# Of a list that a cell of a workbook offers.
_LONGEST_LIST = 255
_FORMATS = {Kind.DAY: "dd/mm/yyyy", Kind.TIME: "hh:mm", Kind.MOMENT: "dd/mm/yyyy hh:mm", Kind.NUMBER: "0"}
_MOST_TEMPLATE_ROWS = 1000


class RowWriter(Protocol):
    """Writes one row after the other."""

    def write(self, cells: Sequence[object]) -> None:
        """Write a row."""

    def close(self) -> None:
        """Complete the file."""


class CsvWriter:
    """Writes CSV in UTF-8 with a mark, by which Excel knows it."""

    def __init__(self, file: BinaryIO, separator: str) -> None:
        """Write to the file, which is closed with this."""
        self._text: TextIO = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._text, delimiter=separator)

    def write(self, cells: Sequence[object]) -> None:
        """Write a row."""
        self._rows.writerow([made_harmless(cell) if isinstance(cell, str) else cell for cell in cells])

    def close(self) -> None:
        """Complete the file."""
        self._text.close()


class XlsxWriter:
    """Writes a workbook of one sheet, a row at a time; no more than the row is kept in memory."""

    def __init__(self, file: BinaryIO, sheet: str, folder: Path | None) -> None:
        """Write to the file, which is closed with this.

        Args:
            folder: where the rows wait until the file is complete; the library's own choice is one that others share.
                None: they wait in memory, and on no disk.
        """
        self._file = file
        waiting: dict[str, bool | str] = (
            {"constant_memory": True, "tmpdir": str(folder)} if folder else {"in_memory": True}
        )
        self._book = _workbook(file, **waiting)
        self._sheet = self._book.add_worksheet(sheet)
        self._sheet.freeze_panes(1, 0)
        self._at = 0
        self._text = self._book.add_format({"num_format": "@"})
        # What begins like a formula stays text even where somebody edits the cell.
        self._quoted = self._book.add_format({"num_format": "@", "quote_prefix": True})
        self._formats: dict[type[object], Any] = {
            type_: self._book.add_format({"num_format": said})
            for type_, said in (
                (datetime, "dd/mm/yyyy hh:mm"),
                (date, "dd/mm/yyyy"),
                (time, "hh:mm"),
                (timedelta, "[h]:mm"),
            )
        }

    def write(self, cells: Sequence[object]) -> None:
        """Write a row, each cell as what it is."""
        for column, cell in enumerate(cells):
            match cell:
                case "":
                    continue
                case str():
                    form = self._quoted if made_harmless(cell) != cell else self._text
                    self._sheet.write_string(self._at, column, cell, form)
                case bool():
                    self._sheet.write_boolean(self._at, column, cell)
                case int() | float():
                    self._sheet.write_number(self._at, column, cell)
                case _:
                    self._sheet.write_datetime(self._at, column, cell, self._formats[type(cell)])
        self._at += 1

    def close(self) -> None:
        """Complete the file."""
        self._book.close()
        self._file.close()


class RefusedRows:
    """The refused rows of a spreadsheet, as one of the same kind with the reason in the first column.

    The file is made with the first row, is never put in the place of another, and only its owner can read it.
    """

    def __init__(self, source: Spreadsheet, path: Path | None, beside: Path) -> None:
        """Write to the path; else next to the spreadsheet that was imported, under a name that is free.

        Args:
            source: the spreadsheet; its headings are kept as they are.
            path: None: beside it, with -refused at the end of the name.
            beside: the path of the spreadsheet.
        """
        self._source = source
        self._suffix = ".csv" if source.kind == "csv" else ".xlsx"
        self._wanted = path
        self._beside = beside
        self._writer: RowWriter | None = None
        self._reasons = [at for at, heading in enumerate(source.headings) if heading == REASON]
        self.path: Path | None = None

    def check(self) -> None:
        """Raise BadSpreadsheet where the file could not be made, before anything is opened."""
        path = self._wanted or self._beside
        if self._wanted is not None:
            if path.exists():
                raise BadSpreadsheet(f"--refused: {path} exists already; name a new file.")
            if path.suffix.lower() != self._suffix:
                raise BadSpreadsheet(
                    f"--refused: name a file that ends in {self._suffix}, as the refused rows will."
                )
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise BadSpreadsheet(
                f"The refused rows cannot be written into {path.parent}; name a file with --refused."
            )

    def add(self, cells: Sequence[object], reason: str) -> None:
        """Write a row with the reason why it was refused. Raises BadSpreadsheet where it cannot be written."""
        try:
            if self._writer is None:
                self._writer = self._begun()
                self._writer.write([REASON, *self._others(self._source.headings)])
            self._writer.write([reason, *self._others(cells)])
        except OSError as error:
            raise _not_written(self.path or self._beside, error) from error

    def close(self) -> None:
        """Complete the file, where there is one."""
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as error:
                raise _not_written(self.path or self._beside, error) from error

    def _others(self, cells: Sequence[object]) -> list[object]:
        return [cell for at, cell in enumerate(cells) if at not in self._reasons]

    def _begun(self) -> RowWriter:
        file, self.path = self._created()
        if self._suffix == ".csv":
            return CsvWriter(file, self._source.separator)
        return XlsxWriter(file, "Refused", self.path.parent)

    def _created(self) -> tuple[BinaryIO, Path]:
        if self._wanted is not None:
            return create_private(self._wanted), self._wanted
        stem, number = self._beside.stem, 1
        while True:
            name = f"{stem}-refused{f'-{number}' if number > 1 else ''}{self._suffix}"
            path = self._beside.with_name(name)
            try:
                return create_private(path), path
            except FileExistsError:
                number += 1


class _InMemory(io.BytesIO):
    """A file in memory, whose content stays when it is closed."""

    content = b""

    def close(self) -> None:
        """Keep the content."""
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def refused_rows(source: Spreadsheet, rows: Iterable[tuple[Sequence[object], str]]) -> bytes:
    """The refused rows of a spreadsheet as one of the same kind, with the reason in the first column; on no disk.

    Args:
        rows: the cells of each, and why it was refused.
    """
    file = _InMemory()
    writer: RowWriter = (
        CsvWriter(file, source.separator) if source.kind == "csv" else XlsxWriter(file, "Refused", None)
    )
    kept = [at for at, heading in enumerate(source.headings) if heading != REASON]
    writer.write([REASON, *(source.headings[at] for at in kept)])
    for cells, reason in rows:
        writer.write([reason, *(cells[at] for at in kept if at < len(cells))])
    writer.close()
    return file.content


def create_private(path: Path) -> BinaryIO:
    """A new file that only its owner can read. Raises OSError, FileExistsError where there is one."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_template(file: BinaryIO, examples: Mapping[str, str]) -> None:
    """Write a workbook to begin with: a sheet with the headings, what belongs below each, and one row.

    Args:
        examples: by the column's name, what stands in the row.
    """
    book = _workbook(file)
    sheet = book.add_worksheet("Referrals")
    sheet.freeze_panes(1, 1)
    bold = book.add_format({"bold": True})
    for at, column in enumerate(columns().values()):
        form = book.add_format({"num_format": _FORMATS.get(column.kind, "@")})
        sheet.set_column(at, at, max(14, len(column.label) + 2), form)
        sheet.write_string(0, at, f"{column.label} *" if column.required else column.label, bold)
        sheet.write_comment(0, at, textwrap.fill(column.meaning, 60), {"x_scale": 2.5, "author": ""})
        words = _offered(column)
        if words and sum(map(len, words)) + len(words) <= _LONGEST_LIST:
            sheet.data_validation(
                1, at, _MOST_TEMPLATE_ROWS, at, {"validate": "list", "source": words, "error_type": "warning"}
            )
        _write_example(sheet, at, column, examples.get(column.name, ""), form)
    book.close()


def _offered(column: Column) -> list[str]:
    if column.several:
        return []
    if column.kind is Kind.YES_NO:
        return ["Yes", "No"]
    return [label_of(word) for word in column.words] if column.words else []


def _write_example(sheet: Any, at: int, column: Column, text: str, form: Any) -> None:
    if not text:
        return
    if column.kind is Kind.DAY:
        sheet.write_datetime(1, at, date.fromisoformat(text), form)
    elif column.kind is Kind.TIME:
        sheet.write_datetime(1, at, time.fromisoformat(text), form)
    elif column.words and not column.several:
        sheet.write_string(1, at, label_of(column.words(text)), form)
    else:
        sheet.write_string(1, at, text, form)


def template_csv(examples: Mapping[str, str]) -> str:
    """The headings and one row, as a CSV file may begin."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns())
    rows.writerow([made_harmless(examples.get(name, "")) for name in columns()])
    return text.getvalue()


def examples_from(document: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the cells of a row, by the column's name, for a referral with one person on each side."""
    people = {person["role"]: person for person in document["participants"]}
    found = {EXTERNAL_ID: "CASE-0001"}
    for name, column in columns().items():
        value: Any = document if column.side is None else people.get(column.side, {})
        for part in column.path:
            value = value.get(part) if isinstance(value, dict) else None
        if column.path and value is not None:
            found[name] = _as_text(value)
    return found


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ";".join(map(str, value))
        case _:
            return str(value)


def _workbook(file: BinaryIO, **options: bool | str) -> Any:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return Workbook(file, {**never, **options})


def _not_written(path: Path, error: OSError) -> BadSpreadsheet:
    return BadSpreadsheet(f"{path} cannot be written: {(error.strerror or 'the disk is full').lower()}.")
