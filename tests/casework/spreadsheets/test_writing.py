"""Spreadsheets that leave: the refused rows come back as they were, and nothing in them is run as a formula."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.spreadsheets.columns import columns
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.headings import REASON, match_headings, number_known
from casework.spreadsheets.reading import open_spreadsheet
from casework.spreadsheets.rows import checked_rows
from casework.spreadsheets.safe_text import as_it_was, made_harmless
from casework.spreadsheets.writing import RefusedRows, examples_from, template_csv, write_template
from cli.examples import example
from schemas.commands import OpenReferral
from tests.casework.spreadsheets.tables import csv_bytes, opened, read, with_cells, xlsx_bytes

FORMULAS = ["=1+1", "+44 7700 900123", "-- unknown", "@SUM(A1)", "\t=1", " =1", "'=1", "=cmd|' /C calc'!A0"]


def refused(data: bytes, folder: Path, suffix: str) -> Path:
    """The file that holds every row of a spreadsheet as refused."""
    source = opened(data)
    beside = folder / f"cases{suffix}"
    rows = RefusedRows(source, None, beside)
    rows.check()
    for row in source.rows():
        rows.add(row.cells, "=HYPERLINK is not accepted")
    rows.close()
    assert rows.path is not None
    return rows.path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_refused_rows_of_csv_come_back_as_they_were(tmp_path: Path, separator: str) -> None:
    said = {"harmed_needs": 'a, b; c\t"d"\ne', "summary": "=1+1", "harmed_phone": "+44 7700 900123"}
    data = csv_bytes(*with_cells(**said, incident_on="3/9/2026"), separator=separator, encoding="cp1252")
    path = refused(data, tmp_path, ".csv")
    assert path.name == "cases-refused.csv"
    again = opened(path.read_bytes())
    assert again.headings == (REASON, *opened(data).headings)
    assert [row.form for row in read(path.read_bytes())] == [row.form for row in read(data)]


def test_refused_rows_of_a_workbook_come_back_as_they_were(tmp_path: Path) -> None:
    cells = {
        "incident_on": date(2026, 9, 3),
        "harmed_safe_from": time(9, 0),
        "harmed_may_leave_voicemail": True,
        "harmed_phone": 7700900123,
        "summary": "=1+1",
        "harmed_needs": "@home",
    }
    data = xlsx_bytes(with_cells(**cells))
    path = refused(data, tmp_path, ".xlsx")
    assert path.name == "cases-refused.xlsx"
    [row], [again] = opened(data).rows(), opened(path.read_bytes()).rows()
    assert again.cells[1:] == row.cells
    assert [each.form for each in read(path.read_bytes())] == [each.form for each in read(data)]


def test_the_reason_column_does_not_pile_up(tmp_path: Path) -> None:
    path = refused(csv_bytes(*with_cells()), tmp_path, ".csv")
    second = refused(path.read_bytes(), tmp_path, ".csv")
    assert second.name == "cases-refused-2.csv"
    assert opened(second.read_bytes()).headings.count(REASON) == 1
    assert len(read(second.read_bytes())) == 1


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_refused_rows_are_for_their_owner_and_never_replace_a_file(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"cases-refused{suffix}").write_text("mended by hand")
    data = csv_bytes(*with_cells()) if suffix == ".csv" else xlsx_bytes(with_cells())
    path = refused(data, tmp_path, suffix)
    assert path.name == f"cases-refused-2{suffix}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / f"cases-refused{suffix}").read_text() == "mended by hand"


def test_refused_rows_lie_in_no_other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "cases"
    there.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    path = refused(xlsx_bytes(with_cells()), there, ".xlsx")
    assert list(there.iterdir()) == [path]


def test_no_file_is_made_where_nothing_is_refused(tmp_path: Path) -> None:
    rows = RefusedRows(opened(csv_bytes(*with_cells())), None, tmp_path / "cases.csv")
    rows.check()
    rows.close()
    assert list(tmp_path.iterdir()) == []


def test_where_the_refused_rows_cannot_go_is_known_before_anything_is_opened(tmp_path: Path) -> None:
    source = opened(csv_bytes(*with_cells()))
    (tmp_path / "here.csv").touch()
    for path, sentence in (
        (tmp_path / "here.csv", "exists already"),
        (tmp_path / "refused.xlsx", "ends in .csv"),
        (tmp_path / "none" / "refused.csv", "cannot be written into"),
    ):
        with pytest.raises(BadSpreadsheet, match=sentence):
            RefusedRows(source, path, tmp_path / "cases.csv").check()


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_like_a_formula_is_harmless_in_csv(tmp_path: Path, text: str) -> None:
    path = refused(csv_bytes(["summary"], [text]), tmp_path, ".csv")
    line = path.read_text(encoding="utf-8-sig").splitlines()[1]
    cells = line.split(",", 1)
    assert [cell.lstrip('"')[0] for cell in cells] == ["'", "'"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_like_a_formula_is_text_in_a_workbook(tmp_path: Path, text: str) -> None:
    path = refused(xlsx_bytes([["summary"], [text]]), tmp_path, ".xlsx")
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert 'quotePrefix="1"' in package.read("xl/styles.xml").decode()
    [row] = opened(path.read_bytes()).rows()
    assert row.cells[1] == as_it_was(text)


@given(st.text(st.sampled_from("'=+-@\t\r ab1"), max_size=6))
def test_what_is_made_harmless_is_read_as_it_was(text: str) -> None:
    harmless = made_harmless(text)
    assert not harmless.strip().startswith(("=", "+", "-", "@"))
    assert as_it_was(harmless) == text


def test_what_a_spreadsheet_calls_a_date_or_time_is_written_as_one(tmp_path: Path) -> None:
    cells = [datetime(2026, 9, 3, 9, 5), time(9, 5), timedelta(hours=30), 1.5, "", False]  # noqa: DTZ001
    rows = RefusedRows(opened(xlsx_bytes([list("abcdef")])), None, tmp_path / "x.xlsx")
    rows.add(cells, "for a test")
    rows.close()
    assert rows.path is not None
    [again] = opened(rows.path.read_bytes()).rows()
    assert again.cells[1:] == cells


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_template_is_read_as_the_example_of_a_referral(suffix: str) -> None:
    examples = examples_from(example(OpenReferral))
    file = io.BytesIO()
    if suffix == ".csv":
        file.write(template_csv(examples).encode())
    else:
        write_template(file, examples)
    spreadsheet = open_spreadsheet(file, "template", known=number_known)
    places = match_headings(spreadsheet.headings, {}, "template")
    assert [place.name if place else None for place in places] == list(columns())
    [row] = checked_rows(spreadsheet, places)
    assert row.problems == ()
    assert row.to_open is not None
    assert row.to_open.form == OpenReferral.model_validate(example(OpenReferral))
