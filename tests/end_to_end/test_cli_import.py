"""Importing a spreadsheet's file through `rj import`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import uuid4

import pytest

from cli.columns import columns
from runtime.referrals import Opening, Referrals
from stores.referrals import all_references
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


async def imported(rj: Rj, path: Path, *more: object) -> Said:
    return await rj("import", path, "--as", "cw-1", "--json", *more)


async def test_good_rows_are_opened_once(rj: Rj, cases: Path) -> None:
    written(cases, *(row() for _ in range(12)), encoding="utf-8-sig")
    said = await imported(rj, cases)
    assert (said.code, said.json) == (0, {"opened": 12, "already_here": 0, "refused": []})
    said = await imported(rj, cases)
    assert (said.code, said.json) == (0, {"opened": 0, "already_here": 12, "refused": []})
    said = await rj("import", cases, "--as", "cw-1")
    assert said.out == "Opened: 0. Already here: 12. Refused: 0.\n"


async def test_the_template_can_be_imported(rj: Rj, cases: Path, referrals: Referrals) -> None:
    template = (await rj("import", "--template")).out
    cases.write_text(template.replace("CASE-0001", str(uuid4())))
    before = await all_references(referrals.pool)
    said = await imported(rj, cases)
    assert (said.code, said.json["opened"]) == (0, 1), said
    [reference] = set(await all_references(referrals.pool)) - set(before)
    opened = (await rj("timeline", reference, "--as", "cw-1")).out
    for words in ("Alex Example", "1980-02-29", "+447700900123", "safe channels: phone", "Sam Sample"):
        assert words in opened


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
        row(harmed_email=f"+{CANARY}", harmed_phone=f"+{CANARY}"),
        row(sent_by=f"\t{CANARY}", harmed_address=f"-{CANARY}"),
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
            harmed_phone="07700 900123",
            harmed_email="ada@example.org",
            harmed_safe_channels="phone; email",
            harmed_may_leave_voicemail="YES",
        ),
    )
    said = await imported(rj, cases, "--report", report)
    assert said.code == 2
    assert "12 rows were refused" in said.one_sentence()
    assert (said.json["opened"], said.json["already_here"]) == (3, 0)
    found = [(each["row"], each["column"]) for each in said.json["refused"]]
    assert found == [
        (4, "harmed_name"),
        (4, "summary"),
        (5, "harmed_email"),
        (5, "harmed_phone"),
        (6, "harmed_address"),
        (6, "sent_by"),
        (7, "court_date"),
        (7, "incident_on"),
        (8, "harmed_date_of_birth"),
        (8, "responsible_date_of_birth"),
        (9, "offence"),
        (9, "sensitive_categories"),
        (10, "external_id"),
        (11, "external_id"),
        (12, ""),
        (13, "incident_on"),
        (14, "harmed_may_leave_voicemail"),
        (15, "summary"),
    ]
    assert CANARY not in said.out + said.err + report.read_text()
    assert len(report.read_text().splitlines()) == 1 + len(found)
    again = await imported(rj, cases)
    assert (again.json["opened"], again.json["already_here"]) == (0, 3)


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
    ("another header", b"name,age\nCanary,5\n", "lacks external_id, area, source"),
    ("an unknown column", b"external_id,naem\n", "does not know naem"),
    ("a column twice", ",".join([*list(columns())[:5], "area"]).encode(), "has twice area"),
    ("semicolons", ";".join(columns()).encode(), "lacks external_id"),
    ("UTF-16", "external_id,area\nCanary".encode("utf-16"), "is not text in UTF-8"),
    ("Latin-1", "external_id,area\nCanary \xe9".encode("latin-1"), "is not text in UTF-8"),
    ("binary", bytes(range(256)), "is not text in UTF-8"),
    ("an open quote", b'external_id,"area\nCanary', "is not CSV"),
    ("100,000 rows", b"external_id\n" + b"Canary\n" * 100_000, "has more than 10,000 rows"),
    ("a cell of a megabyte", b'external_id,"' + b"x" * 1_000_000 + b'"', "is not CSV"),
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
    assert sentence in said.one_sentence()
    assert "Canary" not in said.err
    assert await referrals.pool.fetchval("SELECT count(*) FROM event") == before


async def test_nothing_is_opened_where_it_cannot_begin(rj: Rj, cases: Path, tmp_path: Path) -> None:
    written(cases, row())
    for arguments, code, sentence in (
        (("import",), 2, "Give a file"),
        (("import", tmp_path / "none.csv", "--as", "cw-1"), 2, "cannot be read"),
        (("import", tmp_path, "--as", "cw-1"), 2, "is a directory"),
        (("import", cases, "--as", "nobody-1"), 3, "not in the staff register"),
        (("import", cases, "--as", "cw-gone"), 3, "no longer active"),
        (("import", cases, "--as", "cw-1", "--report", tmp_path / "none" / "x"), 2, "cannot be written"),
    ):
        said = await rj(*arguments)
        assert (said.code, said.out) == (code, "")
        assert sentence in said.one_sentence()
    away = await rj("import", cases, "--as", "cw-1", env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert away.code == 4
    assert (await imported(rj, cases)).json["opened"] == 1
