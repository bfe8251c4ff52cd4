"""From a row of a spreadsheet to the referral that it holds, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from casework.importing import CheckedRow, Problem, RowToOpen
from casework.spreadsheets.columns import EXTERNAL_ID, SIDES, Place, place_at
from casework.spreadsheets.sheets import SheetRow, Spreadsheet, column_letters, is_blank
from casework.spreadsheets.values import value_of
from schemas.commands import OpenReferral
from schemas.reading.plain_words import MEANS, accepted_words, in_words

_SHOWN_WORDS = 10


def checked_rows(spreadsheet: Spreadsheet, places: Sequence[Place | None]) -> Iterator[CheckedRow]:
    """Every row of a spreadsheet, read as a referral. One that stands there already, from the same source, is wrong.

    Args:
        places: what each heading means, from :func:`match_headings`.
    """
    first_of: dict[tuple[str, str], int] = {}
    for row in spreadsheet.rows():
        found = read_row(row, places, spreadsheet.headings)
        if isinstance(found, RowToOpen):
            first = first_of.setdefault((found.form.source, found.external_id), row.number)
            if first != row.number:
                reason = f"stands in row {first} already, from the same source"
                found = (Problem(row=row.number, column=EXTERNAL_ID, reason=reason),)
        if isinstance(found, RowToOpen):
            yield CheckedRow(row.number, row.cells, found, ())
        else:
            yield CheckedRow(row.number, row.cells, None, found)


def read_row(
    row: SheetRow, places: Sequence[Place | None], headings: Sequence[str]
) -> RowToOpen | tuple[Problem, ...]:
    """The referral that a row holds, or all that is wrong with it."""
    problems = list(_unreadable(row, headings))
    document: dict[str, Any] = {}
    people: dict[tuple[str, int], dict[str, Any]] = {(side, 1): {} for side in SIDES}
    external_id = ""
    for at, place in enumerate(places):
        cell = row.cells[at] if at < len(row.cells) else ""
        if place is None:
            continue
        if is_blank(cell):
            if place.column.required:
                problems.append(Problem(row=row.number, column=place.name, reason="is empty"))
            continue
        try:
            value = value_of(place.column, cell)
        except ValueError as error:
            problems.append(Problem(row=row.number, column=place.name, reason=str(error)))
            continue
        if place.column.name == EXTERNAL_ID:
            external_id = value
            continue
        side = place.column.side
        below = document if side is None else people.setdefault((side, place.person), {})
        _put(below, place.column.path, value)
    if problems:
        return tuple(problems)
    order = sorted(people, key=lambda who: (list(SIDES).index(who[0]), who[1]))
    document["participants"] = [
        {"id": f"{SIDES[side][0]}{number}", "role": side} | people[side, number] for side, number in order
    ]
    try:
        form = OpenReferral.model_validate(document, extra="forbid")
    except ValidationError as error:
        return tuple(_problems(row.number, error, order))
    return RowToOpen(number=row.number, external_id=external_id, form=form)


def _unreadable(row: SheetRow, headings: Sequence[str]) -> Iterator[Problem]:
    if row.fault is not None:
        yield Problem(row=row.number, column="", reason=row.fault)
    for at, cell in enumerate(row.cells):
        if not is_blank(cell) and (at >= len(headings) or not headings[at]):
            reason = f"has something in column {column_letters(at)}, which has no heading"
            yield Problem(row=row.number, column="", reason=reason)
            return


def _put(document: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        document = document.setdefault(part, {})
    document[path[-1]] = value


def _problems(number: int, error: ValidationError, order: Sequence[tuple[str, int]]) -> Iterator[Problem]:
    seen = set()
    found = error.errors(include_url=False)
    paths = [each["loc"] for each in found]
    for problem, path in zip(found, paths, strict=True):
        # Where an item of a list is wrong, the list is said to be too short besides.
        if problem["type"] == "too_short" and any(
            len(other) > len(path) and other[: len(path)] == path for other in paths
        ):
            continue
        place = place_at(path, order)
        name = place.name if place else ""
        # Of a list with several wrong words, one sentence says what is accepted.
        if (name, reason := _reason(problem)) not in seen:
            seen.add((name, reason))
            yield Problem(row=number, column=name, reason=reason)


def _reason(problem: Any) -> str:
    match problem["type"]:
        case "value_error":
            return str(problem["ctx"]["error"])
        case "missing":
            return "is empty"
        case "enum" | "literal_error":
            words = [word.replace("_", " ") for word in accepted_words(problem)]
            more = f" and {len(words) - _SHOWN_WORDS} more: see `rj fields referral`"
            return f"accepted: {', '.join(words[:_SHOWN_WORDS])}{more * (len(words) > _SHOWN_WORDS)}"
        case "string_pattern_mismatch":
            return "is not as it should be; `rj import --columns` says how"
        case _:
            return in_words(problem, MEANS)
