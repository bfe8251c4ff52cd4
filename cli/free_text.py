"""Free text that is better not written into a command, where everybody on the machine may read it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from cli.common import BadInput, plain
from cli.reading import LARGEST, decode, read_bytes

ASKED_FOR = "-"
"""Written in place of a value: it is read from the standard input, or asked for where that is a terminal."""


def asked_for(name: str) -> str:
    """What stands on the standard input, without the line end at its end; at a terminal what is typed when asked.

    Args:
        name: of the field, as the person sees it.

    Raises:
        BadInput: there is nothing.
    """
    if sys.stdin.isatty():
        typed: str = typer.prompt(name, err=True)
        return typed
    text = decode(read_bytes("-", LARGEST), "The standard input").rstrip("\r\n")
    if not text.strip():
        raise BadInput(f"{name}: the standard input is empty; write the text there.")
    return text


def once_only(values: Sequence[str]) -> None:
    """Raise BadInput where more than one is to come from a standard input that is no terminal."""
    if values.count(ASKED_FOR) > 1 and not sys.stdin.isatty():
        raise BadInput("-: only one thing can come from the standard input; give the others in a file.")


def needed(value: str | None, option: str) -> str:
    """The value of an option, which is asked for where a person can be; raises BadInput where it is missing."""
    if value is None and not sys.stdin.isatty():
        raise BadInput(f"{option}: is missing; {option} - reads it from the standard input.")
    return ASKED_FOR if value is None else value


def reason_given(reason: str | None) -> str | None:
    """What somebody said by --reason, which may be asked for; warns where others can read it.

    Raises:
        BadInput: nothing is there, or it holds what cannot be kept.
    """
    from cli.reading import refuse_unprintable
    from schemas.access import LONGEST_REASON

    if reason is None:
        return None
    said = asked_for("reason") if reason == ASKED_FOR else reason
    refuse_unprintable(said, "reason")
    if not said.strip():
        raise BadInput("reason: is empty; say why in words.")
    if len(said) > LONGEST_REASON:
        raise BadInput(f"reason: takes at most {LONGEST_REASON} characters.")
    warn_of_onlookers([] if reason == ASKED_FOR else ["reason"])
    return said


def warn_of_onlookers(fields: Sequence[str]) -> None:
    """Say, where others use this machine, that they can read what was written into the command."""
    from cli.onlookers import others_use_this_machine

    if fields and others_use_this_machine():
        names = ", ".join(fields)
        typer.echo(
            plain(
                f"rj: Others on this machine can read {names} in the list of processes. "
                "Write - in place of the text: rj then asks for it, or reads the standard input."
            ),
            err=True,
        )
