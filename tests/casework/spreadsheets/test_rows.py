"""From cells to a referral: values by label or key, several people, and what is wrong told by its column."""

from __future__ import annotations

from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.importing import RowToOpen
from casework.spreadsheets.columns import Column, Kind, columns, place_at
from casework.spreadsheets.headings import plain_name
from casework.spreadsheets.values import label_of, value_of
from schemas.commands import OpenReferral, parse_command
from tests.casework.spreadsheets.tables import checked, csv_bytes, read, reasons, with_cells, xlsx_bytes

WORDS = [(column, word) for column in columns().values() if column.words for word in column.words]


@given(st.sampled_from(WORDS), st.data())
def test_label_or_key_in_any_case_gives_the_same_value(
    case: tuple[Column, Enum], data: st.DataObject
) -> None:
    column, word = case
    spelt = data.draw(st.sampled_from([str(word.value), label_of(word), label_of(word).replace(" ", "-")]))
    spelt = data.draw(st.sampled_from([spelt, spelt.upper(), spelt.title(), f"  {spelt} "]))
    value = value_of(column, spelt)
    assert value == ([word.value] if column.several else word.value)


def test_no_two_words_of_a_list_are_spelt_alike() -> None:
    for column in columns().values():
        words = [plain_name(str(word.value)) for word in column.words or ()]
        assert len(set(words)) == len(words), column.name


def test_columns_are_derived_from_all_that_a_person_and_a_referral_may_say() -> None:
    """A field that is added is a column at once; only lists of objects have no place in a row."""
    known = columns()
    for name in (
        "harmed_date_of_birth",
        "responsible_custody",
        "harmed_safe_from",
        "linked_to",
        "incident_on",
    ):
        assert name in known
    kinds = {
        name: known[name].kind for name in ("harmed_date_of_birth", "harmed_safe_from", "court_date", "area")
    }
    assert list(kinds.values()) == [Kind.DAY, Kind.TIME, Kind.DAY, Kind.WORD]
    assert known["harmed_safe_channels"].several


def test_values_are_read_by_label() -> None:
    data = csv_bytes(
        *with_cells(
            area="Avon & Somerset",
            offence="Death or injury by driving",
            harmed_age_band="35-54",
            harmed_gender="Female",
            responsible_custody="In prison",
            harmed_safe_channels="Phone, In person; e-mail",
            harmed_may_leave_voicemail="YES",
            sensitive_categories="Hate crime\nStalking",
        )
    )
    assert reasons(data) == [
        (
            "harmed_safe_channels",
            "accepted: phone, text, email, letter, in person, video, through agency",
        )
    ]
    [row] = read(data.replace(b"e-mail", b"email"))
    harmed, responsible = row.form.participants
    assert (row.form.area, row.form.offence) == ("avon-and-somerset", "death_or_injury_by_driving")
    assert (harmed.age_band, harmed.gender, responsible.custody) == ("35_to_54", "female", "in_prison")
    assert harmed.contact_safety.safe_channels == ("phone", "in_person", "email")
    assert harmed.contact_safety.may_leave_voicemail
    assert row.form.sensitive_categories == ("hate_crime", "stalking")


def test_several_people_a_side_have_numbered_columns() -> None:
    data = csv_bytes(
        *with_cells(
            harmed_3_name="Kim Example",
            harmed_2_name="",
            responsible_2_name="Pat Sample",
            harmed_3_gender="male",
        )
    )
    [row] = read(data)
    assert [(each.id, each.role.value, each.person.name) for each in row.form.participants] == [
        ("h1", "harmed", "Alex Example"),
        ("h3", "harmed", "Kim Example"),
        ("r1", "responsible", None),
        ("r2", "responsible", "Pat Sample"),
    ]


def test_each_thing_wrong_is_told_by_its_column_and_never_with_what_stands_there() -> None:
    canary = "Canary Quokka"
    said = reasons(
        csv_bytes(
            *with_cells(
                external_id=" ",
                incident_on="9/30/2026",
                harmed_2_date_of_birth=canary,
                harmed_safe_from=canary,
                harmed_may_leave_voicemail="perhaps",
                summary=f"{canary}\0",
            )
        )
    )
    assert dict(said) == {
        "external_id": "is empty",
        "incident_on": "has the month first; write it as 3/9/2026 (day first), 3 Sep 2026 or 2026-09-03",
        "harmed_2_date_of_birth": "is not a day; write it as 3/9/2026 (day first), 3 Sep 2026 or 2026-09-03",
        "harmed_safe_from": "is not a time of day; write it as 9:00, 9.30 or 9am",
        "harmed_may_leave_voicemail": "must be yes or no",
        "summary": "holds a control character or half a character; take it out",
    }
    said = reasons(csv_bytes(*with_cells(offence=canary, harmed_2_age_band=canary, harmed_phone="0" * 50)))
    assert [column for column, _ in said] == ["offence", "harmed_phone", "harmed_2_age_band"]
    assert canary not in str(said)


def test_a_text_that_a_spreadsheet_made_a_date_of_is_refused() -> None:
    from datetime import date

    [(column, reason)] = reasons(xlsx_bytes(with_cells(external_id=date(2026, 9, 3))))
    assert (column, reason.split(";")[0]) == ("external_id", "is a date or time where text belongs")


def test_the_same_case_twice_in_a_file_is_refused_with_the_row_of_the_first() -> None:
    headings, cells = with_cells()
    other = [*cells]
    other[headings.index("source")] = "court"
    found = checked(csv_bytes(headings, cells, [], other, cells))
    assert [row.number for row in found if isinstance(row.to_open, RowToOpen)] == [2, 4]
    assert found[-1].problems[0].reason == "stands in row 2 already, from the same source"


def test_something_without_a_heading_is_told() -> None:
    headings, cells = with_cells()
    assert reasons(csv_bytes(headings, [*cells, "more"])) == [
        ("", "has something in column H, which has no heading")
    ]
    assert reasons(csv_bytes([*headings[:2], "", *headings[2:]], [*cells[:2], "more", *cells[2:]])) == [
        ("", "has something in column C, which has no heading")
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("incident_on", "incident_on"),
        ("participants.0.person.phone", "harmed_phone"),
        ("participants.1.contact_safety.safe_until", "harmed_2_safe_until"),
        ("participants.h2.person.name", "harmed_2_name"),
        ("participants.2.age_band", "responsible_age_band"),
        ("participants.7.age_band", None),
        ("participants", None),
        ("", None),
    ],
)
def test_a_refusal_of_the_rules_is_told_by_its_column(path: str, name: str | None) -> None:
    place = place_at(path.split("."), [("harmed", 1), ("harmed", 2), ("responsible", 1)])
    assert (place.name if place else None) == name


def test_a_row_is_read_as_the_document_that_says_the_same() -> None:
    [row] = read(csv_bytes(*with_cells(court_date="3 Sep 2026")))
    document = {
        **{
            name: value
            for name, value in zip(*with_cells(), strict=True)
            if name not in ("external_id", "harmed_name")
        },
        "court_date": "2026-09-03",
        "participants": [
            {"id": "h1", "role": "harmed", "person": {"name": "Alex Example"}},
            {"id": "r1", "role": "responsible"},
        ],
    }
    form = parse_command("open_referral", document)
    assert isinstance(form, OpenReferral)
    assert row.form == form
