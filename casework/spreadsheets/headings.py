"""Which column a heading means: by the column's name or label in any spelling, or by a mapping file."""

from __future__ import annotations

import functools
import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from casework.spreadsheets.columns import MOST_OF_A_SIDE, SIDES, Column, Place, columns
from casework.spreadsheets.errors import BadSpreadsheet

REASON = "Reason refused"
"""The heading of the column that is added to refused rows; it is left out when they are imported again."""
IGNORED = "ignore"
"""What a mapping says of a column that is not to be imported."""

_OF_A_PERSON = re.compile(rf"(?:person_)?({'|'.join(SIDES)})(?:_person)?_?(\d{{1,2}})?_(.+)", re.ASCII)
_LARGEST_MAPPING = 100_000
_LONGEST_SHOWN = 40
_LONGEST_MEANT = 60
_SHOWN_AT_ONCE = 10


def plain_name(text: str) -> str:
    """A heading or a word in small letters, with one underscore for whatever stands between its words."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return re.sub(r"[\W_]+", "_", text).strip("_")


def place_of(heading: str) -> Place | None:
    """What a heading means by itself; None where it is not known."""
    name = plain_name(heading)
    known = columns()
    if found := _OF_A_PERSON.fullmatch(name):
        side, number, rest = found.groups()
        column = known.get(f"{side}_{rest}")
        if column is not None and column.side and 1 <= int(number or 1) <= MOST_OF_A_SIDE:
            return Place(column, int(number or 1))
    column = known.get(name)
    return Place(column) if column is not None and column.side is None else None


def number_known(headings: Sequence[str]) -> int:
    """How many of these headings mean a column."""
    return sum(place_of(heading) is not None for heading in headings)


def read_mapping(data: bytes, name: str) -> dict[str, Place | None]:
    """What a mapping file says: the place of each heading, None where it is to be left out.

    Args:
        data: TOML, such as `"Victim name" = "harmed_name"`.
        name: of the file, for sentences.

    Raises:
        BadSpreadsheet: it is no such file, or names a column that there is not, or one twice.
    """
    if len(data) > _LARGEST_MAPPING:
        raise BadSpreadsheet(f"{name} is larger than {_LARGEST_MAPPING // 1000} kB.")
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        where = re.search(r"line \d+", str(error))
        raise BadSpreadsheet(
            f"{name} is not a mapping{f' ({where[0]})' if where else ''}: write lines such as "
            '"Victim name" = "harmed_name", each heading once.'
        ) from error
    found: dict[str, Place | None] = {}
    meant: dict[Place, str] = {}
    for heading, column in said.items():
        place = _place_mapped(heading, column, name)
        if plain_name(heading) in found:
            raise BadSpreadsheet(f"{name} names the heading {_shown(heading)} twice.")
        if place is not None and place in meant:
            raise BadSpreadsheet(
                f"{name} names the column {place.name} twice: for {_shown(meant[place])} and {_shown(heading)}."
            )
        if place is not None:
            meant[place] = heading
        found[plain_name(heading)] = place
    return found


def _place_mapped(heading: str, column: object, name: str) -> Place | None:
    if not isinstance(column, str):
        raise BadSpreadsheet(f'{name}: write {_shown(heading)} = "COLUMN", the column in quotation marks.')
    if not column.strip():
        raise BadSpreadsheet(
            f'{name}: {_shown(heading)} has no column yet; write one of `rj import --columns`, or "{IGNORED}".'
        )
    if plain_name(column) == IGNORED:
        return None
    place = place_of(column)
    if place is None:
        raise BadSpreadsheet(
            f"{name}: there is no column {column[:_LONGEST_SHOWN]}.{_perhaps(column)} "
            "`rj import --columns` prints all."
        )
    return place


def match_headings(
    headings: Sequence[str], mapping: Mapping[str, Place | None], name: str
) -> list[Place | None]:
    """What each heading means; None where what stands below is to be left out.

    Args:
        mapping: from :func:`read_mapping`; it goes before what a heading means by itself.
        name: of the spreadsheet, for the sentence.

    Raises:
        BadSpreadsheet: one is missing, not known, or means the same as another.
    """
    places: list[Place | None] = []
    unknown: list[str] = []
    meant: dict[Place, str] = {}
    same: list[str] = []
    for heading in headings:
        place = _place(heading, mapping, unknown)
        if place is not None and place in meant:
            same.append(f"{_shown(meant[place])} and {_shown(heading)} (both mean {place.name})")
        if place is not None:
            meant.setdefault(place, heading)
        places.append(place)
    had = {place.column.name for place in meant}
    missing = [column.name for column in columns().values() if column.required and column.name not in had]
    wrong = [
        f"{what} {', '.join(names[:_SHOWN_AT_ONCE])}{' …' * (len(names) > _SHOWN_AT_ONCE)}"
        for what, names in (("lack", missing), ("have twice", same), ("hold what is not known:", unknown))
        if names
    ]
    if wrong:
        raise BadSpreadsheet(
            f"{name}: the headings {'; they '.join(wrong)}. `rj import --columns` prints what is accepted"
            f"{_how_to_map(name) if unknown else ''}."
        )
    return places


def _place(heading: str, mapping: Mapping[str, Place | None], unknown: list[str]) -> Place | None:
    plain = plain_name(heading)
    if plain in mapping:
        return mapping[plain]
    if not heading or plain == plain_name(REASON):
        return None
    place = place_of(heading)
    if place is None:
        unknown.append(_shown(heading))
    return place


def _how_to_map(name: str) -> str:
    return f"; `rj import {name} --write-map mine.toml` writes a file that says what yours mean"


def unknown_headings(headings: Sequence[str], mapping: Mapping[str, Place | None]) -> list[str]:
    """The headings that neither mean a column by themselves nor are mapped, each once."""
    unknown: list[str] = []
    return list(
        dict.fromkeys(
            heading
            for heading in headings
            if _place(heading, mapping, unknown) is None
            and heading
            and plain_name(heading) not in mapping
            and plain_name(heading) != plain_name(REASON)
        )
    )


def mapping_for(headings: Sequence[str]) -> str:
    """A mapping file for headings that are not known, to be filled in: with what each may mean, where that is near."""
    lines = [
        "# What the headings of the spreadsheet mean. `rj import --columns` prints the columns; write",
        f'# "{IGNORED}" for what is not to be imported. Then: rj import FILE --map THIS-FILE --as STAFF',
        "",
    ]
    for heading in headings:
        near = _nearest(heading)
        # A TOML string is written as JSON writes it.
        written = json.dumps(heading, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f'{written} = ""' + (f"  # perhaps {near}" if near else ""))
    return "\n".join([*lines, ""])


def _perhaps(text: str) -> str:
    near = _nearest(text)
    return f" Did you mean {near}?" if near else ""


def _nearest(text: str) -> str | None:
    found = suggested(text)
    return found.name if found else None


def suggested(text: str) -> Column | None:
    """The column that a heading may mean, where it is near to one."""
    if len(text) > _LONGEST_MEANT:
        return None
    # A suggestion that is far off is worse than none.
    found = get_close_matches(plain_name(text), list(_spellings()), n=1, cutoff=0.75)
    return _spellings()[found[0]] if found else None


@functools.cache
def _spellings() -> dict[str, Column]:
    return {spelt: each for each in columns().values() for spelt in (each.name, plain_name(each.label))}


def _shown(heading: str) -> str:
    return f'"{heading[:_LONGEST_SHOWN]}"'
