"""The data class of each field, and the functions that treat fields by class.

A field is identifying (marked `Sensitive`), of a special category (marked `Special`), or a figure (not marked). The
mark stands on the outside of its annotation: ``name: Annotated[str | None, Sensitive] = None``. Both marks are sealed
at rest, so in an event a marked field may always be absent, because after erasure it is.
"""

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class Sensitive:
    """Marks a field that could identify or harm a person.

    Such a field is encrypted at rest with the referral's own key, redacted from logs, kept out of workflow state,
    ids and search attributes, and destroyed with the key at erasure.
    """


class Special:
    """Marks a field of a special category: health, a risk judgement, a score, an answer, ethnic group, religion, sexual
    orientation, being the victim of a sexual or hate crime, custody; or a place so small that it could single out.

    Such a field is encrypted at rest with the referral's own key and redacted from logs, as one that identifies is; it
    may be in workflow state, which Temporal keeps sealed, because rules decide by it.
    """


class DataClass(StrEnum):
    """The class of a field, which decides where it may be stored."""

    IDENTIFYING = "identifying"
    SPECIAL = "special category"
    FIGURE = "figure"


_MARKS = {Sensitive: DataClass.IDENTIFYING, Special: DataClass.SPECIAL}


def class_of(model: type[BaseModel], field: str) -> DataClass:
    """The class of the named field of the model.

    Raises:
        ValueError: it bears both marks.
    """
    found = [_MARKS[mark] for mark in model.model_fields[field].metadata if mark in _MARKS]
    if len(found) > 1:
        raise ValueError(f"{model.__name__}.{field} has more than one class")
    return found[0] if found else DataClass.FIGURE


def is_sensitive(model: type[BaseModel], field: str) -> bool:
    """Whether the named field of the model could identify a person."""
    return class_of(model, field) is DataClass.IDENTIFYING


def is_sealed(model: type[BaseModel], field: str) -> bool:
    """Whether the named field of the model bears either mark, and is sealed at rest."""
    return class_of(model, field) is not DataClass.FIGURE


@functools.cache
def _sensitive_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name in model.model_fields if is_sensitive(model, name))


@functools.cache
def anything_marked(model: type[BaseModel]) -> bool:
    """Whether a field of a model, or of one below it, must be sealed."""
    return any(_sealed_fields(each) for each in models_below(model))


@functools.cache
def _field_names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields)


@functools.cache
def _sealed_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name in model.model_fields if is_sealed(model, name))


def without_sensitive(model: M) -> M:
    """The same model with every identifying field, at any depth, reset to its default."""
    return model.model_copy(
        update={
            name: type(model).model_fields[name].get_default(call_default_factory=True)
            if name in _sensitive_fields(type(model))
            else _clean(value)
            for name, value in model
        }
    )


def _clean(value: Any) -> Any:
    match value:
        case BaseModel():
            return without_sensitive(value)
        case tuple():
            return tuple(_clean(item) for item in value)
        case _:
            return value


def public_part(model: BaseModel) -> dict[str, Any]:
    """The fields without a mark, as JSON-ready values; a marked field does not appear at all."""
    return split(model)[0]


def split(model: BaseModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide a model, as JSON-ready values, into what may be read and what must be sealed.

    Both halves keep the model's shape: the sealed half holds, under each field, the marked value, or the sealed half
    of the model below it; items of a tuple are keyed by their position. Nothing marked: the sealed half is empty.
    """
    return _split(model, model.model_dump(mode="json"), as_dumped=True)


def reseal(model: BaseModel, stored: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide a stored model by the present classes of its fields, and change nothing else.

    Args:
        model: as `stored` reads.
        stored: the two halves of the earlier division, joined. Fields unknown to the model are sealed.
    """
    return _split(model, stored)


def _split(
    model: BaseModel, dumped: dict[str, Any], *, as_dumped: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    # Most events are about deadlines and messages, in which there is nothing to seal; nor is there in a policy.
    # What was stored by another version may hold more than the model knows, and is looked through.
    if as_dumped and not anything_marked(type(model)):
        return dumped, {}
    public: dict[str, Any] = {}
    known = _field_names(type(model))
    sealed = {name: plain for name, plain in dumped.items() if name not in known}
    marked = _sealed_fields(type(model))
    for name, value in model:
        if name not in dumped:
            continue
        plain = dumped[name]
        if name in marked:
            if plain is not None:
                sealed[name] = plain
            continue
        match value:
            case BaseModel():
                public[name], below = _split(value, plain, as_dumped=as_dumped)
            case tuple() if any(isinstance(item, BaseModel) for item in value):
                halves = [
                    _split(item, part, as_dumped=as_dumped) for item, part in zip(value, plain, strict=True)
                ]
                public[name] = [half[0] for half in halves]
                below = {str(at): half[1] for at, half in enumerate(halves) if half[1]}
            case _:
                public[name], below = plain, {}
        if below:
            sealed[name] = below
    return public, sealed


def join(public: dict[str, Any], sealed: dict[str, Any]) -> dict[str, Any]:
    """Put back together what :func:`split` divided."""
    whole = dict(public)
    for name, value in sealed.items():
        match whole.get(name):
            case dict() as below:
                whole[name] = join(below, value)
            case list() as items:
                whole[name] = [join(item, value.get(str(at), {})) for at, item in enumerate(items)]
            case _:
                whole[name] = value
    return whole


def models_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and every model reachable through its fields, each once."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in seen:
                seen.add(annotation)
                yield annotation
                waiting.extend(field.annotation for field in annotation.model_fields.values())
        else:
            waiting.extend(getattr(annotation, "__args__", ()))


def every_model() -> frozenset[type[BaseModel]]:
    """Every model of this package."""
    import schemas

    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(schemas.__path__, f"{schemas.__name__}.")
    ]
    return frozenset(
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel)
    )


@functools.cache
def sensitive_field_names() -> frozenset[str]:
    """The names of all marked fields of this package's models, for the redaction of logs."""
    return frozenset(name for model in every_model() for name in _sealed_fields(model))
