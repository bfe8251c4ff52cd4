"""Opening a spreadsheet, whichever of the kinds that people have it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from casework.spreadsheets.delimited import ACCEPTED, open_delimited
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.sheets import Spreadsheet, refuse_empty
from casework.spreadsheets.unpacking import protected
from casework.spreadsheets.workbooks import open_workbook

LARGEST = 200_000_000
"""Bytes of a file; a hundred thousand rows with a paragraph each are smaller."""

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0"
_NEVER = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ")


def open_spreadsheet(
    file: BinaryIO, name: str, *, known: Callable[[Sequence[str]], int], sheet: str | None = None
) -> Spreadsheet:
    """Open a spreadsheet by what stands in it; its name may say anything.

    Args:
        file: may be read again from its beginning, and must stay open while the rows are read.
        name: of the file, for sentences.
        known: how many of these headings are known, which tells which row they are, and how a CSV file is separated.
        sheet: which sheet of a workbook; None: the only one that is visible and not empty.

    Raises:
        BadSpreadsheet: it is none, or cannot be imported as it is.
    """
    size = file.seek(0, 2)
    file.seek(0)
    begin = file.read(512)
    if not size:
        raise refuse_empty(name)
    if size > LARGEST:
        raise BadSpreadsheet(
            f"{name} is larger than {LARGEST // 1_000_000} MB; divide it. Nothing was imported."
        )
    if begin.startswith(_ZIP):
        return open_workbook(file, name, known, sheet)
    if begin.startswith(_COMPOUND):
        raise _of_old_excel(file, name)
    if begin.startswith(_NEVER):
        raise BadSpreadsheet(f"{name} is not a spreadsheet; {ACCEPTED}.")
    if sheet is not None:
        raise BadSpreadsheet(f"--sheet: {name} is CSV, which has no sheets; leave it out.")
    return open_delimited(file, name, known)


def _of_old_excel(file: BinaryIO, name: str) -> BadSpreadsheet:
    file.seek(0)
    # A workbook with a password is put into the container that .xls uses.
    if "EncryptedPackage".encode("utf-16-le") in file.read():
        return protected(name)
    return BadSpreadsheet(f"{name} is of a kind that is not read, such as .xls; save it as .xlsx.")
