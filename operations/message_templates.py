"""The templates of a service's messages, looked at without any server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from messages.wording import TEMPLATES, Audience, Medium, Wording, Written, media, words

__all__ = ["Medium", "Template", "Written", "preview", "templates"]


class Template(NamedTuple):
    """One template.

    Attributes:
        tells: what it tells, in words.
        media: by which ways it is read.
    """

    name: str
    audience: Audience
    tells: str
    media: tuple[Medium, ...]


def templates(own: Path | None) -> list[Template]:
    """Every template, once all of them are checked.

    Args:
        own: the folder of a service's own templates; None: those that ship.

    Raises:
        BadTemplate: one of the service's own cannot be used.
    """
    Wording.load(own)
    return [Template(name, audience, words(name), media(name)) for name, audience in TEMPLATES.items()]


def preview(
    own: Path | None, name: str, *, welsh: bool = False, console: str | None = None
) -> Mapping[Medium, Written] | None:
    """A message as it would be read, with invented facts, by each of its ways; None where there is no such template.

    Args:
        own: the folder of a service's own templates; None: those that ship.
        welsh: in Welsh, where there is such text.
        console: the console's base address, to which staff are led; None: they are told what to type.

    Raises:
        BadTemplate: one of the service's own cannot be used.
    """
    return Wording.load(own, console=console).preview(name, welsh=welsh) if name in TEMPLATES else None
