"""From what can go wrong to one sentence and an exit code."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from casework.failures import Kind, failure_of
from cli.arguments import near, nearest
from cli.common import BadInput, Exit
from operations.erasure import NotErased
from schemas.commands import COMMANDS, OpenReferral
from schemas.reading.annotations import annotation_parts
from schemas.reading.plain_words import MEANS, accepted_words, in_words

_EXITS = {
    Kind.BAD_INPUT: Exit.BAD_INPUT,
    Kind.REFUSED: Exit.REFUSED,
    Kind.UNREACHABLE: Exit.UNREACHABLE,
    Kind.FAULT: Exit.FAULT,
}

# A list of more is not read in a sentence.
_READ_AT_ONCE = 10
# Fewer than so many are told with what each accepts.
_SAID_IN_FULL = 3
# Of what somebody gives, so many faults are looked into; each costs a search for what may have been meant.
_MOST_FAULTS = 100

_A_TIME = "must be a time that exists, such as 2026-11-26T14:00"
_MEANS = MEANS | {
    "missing": "is missing",
    "model_type": "must be an object with fields of its own",
    "model_attributes_type": "must be an object with fields of its own",
    "datetime_type": _A_TIME,
    "datetime_parsing": _A_TIME,
    "datetime_from_date_parsing": _A_TIME,
}


def explained(error: Exception) -> tuple[Exit, str] | None:
    """The exit code and the sentence for what went wrong; None where it is none of what people can meet."""
    match error:
        case ValidationError():
            return Exit.BAD_INPUT, _in_one(sentences(error)) + _see_fields(error)
        case BadInput():
            return Exit.BAD_INPUT, str(error)
        case NotErased():
            return Exit.FAULT, str(error)
        case BaseExceptionGroup():
            # Of several that fell together, the first brought the others down.
            first = error.exceptions[0]
            return explained(first) if isinstance(first, Exception) else None
    known = failure_of(error)
    return (_EXITS[known.kind], known.sentence) if known else None


def sentences(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Each thing wrong with what was given: where, and a sentence without its full stop. Never what was given.

    Of more than a hundred the first are told.
    """
    # What was given is looked at for what it may have been meant as, and goes no further.
    problems = error.errors(include_url=False)[:_MOST_FAULTS]
    places = [problem["loc"] for problem in problems]
    # Where an item of a list is wrong, the list is said to be too short besides.
    return [
        _problem(problem)
        for problem in problems
        if problem["type"] != "too_short" or not any(_below(place, problem["loc"]) for place in places)
    ]


def _in_one(problems: list[tuple[tuple[int | str, ...], str]]) -> str:
    (_, first), *others = problems
    fields = ", ".join(_field(place) for place, _ in others[:_READ_AT_ONCE])
    fields += " and more" if len(others) > _READ_AT_ONCE else ""
    if others and all(said.endswith(_MEANS["missing"]) for _, said in problems):
        return f"{first}; so {'is' if len(others) == 1 else 'are'} {fields}."
    if others and len(others) < _SAID_IN_FULL:
        return f"{'; '.join(said.rstrip('?') for _, said in problems)}."
    end = "" if first.endswith("?") else "."
    return f"{first}{end} Wrong too: {fields}." if others else f"{first}{end}"


def _see_fields(error: ValidationError) -> str:
    """Where to read what is accepted for a field of a command that is missing."""
    missing = [each["loc"] for each in error.errors(include_url=False) if each["type"] == "missing"]
    kinds = [str(place[0]) for place in missing if place and place[0] in COMMANDS]
    return f" See `rj fields {kinds[0]}`." if kinds else ""


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:60] for part in place)


def _below(place: tuple[int | str, ...], above: tuple[int | str, ...]) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _problem(problem: Any) -> tuple[tuple[int | str, ...], str]:
    place: tuple[int | str, ...] = problem["loc"]
    model: type[BaseModel] | None = None
    if place and place[0] in COMMANDS:
        # The kind of command stands first in the path, but is no field.
        model, place = COMMANDS[str(place[0])], place[1:]
    field = _field(place)
    what = _what(problem, model, place)
    return place, f"{field}: {what}" if field else what


def _what(problem: Any, model: type[BaseModel] | None, place: tuple[int | str, ...]) -> str:
    match problem["type"]:
        case "value_error":
            return str(problem["ctx"]["error"])
        case "enum" | "literal_error":
            return _not_accepted(problem["input"], accepted_words(problem), model)
        case "extra_forbidden":
            known = _model_of(_at(model, place[:-1])[0])
            names = [name for name in known.model_fields if name != "kind"] if known else []
            return f"is not a field of this.{nearest(str(place[-1]), names)}".rstrip(".")
        case "string_pattern_mismatch":
            described = _at(model, place)[1]
            return f"must be {described}" if described else "is not as it should be"
        case _:
            return in_words(problem, _MEANS)


def _not_accepted(given: Any, accepted: list[str], model: type[BaseModel] | None) -> str:
    if len(accepted) <= _READ_AT_ONCE or model is None:
        return f"accepted: {', '.join(accepted)}"
    name = "referral" if model is OpenReferral else model.model_fields["kind"].default
    found = near(given, accepted) if isinstance(given, str) else []
    among = f", among them {', '.join(found)}" if found else ""
    return f"is not accepted; `rj fields {name}` lists the {len(accepted)} that are{among}"


def _at(annotation: Any, place: tuple[int | str, ...]) -> tuple[Any, str | None]:
    """The annotation of what stands at a place below a model, and its description."""
    described = None
    for part in place:
        if isinstance(part, int):
            items = (each for each in annotation_parts(annotation) if get_origin(each) is tuple)
            annotation = next((get_args(each)[0] for each in items), None)
            continue
        model = _model_of(annotation)
        if model is None or part not in model.model_fields:
            return None, None
        annotation, described = model.model_fields[part].annotation, model.model_fields[part].description
    return annotation, described


def _model_of(annotation: Any) -> type[BaseModel] | None:
    parts = (part for part in annotation_parts(annotation) if isinstance(part, type) and not get_origin(part))
    return next((part for part in parts if issubclass(part, BaseModel)), None)
