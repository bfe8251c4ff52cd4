"""From the schema of a command to its form. Nothing here knows any command by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from casework.referral.choices import Chosen
from console.acting.forms.fields import Field, Form, Kind, Option, Reads
from console.acting.forms.words import question, value_in_words
from schemas.commands import COMMANDS

# Of a closed list so many stand one below the other, to be seen at once; a longer one is opened.
_SEEN_AT_ONCE = 7
# A text that may be longer has several lines.
_ONE_LINE = 400
_MOST_ROWS = 30

_CHOSEN_BY_NAME = {
    "task": Chosen.TASK,
    "item": Chosen.ITEM,
    "step": Chosen.STEP,
    "deadline": Chosen.DEADLINE,
}
_CHOSEN_BY_PATTERN = {
    r"^[a-z]{1,2}[0-9]{1,2}$": Chosen.PARTICIPANT,
    r"^[a-z][a-z0-9-]{1,30}$": Chosen.STAFF,
    r"^a[1-9][0-9]?$": Chosen.ACTIVITY,
    r"^c[0-9]{1,3}$": Chosen.COMMUNICATION,
    r"^k[0-9]{1,2}$": Chosen.COMPLAINT,
}
# What somebody names who is new to the referral, and chooses from nothing.
_NAMED_ANEW = frozenset({"id"})
_DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
_TIME_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
_WORDS_PATTERN = re.compile(r"\^\(([a-z_]+(?:\|[a-z_]+)+)\)\$")


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a field accepts besides its type."""

    pattern: str | None = None
    least: int | None = None
    longest: int | None = None
    lowest: int | None = None
    highest: int | None = None


@cache
def form_of(kind: str) -> Form:
    """The form of a command, as its schema alone has it.

    Raises:
        KeyError: there is no such command.
    """
    return Form(kind, tuple(_fields(COMMANDS[kind])))


def _fields(model: type[BaseModel]) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        if name != "kind":
            yield _field(name, info)


def _field(name: str, info: FieldInfo) -> Field:
    described = info.description or ""
    label, hint = question(name, described)
    required = info.is_required()
    parts = list(_parts(info.annotation, tuple(info.metadata)))
    types = [part for part, _ in parts]
    absent = type(None) in types
    part, marks = next(each for each in parts if each[0] is not type(None))
    default = None if required else _as_json(info.get_default(call_default_factory=True))
    base = Field(
        name, Kind.TEXT, label, hint, required, default=default, optional=absent, described=described
    )
    return _as_asked(base, part, _limits(marks), absent=absent)


def _as_asked(base: Field, part: Any, limits: _Limits, *, absent: bool) -> Field:
    if get_origin(part) is tuple:
        return _list(base, part, limits, absent=absent)
    if isinstance(part, type) and issubclass(part, BaseModel):
        return replace(base, kind=Kind.GROUP, fields=tuple(_fields(part)))
    if isinstance(part, type) and issubclass(part, Enum):
        options = tuple(Option(each.value, value_in_words(each)) for each in part)
        return replace(base, kind=_radios_or_select(options), options=options)
    if part is bool:
        options = (Option("true", "Yes"), Option("false", "No"))
        return replace(base, kind=Kind.RADIOS, options=options, reads=Reads.YES_OR_NO)
    if part is datetime:
        return replace(base, kind=Kind.MOMENT)
    if part is date:
        return replace(base, kind=Kind.DAY)
    chosen = _chosen(base.name, limits)
    if chosen is not None:
        kind = Kind.SELECT if chosen in _MANY else Kind.RADIOS
        reads = Reads.NUMBER if part is int else Reads.TEXT
        return replace(base, kind=kind, chosen=chosen, reads=reads)
    return _number(base, limits) if part is int else _text(base, limits)


_MANY = frozenset({Chosen.STAFF, Chosen.STEP, Chosen.DEADLINE})


def _chosen(name: str, limits: _Limits) -> Chosen | None:
    if name in _NAMED_ANEW:
        return None
    return _CHOSEN_BY_NAME.get(name) or _CHOSEN_BY_PATTERN.get(limits.pattern or "")


def _list(base: Field, part: Any, limits: _Limits, *, absent: bool) -> Field:
    item, marks = next(_parts(get_args(part)[0], ()))
    if issubclass(item, BaseModel):
        return _list_of_groups(base, item, limits)
    # Where to say nothing leaves it as it was, saying that it is none of them is an answer.
    none = "None of these" if absent else ""
    field = replace(base, kind=Kind.CHECKBOXES, none_of_them=none)
    if issubclass(item, Enum):
        return replace(field, options=tuple(Option(each.value, value_in_words(each)) for each in item))
    return replace(field, chosen=_chosen(base.name, _limits(marks)))


def _list_of_groups(base: Field, item: type[BaseModel], limits: _Limits) -> Field:
    below = tuple(_fields(item))
    key = next((each for each in below if each.required and len(each.options) == limits.longest), None)
    if key is not None:
        # No more items than the list has words: one for each.
        others = tuple(each for each in below if each is not key)
        return replace(base, kind=Kind.EACH, options=key.options, key=key.name, fields=others)
    most = min(limits.longest or _MOST_ROWS, _MOST_ROWS)
    return replace(base, kind=Kind.ROWS, fields=below, least=limits.least or 1, most=most)


def _number(base: Field, limits: _Limits) -> Field:
    if limits.lowest is not None and limits.highest is not None:
        span = range(limits.lowest, limits.highest + 1)
        if len(span) <= _SEEN_AT_ONCE:
            options = tuple(Option(str(each), str(each)) for each in span)
            return replace(base, kind=Kind.RADIOS, options=options, reads=Reads.NUMBER)
    return replace(base, kind=Kind.NUMBER, reads=Reads.NUMBER)


def _text(base: Field, limits: _Limits) -> Field:
    if limits.pattern == _DAY_PATTERN:
        return replace(base, kind=Kind.DAY)
    if limits.pattern == _TIME_PATTERN:
        return replace(base, kind=Kind.TIME)
    if limits.pattern and (found := _WORDS_PATTERN.fullmatch(limits.pattern)):
        options = tuple(Option(each, value_in_words(each)) for each in found[1].split("|"))
        return replace(base, kind=_radios_or_select(options), options=options)
    long = limits.longest is not None and limits.longest >= _ONE_LINE
    return replace(base, kind=Kind.LONG_TEXT if long else Kind.TEXT, longest=limits.longest)


def _radios_or_select(options: tuple[Option, ...]) -> Kind:
    return Kind.RADIOS if len(options) <= _SEEN_AT_ONCE else Kind.SELECT


def _parts(annotation: Any, marks: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The types that an annotation stands for, each with its marks."""
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _parts(member, marks)
    elif hasattr(annotation, "__metadata__"):
        yield from _parts(get_args(annotation)[0], (*marks, *annotation.__metadata__))
    else:
        yield annotation, marks


def _limits(marks: tuple[Any, ...]) -> _Limits:
    found: dict[str, Any] = {}
    for mark in _flat(marks):
        for name, attribute in _ATTRIBUTES.items():
            value = getattr(mark, attribute, None)
            if value is not None:
                found[name] = value
    return _Limits(**found)


_ATTRIBUTES = {
    "pattern": "pattern",
    "least": "min_length",
    "longest": "max_length",
    "lowest": "ge",
    "highest": "le",
}


def _flat(marks: tuple[Any, ...]) -> Iterator[Any]:
    for mark in marks:
        if isinstance(mark, FieldInfo):
            yield from _flat(tuple(mark.metadata))
        else:
            yield mark


def _as_json(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case Enum():
            return value.value
        case tuple():
            return [_as_json(each) for each in value]
        case _:
            return value
