"""Arguments and options that several commands take, such as a reference; and what a misspelt word may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

import typer

from schemas.areas import Area

_LONGEST_MEANT = 60
"""Characters of what may be a name misspelt. Comparing takes time that grows with the square of what is compared."""


def nearest(given: str, accepted: Iterable[str]) -> str:
    """A question that names the nearest of what is accepted, with a leading space; empty where nothing is near."""
    found = get_close_matches(given, list(accepted), n=1) if len(given) <= _LONGEST_MEANT else []
    return f" Did you mean {found[0]}?" if found else ""


def near(given: str, accepted: Iterable[str]) -> list[str]:
    """Those that somebody may have meant, three at the most: what holds the word given, then what is like it."""
    if len(given) > _LONGEST_MEANT:
        return []
    known = list(accepted)
    word = re.sub(r"[\s-]+", "_", given.strip().lower())
    holding = [each for each in known if len(word) > 2 and word in each]
    return list(dict.fromkeys([*holding, *get_close_matches(word, known)]))[:3]


def as_reference(text: str) -> str:
    """A reference that somebody typed; raises typer.BadParameter."""
    from schemas.reading.reference import parse_reference

    try:
        return parse_reference(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def as_staff_id(text: str) -> str:
    """The id of a member of staff that somebody typed; raises typer.BadParameter."""
    from schemas.people import STAFF_ID

    if not re.fullmatch(STAFF_ID, text):
        raise typer.BadParameter("a staff id is small letters, digits and hyphens, such as cw-1")
    return text


def as_area(text: str) -> Area:
    """A police area that somebody typed, such as durham or West Yorkshire; raises typer.BadParameter."""
    name = re.sub(r"[\s_]+", "-", text.strip().lower())
    if name in set(Area):
        return Area(name)
    near = nearest(name, Area)
    raise typer.BadParameter(f"there is no such police area.{near or (' Accepted: ' + ', '.join(Area))}")


ReferenceArgument = Annotated[
    str,
    typer.Argument(metavar="REFERENCE", parser=as_reference, help="The referral, such as RJ-7KQ4-M2X1."),
]
StaffArgument = Annotated[
    str, typer.Argument(metavar="ID", parser=as_staff_id, help="An opaque id, such as cw-1; never a name.")
]
AsOption = Annotated[
    str, typer.Option("--as", metavar="STAFF", parser=as_staff_id, help="Your id in the staff register.")
]
AreaOption = Annotated[
    Area | None, typer.Option("--area", metavar="AREA", parser=as_area, help="Of this police area only.")
]
ReasonOption = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="TEXT|-",
        help="Why you look at a sensitive case on which others work; it is recorded, and a supervisor is told. "
        "- asks for it, or reads standard input.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
