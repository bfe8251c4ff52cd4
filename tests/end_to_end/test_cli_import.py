"""Importing a spreadsheet's file through `rj import`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from casework.spreadsheets.columns import columns
from runtime.referrals import Opening, Referrals
from schemas.vocabulary import Source
from stores.referrals import all_references
from tests.casework.spreadsheets.tables import SAVED, csv_bytes, opened, xlsx_bytes
from tests.end_to_end.conftest import Rj, Said

CANARY = "Canary Quokka"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Where a file of cases is written."""
    return tmp_path / "cases.csv"


def row(**changes: str) -> dict[str, str]:
    """A row that can be imported once."""
    return {
        "external_id": str(uuid4()),
        "area": "durham",
        "source": "police",
        "initiator": "agency",
        "offence": "burglary",
        "justice_stage": "out_of_court",
        "harmed_name": CANARY,
    } | changes


def written(path: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    """A CSV file of the rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({name for each in rows for name in each}))
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


async def imported(rj: Rj, path: Path, *more: object, **options: Any) -> Said:
    return await rj("import", path, "--as", "cw-1", "--json", *more, **options)


async def test_good_rows_are_opened_once(rj: Rj, cases: Path) -> None:
    written(cases, *(row() for _ in range(12)), encoding="utf-8-sig")
    said = await imported(rj, cases)
    assert (said.code, said.json["opened"], said.json["already_here"]) == (0, 12, 0)
    references = {each["row"]: each["reference"] for each in said.json["rows"]}
    assert list(references) == list(range(2, 14))
    said = await imported(rj, cases)
    assert (said.code, said.json["opened"], said.json["already_here"]) == (0, 0, 12)
    said = await rj("import", cases, "--as", "cw-1")
    here = "".join(f"  row {row}: {reference} already here\n" for row, reference in references.items())
    assert said.out == f"{here}Opened: 0. Already here: 12. Refused: 0.\n"


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
async def test_a_spreadsheet_saved_by_libreoffice_in_uk_settings_imports_unchanged(
    rj: Rj, kind: str, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The three hold the same cases; each is to be new.
    identity_of = Referrals.identity_of

    async def of_this_file(self: Referrals, source: Source, external_id: str) -> Opening:
        return await identity_of(self, source, f"{kind} {external_id}")

    monkeypatch.setattr(Referrals, "identity_of", of_this_file)
    said = await imported(rj, SAVED / f"libreoffice-uk.{kind}")
    assert (said.code, said.json["opened"], said.json["refused"]) == (0, 2, []), said
    timeline = (await rj("timeline", said.json["rows"][0]["reference"], "--as", "cw-1")).out
    for words in ("Alex Example", "Jo Example", "1980-02-29", "3 Sep 2026", "09:00", "community order"):
        assert words in timeline, words


async def test_a_dry_run_records_nothing_and_refuses_what_the_import_refuses(
    rj: Rj, cases: Path, referrals: Referrals
) -> None:
    written(cases, row(), row(incident_on="2199-01-01"), row(area="Kent"), row(harmed_safe_from="soon"))
    before = await referrals.pool.fetchval("SELECT count(*) FROM event")
    # It asks nothing of Temporal.
    dry = await imported(rj, cases, "--dry-run", env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert await referrals.pool.fetchval("SELECT count(*) FROM event") == before
    assert [each["outcome"] for each in dry.json["rows"]] == ["would_open"]
    assert list(cases.parent.glob("*refused*")) == []
    done = await imported(rj, cases)
    assert (dry.code, dry.json["refused"]) == (done.code, done.json["refused"])
    assert [each["row"] for each in done.json["refused"]] == [3, 4, 5]
    said = await rj("import", cases, "--as", "cw-1", "--dry-run")
    assert "Nothing was recorded. Would open: 0. Already here: 1. Refused: 3." in said.out


async def test_headings_without_a_row_below_are_told(rj: Rj, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_bytes(csv_bytes([*row()]))
    said = await rj("import", cases, "--as", "cw-1")
    assert said.code == 0
    assert f"{cases} has nothing below its headings, which are in row 1." in said.out
    assert "Opened: 0. Already here: 0. Refused: 0." in said.out
    assert (await imported(rj, cases)).json["opened"] == 0


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_refused_rows_are_mended_and_imported_again(rj: Rj, tmp_path: Path, kind: str) -> None:
    rows = [row(), row(harmed_age_band="old", summary="=1+1"), row(incident_on="9/30/2026")]
    names = sorted({name for each in rows for name in each})
    table: list[Sequence[object]] = [[*names], *([each.get(name, "") for name in names] for each in rows)]
    cases = tmp_path / f"cases.{kind}"
    cases.write_bytes(csv_bytes(*table) if kind == "csv" else xlsx_bytes(table))
    said = await rj("import", cases, "--as", "cw-1")
    refused = tmp_path / f"cases-refused.{kind}"
    assert said.code == 2
    assert f"The refused rows are in {refused}, which only you can read" in said.out
    assert f"rj import {refused} --as cw-1" in said.out
    [first, second] = opened(refused.read_bytes()).rows()
    assert str(first.cells[0]).startswith("harmed_age_band: accepted: under 18, 18 to 24")
    assert str(second.cells[0]).startswith("incident_on: has the month first")
    cells: list[list[object]] = [[*first.cells], [*second.cells]]
    headings: list[object] = [*opened(refused.read_bytes()).headings]
    cells[0][headings.index("harmed_age_band")] = "35 to 54"
    cells[1][headings.index("incident_on")] = "30/9/2025"
    mended = [headings, *cells]
    refused.write_bytes(csv_bytes(*mended) if kind == "csv" else xlsx_bytes(mended))
    again = await imported(rj, refused)
    assert (again.code, again.json["opened"], again.json["refused_rows"]) == (0, 2, None), again
    timeline = (await rj("timeline", again.json["rows"][0]["reference"], "--as", "cw-1")).out
    assert "=1+1" in timeline


async def test_own_headings_are_mapped_by_a_file_that_import_offers(rj: Rj, tmp_path: Path) -> None:
    cases, mapping = tmp_path / "ours.csv", tmp_path / "mine.toml"
    cells = row()
    headings = ["Victim" if name == "harmed_name" else name for name in cells]
    cases.write_bytes(csv_bytes([*headings, "Our notes"], [*cells.values(), "for us"], separator=";"))
    said = await rj("import", cases, "--as", "cw-1")
    assert f"`rj import {cases} --write-map mine.toml`" in said.one_sentence()
    said = await rj("import", cases, "--write-map", mapping)
    assert "with 2 headings to fill in" in said.out
    assert "has no column yet" in (await rj("import", cases, "--map", mapping, "--as", "cw-1")).one_sentence()
    said = await rj("import", cases, "--write-map", mapping)
    assert "exists already" in said.one_sentence()
    filled = (
        mapping.read_text().replace('"Victim" = ""', '"Victim" = "harmed_name"').replace('""', '"ignore"')
    )
    mapping.write_text(filled)
    said = await imported(rj, cases, "--map", mapping)
    assert (said.code, said.json["opened"]) == (0, 1)
    assert CANARY in (await rj("timeline", said.json["rows"][0]["reference"], "--as", "cw-1")).out
    said = await rj("import", cases, "--map", mapping, "--write-map", tmp_path / "more.toml")
    assert said.out == "Every heading is known; no mapping is needed.\n"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_template_can_be_imported(rj: Rj, cases: Path, referrals: Referrals, kind: str) -> None:
    made = cases.with_name(f"template.{kind}")
    assert (await rj("import", "--template", made)).code == 0
    assert "exists already" in (await rj("import", "--template", made)).one_sentence()
    assert "ends in .xlsx or .csv" in (await rj("import", "--template", "x.pdf")).one_sentence()
    source = opened(made.read_bytes())
    table: list[Sequence[object]] = [[*source.headings], *([*each.cells] for each in source.rows())]
    table[1] = [str(uuid4()), *table[1][1:]]
    cases.write_bytes(csv_bytes(*table) if kind == "csv" else xlsx_bytes(table))
    before = await all_references(referrals.pool)
    said = await imported(rj, cases)
    assert (said.code, said.json["opened"]) == (0, 1), said
    [reference] = set(await all_references(referrals.pool)) - set(before)
    told = (await rj("timeline", reference, "--as", "cw-1")).out
    for words in ("Alex Example", "1980-02-29", "safe channels: phone", "Sam Sample"):
        assert words in told
    assert "7700900123" in told.replace(" ", "")


async def test_every_column_is_explained(rj: Rj) -> None:
    lines = (await rj("import", "--columns")).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(columns())
    assert all(len(line.split()) > 1 for line in lines)


async def test_refused_rows_are_reported_and_the_others_opened(rj: Rj, cases: Path, tmp_path: Path) -> None:
    same, report = str(uuid4()), tmp_path / "refused.csv"
    written(
        cases,
        row(external_id=same),
        row(harmed_phone="+44 7700 900123", responsible_phone="+447700900456"),
        row(summary=f"=HYPERLINK({CANARY})", harmed_name=f"@{CANARY}"),
        row(incident_on="2026-02-30", court_date="86400"),
        row(harmed_date_of_birth="1990-02-31", responsible_date_of_birth=CANARY),
        row(offence=CANARY, sensitive_categories=f"hate_crime;{CANARY}"),
        row(external_id=same),
        row(external_id=" "),
        row(area="kent"),
        row(incident_on="2199-01-01"),
        row(harmed_may_leave_voicemail="perhaps"),
        row(summary=f"{CANARY}\0"),
        row(
            harmed_safe_channels="phone; email",
            harmed_may_leave_voicemail="YES",
            harmed_phone="07700 900123",
            harmed_email="alex@example.org",
        ),
    )
    said = await imported(rj, cases, "--report", report)
    assert said.code == 2
    assert "9 rows were refused" in said.one_sentence()
    assert (said.json["opened"], said.json["already_here"]) == (4, 0)
    found = [(each["row"], each["column"]) for each in said.json["refused"]]
    assert found == [
        (5, "court_date"),
        (5, "incident_on"),
        (6, "harmed_date_of_birth"),
        (6, "responsible_date_of_birth"),
        (7, "offence"),
        (7, "sensitive_categories"),
        (8, "external_id"),
        (9, "external_id"),
        (10, ""),
        (11, "incident_on"),
        (12, "harmed_may_leave_voicemail"),
        (13, "summary"),
    ]
    assert CANARY not in said.out + said.err + report.read_text()
    assert len(report.read_text().splitlines()) == 1 + len(found)
    again = await imported(rj, cases)
    assert (again.json["opened"], again.json["already_here"]) == (0, 4)


async def test_what_cannot_be_used_is_refused_with_its_column(rj: Rj, cases: Path) -> None:
    written(
        cases,
        row(harmed_phone=f"{CANARY} banana"),
        row(responsible_email=f"{CANARY}@b"),
        row(harmed_date_of_birth="2015-01-01", harmed_age_band="35_to_54"),
        row(harmed_safe_channels="email"),
        row(harmed_safe_from="17:00", harmed_safe_until="09:00"),
        row(harmed_name="Ada Invented", harmed_phone="07700 900123", harmed_safe_channels="phone;text"),
    )
    said = await imported(rj, cases)
    assert (said.code, said.json["opened"]) == (3, 1)
    assert [(each["row"], each["column"]) for each in said.json["refused"]] == [
        (2, "harmed_phone"),
        (3, "responsible_email"),
        (4, "harmed_age_band"),
        (5, "harmed_safe_channels"),
        (6, "harmed_safe_until"),
    ]
    assert CANARY not in said.out + said.err


async def test_a_reference_that_another_referral_has_is_not_taken_for_the_row(
    rj: Rj, cases: Path, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def collides(*_: object) -> Opening:
        return Opening(reference, uuid4())

    monkeypatch.setattr(Referrals, "identity_of", collides)
    said = await imported(rj, written(cases, row()))
    assert said.code == 3
    assert (said.json["opened"], said.json["already_here"]) == (0, 0)
    [refused] = said.json["refused"]
    assert (refused["row"], refused["column"]) == (2, "external_id")
    assert "taken by another referral" in refused["reason"]


NOT_A_FILE_OF_CASES: list[tuple[str, bytes, str]] = [
    ("empty", b"", "is empty"),
    ("another header", b"name,age\nCanary,5\n", "lack external_id, area, source"),
    ("an unknown column", b"external_id,naem\n", 'hold what is not known: "naem"'),
    ("a column twice", ",".join([*list(columns())[:5], "area"]).encode(), "both mean area"),
    ("binary", bytes(range(256)), "is not a spreadsheet"),
    ("an open quote", b'external_id,"area\nCanary', "lack external_id|is not CSV"),
    ("100,001 rows", b"external_id\n" + b"Canary\n" * 100_001, "has more than 100,000 rows"),
    ("a cell of a megabyte", b'external_id,"' + b"x" * 1_000_000 + b'"', "is not CSV"),
    ("an .xls", b"\xd0\xcf\x11\xe0" + bytes(600), "save it as .xlsx"),
    ("a damaged workbook", b"PK\x03\x04Canary", "is damaged"),
]


@pytest.mark.parametrize(
    ("content", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in NOT_A_FILE_OF_CASES]
)
async def test_what_is_no_file_of_cases_gets_one_sentence(
    rj: Rj, referrals: Referrals, cases: Path, content: bytes, sentence: str
) -> None:
    before = await referrals.pool.fetchval("SELECT count(*) FROM event")
    cases.write_bytes(content)
    said = await rj("import", cases, "--as", "cw-1")
    assert (said.code, said.out) == (2, "")
    assert re.search(sentence, said.one_sentence())
    assert "Canary" not in said.err
    assert await referrals.pool.fetchval("SELECT count(*) FROM event") == before


async def test_nothing_is_opened_where_it_cannot_begin(rj: Rj, cases: Path, tmp_path: Path) -> None:
    written(cases, row())
    (tmp_path / "here.csv").touch()
    for arguments, code, sentence in (
        (("import",), 2, "Give a file"),
        (("import", tmp_path / "none.csv", "--as", "cw-1"), 2, "cannot be read"),
        (("import", tmp_path, "--as", "cw-1"), 2, "is a directory"),
        (("import", cases, "--as", "nobody-1"), 3, "not in the staff register"),
        (("import", cases, "--as", "cw-gone"), 3, "no longer active"),
        (("import", cases, "--as", "cw-1", "--report", tmp_path / "none" / "x"), 2, "cannot be written"),
        (("import", cases, "--as", "cw-1", "--refused", tmp_path / "here.csv"), 2, "exists already"),
        (("import", cases, "--as", "cw-1", "--refused", tmp_path / "x.xlsx"), 2, "ends in .csv"),
        (("import", cases, "--as", "cw-1", "--map", tmp_path / "none.toml"), 2, "cannot be read"),
        (("import", cases, "--as", "cw-1", "--sheet", "Sheet1"), 2, "has no sheets"),
    ):
        said = await rj(*arguments)
        assert (said.code, said.out) == (code, "")
        assert sentence in said.one_sentence()
    away = await rj("import", cases, "--as", "cw-1", env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert away.code == 4
    assert (await imported(rj, cases)).json["opened"] == 1
