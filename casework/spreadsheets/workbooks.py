"""Reading .xlsx and .ods by python-calamine, each only once it is known to be of a size that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from xml.parsers import expat

from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.safe_text import as_it_was
from casework.spreadsheets.scanning import MOST_CELLS, Scanned, scan_ods, scan_xlsx, too_many_cells
from casework.spreadsheets.sheets import (
    MOST_ROWS,
    Cell,
    SheetRow,
    Spreadsheet,
    find_headings,
    headings_of,
    is_blank,
    refuse_empty,
    refuse_more_rows,
)
from casework.spreadsheets.unpacking import Package, local_name, protected

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_WORKBOOK = "xl/workbook.xml"
_OF_WORKBOOK = "xl/_rels/workbook.xml.rels"
# The mimetype of an .ods, which stands uncompressed at its beginning.
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


class _Listed(NamedTuple):
    name: str
    hidden: bool
    scanned: Scanned


def is_ods(begin: bytes) -> bool:
    """Whether a file that begins so is an .ods."""
    return _ODS in begin


def open_workbook(
    file: BinaryIO, name: str, known: Callable[[Sequence[str]], int], sheet: str | None
) -> Spreadsheet:
    """Open the one visible sheet in which something stands, or the named one.

    Args:
        file: which begins as a zip file.
        known: how many of these headings are known; that decides which row they are.
        sheet: as its tab is named; None: the only one.

    Raises:
        BadSpreadsheet: it cannot be read, is damaged, protected or too large, or it is not clear which sheet is meant.
    """
    file.seek(0)
    begin = file.read(200)
    package = Package(file, name)
    if is_ods(begin):
        kind, listed = "ods", _sheets_of_ods(package, file, name)
    elif _WORKBOOK in package:
        kind, listed = "xlsx", _sheets_of_xlsx(package)
    else:
        raise BadSpreadsheet(
            f"{name} is not a spreadsheet; accepted are .xlsx, .ods and CSV. Save it as .xlsx."
        )
    chosen, notes = _chosen(listed, sheet, name)
    chosen.scanned.check(name)
    return _opened(_loaded(file, name, chosen.name), chosen, kind, name, known, notes)


def _sheets_of_xlsx(package: Package) -> list[_Listed]:
    named: list[dict[str, str]] = []
    targets: dict[str, dict[str, str]] = {}

    def of_workbook(tag: str, said: dict[str, str]) -> None:
        if local_name(tag) == "sheet":
            named.append({local_name(key): value for key, value in said.items()})

    def of_relations(tag: str, said: dict[str, str]) -> None:
        if local_name(tag) == "Relationship":
            targets[said.get("Id", "")] = said

    for part, handler in ((_WORKBOOK, of_workbook), (_OF_WORKBOOK, of_relations)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        package.parse(part, parser)
    # The library reads what it likes of them whole, and makes room for each shared text, however short.
    texts = sum(piece.count(b"<si") + piece.count(b":si") for part in package for piece in package.read(part))
    if texts > MOST_CELLS:
        raise too_many_cells(package.name)
    return [
        _listed_sheet(package, each, targets.get(each.get("id", ""), {}))
        for each in named
        if targets.get(each.get("id", ""), {}).get("Type", "").endswith("/worksheet")
    ]


def _listed_sheet(package: Package, sheet: dict[str, str], target: dict[str, str]) -> _Listed:
    part = target.get("Target", "")
    part = part.removeprefix("/") if part.startswith("/") else f"xl/{part}"
    hidden = sheet.get("state", "visible") != "visible"
    # What is hidden is not read, and may hold anything.
    return _Listed(sheet.get("name", ""), hidden, Scanned() if hidden else scan_xlsx(package, part))


def _sheets_of_ods(package: Package, file: BinaryIO, name: str) -> list[_Listed]:
    if "META-INF/manifest.xml" in package:
        manifest = b"".join(package.read("META-INF/manifest.xml"))
        if b"encryption-data" in manifest:
            raise protected(name)
    scanned = scan_ods(package)
    for each in scanned.values():
        # All of it is read at once, hidden or not.
        each.check(name)
    from python_calamine import SheetVisibleEnum

    with _workbook(file, name) as workbook:
        return [
            _Listed(each.name, each.visible != SheetVisibleEnum.Visible, scanned.get(each.name, Scanned()))
            for each in workbook.sheets_metadata
        ]


def _chosen(listed: list[_Listed], sheet: str | None, name: str) -> tuple[_Listed, tuple[str, ...]]:
    if sheet is not None:
        for each in listed:
            if each.name.casefold() == sheet.strip().casefold() and not each.hidden:
                return each, ()
        shown = ", ".join(each.name for each in listed if not each.hidden)
        raise BadSpreadsheet(f"--sheet: {name} has no visible sheet of that name. Accepted: {shown[:300]}.")
    hidden = [each.name for each in listed if each.hidden]
    filled = [each for each in listed if not each.hidden and each.scanned.rows]
    if len(filled) > 1:
        raise BadSpreadsheet(
            f"{name} has {len(filled)} sheets; say which one with --sheet NAME. "
            f"Accepted: {', '.join(each.name for each in filled)[:300]}."
        )
    if not filled:
        raise refuse_empty(name)
    # The names are not repeated: nobody who sees the file sees them.
    what = "One hidden sheet was" if len(hidden) == 1 else f"{len(hidden)} hidden sheets were"
    return filled[0], (f"{what} left out.",) if hidden else ()


def _workbook(file: BinaryIO, name: str) -> Any:
    from python_calamine import CalamineWorkbook

    file.seek(0)
    return _attempt(lambda: CalamineWorkbook.from_object(file), name)


def _loaded(file: BinaryIO, name: str, sheet: str) -> CalamineSheet:
    workbook = _workbook(file, name)
    try:
        return _attempt(lambda: workbook.get_sheet_by_name(sheet), name)  # type: ignore[no-any-return]
    finally:
        workbook.close()


def _attempt(work: Any, name: str) -> Any:
    """What the library answers. Its errors, and its own faults, are told as a file that cannot be read."""
    from python_calamine import CalamineError, PasswordError

    try:
        return work()
    except PasswordError as error:
        raise protected(name) from error
    except (CalamineError, OSError) as error:
        raise BadSpreadsheet(f"{name} is damaged; open it and save it as .xlsx again.") from error
    except BaseException as error:
        # A fault inside the library, which is Rust, is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise BadSpreadsheet(f"{name} cannot be read; open it and save it as .xlsx again.") from error


def _opened(
    sheet: CalamineSheet,
    chosen: _Listed,
    kind: str,
    name: str,
    known: Callable[[Sequence[str]], int],
    notes: tuple[str, ...],
) -> Spreadsheet:
    faults = chosen.scanned.faults
    first_column = sheet.start[1] if sheet.start else 0

    def cells() -> Iterator[tuple[int, list[Cell]]]:
        # Rows come from the first of the sheet, cells from the first that is filled in any row.
        before: list[Cell] = [""] * first_column
        for at, row in enumerate(sheet.iter_rows(), 1):
            yield at, [*before, *(as_it_was(cell) if isinstance(cell, str) else cell for cell in row)]

    heading_at, first, _ = find_headings(cells(), known)
    headings = headings_of(first, name)
    if not headings:
        raise refuse_empty(name)
    if heading_at in faults:
        raise BadSpreadsheet(f"{name}: {faults[heading_at]}.")
    if chosen.scanned.rows - heading_at > MOST_ROWS:
        raise refuse_more_rows(name)

    def rows() -> Iterator[SheetRow]:
        for at, row in cells():
            fault = faults.get(at)
            if at > heading_at and (fault or any(not is_blank(cell) for cell in row)):
                yield SheetRow(at, row, fault)

    number = chosen.scanned.rows - heading_at
    return Spreadsheet(name, kind, ",", heading_at, headings, number, notes, rows)
