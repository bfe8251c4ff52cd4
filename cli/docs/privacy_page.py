"""The privacy page of the documentation, written from the classes of the fields, for a data protection officer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from casework.words.policy import fact_words
from policies.files import load_policies
from schemas import facts, notices, people, steps
from schemas.access import Look, Searched
from schemas.asking import Unsent
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.events import Event
from schemas.policy import Policy
from schemas.privacy import DataClass, class_of, models_below
from schemas.referral import Referral
from schemas.vocabulary.words import in_words

_PROSE = Path(__file__).with_suffix(".md")


def privacy_page(command: str) -> str:
    """The whole page, in Markdown.

    Args:
        command: by which it is written.
    """
    policy = load_policies().base
    return _PROSE.read_text(encoding="utf-8").format(
        command=command,
        identifying=_examples(DataClass.IDENTIFYING),
        special=_examples(DataClass.SPECIAL),
        years=policy.retention_years,
        attributes=", ".join(in_words(name) for name in steps.Visible.model_fields),
        policy=f"{policy.name} {policy.version}",
        facts=_table(("kind", "after an erasure", "ground", "source"), fact_words(policy)),
        identifying_fields=_table(("where", "field", "what it is"), _rows(DataClass.IDENTIFYING)),
        special_fields=_table(("where", "field", "what it is"), _rows(DataClass.SPECIAL)),
        figures=_table(("where", "what it is", "fields"), _figures()),
        colleagues=_table(("field", "what it is"), _of_colleagues()),
    )


_EXAMPLES = {
    DataClass.IDENTIFYING: "names, addresses, dates of birth, whatever staff write in words",
    DataClass.SPECIAL: "ethnic group, disability, religion, sexual orientation, gender identity, custody and stage of "
    "justice, kinds of sexual or hate crime, district, risk factors and levels, scores, needs, survey answers",
}


def _examples(data_class: DataClass) -> str:
    count = sum(1 for _ in _rows(data_class))
    return f"{_EXAMPLES[data_class]} ({count} fields)"


@cache
def _models() -> tuple[type[BaseModel], ...]:
    """All that is recorded of a referral: the shared bodies, commands, events, the state, who looked and searched, and
    what somebody says who asks to be called."""
    events = get_args(get_args(Event)[0])
    top = (*COMMANDS.values(), *events, Referral, Look, Searched, Unsent)
    said = [each for model in top for each in models_below(model)]
    shared = (kin for each in said for kin in each.__mro__ if issubclass(kin, Model) and kin is not Model)
    found = dict.fromkeys((*shared, *said))
    of_policy = frozenset(models_below(Policy))
    first = (facts.__name__, people.__name__, notices.__name__)

    def stands_after(model: type[BaseModel]) -> bool:
        return not any(f"{model.__module__}.".startswith(f"{module}.") for module in first)

    models = [each for each in found if each not in of_policy or each is Policy]
    return tuple(sorted(models, key=stands_after))


def _own(model: type[BaseModel]) -> Iterator[str]:
    """The fields that a model declares itself."""
    for name in model.model_fields:
        if name != "kind" and name in inspect.get_annotations(model):
            yield name


def _rows(data_class: DataClass) -> Iterator[tuple[str, str, str]]:
    for model in _models():
        for name in _own(model):
            if class_of(model, name) is data_class:
                yield f"`{model.__name__}`", f"`{name}`", _described(model, name)


def _figures() -> Iterator[tuple[str, str, str]]:
    for model in _models():
        if model is Policy:
            yield "`Policy`", _first_line(model), "all"
            continue
        named = [f"`{name}`" for name in _own(model) if class_of(model, name) is DataClass.FIGURE]
        if named:
            yield f"`{model.__name__}`", _first_line(model), ", ".join(named)


def _of_colleagues() -> Iterator[tuple[str, str]]:
    for name in people.Staff.model_fields:
        yield f"`{name}`", _described(people.Staff, name)


def _described(model: type[BaseModel], name: str) -> str:
    field: Any = model.model_fields[name]
    return (
        field.description or f"{in_words(name)}, of: {_first_line(model)[0].lower()}{_first_line(model)[1:]}"
    )


def _first_line(model: type[BaseModel]) -> str:
    sentence = (model.__doc__ or "").strip().partition(". ")[0]
    return " ".join(sentence.split()).rstrip(".")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
