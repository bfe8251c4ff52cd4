"""What every kind of spreadsheet is read into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TypeAlias

from casework.spreadsheets.errors import BadSpreadsheet

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta
"""What stands in a cell: a text, or what the spreadsheet says it is. Empty: an empty text."""

MOST_ROWS = 100_000
"""Below the headings."""
MOST_COLUMNS = 1_000
"""More than there are to fill, with as many people as have columns."""

# The headings are looked for in so many rows.
_ABOVE = 10


@dataclass(frozen=True)
class SheetRow:
    """One row that is not blank.

    Attributes:
        number: as the spreadsheet's program shows it; the first row is 1.
        cells: as many as there are headings, or more.
        fault: why what stands in it cannot be relied on, in a sentence that names the cell; None where it can.
    """

    number: int
    cells: Sequence[Cell]
    fault: str | None = None


@dataclass(frozen=True)
class Spreadsheet:
    """A spreadsheet that is open for reading.

    Attributes:
        name: of the file, as it was given.
        kind: "csv", "xlsx" or "ods".
        separator: between the cells of a CSV file; a comma for the others.
        heading_row: the number of the row of the headings.
        headings: each as it is written.
        number_of_rows: how many there are below the headings, blank ones among them.
        notes: what the reader should know, in sentences.
        rows: reads the rows below the headings from the first to the last, blank ones left out; may be called again.
    """

    name: str
    kind: str
    separator: str
    heading_row: int
    headings: tuple[str, ...]
    number_of_rows: int
    notes: tuple[str, ...]
    rows: Callable[[], Iterator[SheetRow]]


def is_blank(cell: Cell) -> bool:
    """Whether nothing but white space stands in a cell."""
    return isinstance(cell, str) and not cell.strip()


def column_letters(at: int) -> str:
    """The name of a column as a spreadsheet's program shows it: A for 0, AA for 26."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def headings_of(cells: Sequence[Cell], name: str) -> tuple[str, ...]:
    """The headings that a row holds, without the blank cells at its end. Raises BadSpreadsheet."""
    found = [str(cell).strip() for cell in cells]
    while found and not found[-1]:
        found.pop()
    if len(found) > MOST_COLUMNS:
        raise BadSpreadsheet(
            f"{name} has more than {MOST_COLUMNS} columns; `rj import --template` makes a file to begin with."
        )
    return tuple(found)


def find_headings(
    rows: Iterable[tuple[int, Sequence[Cell]]], known: Callable[[Sequence[str]], int]
) -> tuple[int, Sequence[Cell], int]:
    """The row of the headings: of the first that are not blank, the one of which most is known, else the very first.

    A title or a remark may stand above them.

    Args:
        rows: each with its number, from the first.
        known: how many of these headings are known.

    Returns:
        The number of the row, its cells, and how many of them are known; 0 and none where every row is blank.
    """
    filled = ((at, cells) for at, cells in rows if not all(map(is_blank, cells)))
    candidates = [(at, cells, known([str(cell) for cell in cells])) for at, cells in islice(filled, _ABOVE)]
    # The first of several with as many.
    return max(candidates, key=lambda found: found[2], default=(0, (), 0))


def refuse_more_rows(name: str) -> BadSpreadsheet:
    """The error for a spreadsheet with more rows than are imported at once."""
    return BadSpreadsheet(f"{name} has more than {MOST_ROWS:,} rows; divide it. Nothing was imported.")


def refuse_empty(name: str) -> BadSpreadsheet:
    """The error for a spreadsheet in which nothing stands."""
    return BadSpreadsheet(f"{name} is empty; `rj import --template` makes a file to begin with.")
