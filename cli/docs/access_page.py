"""The page on who may see what, written from the table of access."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from casework import access
from casework.access import Permission, What
from schemas.access import DataKind, Relation
from schemas.vocabulary.words import in_words

_PROSE = Path(__file__).with_suffix(".md")
_MARKS = {
    Permission.YES: "yes",
    Permission.NO: "",
    Permission.WITH_REASON: "yes; if sensitive, with a reason",
    Permission.UNLESS_SENSITIVE: "yes, unless sensitive",
}


def access_page(command: str) -> str:
    """The whole page, in Markdown.

    Args:
        command: by which it is written.
    """
    return _PROSE.read_text(encoding="utf-8").format(
        command=command,
        table="\n".join(_rows()),
        what="\n".join(_meanings(What)),
        relations="\n".join(_meanings(Relation)),
        kinds="\n".join(_meanings(DataKind)),
    )


def _rows() -> Iterator[str]:
    yield f"| what | role | {' | '.join(map(in_words, Relation))} |"
    yield f"|---|---|{'---|' * len(Relation)}"
    for what, roles, permissions in access.table():
        cells = (in_words(what), ", ".join(map(in_words, roles)), *(_MARKS[each] for each in permissions))
        yield f"| {' | '.join(cells)} |"


def _meanings(vocabulary: type[StrEnum]) -> Iterator[str]:
    """Each word of a vocabulary with the sentence that stands below it in the source."""
    source = [line.strip() for line in inspect.getsource(vocabulary).splitlines()]
    for word in vocabulary:
        meaning = source[source.index(f'{word.name} = "{word.value}"') + 1]
        yield f"- **{in_words(word)}**: {meaning.strip(chr(34))}"
