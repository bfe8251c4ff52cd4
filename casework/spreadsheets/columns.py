"""The columns of an import, derived from what a referral and a person in it may say. One row is one referral."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.commands import OpenReferral
from schemas.facts import NewParticipant
from schemas.reading.annotations import annotation_parts

EXTERNAL_ID = "external_id"
MOST_OF_A_SIDE = 10
"""How many people of one side have columns; twenty take part in a referral at most."""

SIDES = {"harmed": ("h", "person harmed"), "responsible": ("r", "person responsible")}
"""Of each side: the letter of its people's ids, and what they are called."""

# A row says these by the side of the column, or has no use for them.
_NOT_A_COLUMN = frozenset({"kind", "participants", "id", "role", "accompanies"})
_READ_AT_ONCE = 20


class Kind(StrEnum):
    """What belongs into a cell."""

    TEXT = "text"
    WORD = "word"
    YES_NO = "yes or no"
    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    MOMENT = "day and time"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: as a heading may have it, such as harmed_phone.
        side: whose it is, "harmed" or "responsible"; None: of the referral.
        path: where its value stands in the referral's document, or in the person's.
        kind: of its value, or of each of its values.
        several: whether it takes several values, parted by semicolons.
        words: the closed list, where there is one.
        required: whether there must be such a heading, and a value in each row.
        meaning: what belongs there.
    """

    name: str
    side: str | None
    path: tuple[str, ...]
    kind: Kind
    several: bool
    words: type[Enum] | None
    required: bool
    meaning: str

    @property
    def label(self) -> str:
        """The name as people read it, such as "Person harmed phone"."""
        side = self.side
        words = f"{SIDES[side][1]} {self.name.removeprefix(f'{side}_')}" if side else self.name
        return words.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Place:
    """Where the cells below a heading belong.

    Attributes:
        person: which person of the column's side, from 1; 0 where the column is the referral's.
    """

    column: Column
    person: int = 0

    @property
    def name(self) -> str:
        """The column's name, with the number of the person from the second on, such as harmed_2_phone."""
        side = self.column.side
        if side is None or self.person == 1:
            return self.column.name
        return self.column.name.replace(f"{side}_", f"{side}_{self.person}_", 1)


@functools.cache
def columns() -> dict[str, Column]:
    """All columns by name, in their order; those of a person without a number."""
    of_id = Column(
        EXTERNAL_ID,
        None,
        (),
        Kind.TEXT,
        several=False,
        words=None,
        required=True,
        meaning="its id in your system: imported again, it is known again",
    )
    found = [of_id, *_of_model(OpenReferral, None, ())]
    for side in SIDES:
        found += _of_model(NewParticipant, side, ())
    return {column.name: column for column in found}


def place_at(path: Sequence[int | str], order: Sequence[tuple[str, int]]) -> Place | None:
    """The column from which a part of the referral's document comes.

    Args:
        path: of the part, in the document; people by their position or their id.
        order: the people of the document, each by side and number.
    """
    who: tuple[str, int] | None = None
    if path and path[0] == "participants":
        who, path = _person(path[1] if len(path) > 1 else "", order), path[2:]
        if who is None:
            return None
    for column in columns().values():
        if column.path and column.side == (who and who[0]) and tuple(path[: len(column.path)]) == column.path:
            return Place(column, who[1] if who else 0)
    return None


def _person(said: int | str, order: Sequence[tuple[str, int]]) -> tuple[str, int] | None:
    if isinstance(said, str) and said.isdecimal():
        said = int(said)
    if isinstance(said, int):
        return order[said] if said < len(order) else None
    return next((who for who in order if f"{SIDES[who[0]][0]}{who[1]}" == said), None)


def _of_model(model: type[BaseModel], side: str | None, path: tuple[str, ...]) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        if name in _NOT_A_COLUMN:
            continue
        several, part = _what(field.annotation)
        if _is_model(part):
            # A list of objects has no place in a row.
            if not several:
                yield from _of_model(part, side, (*path, name))
            continue
        kind = _kind(part, field)
        words = part if kind is Kind.WORD else None
        said = field.description or name.replace("_", " ")
        whose = f"{SIDES[side][1]}: " if side else ""
        yield Column(
            f"{side}_{name}" if side else name,
            side,
            (*path, name),
            kind,
            several,
            words,
            field.is_required(),
            f"{whose}{said}{_accepted(kind, several, words)}",
        )


def _what(annotation: Any) -> tuple[bool, Any]:
    """Whether a field takes several values, and the type of each."""
    for part in annotation_parts(annotation):
        if get_origin(part) is tuple:
            return True, _what(get_args(part)[0])[1]
        if part is not type(None):
            return False, part
    return False, str


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _kind(part: Any, field: FieldInfo) -> Kind:
    if not isinstance(part, type):
        return Kind.TEXT
    if issubclass(part, Enum):
        return Kind.WORD
    for type_, kind in (
        (bool, Kind.YES_NO),
        (int, Kind.NUMBER),
        (float, Kind.NUMBER),
        (datetime, Kind.MOMENT),
        (date, Kind.DAY),
    ):
        if issubclass(part, type_):
            return kind
    return _kind_by_pattern(field)


def _kind_by_pattern(field: FieldInfo) -> Kind:
    """Days and times that are kept as texts are told by the pattern that such a text must have."""
    pattern = next((each.pattern for each in field.metadata if getattr(each, "pattern", None)), None)
    if pattern is not None and not re.search(pattern, "some words"):
        for kind, sample in ((Kind.DAY, "1990-05-17"), (Kind.TIME, "09:00")):
            if re.search(pattern, sample):
                return kind
    return Kind.TEXT


def _accepted(kind: Kind, several: bool, words: type[Enum] | None) -> str:
    said = {
        Kind.YES_NO: "; yes or no",
        Kind.NUMBER: "; a whole number",
        Kind.DAY: "; a day such as 3/9/2026",
        Kind.TIME: "; a time such as 9:00",
        Kind.MOMENT: "; a day and time such as 3/9/2026 9:00",
    }.get(kind, "")
    if words is not None:
        values = [str(member.value) for member in words]
        said = f"; one of {', '.join(values)}" if len(values) < _READ_AT_ONCE else f"; such as {values[0]}"
    return f"; parted by semicolons{said}" if several else said
