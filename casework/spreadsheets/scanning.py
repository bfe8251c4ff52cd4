"""What a sheet of a workbook holds, found before it is read: how far it reaches, and what in it cannot be relied on.

The library that reads workbooks makes room for every cell between the first and the last that is filled, which may be
17 billion; and it gives an empty cell where a formula failed or was never calculated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.sheets import MOST_COLUMNS, MOST_ROWS, column_letters, refuse_more_rows
from casework.spreadsheets.unpacking import Package, local_name

MOST_CELLS = 12_000_000
"""From the first that is filled to the last; each takes some dozens of bytes."""

# Title rows that may stand above the headings.
_ABOVE = 100
_CELL = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_NOT_CALCULATED = (
    "holds a formula that was never calculated; open the file in a spreadsheet program and save it"
)


def too_many_cells(name: str) -> BadSpreadsheet:
    """The error for a workbook with more cells than are read."""
    return BadSpreadsheet(
        f"{name} has more than {MOST_CELLS:,} cells; delete the empty columns beside the table, or divide it. "
        "Nothing was imported."
    )


@dataclass
class Scanned:
    """What was found in a sheet.

    Attributes:
        rows: the last row in which something stands; the first row is 1.
        columns: the last column in which something stands; the first column is 1.
        merged: the first range of merged cells, such as "A1:C1".
        faults: by row, a sentence that names the first cell of it that cannot be relied on.
    """

    rows: int = 0
    columns: int = 0
    merged: str | None = None
    faults: dict[int, str] = field(default_factory=dict)

    def reach(self, row: int, column: int) -> None:
        """Say that something stands in a cell."""
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)

    def found(self, row: int, column: int, what: str) -> None:
        """Say that what stands in a cell cannot be relied on."""
        if row <= MOST_ROWS + _ABOVE:
            self.faults.setdefault(row, f"{column_letters(column - 1)}{row} {what}")

    def check(self, name: str) -> None:
        """Raise BadSpreadsheet where it reaches further than what is read, or cells of it are merged."""
        if self.rows > MOST_ROWS + _ABOVE:
            raise refuse_more_rows(name)
        if self.columns > MOST_COLUMNS or self.rows * self.columns > MOST_CELLS:
            raise BadSpreadsheet(
                f"{name}: something stands in column {column_letters(self.columns - 1)} and in row {self.rows}, so "
                f"that the table is too large; at most {MOST_COLUMNS} columns and {MOST_CELLS:,} cells are read."
            )
        if self.merged is not None:
            raise BadSpreadsheet(
                f"{name}: the cells {self.merged} are merged; unmerge them, so that each stands alone."
            )


def scan_xlsx(package: Package, part: str) -> Scanned:
    """What a worksheet of an .xlsx file holds. Raises BadSpreadsheet where it is damaged."""
    scan = _XlsxScan(package)
    package.parse(part, scan.parser())
    return scan.scanned


class _XlsxScan:
    def __init__(self, package: Package) -> None:
        self.scanned = Scanned()
        self._package = package
        self._row = self._column = 0
        self._formula = self._value = self._filled = False
        self._type = ""
        self._parser = expat.ParserCreate()

    def parser(self) -> expat.XMLParserType:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        return self._parser

    def _start(self, tag: str, said: dict[str, str]) -> None:
        match local_name(tag):
            case "c":
                self._begin_cell(said)
            case "v" | "is":
                self._value = True
                self.scanned.reach(self._row, self._column)
            case "f":
                self._formula = True
                self.scanned.reach(self._row, self._column)
                # Only then it matters whether the value is empty; texts are far more than formulas.
                self._parser.CharacterDataHandler = self._text
            case "row":
                self._row, self._column = self._number(said.get("r"), self._row + 1), 0
            case "mergeCell":
                self.scanned.merged = self.scanned.merged or said.get("ref", "")[:20]

    def _begin_cell(self, said: dict[str, str]) -> None:
        place = said.get("r")
        if place is None:
            self._column += 1
        else:
            found = _CELL.fullmatch(place)
            if found is None:
                raise self._package.damaged()
            self._column, self._row = _column_number(found[1]), int(found[2])
        self._type = said.get("t", "")
        self._formula = self._value = self._filled = False

    def _text(self, text: str) -> None:
        self._filled = self._filled or self._value

    def _number(self, text: str | None, otherwise: int) -> int:
        if text is None:
            return otherwise
        if not text.isdecimal() or len(text) > len("1048576"):
            raise self._package.damaged()
        return int(text)

    def _end(self, tag: str) -> None:
        if local_name(tag) != "c":
            return
        if self._type == "e":
            self.scanned.found(
                self._row, self._column, "holds an error of the spreadsheet, such as #N/A; correct it"
            )
        elif self._formula and not self._filled and not (self._value and self._type == "str"):
            # A text may well be empty; a number may not.
            self.scanned.found(self._row, self._column, _NOT_CALCULATED)
        if self._formula:
            self._parser.CharacterDataHandler = None


def scan_ods(package: Package) -> dict[str, Scanned]:
    """What each sheet of an .ods file holds, by its name. Raises BadSpreadsheet where it is damaged or too large."""
    scan = _OdsScan(package)
    package.parse("content.xml", scan.parser())
    return scan.sheets


class _OdsScan:
    def __init__(self, package: Package) -> None:
        self.sheets: dict[str, Scanned] = {}
        self._package = package
        self._sheet = Scanned()
        self._row = self._column = self._rows = self._columns = 0
        self._room = 0
        self._in_cell = self._filled = False

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        return parser

    def _start(self, tag: str, said: dict[str, str]) -> None:
        match tag:
            case "table:table":
                self._sheet = self.sheets.setdefault(said.get("table:name", ""), Scanned())
                self._row = 1
            case "table:table-row":
                self._rows, self._column, self._columns = _times(said, "rows"), 1, 0
            case "table:table-cell" | "table:covered-table-cell":
                self._begin_cell(said)
            case "text:p" if self._in_cell:
                self._filled = True

    def _begin_cell(self, said: dict[str, str]) -> None:
        # Empty cells take room too, but for those at the end of a row.
        self._column += self._columns
        self._room += self._columns
        self._columns, self._in_cell = _times(said, "columns"), True
        if self._room > MOST_CELLS:
            raise too_many_cells(self._package.name)
        has_value = "office:value-type" in said or "calcext:value-type" in said
        self._filled = has_value
        row, column = self._row, self._column
        if "table:formula" in said and not has_value:
            self._filled = True
            self._sheet.found(row, column, _NOT_CALCULATED)
        elif said.get("calcext:value-type") == "error":
            self._sheet.found(row, column, "holds an error of the spreadsheet, such as #N/A; correct it")
        spans = said.get("table:number-columns-spanned", "1"), said.get("table:number-rows-spanned", "1")
        if spans != ("1", "1"):
            self._sheet.merged = self._sheet.merged or f"from {column_letters(column - 1)}{row} on"

    def _end(self, tag: str) -> None:
        match tag:
            case "table:table-cell" | "table:covered-table-cell":
                if self._filled:
                    self._sheet.reach(self._row + self._rows - 1, self._column + self._columns - 1)
                self._in_cell = self._filled = False
            case "table:table-row":
                self._row += self._rows


def _times(said: dict[str, str], what: str) -> int:
    text = said.get(f"table:number-{what}-repeated", "1")
    # More than a sheet has of either comes to the same as many.
    return int(text) if text.isdecimal() and len(text) < len("99999999") else 99_999_999


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
