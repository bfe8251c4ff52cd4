"""A lived referral once more, under other names: living one takes thirty times as long as naming it anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel

from schemas.policy import Policy

T = TypeVar("T")

SURNAME = " Invented"
"""What every name of an invented year ends with."""


@dataclasses.dataclass(frozen=True)
class Names:
    """What becomes of names.

    Attributes:
        words: each text that is replaced where it stands alone: references, ids of staff, areas.
        surname: what stands in the place of SURNAME at the end of a name.
        place: in which the ids of steps are derived anew.
    """

    words: Mapping[str, str]
    surname: str
    place: UUID


def again(value: T, names: Names) -> T:
    """The value with other names in all its models, dataclasses, tuples, lists, dictionaries; without any, itself."""
    found: Any = value
    if isinstance(found, str):
        found = _word(found, names)
    elif isinstance(found, UUID):
        found = uuid5(names.place, found.hex)
    elif isinstance(found, tuple):
        found = _tuple(found, names)
    elif isinstance(found, list):
        found = [again(each, names) for each in found]
    elif isinstance(found, dict):
        found = {again(key, names): again(each, names) for key, each in found.items()}
    elif isinstance(found, BaseModel) and not isinstance(found, Policy):
        if changed := _changed(found.__dict__, names):
            found = found.model_copy(update=changed)
    elif dataclasses.is_dataclass(found) and not isinstance(found, type):
        fields = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
        if changed := _changed(fields, names):
            found = dataclasses.replace(found, **changed)
    renamed: T = found
    return renamed


def _word(found: str, names: Names) -> str:
    if found in names.words:
        return names.words[found]
    if type(found) is str and found.endswith(SURNAME):
        return f"{found.removesuffix(SURNAME)} {names.surname}"
    return found


def _changed(fields: Mapping[str, Any], names: Names) -> dict[str, Any]:
    changed = {}
    for name, value in fields.items():
        new = again(value, names)
        if new is not value:
            changed[name] = new
    return changed


def _tuple(found: tuple[Any, ...], names: Names) -> tuple[Any, ...]:
    if not found:
        return found
    made = [again(each, names) for each in found]
    if all(new is old for new, old in zip(made, found, strict=True)):
        return found
    return type(found)(*made) if hasattr(found, "_fields") else tuple(made)
