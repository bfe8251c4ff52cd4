"""Reading what people give: a JSON document from a file or the standard input, and `--set field=value`."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args, get_origin

from pydantic import BaseModel

from cli.arguments import nearest
from cli.common import BadInput
from schemas.privacy import is_sensitive
from schemas.reading.annotations import annotation_parts
from schemas.reading.printable import UNKEEPABLE

if TYPE_CHECKING:
    from schemas.commands import Command

LARGEST = 1_000_000
"""Bytes of a document; a referral with its twenty people and all texts at their longest is smaller."""

_DEEPEST = 20
# Items of a list, or fields of an object: more than any form has, and each that is wrong is looked into.
_MOST_ITEMS = 500


def read_document(source: str) -> dict[str, Any]:
    """The JSON object in a file, or for `-` on the standard input. Raises BadInput."""
    name = "The standard input" if source == "-" else source
    text = decode(read_bytes(source, LARGEST), name)
    if not text.strip():
        raise BadInput(f"{name} is empty; `rj example` prints what belongs there.")
    document = _parse(text, name)
    if not isinstance(document, dict):
        raise BadInput(f"{name} must hold one JSON object, such as `rj example` prints.")
    refuse_unprintable(document)
    return document


def read_bytes(source: str, largest: int) -> bytes:
    """What is in a file, or for `-` on the standard input. Raises BadInput where it is missing or too large."""
    name = "The standard input" if source == "-" else source
    try:
        if source == "-":
            data = sys.stdin.buffer.read(largest + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        # A ValueError says that no file can have such a name.
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "no file has such a name"
        raise BadInput(f"{name} cannot be read: {reason}.") from error
    if len(data) > largest:
        raise BadInput(f"{name} is larger than {largest // 1_000_000} MB.")
    return data


def decode(data: bytes, name: str) -> str:
    """The text in UTF-8, with or without a byte order mark. Raises BadInput."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not text in UTF-8; save it as UTF-8.") from error


def refuse_unprintable(value: Any, place: str = "") -> None:
    """Raise BadInput where a text holds what cannot be kept or shown: control characters, half characters."""
    for where, text in _texts(value, (place,) if place else ()):
        if UNKEEPABLE.search(text):
            # Put together here only: a long name over thousands of values would be copied for each of them.
            named = ".".join(str(part)[:60] for part in where)
            raise BadInput(
                f"{named}{': ' * bool(named)}holds a control character or half a character; take it out."
            )


def _texts(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a document, the names in it too, each with where it stands."""
    match value:
        case dict():
            for name, below in value.items():
                yield place, name
                yield from _texts(below, (*place, name))
        case list():
            for at, below in enumerate(value):
                yield from _texts(below, (*place, at))
        case str():
            yield place, value


def _parse(text: str, name: str) -> Any:
    try:
        document = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}."
        ) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets thousands deep.
        raise BadInput(f"{name} holds a number too long, or too many brackets in one another.") from error
    _refuse_shape(document, name)
    return document


def _refuse_shape(document: Any, name: str) -> None:
    # Level by level: hundreds of brackets in one another would be too many calls in one another.
    level = [each for each in (document,) if isinstance(each, dict | list)]
    for _ in range(_DEEPEST):
        if any(len(value) > _MOST_ITEMS for value in level):
            raise BadInput(f"{name} holds a list or an object of more than {_MOST_ITEMS} items.")
        level = [
            below
            for value in level
            for below in (value.values() if isinstance(value, dict) else value)
            if isinstance(below, dict | list)
        ]
    if level:
        raise BadInput(f"{name} holds too many brackets in one another.")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise BadInput(f"{name[:60]}: is given twice.")
        document[name] = value
    return document


def _no_number(constant: str) -> NoReturn:
    raise BadInput(f"{constant} is not a number.")


def with_settings(
    model: type[BaseModel],
    body: dict[str, Any],
    settings: Iterable[str],
    *,
    asked_for: Callable[[str], str],
) -> tuple[dict[str, Any], list[str]]:
    """The document with what `--set` says put into it, and the fields whose text, about people, stands in the command.

    A value for text stays as typed; for a list, its items may be parted by commas; any other is read as JSON where
    it is JSON, else it is text. For `-` it is asked for.

    Args:
        asked_for: where a value comes from that is not to stand in the command, by the field's name.

    Raises:
        BadInput: a setting has no `=`, or no field of that name exists.
    """
    body = copy.deepcopy(body)
    open_to_all = []
    for setting in settings:
        path, equals, value = setting.partition("=")
        names = path.strip().split(".")
        if not equals or not all(names):
            # What was given is not repeated: without its field, it may be anything.
            raise BadInput("--set: write field=value, such as --set participant=h1.")
        below, at = body, model
        for name in names[:-1]:
            at = _model_below(_field(at, name, path), path)
            inner = below.get(name)
            if not isinstance(inner, dict | None):
                raise BadInput(f"{path[:60]}: {name} is not an object with fields of its own.")
            below[name] = below = inner or {}
        annotation = _field(at, names[-1], path)
        if value == "-":
            value = asked_for(path.strip())
        elif _tells_of_people(at, names[-1], annotation):
            open_to_all.append(path.strip())
        below[names[-1]] = _value(value, annotation)
    refuse_unprintable(body)
    return body, open_to_all


def _tells_of_people(model: type[BaseModel], name: str, annotation: Any) -> bool:
    """Whether a field takes free text about people, or an object with such text in it."""
    if is_sensitive(model, name):
        return str in annotation_parts(annotation)
    return any(
        _tells_of_people(each, inner, field.annotation)
        for part in annotation_parts(annotation)
        for each in (part, *get_args(part))
        if _is_model(each)
        for inner, field in each.model_fields.items()
    )


def _model_below(annotation: Any, path: str) -> type[BaseModel]:
    found: type[BaseModel] | None = next(
        (each for each in annotation_parts(annotation) if _is_model(each)), None
    )
    if found is None:
        raise BadInput(f"{path[:60]}: there is no such field; give lists of objects in a file or as JSON.")
    return found


def _field(model: type[BaseModel], name: str, path: str) -> Any:
    fields: dict[str, Any] = {each: field for each, field in model.model_fields.items() if each != "kind"}
    if name not in fields:
        raise BadInput(
            f"{path[:60]}: is not a field of this.{nearest(name, fields)} Fields: {', '.join(fields) or 'none'}."
        )
    return fields[name].annotation


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and get_origin(part) is None and issubclass(part, BaseModel)


def _value(text: str, annotation: Any) -> Any:
    parts = annotation_parts(annotation)
    if text == "null" and type(None) in parts:
        return None
    if str in parts:
        return text
    try:
        value = _parse(text, "--set")
    except BadInput:
        value = text
    if isinstance(value, str) and any(get_origin(part) is tuple for part in parts):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def command_of(kind: str) -> type[BaseModel]:
    """The command that people may give by that name, hyphens or underscores. Raises BadInput."""
    known = givable()
    name = kind.replace("-", "_")
    if name not in known:
        if name == "open_referral":
            raise BadInput("A referral is opened with `rj open`.")
        if name == "adopt_policy":
            raise BadInput("A policy is adopted with `rj policy adopt`.")
        raise BadInput(f"There is no command {kind[:60]}.{nearest(name, known)} See `rj example`.")
    return known[name]


# Opening has a command of its own, and so has adopting a policy; the rest is asked by the referral's own workflows.
_NOT_PEOPLES = frozenset({"open_referral", "adopt_policy", "reach_deadline", "settle_notice"})


def givable() -> dict[str, type[BaseModel]]:
    """The commands that people give on an open referral, by kind."""
    from schemas.commands import COMMANDS

    return {kind: model for kind, model in COMMANDS.items() if kind not in _NOT_PEOPLES}


def parsed(model: type[BaseModel], body: dict[str, Any]) -> Command:
    """The command, checked. Raises BadInput or pydantic.ValidationError."""
    from schemas.commands import parse_command

    kind: str = model.model_fields["kind"].default
    if body.get("kind", kind) != kind:
        raise BadInput(f"kind: this document is for another command than {kind}.")
    return parse_command(kind, body)
