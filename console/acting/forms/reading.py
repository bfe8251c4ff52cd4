"""From what a browser sends to the JSON of a command, and back. What cannot be read is told by its question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casework.spreadsheets.dates import read_time
from console.acting.forms.fields import NONE, Field, Form, Kind, Reads
from schemas.areas import LONDON
from schemas.base import Moment
from schemas.reading.printable import UNKEEPABLE

Posted = Mapping[str, list[str]]
"""The fields of a form as a browser sends them; of a name there may be several."""

_DAY_PARTS = ("day", "month", "year")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FOUR_DIGITS = re.compile(r"([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_ZONE = re.compile(r"\s*(bst|gmt)$", re.IGNORECASE)
_OFFSETS = {"bst": "+01:00", "gmt": "+00:00"}
# No form asks for a number of more digits.
_LONGEST_NUMBER = 9
# Rows are counted by who sends them; more are not looked for.
_MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer.

    Attributes:
        name: of the question, such as items.0.due_on; empty where it is about the form as a whole.
        sentence: it names the question as the person sees it, what is wrong, and what is accepted.
    """

    name: str
    sentence: str


@dataclass(slots=True)
class Read:
    """What a person sent, as far as it could be read.

    Attributes:
        body: of the command, as JSON.
        problems: what could not be read.
        keys: of each list of groups, by its name, what stands in the name of a group: its number, or its word.
    """

    body: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)


def as_posted(items: Iterable[tuple[str, object]]) -> dict[str, list[str]]:
    """The texts of what was sent, by name; files are left out."""
    found: dict[str, list[str]] = {}
    for name, value in items:
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


def read(form: Form, posted: Posted) -> Read:
    """The body of a command, by what was sent."""
    found = Read()
    found.body = _group(form.fields, posted, "", found)
    return found


def _group(fields: Iterable[Field], posted: Posted, prefix: str, found: Read) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for each in fields:
        value = _value(each, posted, prefix + each.name, found)
        if value is not None:
            body[each.name] = value
    return body


def _value(field: Field, posted: Posted, name: str, found: Read) -> Any:
    match field.kind:
        case Kind.GROUP:
            below = _group(field.fields, posted, f"{name}.", found)
            return below if below or (field.required and not field.optional) else None
        case Kind.ROWS:
            return _rows(field, posted, name, found, row_numbers(posted, name))
        case Kind.EACH:
            return _rows(field, posted, name, found, [each.value for each in field.options])
        case Kind.CHECKBOXES:
            return _ticked(field, posted, name)
        case Kind.DAY:
            return _told(_day(field, posted, name), name, found)
        case Kind.MOMENT:
            return _told(_moment(field, posted, name), name, found)
        case _:
            return _told(_single(field, _first(posted, name)), name, found)


def _rows(field: Field, posted: Posted, name: str, found: Read, keys: list[str]) -> list[Any] | None:
    rows: list[dict[str, Any]] = []
    used: list[str] = []
    for key in keys:
        before = len(found.problems)
        row = _group(field.fields, posted, f"{name}.{key}.", found)
        # A row that nobody touched is none, whatever stands in it from the beginning.
        if row != _untouched(field) or len(found.problems) > before:
            rows.append({field.key: key, **row} if field.key else row)
            used.append(key)
    found.keys[name] = used
    return rows or None


def _untouched(field: Field) -> dict[str, Any]:
    return {each.name: each.default for each in field.fields if each.default not in (None, [])}


def row_numbers(posted: Posted, name: str) -> list[str]:
    """The numbers of the rows of a list that something was sent of, in order."""
    start = f"{name}."
    numbers = {each.removeprefix(start).partition(".")[0] for each in posted if each.startswith(start)}
    whole = sorted((each for each in numbers if each.isascii() and each.isdigit() and len(each) < 4), key=int)
    return whole[:_MOST_ROWS]


def _ticked(field: Field, posted: Posted, name: str) -> list[str] | None:
    ticked = [each for each in posted.get(name, []) if each]
    if NONE in ticked:
        return []
    return list(dict.fromkeys(ticked)) or None


@dataclass(frozen=True, slots=True)
class _Unreadable:
    sentence: str


def _told(value: Any, name: str, found: Read) -> Any:
    if isinstance(value, _Unreadable):
        found.problems.append(Problem(name, value.sentence))
        return None
    return value


def _single(field: Field, text: str) -> Any:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return None
    if UNKEEPABLE.search(text):
        return _Unreadable(f"“{field.label}” holds a control character or half a character; take it out.")
    if field.reads is Reads.YES_OR_NO:
        return {"true": True, "false": False}.get(text, text)
    if field.reads is Reads.NUMBER:
        return _number(field, text)
    return _time(field, text) if field.kind is Kind.TIME else text


def _number(field: Field, text: str) -> Any:
    text = text.replace(" ", "").replace(",", "")
    if not (text.isascii() and text.lstrip("-").isdigit()):
        return _Unreadable(f"“{field.label}” must be a whole number, such as 45.")
    if len(text) > _LONGEST_NUMBER:
        return _Unreadable(f"“{field.label}” is too large a number.")
    return int(text)


def _time(field: Field, text: str) -> Any:
    if short := _FOUR_DIGITS.fullmatch(text):
        return f"{short[1]}:{short[2]}"
    try:
        return read_time(text)
    except ValueError as error:
        return _Unreadable(f"“{field.label}” {error}.")


def _day(field: Field, posted: Posted, name: str) -> Any:
    parts = {part: _first(posted, f"{name}-{part}").strip() for part in _DAY_PARTS}
    if not any(parts.values()):
        return None
    lacking = [part for part, text in parts.items() if not text]
    if lacking:
        return _Unreadable(f"“{field.label}” needs a {' and a '.join(lacking)}, such as 26 11 2026.")
    day, month, year = parts["day"], _month(parts["month"]), parts["year"]
    if not all(each.isascii() and each.isdigit() for each in (day, month, year)):
        return _Unreadable(f"“{field.label}” must be a day in numbers, such as 26 11 2026.")
    if len(year) != len("2026"):
        return _Unreadable(f"“{field.label}” needs a year of four digits, such as 26 11 2026.")
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except (ValueError, OverflowError):
        return _Unreadable(f"“{field.label}” is a day that does not exist; write one such as 26 11 2026.")


def _month(text: str) -> str:
    word = text.lower()[:3]
    return str(_MONTHS.index(word) + 1) if word in _MONTHS else text


def _moment(field: Field, posted: Posted, name: str) -> Any:
    day, text = _day(field, posted, name), _first(posted, f"{name}-time").strip()
    if isinstance(day, _Unreadable) or (day is None and not text):
        return day
    if day is None:
        return _Unreadable(f"“{field.label}” needs a day with the time, such as 26 11 2026.")
    if not text:
        return _Unreadable(f"“{field.label}” needs a time with the day, such as 14:00.")
    zone = _ZONE.search(text)
    time = _time(field, _ZONE.sub("", text))
    if isinstance(time, _Unreadable):
        return time
    return f"{day}T{time}{_OFFSETS[zone[1].lower()] if zone else ''}"


def _first(posted: Posted, name: str) -> str:
    return next(iter(posted.get(name, [])), "")


def posted_from(form: Form, body: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a browser would send of a form that is filled in with the body of a command."""
    return dict(_filled(form.fields, body, ""))


def _filled(fields: Iterable[Field], body: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for each in fields:
        value = body.get(each.name)
        if value is not None:
            yield from _filled_field(each, value, prefix + each.name)


def _filled_field(field: Field, value: Any, name: str) -> Iterator[tuple[str, list[str]]]:
    match field.kind:
        case Kind.GROUP:
            yield from _filled(field.fields, value, f"{name}.")
        case Kind.ROWS:
            for at, row in enumerate(value):
                yield from _filled(field.fields, row, f"{name}.{at}.")
        case Kind.EACH:
            for row in value:
                yield from _filled(field.fields, row, f"{name}.{row[field.key]}.")
        case Kind.CHECKBOXES:
            none = [NONE] if field.none_of_them and not value else []
            yield name, [str(each) for each in value] or none
        case Kind.DAY:
            yield from _filled_day(value, name)
        case Kind.MOMENT:
            yield from _filled_moment(value, name)
        case _:
            yield name, [_text(value)]


def _filled_day(value: str, name: str) -> Iterator[tuple[str, list[str]]]:
    year, month, day = value.split("-")
    for part, number in zip(_DAY_PARTS, (day, month, year), strict=True):
        yield f"{name}-{part}", [str(int(number))]


def _filled_moment(value: str, name: str) -> Iterator[tuple[str, list[str]]]:
    from pydantic import TypeAdapter

    moment = TypeAdapter(Moment).validate_python(value).astimezone(LONDON)
    yield from _filled_day(f"{moment:%Y-%m-%d}", name)
    # In the hour that occurs twice, as the clocks go back, it says which of the two is meant.
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    zone = (" BST" if moment.dst() else " GMT") if twice else ""
    yield f"{name}-time", [f"{moment:%H:%M}{zone}"]


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
