"""Spreadsheets as people have them: the import matrix, LibreOffice's own, and files that cannot be read."""

from __future__ import annotations

import io
import zipfile
from datetime import date, time

import pytest

from casework.spreadsheets.errors import BadSpreadsheet
from tests.casework.spreadsheets.tables import (
    ROW,
    SAVED,
    checked,
    csv_bytes,
    opened,
    read,
    reasons,
    with_cells,
    xlsx_bytes,
)

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
SEPARATORS = [",", ";", "\t"]
DAYS = ["2026-09-03", "3/9/2026", "03.09.2026", "3 Sep 2026"]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_matrix_of_encodings_separators_and_days(encoding: str, separator: str, day: str) -> None:
    table = with_cells(
        harmed_name="Siân Ó Briain", summary="a, b; c\td\ne", incident_on=day, harmed_safe_from="9am"
    )
    [row] = read(csv_bytes(*table, separator=separator, encoding=encoding))
    assert row.form.incident_on == date(2026, 9, 3)
    assert row.form.summary == "a, b; c\td\ne"
    person = row.form.participants[0]
    assert (person.person.name, person.contact_safety.safe_from) == ("Siân Ó Briain", "09:00")


def test_utf_16_big_endian_with_its_mark_is_read() -> None:
    data = b"\xfe\xff" + csv_bytes(*with_cells(harmed_name="Zoë"), encoding="utf-16-be")
    assert read(data)[0].form.participants[0].person.name == "Zoë"


def test_excels_own_days_times_and_truths_are_read() -> None:
    data = xlsx_bytes(
        with_cells(
            incident_on=date(2026, 9, 3),
            harmed_safe_from=time(9, 0),
            harmed_may_leave_voicemail=True,
            harmed_phone=7700900123,
            external_id=1024,
        )
    )
    [row] = read(data)
    person = row.form.participants[0]
    assert row.form.incident_on == date(2026, 9, 3)
    assert (person.contact_safety.safe_from, person.contact_safety.may_leave_voicemail) == ("09:00", True)
    assert (person.person.phone, row.external_id) == ("7700900123", "1024")


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_what_libreoffice_saves_in_uk_settings_is_read_unchanged(kind: str) -> None:
    """With a title above the headings, blank rows, a hidden sheet, an empty one, and formats far below the table."""
    data = (SAVED / f"libreoffice-uk.{kind}").read_bytes()
    first, second = read(data)
    assert (first.number, second.number) == (5, 7)
    assert (first.external_id, second.external_id) == ("CASE-1", "1024")
    assert first.form.incident_on == date(2026, 9, 3)
    assert (first.form.summary, second.form.summary) == ("-- taken from the shed", "=not a formula")
    harmed, other, responsible = first.form.participants
    assert (harmed.id, other.id, responsible.id) == ("h1", "h2", "r1")
    assert (harmed.person.date_of_birth, harmed.person.phone) == ("1980-02-29", "07700 900123")
    assert (harmed.contact_safety.safe_from, harmed.contact_safety.safe_until) == ("09:00", "17:30")
    assert harmed.contact_safety.may_leave_voicemail
    assert responsible.custody == "community_order"
    assert second.form.participants[0].person.name == "Siân Ó Briain"
    notes = opened(data).notes
    assert notes == (() if kind == "csv" else ("One hidden sheet was left out.",))


def test_blank_rows_and_cells_are_skipped_and_rows_keep_their_numbers() -> None:
    headings, cells = with_cells()
    other = ["CASE-2", *cells[1:]]
    for data in (
        csv_bytes([], headings, [""] * 7, cells, [" "], [], [*other, "", " "]),
        xlsx_bytes([[], headings, [], cells, ["  "], [], [*other, "", " "]]),
    ):
        assert [(row.number, row.external_id) for row in read(data)] == [(4, "CASE-1"), (7, "CASE-2")]


def test_a_table_that_begins_in_another_column_is_read() -> None:
    headings, cells = with_cells()
    [row] = read(xlsx_bytes([[], ["", "", *headings], ["", "", *cells]]))
    assert row.external_id == "CASE-1"


def test_what_excel_says_of_the_separator_is_followed() -> None:
    [row] = read(b"sep=;\r\n" + csv_bytes(*with_cells(), separator=";"))
    assert (row.number, row.external_id) == (3, "CASE-1")


def test_headings_with_another_separator_in_them_do_not_mislead() -> None:
    table = with_cells()
    data = csv_bytes(
        [*table[0], "Notes, remarks, other, things, said, by, the, way"], [*table[1], ""], separator=";"
    )
    assert opened(data).separator == ";"


def test_old_line_ends_are_read() -> None:
    assert len(read(csv_bytes(*with_cells(), line_end="\r"))) == 1


def test_a_text_that_begins_like_a_formula_is_text() -> None:
    said = {
        "summary": "=1+1",
        "harmed_name": "-- unknown",
        "harmed_needs": "@home",
        "harmed_phone": "+44 7700 900123",
    }
    for data in (csv_bytes(*with_cells(**said)), xlsx_bytes(with_cells(**said))):
        [row] = read(data)
        person = row.form.participants[0].person
        assert (row.form.summary, person.name, person.needs) == ("=1+1", "-- unknown", "@home")
        assert person.phone == "+44 7700 900123"


def xlsx_parts(data: bytes, **changes: tuple[str, str]) -> bytes:
    """The workbook with texts of a part replaced; the part is named by its file."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            content = before.read(name).decode()
            for part, (old, new) in changes.items():
                if name.endswith(f"/{part}.xml"):
                    assert old in content
                    content = content.replace(old, new)
            after.writestr(name, content)
    return out.getvalue()


def test_the_cached_value_of_a_formula_is_used() -> None:
    table = with_cells(summary=98765)
    data = xlsx_parts(xlsx_bytes(table), sheet1=("<v>98765</v>", "<f>2+3</f><v>98765</v>"))
    assert read(data)[0].form.summary == "98765"
    data = xlsx_parts(
        xlsx_bytes(table), sheet1=('<c r="H2"><v>98765</v>', '<c r="H2" t="str"><f>A9</f><v></v>')
    )
    assert read(data)[0].form.summary is None


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_a_formula_that_was_never_calculated_is_refused_with_its_cell(value: str) -> None:
    data = xlsx_parts(xlsx_bytes(with_cells(summary=98765)), sheet1=("<v>98765</v>", f"<f>2+3</f>{value}"))
    [(_, reason)] = reasons(data)
    assert reason.startswith("H2 holds a formula that was never calculated")


def test_an_error_of_the_spreadsheet_is_refused_with_its_cell() -> None:
    data = xlsx_parts(
        xlsx_bytes(with_cells(summary=98765)),
        sheet1=('<c r="H2"><v>98765</v>', '<c r="H2" t="e"><f>NA()</f><v>#N/A</v>'),
    )
    [(_, reason)] = reasons(data)
    assert reason.startswith("H2 holds an error of the spreadsheet")


def test_hidden_sheets_are_left_out_and_empty_ones_do_not_count() -> None:
    found = opened(xlsx_bytes(with_cells(), [["secret"]], [["secret"]], [], hidden=(1, 2)))
    assert found.notes == ("2 hidden sheets were left out.",)
    assert list(found.headings) == list(ROW)


def test_of_two_sheets_one_must_be_named() -> None:
    data = xlsx_bytes(with_cells(), [["other"]], [["secret"]], hidden=(2,))
    with pytest.raises(
        BadSpreadsheet, match=r"has 2 sheets; say which one with --sheet NAME\. Accepted: Sheet1, Sheet2"
    ):
        opened(data)
    assert list(opened(data, sheet="sheet1").headings) == list(ROW)
    for name in ("Sheet3", "none"):
        with pytest.raises(
            BadSpreadsheet, match=r"no visible sheet of that name\. Accepted: Sheet1, Sheet2\."
        ):
            opened(data, sheet=name)
    with pytest.raises(BadSpreadsheet, match="CSV, which has no sheets"):
        opened(csv_bytes(*with_cells()), sheet="Sheet1")


def merged() -> bytes:
    return xlsx_parts(
        xlsx_bytes(with_cells()),
        sheet1=("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'),
    )


def zipped(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in parts.items():
            package.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def encrypted_ods() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", b"\x8f\x01")
        package.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    return out.getvalue()


OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
XLSX = xlsx_bytes(with_cells())
NOT_READ = {
    "an empty file": (b"", "is empty"),
    "blank lines": (b"\r\n , \r\n;;\r\n", "is empty|lack external_id"),
    "an empty workbook": (xlsx_bytes([]), "is empty"),
    "blanks in a workbook": (xlsx_bytes([["  "], [" ", " "]]), "is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a spreadsheet; accepted are .xlsx, .ods and CSV"),
    "a PDF": (b"%PDF-1.7\n", "is not a spreadsheet"),
    "all bytes": (bytes(range(256)) * 20, "is not a spreadsheet"),
    "zeros": (bytes(5000), "is not a spreadsheet"),
    "a text document": (zipped(word__document="<w/>"), "is not a spreadsheet"),
    "half a workbook": (XLSX[: len(XLSX) // 2], "is damaged"),
    "a workbook of nothing": (zipped(**{"xl__workbook.xml": ""}), "is damaged"),
    "a broken sheet": (xlsx_parts(XLSX, sheet1=("</sheetData>", "")), "is damaged"),
    "entities": (
        xlsx_parts(XLSX, workbook=("<workbook", '<!DOCTYPE x [<!ENTITY a "b">]><workbook')),
        "is damaged",
    ),
    ".xls": (OLD_EXCEL, "such as .xls; save it as .xlsx"),
    "a password": (OLD_EXCEL + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
    "a password on an .ods": (encrypted_ods(), "is protected by a password"),
    "merged cells": (merged(), "the cells A1:B1 are merged; unmerge them"),
    "a quote left open": (csv_bytes(*with_cells()) + b'"CASE', "is not CSV"),
    "a row of two thousand cells": (
        csv_bytes(*with_cells()) + b"," * 1999 + b"x",
        "row 3 has more than 1000 cells",
    ),
}


@pytest.mark.parametrize("case", NOT_READ)
def test_what_cannot_be_read_gets_one_sentence(case: str) -> None:
    data, sentence = NOT_READ[case]
    with pytest.raises(BadSpreadsheet, match=sentence) as refused:
        checked(data)
    assert str(refused.value).endswith((".", ".xlsx."))
    assert "\n" not in str(refused.value)


def test_a_file_with_headings_only_holds_no_rows() -> None:
    assert checked(csv_bytes(list(ROW))) == checked(xlsx_bytes([list(ROW)])) == []
