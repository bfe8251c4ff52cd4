"""A spreadsheet costs memory in proportion to what it holds, or is refused: each is read under a limit of memory."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from casework.spreadsheets.columns import MOST_OF_A_SIDE, columns
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.sheets import MOST_COLUMNS, MOST_ROWS
from casework.spreadsheets.unpacking import Package
from tests.casework.spreadsheets.tables import checked, csv_bytes, opened, with_cells, xlsx_bytes

PROJECT = Path(__file__).parents[3]
MEGABYTE = 1_000_000

_READ = """
import resource, sys
sys.path.insert(0, {project!r})
from casework.spreadsheets.headings import match_headings, number_known
from casework.spreadsheets.reading import open_spreadsheet
from casework.spreadsheets.rows import checked_rows
import python_calamine, pydantic
from schemas.commands import OpenReferral

# Beyond what the imports took; an address that is not used costs nothing but counts.
begun = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (begun + {allowed}, begun + {allowed}))
try:
    with open({path!r}, "rb") as file:
        spreadsheet = open_spreadsheet(file, "cases", known=number_known)
        rows = checked_rows(spreadsheet, match_headings(spreadsheet.headings, {{}}, "cases"))
        print(sum(row.to_open is not None for row in rows), "rows")
except Exception as error:
    print(type(error).__name__, error)
"""


def read_within(allowed: int, data: bytes, folder: Path) -> str:
    """What a process that may use so many bytes says of a file."""
    path = folder / "cases"
    path.write_bytes(data)
    said = subprocess.run(
        [sys.executable, "-c", _READ.format(project=str(PROJECT), path=str(path), allowed=allowed)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


def many(number: int) -> list[list[object]]:
    headings, cells = with_cells(summary="What happened, in a sentence or two. " * 4)
    return [list(headings), *([f"CASE-{at}", *cells[1:]] for at in range(number))]


def sheet_of(content: str, *, cells: str = "") -> bytes:
    """A workbook whose one sheet has this XML in its table."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_bytes(with_cells()))) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            text = before.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = text.replace("</sheetData>", f"{content}</sheetData>")
            after.writestr(name, text)
    return out.getvalue()


def test_rows_of_csv_are_read_one_at_a_time(tmp_path: Path) -> None:
    data = csv_bytes(*many(20_000), encoding="utf-16")
    assert len(data) > 8 * MEGABYTE
    # The bytes of the file alone, once decoded, would be more.
    assert read_within(14 * MEGABYTE, data, tmp_path) == "20000 rows"


def test_rows_of_a_workbook_take_the_room_of_their_cells(tmp_path: Path) -> None:
    assert read_within(30 * MEGABYTE, xlsx_bytes(many(8_000)), tmp_path) == "8000 rows"


BLANK_ROWS = "".join(
    f'<row r="{at}"><c r="A{at}" s="1"/><c r="XFD{at}" s="1"/></row>' for at in range(3, 40_000)
)


def test_cells_that_are_only_formatted_cost_nothing(tmp_path: Path) -> None:
    assert read_within(30 * MEGABYTE, sheet_of(BLANK_ROWS), tmp_path) == "1 rows"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "has more than 100,000 rows"),
        ('<row r="3"><c r="XFD3"><v>1</v></c></row>', "something stands in column XFD"),
        ("<row r='3'><c x='>' r='XFD3'><v>1</v></c></row>", "something stands in column XFD"),
        (f'<row r="{MOST_ROWS}"><c r="SA{MOST_ROWS}"><v>1</v></c></row>', "so that the table is too large"),
        ('<row r="99999999999"><c><v>1</v></c></row>', "is damaged"),
        ('<row r="3"><c r="R3C3"><v>1</v></c></row>', "is damaged"),
        (f'<row r="3">{"<c/>" * 1100}<c><v>1</v></c></row>', "something stands in column API"),
    ],
)
def test_a_cell_far_away_is_refused_before_room_is_made(content: str, sentence: str, tmp_path: Path) -> None:
    said = read_within(30 * MEGABYTE, sheet_of(content), tmp_path)
    assert said.startswith("BadSpreadsheet")
    assert sentence in said


def test_a_file_that_unpacks_to_a_huge_one_is_refused_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.spreadsheets.unpacking.MOST_UNPACKED", 30 * MEGABYTE)
    out = io.BytesIO(xlsx_bytes(with_cells()))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as parts:
        for at in range(4):
            parts.writestr(f"xl/more{at}.xml", " " * 10 * MEGABYTE)
    assert len(out.getvalue()) < MEGABYTE
    with pytest.raises(BadSpreadsheet, match="unpacks to more than 30 MB; delete the empty rows"):
        opened(out.getvalue())


def test_texts_are_counted_before_room_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.spreadsheets.workbooks.MOST_CELLS", 1000)
    assert opened(xlsx_bytes(many(100))).number_of_rows == 100
    with pytest.raises(BadSpreadsheet, match="cells; delete the empty columns"):
        opened(xlsx_bytes(many(1000)))


def test_what_a_file_says_of_its_sizes_is_not_relied_upon() -> None:
    """Else a part that is said to be small could unpack to any size in the library."""
    data = bytearray(sheet_of(" " * 5 * MEGABYTE))
    at = data.index(b"PK\x01\x02")
    while bytes(data[at : at + 4]) == b"PK\x01\x02":
        data[at + 24 : at + 28] = (1).to_bytes(4, "little")
        at += 46 + sum(int.from_bytes(data[at + place : at + place + 2], "little") for place in (28, 30, 32))
    unpacked = Package(io.BytesIO(bytes(data)), "cases")
    assert sum(map(len, unpacked.read("xl/worksheets/sheet1.xml"))) > 5 * MEGABYTE


def ods_of(rows: str) -> bytes:
    out = io.BytesIO()
    names = "".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0" '
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(
            "content.xml",
            f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="A">'
            f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def empty(repeated: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{repeated}"/>'


def empty_rows(repeated: int) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}"><table:table-cell/></table:table-row>'


def filled(repeated: int) -> str:
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        "<text:p>x</text:p></table:table-cell>"
    )


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (f"<table:table-row>{filled(16384)}</table:table-row>", "something stands in column XFD"),
        (
            f'<table:table-row table:number-rows-repeated="1048576">{filled(1)}</table:table-row>',
            "more than 100,000 rows",
        ),
        (
            f"<table:table-row>{empty(99_999_999)}<table:table-cell/></table:table-row>",
            "more than 12,000,000 cells; delete the empty columns",
        ),
        (
            f"<table:table-row>{empty(16_000)}<table:table-cell/></table:table-row>" * 2000,
            "more than 12,000,000 cells; delete the empty columns",
        ),
        (f"{empty_rows(10**12)}<table:table-row>{filled(1)}</table:table-row>", "more than 100,000 rows"),
    ],
)
def test_cells_that_an_ods_repeats_are_counted_before_room_is_made(
    rows: str, sentence: str, tmp_path: Path
) -> None:
    said = read_within(30 * MEGABYTE, ods_of(rows), tmp_path)
    assert said.startswith("BadSpreadsheet cases")
    assert sentence in said


def test_more_than_a_hundred_thousand_rows_are_refused_and_as_many_are_not() -> None:
    headings = ",".join(columns()).encode()
    row = b"\nx" + b"," * (len(columns()) - 1)
    assert opened(headings + row * MOST_ROWS).number_of_rows == MOST_ROWS
    with pytest.raises(BadSpreadsheet, match="more than 100,000 rows; divide it"):
        checked(headings + row * (MOST_ROWS + 1))


def test_blank_rows_of_csv_are_read_over_down_to_the_last_row_of_a_spreadsheet_program() -> None:
    filled, blank = b"external_id,area\nx,y\n", b",\n"
    assert opened(filled + blank * (MOST_ROWS + 1)).number_of_rows == 1
    with pytest.raises(BadSpreadsheet, match="more than 100,000 rows; divide it"):
        opened(filled + blank * 1_048_576)


def test_there_is_room_for_every_column_of_as_many_people_as_have_columns() -> None:
    of_people = [column for column in columns().values() if column.side]
    assert len(columns()) - len(of_people) + MOST_OF_A_SIDE * len(of_people) < MOST_COLUMNS
