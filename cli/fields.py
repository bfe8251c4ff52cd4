"""What a referral or a command may say: each field with what is accepted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel

from cli.common import command_group, guarded

app = command_group()

_WIDTH = 100
_SAID = {
    bool: "true or false",
    int: "a whole number",
    date: "a day such as 2026-11-26",
    datetime: "a time such as 2026-11-26T14:00, by the clock in London",
}


@app.command("fields")
def fields_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="`referral`, or the kind of a command.")],
) -> None:
    """Print the fields of a referral or of a command: which are needed, what each means, and all that is accepted.

    Example: rj fields close
    """
    for line in guarded(lambda: list(_fields(_model(name)))):
        typer.echo(line)


def _model(name: str) -> type[BaseModel]:
    from cli.reading import command_of
    from schemas.commands import OpenReferral

    return OpenReferral if name == "referral" else command_of(name)


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    shown = {name: field for name, field in model.model_fields.items() if name != "kind"}
    if not shown:
        yield "It has no fields."
    for name, field in shown.items():
        below, accepted = _accepted(field.annotation)
        said = "; ".join(each for each in (field.description, accepted) if each)
        needed = " (needed)" if field.is_required() else ""
        line = f"{prefix}{name}{needed}" + (f": {said}" if said else "")
        yield textwrap.fill(
            line, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )
        if below is not None:
            yield from _fields(below, f"{prefix}{name}.")


def _accepted(annotation: Any) -> tuple[type[BaseModel] | None, str | None]:
    """The model of which a field has fields of its own, and what is accepted, in words."""
    from schemas.reading.annotations import annotation_parts

    for part in annotation_parts(annotation):
        if get_origin(part) is tuple:
            below, accepted = _accepted(get_args(part)[0])
            each = "with fields of its own" if below else accepted
            return below, f"a list, each {each}" if each else "a list"
        if part in _SAID:
            return None, _SAID[part]
        if isinstance(part, type) and issubclass(part, Enum):
            return None, f"one of {', '.join(member.value for member in part)}"
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part, None
    return None, None
