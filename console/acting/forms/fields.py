"""The form of a command as data: its fields, how each is asked, and what it is chosen from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from casework.referral.choices import Chosen


class Kind(StrEnum):
    """How a field is asked."""

    RADIOS = "radios"
    SELECT = "select"
    CHECKBOXES = "checkboxes"
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DAY = "day"
    """A day, in three fields."""
    MOMENT = "moment"
    """A day in three fields, and a time by the clock in London."""
    TIME = "time"
    """A time of day."""
    GROUP = "group"
    """Fields below a heading."""
    ROWS = "rows"
    """Groups of fields, of which another can be added."""
    EACH = "each"
    """A group of fields for each word of a closed list."""
    HIDDEN = "hidden"
    """Known already; sent, and not asked."""


class Reads(StrEnum):
    """As what a value is read that was chosen."""

    TEXT = "text"
    YES_OR_NO = "yes_or_no"
    NUMBER = "number"


NONE = "-none-"
"""The value of the answer that none of a list fits, where to say nothing would leave it as it was."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to choose from.

    Attributes:
        value: as it is sent.
        tag: a word beside it, with its colour: ("safe", "green").
    """

    value: str
    words: str
    hint: str = ""
    tag: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class When:
    """That a question is asked only after one of these answers to another.

    Attributes:
        name: of the other question.
        values: the answers, as they are sent.
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Some questions that are folded away below a heading until somebody opens it."""

    heading: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A question of a form.

    Attributes:
        name: of the field in its model.
        label: the question.
        required: whether the command cannot do without it.
        options: the answers to choose from, where the schema has them.
        chosen: what of the referral the answers are, where it has them.
        only: of these, those that bear one of these marks; empty: all.
        reads: as what a chosen value is read.
        none_of_them: the words of the answer that none fits; empty where saying nothing means that.
        default: what the command takes where nothing is said, as JSON.
        longest: characters of a text.
        fields: of a group, of a row, or of each word of a list.
        key: of EACH, the field whose word it is.
        least: rows to begin with.
        most: rows at most.
        optional: of a group, whether it is left out where nothing in it is filled in.
        when: after which answer it is asked; always, where None.
        folded: the words that stand for it until somebody opens it; empty: it is open.
        described: what is accepted, by the schema.
        sections: of a group, questions that are folded away below a heading.
    """

    name: str
    kind: Kind
    label: str
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    chosen: Chosen | None = None
    only: frozenset[str] = frozenset()
    reads: Reads = Reads.TEXT
    none_of_them: str = ""
    default: Any = None
    longest: int | None = None
    fields: tuple[Field, ...] = ()
    key: str = ""
    least: int = 1
    most: int = 1
    optional: bool = False
    when: When | None = None
    folded: str = ""
    described: str = ""
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a command.

    Attributes:
        kind: of the command.
        sections: of its questions, those that are folded away.
    """

    kind: str
    fields: tuple[Field, ...]
    sections: tuple[Section, ...] = ()

    def field(self, name: str) -> Field | None:
        """The question with that name, such as contact_safety.seen_by; None where there is none."""
        return _below(self.fields, name.split("."))

    @property
    def subject(self) -> str | None:
        """The name of the question that says what the step is about: a person, a task, an activity; None where it is
        about the referral as a whole."""
        found = {each.name for each in self.fields if each.chosen is not None}
        return next((name for name in _SUBJECTS if name in found), None)


# What a step is about, by the names of fields; of several, the first.
_SUBJECTS = (
    "task",
    "complaint",
    "communication",
    "item",
    "deadline",
    "step",
    "participant",
    "about",
    "subject",
    "activity",
)


def all_fields(fields: Collection[Field]) -> Iterator[Field]:
    """The questions with all that are below them."""
    for field in fields:
        yield field
        yield from all_fields(field.fields)


def _below(fields: Collection[Field], names: list[str]) -> Field | None:
    first, *rest = names
    field = next((each for each in fields if each.name == first), None)
    if field is None or not rest:
        return field
    if field.kind in (Kind.ROWS, Kind.EACH):
        # What stands between is the number of the row, or the word of the list.
        rest = rest[1:]
    return _below(field.fields, rest) if rest else field
