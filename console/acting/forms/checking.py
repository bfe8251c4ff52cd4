"""Checking what was sent by the command's own schema: the command, or what is wrong with each answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from casework.failures import Refused
from console.acting.forms.fields import Field, Form, Kind
from console.acting.forms.reading import Posted, Problem, Read, read
from console.acting.forms.words import value_in_words
from schemas.commands import COMMANDS, Command, parse_command
from schemas.reading.plain_words import MEANS, in_words

_A_DAY = "must be a day such as 26 11 2026"
_A_TIME = "must be a day with a time, such as 26 11 2026 at 14:00"
_MEANS = MEANS | {
    "date_type": _A_DAY,
    "date_parsing": _A_DAY,
    "date_from_datetime_parsing": _A_DAY,
    "date_from_datetime_inexact": _A_DAY,
    "datetime_type": _A_TIME,
    "datetime_parsing": _A_TIME,
    "datetime_from_date_parsing": _A_TIME,
    "bool_parsing": "must be answered with yes or no",
    "too_short": "needs {min_length} or more answers",
    "too_long": "takes at most {max_length} answers",
}
_CHOSEN = frozenset({Kind.RADIOS, Kind.SELECT})
_SEVERAL = frozenset({Kind.CHECKBOXES, Kind.ROWS, Kind.EACH})
# Of answers so many are named.
_NAMED = 8
# The sentences of the schema for the hour that occurs twice and the one that does not occur speak of offsets.
_CLOCKS_GO_BACK = "that time occurs twice"
_CLOCKS_GO_FORWARD = "that time does not exist"
_ONE_OF = re.compile(r"(?P<start>.+ of )(?P<names>[a-z_]+(?:, [a-z_]+)+)")
_UNDERSCORED = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of what was sent.

    Attributes:
        command: None where something is wrong.
        problems: in the order of the questions.
    """

    command: Command | None
    problems: tuple[Problem, ...]


def check(
    form: Form, posted: Posted, settle: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Checked:
    """The command that was sent, or what is wrong with it.

    Args:
        settle: completes the body with what nobody is asked.
    """
    found = read(form, posted)
    if settle is not None:
        found.body = settle(found.body)
    found.problems = [_with_its_row(form, each) for each in found.problems]
    try:
        command = parse_command(form.kind, found.body)
    except ValidationError as error:
        unread = {each.name for each in found.problems}
        problems = [*found.problems, *_problems(form, found, error, unread)]
        return Checked(None, _in_order(form, problems))
    if found.problems:
        return Checked(None, _in_order(form, found.problems))
    return Checked(command, ())


def problem_of(form: Form, refused: Refused) -> Problem:
    """What a rule says, at the question that it is about."""
    place = refused.field or ""
    name = place if form.field(place) is not None else place.partition(".")[0]
    return Problem(name if form.field(name) is not None else "", refused.message)


def _problems(form: Form, found: Read, error: ValidationError, unread: set[str]) -> list[Problem]:
    problems = []
    # What was sent is looked at nowhere here.
    for each in error.errors(include_url=False, include_input=False):
        name = _name(form, found, each["loc"])
        if name not in unread and not any(known.startswith(f"{name}.") for known in unread if name):
            problems.append(_problem(form, name, each))
    return problems


def _name(form: Form, found: Read, place: tuple[int | str, ...]) -> str:
    """The name of the question at a place of the command."""
    # The kind of the command stands first in the place, and is no field.
    parts: list[str] = []
    for part in place[1:] if place and place[0] in COMMANDS else place:
        if isinstance(part, int):
            keys = found.keys.get(".".join(parts))
            if keys is None or part >= len(keys):
                # An answer among several: it is about the question.
                break
            parts.append(keys[part])
        else:
            parts.append(part)
    while parts and form.field(".".join(parts)) is None:
        parts.pop()
    return ".".join(parts)


def _problem(form: Form, name: str, problem: Any) -> Problem:
    field = form.field(name) if name else None
    if field is None:
        return _of_several(form, problem)
    return Problem(name, _sentence(form, name, field, problem))


def _sentence(form: Form, name: str, field: Field, problem: Any) -> str:
    label = _label(form, name, field)
    match problem["type"]:
        case "missing":
            return _missing(label, field)
        case "enum" | "literal_error":
            return f"“{label}” takes one of its answers only{_answers(field)}."
        case "string_pattern_mismatch":
            described = field.described or field.hint
            return f"“{label}” must be {described}." if described else f"“{label}” is not as it should be."
        case "value_error":
            return f"“{label}”: {_in_plain_words(str(problem['ctx']['error']))}."
        case "too_short" if field.kind is Kind.CHECKBOXES:
            return f"“{label}” needs {problem['ctx']['min_length']} or more ticks."
        case _:
            return f"“{label}” {in_words(problem, _MEANS)}."


def _missing(label: str, field: Field) -> str:
    if field.kind in _CHOSEN:
        return f"Choose an answer to “{label}”."
    if field.kind in _SEVERAL:
        return f"“{label}” is missing: give at least one answer."
    if field.kind is Kind.DAY:
        return f"“{label}” is missing: give a day, such as 26 11 2026."
    if field.kind is Kind.MOMENT:
        return f"“{label}” is missing: give a day with a time, such as 26 11 2026 at 14:00."
    if field.kind is Kind.NUMBER:
        return f"“{label}” is missing: give a whole number."
    accepted = f": {field.described}" if field.described and "sealed" not in field.described else ""
    return f"“{label}” is missing{accepted or ': write something'}."


def _with_its_row(form: Form, problem: Problem) -> Problem:
    field = form.field(problem.name)
    if field is None:
        return problem
    label = _label(form, problem.name, field)
    return Problem(problem.name, problem.sentence.replace(f"“{field.label}”", f"“{label}”", 1))


def _answers(field: Field) -> str:
    words = [each.words for each in field.options]
    return f": {', '.join(words)}" if 0 < len(words) <= _NAMED else ""


def _label(form: Form, name: str, field: Field) -> str:
    """The question, with the row or the word of a list that it stands in."""
    for at, part in enumerate(parts := name.split(".")):
        above = form.field(".".join(parts[:at])) if at else None
        if above is not None and above.kind is Kind.ROWS and part.isdigit():
            return f"{field.label} (number {int(part) + 1})"
        if above is not None and above.kind is Kind.EACH:
            word = next((each.words for each in above.options if each.value == part), part)
            return f"{word}: {field.label}"
    return field.label


def _of_several(form: Form, problem: Any) -> Problem:
    """What a schema says of several answers together; it names fields and words as the schema does."""
    said = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else in_words(problem, _MEANS)
    name, colon, rest = said.partition(": ")
    field = form.field(name) if colon else None
    if field is not None:
        return Problem(
            name, f"“{field.label}”: {_UNDERSCORED.sub(lambda word: value_in_words(word[0]), rest)}."
        )
    if listed := _ONE_OF.fullmatch(said):
        named = [form.field(each) for each in listed["names"].split(", ")]
        labels = ", ".join(f"“{each.label}”" for each in named if each is not None)
        first = named[0].name if named[0] is not None else ""
        return Problem(first, f"{listed['start'].capitalize()}{labels}.")
    first = next((each.name for each in form.fields if each.kind in _SEVERAL), "")
    return Problem(first, f"{said[:1].upper()}{said[1:]}.")


def _in_plain_words(said: str) -> str:
    if said.startswith(_CLOCKS_GO_BACK):
        return f"{_CLOCKS_GO_BACK}, as the clocks go back: write 01:30 BST for the first, 01:30 GMT for the second"
    if said.startswith(_CLOCKS_GO_FORWARD):
        return f"{_CLOCKS_GO_FORWARD}, as the clocks go forward; write another"
    return said


def _in_order(form: Form, problems: list[Problem]) -> tuple[Problem, ...]:
    order = {each.name: at for at, each in enumerate(form.fields)}

    def place(problem: Problem) -> tuple[int, list[tuple[int, str]]]:
        first, *rest = problem.name.split(".")
        return order.get(first, -1), [(int(each) if each.isdigit() else 0, each) for each in rest]

    seen: dict[str, Problem] = {}
    for each in sorted(problems, key=place):
        # One sentence for each question.
        seen.setdefault(each.name, each)
    return tuple(seen.values())
