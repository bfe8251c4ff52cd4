"""What headings mean, and mapping files for people's own words."""

from __future__ import annotations

import pytest

from casework.spreadsheets.columns import columns
from casework.spreadsheets.errors import BadSpreadsheet
from casework.spreadsheets.headings import (
    IGNORED,
    REASON,
    mapping_for,
    match_headings,
    place_of,
    read_mapping,
    unknown_headings,
)
from tests.casework.spreadsheets.tables import ROW, csv_bytes, read, with_cells


def means(heading: str) -> str | None:
    place = place_of(heading)
    return place.name if place else None


def test_every_column_is_known_by_its_name_and_its_label_in_any_spelling() -> None:
    for name, column in columns().items():
        for spelt in (
            name,
            name.upper(),
            name.replace("_", " "),
            name.replace("_", "-"),
            f" {name} ",
            f"{name}*",
            column.label,
            column.label.title(),
        ):
            assert means(spelt) == name, spelt


def test_no_two_columns_have_the_same_name_or_label() -> None:
    assert len({column.label for column in columns().values()}) == len(columns())
    assert len({(column.side, column.path) for column in columns().values()}) == len(columns())


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("harmed_1_name", "harmed_name"),
        ("Harmed 2 name", "harmed_2_name"),
        ("Person harmed 2 phone", "harmed_2_phone"),
        ("Person Harmed: phone", "harmed_phone"),
        ("responsible-person-3-date-of-birth", "responsible_3_date_of_birth"),
        ("harmed_0_name", None),
        ("harmed_11_name", None),
        ("harmed_2_area", None),
        ("area_2", None),
        ("harmed", None),
        ("", None),
    ],
)
def test_people_of_a_side_are_numbered(heading: str, name: str | None) -> None:
    assert means(heading) == name


def refusal(*headings: str, mapping: bytes = b"") -> str:
    with pytest.raises(BadSpreadsheet) as refused:
        match_headings(headings, read_mapping(mapping, "mine.toml"), "cases.csv")
    return str(refused.value)


def test_headings_that_are_missing_unknown_or_of_the_same_meaning_are_told() -> None:
    assert "the headings lack external_id, area, source" in refusal("name", "age")
    said = refusal(*ROW, "naem")
    assert 'hold what is not known: "naem"' in said
    assert "`rj import cases.csv --write-map mine.toml` writes a file that says what yours mean" in said
    said = refusal(*ROW, "Harmed 1 Name")
    assert 'have twice "harmed_name" and "Harmed 1 Name" (both mean harmed_name)' in said
    assert refusal(*ROW, "area").count("(both mean area)") == 1


def test_own_words_are_mapped_or_left_out() -> None:
    mapping = read_mapping(
        b'# ours\n"Victim name" = "harmed_name"\nCrime = "Offence"\n"Our notes" = "ignore"\n'
        b'"Victim 2" = "harmed_2_name"\n"Not in this file" = "summary"\n',
        "mine.toml",
    )
    table = with_cells(**{"Our notes": "kept here", "Victim 2": "Jo Example"})
    headings = ["VICTIM  name" if each == "harmed_name" else each for each in table[0]]
    headings = ["crime" if each == "offence" else each for each in headings]
    [row] = read(csv_bytes(headings, table[1]), mapping=mapping)
    assert [each.person.name for each in row.form.participants] == ["Alex Example", "Jo Example", None]
    assert row.form.offence == "burglary"


def test_a_mapping_goes_before_what_a_heading_means_by_itself() -> None:
    mapping = read_mapping(b'"summary" = "ignore"\n', "mine.toml")
    [row] = read(csv_bytes(*with_cells(summary="not for here")), mapping=mapping)
    assert row.form.summary is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('"Victim name" = "harmed_naem"', "there is no column harmed_naem. Did you mean harmed_name?"),
        ('a = "area"\nb = "Area"', 'names the column area twice: for "a" and "b"'),
        ('a = "harmed_name"\nb = "person harmed 1 name"', "names the column harmed_name twice"),
        ('"Victim name" = "harmed_name"\n"victim NAME" = "summary"', 'names the heading "victim NAME" twice'),
        ('a = "area"\na = "source"', "is not a mapping"),
        ('"Victim name" = ""', 'has no column yet; write one of `rj import --columns`, or "ignore"'),
        ("a = 5", 'write "a" = "COLUMN"'),
        ("[table]\na = 1", 'write "table" = "COLUMN"'),
        ("Victim name = harmed_name", "is not a mapping (line 1): write lines such as"),
        ("a = " + "[" * 5000, "is not a mapping"),
        ("#" * 200_000, "is larger than 100 kB"),
    ],
)
def test_a_mapping_that_cannot_be_used_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadSpreadsheet) as refused:
        read_mapping(text.encode(), "mine.toml")
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("mine.toml")


def test_a_mapping_is_offered_for_the_headings_that_are_not_known() -> None:
    headings = [*ROW, "Harmed fone", 'Said "so" \\ by', "Our notes", "", REASON, "Our notes"]
    unknown = unknown_headings(headings, read_mapping(b'"Our notes" = "ignore"', "m"))
    assert unknown == ["Harmed fone", 'Said "so" \\ by']
    offered = mapping_for(unknown)
    assert '"Harmed fone" = ""  # perhaps harmed_phone' in offered
    filled = offered.replace('= ""  # perhaps harmed_phone', '= "harmed_phone"').replace(
        '= ""', f'= "{IGNORED}"'
    )
    found = read_mapping(filled.encode(), "mine.toml")
    assert [place.name if place else None for place in found.values()] == ["harmed_phone", None]
