"""Reading CSV: which encoding, which separator, and the rows. Nothing but the row at hand is kept in memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.safe_text import as_it_was
from casework.spreadsheets.sheets import (
    MOST_COLUMNS,
    MOST_ROWS,
    SheetRow,
    Spreadsheet,
    find_headings,
    headings_of,
    refuse_empty,
    refuse_more_rows,
)

_CHUNK = 1 << 20
_LAST_ROW = 1_048_576
"""The last row that spreadsheet programs have."""

_SEPARATORS = (",", ";", "\t")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ACCEPTED = "accepted are .xlsx, .ods and CSV in UTF-8, UTF-16 or Windows-1252"
"""Which files are."""


def open_delimited(file: BinaryIO, name: str, known: Callable[[Sequence[str]], int]) -> Spreadsheet:
    """Open a CSV file.

    Args:
        file: may be read again from its beginning.
        known: how many of these headings it knows; that decides which separator it is.

    Raises:
        BadSpreadsheet: it is no CSV, or larger than what is imported at once.
    """
    encoding = _encoding(file, name)
    separator = _separator(file, encoding, name, known)
    heading_at, cells, _ = find_headings(_lines(file, encoding, separator, name), known)
    if not heading_at:
        raise refuse_empty(name)
    headings = headings_of([as_it_was(str(cell)) for cell in cells], name)
    last = _last_row(file, encoding, separator, heading_at, name)

    def rows() -> Iterator[SheetRow]:
        for at, cells in _lines(file, encoding, separator, name):
            if at > heading_at and any(cell.strip() for cell in cells):
                yield SheetRow(at, [as_it_was(cell) for cell in cells])

    return Spreadsheet(name, "csv", separator, heading_at, headings, last - heading_at, (), rows)


def _encoding(file: BinaryIO, name: str) -> str:
    """By its mark, else UTF-16 where every other byte is zero, else UTF-8, else what Windows writes in Britain."""
    file.seek(0)
    begin = file.read(4096)
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return _checked(file, encoding, name)
    if b"\0" in begin:
        # Headings are mostly of the characters whose other half is zero in UTF-16.
        for encoding, low, high in (
            ("utf-16-le", begin[::2], begin[1::2]),
            ("utf-16-be", begin[1::2], begin[::2]),
        ):
            if high.count(0) > len(high) * 0.7 and low.count(0) < len(low) * 0.1:
                return _checked(file, encoding, name)
        # A stray one in a text is told with its cell.
        if begin.count(0) > len(begin) // 50:
            raise BadSpreadsheet(f"{name} is not a spreadsheet; {ACCEPTED}.")
    return "utf-8" if _decodes(file, "utf-8") else _checked(file, "cp1252", name)


def _checked(file: BinaryIO, encoding: str, name: str) -> str:
    if not _decodes(file, encoding):
        raise BadSpreadsheet(f"{name} is not a spreadsheet, or not text in one encoding; {ACCEPTED}.")
    return encoding


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while data := file.read(_CHUNK):
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(file: BinaryIO, encoding: str, name: str, known: Callable[[Sequence[str]], int]) -> str:
    """What Excel says in a first line of `sep=;`; else that by which most headings are known."""
    line = next((line for line in _text(file, encoding) if line.strip("\ufeff \r\n\t;,")), "")
    said = line.strip().lower().removeprefix("sep=")
    if line.lower().startswith("sep=") and said in _SEPARATORS:
        return said
    found: dict[str, tuple[int, int]] = {}
    for separator in _SEPARATORS:
        try:
            _, cells, number = find_headings(_lines(file, encoding, separator, name), known)
            found[separator] = (number, len(cells))
        except BadSpreadsheet:
            # By another separator it may be CSV.
            found[separator] = (0, 0)
    return max(_SEPARATORS, key=found.__getitem__)


def _last_row(file: BinaryIO, encoding: str, separator: str, heading_at: int, name: str) -> int:
    """The last row. The whole file is read for it, so that nothing is opened of one that ends in what is no CSV."""
    last = heading_at
    for at, cells in _lines(file, encoding, separator, name):
        if any(cell.strip() for cell in cells):
            last = at
        # Spreadsheet programs save blank rows down to the last one that ever was filled; those are read over.
        if last - heading_at > MOST_ROWS or at > _LAST_ROW:
            raise refuse_more_rows(name)
        if len(cells) > MOST_COLUMNS and any(cell.strip() for cell in cells[MOST_COLUMNS:]):
            raise BadSpreadsheet(
                f"{name}: row {at} has more than {MOST_COLUMNS} cells; "
                "`rj import --template` makes a file to begin with. Nothing was imported."
            )
    return last


class _KeptOpen(io.BufferedIOBase):
    """Reads a file from its beginning, and leaves it open when it is closed itself."""

    name = ""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)

    def readable(self) -> bool:
        return True

    def read1(self, size: int | None = -1, /) -> bytes:
        return self._file.read(_CHUNK if size is None or size < 0 else size)


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(_KeptOpen(file), encoding=encoding, newline="")


def _lines(file: BinaryIO, encoding: str, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    try:
        reading = csv.reader(_text(file, encoding), delimiter=separator, strict=True)
        for at, cells in enumerate(reading, 1):
            said = separator.join(cells).lower()
            if at == 1 and said.startswith("sep=") and len(said) <= len("sep=;"):
                continue
            yield at, cells
    except csv.Error as error:
        raise BadSpreadsheet(f"{name} is not CSV: {error}.") from error
