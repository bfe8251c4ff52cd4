"""The columns of an import: one row is one referral, with one person harmed and one person responsible."""

from __future__ import annotations

import csv
import functools
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from casework.importing import RowToOpen
from cli.common import BadInput
from cli.examples import example
from cli.failures import sentences
from cli.reading import annotation_parts, refuse_unprintable
from schemas.commands import OpenReferral, parse_command
from schemas.facts import NewParticipant

MOST_ROWS = 10_000
MOST_CELLS = 500
"""In a row; far more than there are columns."""
EXTERNAL_ID = "external_id"

_SIDES = {"harmed": ("h1", "person harmed"), "responsible": ("r1", "person responsible")}
# What a row with one person on each side has no use for.
_NOT_A_COLUMN = {"kind", "participants", "id", "role", "accompanies"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: as the header has it.
        path: where its value stands in the referral's document.
        annotation: the type of the field.
        required: whether the header must have it.
        meaning: what belongs there.
    """

    name: str
    path: tuple[str | int, ...]
    annotation: Any
    required: bool
    meaning: str


@dataclass(frozen=True)
class Problem:
    """Why a row was refused. Never what stands in it.

    Attributes:
        row: its number; the header is row 1.
        column: which cell, where it is one.
        reason: a sentence.
    """

    row: int
    column: str
    reason: str


@functools.cache
def columns() -> dict[str, Column]:
    """All columns by name, in their order."""
    of_id = Column(EXTERNAL_ID, (), str, True, "its id in your system: imported again, it is known again")
    found = [of_id, *_of_model(OpenReferral, "", (), "")]
    for at, (side, (_, who)) in enumerate(_SIDES.items()):
        found += _of_model(NewParticipant, f"{side}_", ("participants", at), f"{who}: ")
    return {column.name: column for column in found}


def _of_model(model: type[BaseModel], prefix: str, path: tuple[str | int, ...], who: str) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        if name in _NOT_A_COLUMN:
            continue
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            yield from _of_model(below, prefix, (*path, name), who)
        else:
            said = field.description or name.replace("_", " ")
            yield Column(
                f"{prefix}{name}",
                (*path, name),
                field.annotation,
                field.is_required(),
                f"{who}{said}{_accepted(field.annotation)}",
            )


def _accepted(annotation: Any) -> str:
    for part in annotation_parts(annotation):
        if get_origin(part) is tuple:
            return f"; parted by semicolons{_accepted(get_args(part)[0])}"
        if part is bool:
            return "; yes or no"
        if part is date:
            return "; such as 2026-11-26"
        if isinstance(part, type) and issubclass(part, Enum):
            values = [member.value for member in part]
            return f"; one of {', '.join(values)}" if len(values) < 20 else f"; such as {values[0]}"
    return ""


def template() -> str:
    """The header and one row, as a file may begin."""
    document = example(OpenReferral)
    known = columns()
    row = {name: _cell(document, column.path) for name, column in known.items()} | {EXTERNAL_ID: "CASE-0001"}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(known), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()


def _cell(document: Any, path: tuple[str | int, ...]) -> str:
    for part in path:
        if isinstance(document, dict) and part not in document:
            return ""
        document = document[part]
    match document:
        case bool():
            return "yes" if document else "no"
        case list():
            return ";".join(document)
        case _:
            return str(document) if path else ""


def read_rows(text: str, name: str) -> Iterator[list[str]]:
    """The rows of a file, header first. Raises BadInput where it is no CSV, or larger than what may be imported."""
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
            if number > MOST_ROWS:
                raise BadInput(f"{name} has more than {MOST_ROWS:,} rows; divide it. Nothing was imported.")
            if len(cells) > MOST_CELLS:
                raise BadInput(
                    f"{name}: row {number + 1} has more than {MOST_CELLS} cells; "
                    "`rj import --template` prints a file to begin with. Nothing was imported."
                )
            yield cells
    except csv.Error as error:
        raise BadInput(f"{name} is not CSV: {error}.") from error


def check_header(header: Sequence[str], name: str) -> list[Column]:
    """The column of each cell. Raises BadInput, naming what is missing, unknown or doubled."""
    known = columns()
    given = [cell.strip() for cell in header]
    times = Counter(given)
    missing = [column.name for column in known.values() if column.required and column.name not in times]
    unknown = [cell[:40] for cell in given if cell not in known]
    twice = sorted(cell for cell, count in times.items() if count > 1 and cell in known)
    wrong = [
        f"{what} {', '.join(names[:10])}{' …' * (len(names) > 10)}"
        for what, names in (("lacks", missing), ("does not know", unknown), ("has twice", twice))
        if names
    ]
    if wrong:
        raise BadInput(
            f"{name}: the header {'; '.join(wrong)}. `rj import --columns` prints what is accepted."
        )
    return [known[cell] for cell in given]


def read_row(number: int, header: Sequence[Column], cells: Sequence[str]) -> RowToOpen | list[Problem]:
    """The referral that a row holds, or all that is wrong with it."""
    if len(cells) != len(header):
        return [Problem(number, "", f"has {len(cells)} cells where the header has {len(header)}")]
    problems = []
    document: dict[str, Any] = {
        "participants": [{"id": person, "role": side} for side, (person, _) in _SIDES.items()]
    }
    external_id = ""
    for column, cell in zip(header, cells, strict=True):
        reason = _refused(column, cell)
        if reason is not None:
            problems.append(Problem(number, column.name, reason))
        elif column.name == EXTERNAL_ID:
            external_id = cell.strip()
        elif cell.strip():
            _put(document, column, cell.strip())
    if problems:
        return problems
    try:
        form = parse_command("open_referral", document)
    except ValidationError as error:
        return [_problem(number, place, reason) for place, reason in sentences(error)]
    assert isinstance(form, OpenReferral)  # noqa: S101 - what that kind is parsed to
    return RowToOpen(number=number, external_id=external_id, form=form)


def _refused(column: Column, cell: str) -> str | None:
    text = cell.lstrip(" ")
    a_number = column.path[-1:] == ("phone",) and text[:1] == "+" and text[1:2].isdecimal()
    if text.startswith(_FORMULA) and not a_number:
        return "begins like a formula; take away its first character"
    if column.required and not text.strip():
        return "is empty"
    try:
        refuse_unprintable(cell)
    except BadInput as error:
        return str(error).rstrip(".")
    return None


def _put(document: dict[str, Any], column: Column, cell: str) -> None:
    below: Any = document
    for part in column.path[:-1]:
        below = below[part] if isinstance(part, int) else below.setdefault(part, {})
    parts = annotation_parts(column.annotation)
    value: Any = cell
    if any(get_origin(part) is tuple for part in parts):
        value = [item.strip() for item in cell.split(";") if item.strip()]
    elif bool in parts:
        value = _YES_NO.get(cell.lower(), cell)
    below[column.path[-1]] = value


def column_of(field: str) -> str | None:
    """The column in which a field of the referral's document stands, such as participants.0.person.phone."""
    path = tuple(int(part) if part.isdecimal() else part for part in field.split("."))
    return next((column.name for column in columns().values() if column.path and column.path == path), None)


def _problem(number: int, place: tuple[int | str, ...], reason: str) -> Problem:
    # An item of a list belongs to the column of the list.
    for column in columns().values():
        if column.path and place[: len(column.path)] == column.path:
            return Problem(number, column.name, reason.partition(": ")[2])
    return Problem(number, "", reason)
