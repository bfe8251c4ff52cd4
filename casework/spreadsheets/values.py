"""What stands in a cell, as the referral's document has it."""

from __future__ import annotations

import functools
import re
from datetime import date, time, timedelta
from enum import Enum
from typing import Any

from casework.spreadsheets.columns import Column, Kind
from casework.spreadsheets.dates import read_day, read_moment, read_time
from casework.spreadsheets.headings import plain_name
from casework.spreadsheets.sheets import Cell

# Control characters but for line ends and tabs, and the halves of characters beyond the basic plane.
_UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_YES_NO = {
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
}


def value_of(column: Column, cell: Cell) -> Any:
    """The value for the referral's document, JSON-ready. What is no word of a closed list is left as it is.

    Raises:
        ValueError: it cannot be read as what belongs there; its message says what is accepted.
    """
    if isinstance(cell, str) and _UNKEEPABLE.search(cell):
        raise ValueError("holds a control character or half a character; take it out")
    if not column.several:
        return _one(column, cell)
    items = re.split(r"[;,\n]" if column.words else r"[;\n]", cell) if isinstance(cell, str) else [cell]
    return [_one(column, item) for item in items if not isinstance(item, str) or item.strip()]


def _one(column: Column, cell: Cell) -> Any:
    if isinstance(cell, str):
        cell = cell.strip()
    match column.kind:
        case Kind.DAY:
            return read_day(cell)
        case Kind.TIME:
            return read_time(cell)
        case Kind.MOMENT:
            return read_moment(cell)
        case Kind.YES_NO:
            return _yes_or_no(cell)
        case Kind.NUMBER:
            return _number(cell)
    text = text_of(cell)
    if column.words is None:
        return text
    return _words(column.words).get(plain_name(text), text)


def text_of(cell: Cell) -> str:
    """The text of a cell, a whole number without its decimals.

    Raises:
        ValueError: a spreadsheet's program has made a day or a time of what was written.
    """
    match cell:
        case str():
            return cell
        case bool():
            return "yes" if cell else "no"
        case date() | time() | timedelta():
            raise ValueError(
                "is a date or time where text belongs; format the column as text and write it again"
            )
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case _:
            return str(cell)


def _yes_or_no(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    known = _YES_NO.get(text_of(cell).lower())
    if known is None:
        raise ValueError("must be yes or no")
    return known


def _number(cell: Cell) -> int | float:
    text = text_of(cell).replace(",", "")
    try:
        number = float(text)
        return int(number) if number.is_integer() else number
    except (ValueError, OverflowError):
        raise ValueError("must be a number") from None


@functools.cache
def _words(of: type[Enum]) -> dict[str, str]:
    """The words of a closed list by every spelling: its key, its label, and "35-54" for "35 to 54"."""
    plain = {plain_name(str(member.value)): str(member.value) for member in of}
    return {spelt.replace("_to_", "_"): word for spelt, word in plain.items()} | plain


def label_of(word: Enum) -> str:
    """A word of a closed list as people write it, such as "35 to 54"."""
    text = re.sub(r"[_-]+", " ", str(word.value))
    return text[:1].upper() + text[1:]
