"""How a command asks otherwise than its schema alone: the order of its questions, their words, their place."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias

from casework.referral.acting import ActingView
from console.acting.forms.fields import Field, Form, Kind, Option, Section, When
from console.acting.forms.shaping import form_of
from console.acting.forms.showing import ShownForm

Body: TypeAlias = dict[str, Any]
"""The fields of a command as JSON, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that is asked otherwise.

    Attributes:
        name: of the field, such as contact_safety.seen_by.
        label: the question; empty: as it is asked everywhere.
        hint: below it; None: as everywhere.
        words: the words of answers, by value.
        hints: below answers, by value.
        left_out: answers that are not offered.
        options: the answers, instead of those of the schema.
        only: of what is chosen from the referral, what bears one of these marks.
        none: the words of the answer that names nobody or nothing.
        when: after which answer it is asked.
        kind: how it is asked.
        folded: the words that stand for it until somebody opens it.
        hidden: whether it is not asked at all.
        sections: of a group, questions that are folded away below a heading.
    """

    name: str
    label: str = ""
    hint: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    options: tuple[Option, ...] = ()
    only: frozenset[str] = frozenset()
    none: str = ""
    when: When | None = None
    kind: Kind | None = None
    folded: str = ""
    hidden: bool = False
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """How a command is asked.

    Attributes:
        lead: a sentence below the heading.
        asks: the questions that are asked otherwise, in the order in which they stand; those that are not named follow.
        sections: questions that are folded away below a heading.
        sample: what is taken for what is not known yet, to say what the step does before it is filled in.
        confirm: whether a page says what will follow before it is recorded.
        adjust: the form as it is for a referral, and for whom the step is about.
        begin: what stands in it from the beginning.
        settle: the body as it is recorded, with what nobody is asked.
        template: of its page.
        shown: what that template is given besides, by the form as it is shown.
    """

    lead: str = ""
    asks: tuple[Ask, ...] = ()
    sections: tuple[Section, ...] = ()
    sample: Mapping[str, Any] = field(default_factory=dict)
    confirm: bool = False
    adjust: Callable[[Form, ActingView, str | None], Form] | None = None
    begin: Callable[[ActingView, str | None], Body] | None = None
    settle: Callable[[Body, ActingView], Body] | None = None
    template: str = "acting/step.html"
    shown: Callable[[ShownForm, ActingView], dict[str, Any]] | None = None


_NO_WORDING = Wording()


def wording_of(kind: str) -> Wording:
    """How a command is asked; nothing special, where it has no file of its own."""
    return _wordings().get(kind, _NO_WORDING)


@cache
def _wordings() -> dict[str, Wording]:
    from console.acting import commands

    found = {}
    for module in pkgutil.walk_packages(commands.__path__, f"{commands.__name__}."):
        wording = getattr(importlib.import_module(module.name), "WORDING", None)
        if isinstance(wording, Wording):
            found[module.name.rpartition(".")[2]] = wording
    return found


@cache
def worded_form(kind: str) -> Form:
    """The form of a command as it is asked."""
    return with_asks(form_of(kind), wording_of(kind))


def with_asks(form: Form, wording: Wording) -> Form:
    """A form with the questions of a wording, in its order."""
    fields = list(form.fields)
    for ask in wording.asks:
        fields = _changed(fields, ask.name.split("."), ask)
    named = [tuple(ask.name.split(".")) for ask in wording.asks]
    return Form(form.kind, _in_order(fields, named), wording.sections)


def with_field(form: Form, changed: Field) -> Form:
    """A form with another question in the place of the one of that name."""
    return replace(form, fields=tuple(changed if each.name == changed.name else each for each in form.fields))


def _changed(fields: Iterable[Field], names: list[str], ask: Ask) -> list[Field]:
    first, *below = names
    found = []
    for each in fields:
        if each.name != first:
            found.append(each)
        elif below:
            found.append(replace(each, fields=tuple(_changed(each.fields, below, ask))))
        elif not ask.hidden:
            found.append(_asked(each, ask))
    return found


def _in_order(fields: Iterable[Field], named: list[tuple[str, ...]]) -> tuple[Field, ...]:
    """The questions in the order in which they are named, and then the others; likewise those below each."""
    first = list(dict.fromkeys(each[0] for each in named if each))
    return tuple(
        replace(each, fields=_in_order(each.fields, [name[1:] for name in named if name[:1] == (each.name,)]))
        for each in sorted(
            fields, key=lambda each: first.index(each.name) if each.name in first else len(first)
        )
    )


def _asked(field: Field, ask: Ask) -> Field:
    options = tuple(
        replace(each, words=ask.words.get(each.value, each.words), hint=ask.hints.get(each.value, each.hint))
        for each in ask.options or field.options
        if each.value not in ask.left_out
    )
    kind = field.kind
    if ask.options and field.kind not in (Kind.RADIOS, Kind.SELECT, Kind.CHECKBOXES):
        kind = Kind.RADIOS
    return replace(
        field,
        kind=ask.kind or kind,
        label=ask.label or field.label,
        hint=field.hint if ask.hint is None else ask.hint,
        options=options,
        only=ask.only or field.only,
        none_of_them=ask.none or field.none_of_them,
        when=ask.when or field.when,
        folded=ask.folded or field.folded,
        sections=ask.sections or field.sections,
    )
