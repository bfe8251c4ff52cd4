"""What stands in the form of a step: as it was sent, as it was left, or what is known from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from starlette.datastructures import FormData

from casework.drafts import Draft
from casework.referral.acting import ActingView
from console.acting.forms.fields import Field, Form, Kind
from console.acting.forms.reading import Posted, as_posted, posted_from, row_numbers
from console.acting.forms.showing import REMOVE
from console.acting.wording import Wording

# Of a form besides its questions.
_OURS = ("csrf",)
# No referral has more events.
_MOST_EVENTS = 9


@dataclass(slots=True)
class Filled:
    """What stands in a form.

    Attributes:
        command_id: under which it is recorded, once, however often it is sent.
        expected: how many events the referral had when the person began; None: it is not known.
        saved_at: when it was kept as a draft; None: it was not.
    """

    posted: dict[str, list[str]]
    command_id: UUID
    expected: int | None
    saved_at: datetime | None = None

    def as_draft(self) -> Draft:
        """The same, to be kept."""
        return Draft(fields=self.posted, command_id=self.command_id, expected=self.expected or 0)


def sent(form: FormData) -> Filled:
    """What a browser sent."""
    return filled_with(form.multi_items())


def filled_with(items: Iterable[tuple[str, object]]) -> Filled:
    """A form with these values in it, by name."""
    posted = as_posted(items)
    command_id, expected = _first(posted, "_command"), _first(posted, "_expected")
    return Filled(
        {name: values for name, values in posted.items() if not name.startswith("_") and name not in _OURS},
        as_uuid(command_id) or uuid4(),
        int(expected)
        if expected.isascii() and expected.isdigit() and len(expected) <= _MOST_EVENTS
        else None,
    )


def from_draft(draft: Draft) -> Filled:
    """What the person left."""
    return Filled(dict(draft.fields), draft.command_id, draft.expected, draft.saved_at)


def beginning(
    form: Form,
    wording: Wording,
    view: ActingView,
    known: Mapping[str, str],
    about: str | None,
    body: Mapping[str, Any] | None = None,
) -> Filled:
    """What is known from the beginning: by the address, by the referral, or as given."""
    told = dict(body) if body is not None else wording.begin(view, about) if wording.begin else {}
    posted = posted_from(form, told) | _from_address(form, known)
    return Filled(posted, uuid4(), view.sequence)


def _from_address(form: Form, known: Mapping[str, str]) -> dict[str, list[str]]:
    posted: dict[str, list[str]] = {}
    for name, value in known.items():
        field = form.field(name)
        if field is not None:
            posted |= _as_sent(field, name, value)
    return posted


def _as_sent(field: Field, name: str, value: str) -> dict[str, list[str]]:
    match field.kind:
        case Kind.CHECKBOXES:
            return {name: [each for each in value.split(",") if each]}
        case Kind.DAY | Kind.MOMENT | Kind.GROUP | Kind.ROWS | Kind.EACH:
            return {}
        case _:
            return {name: [value]}


def rows_after(form: Form, filled: Filled, name: str, asked: str) -> dict[str, int]:
    """How many rows a list is to show after one was added or removed; a removed one is taken out of what was sent.

    Args:
        name: of the list, or of the row that is to go.
        asked: the value of the button.
    """
    if asked.startswith(REMOVE):
        start = f"{name}."
        filled.posted = {each: values for each, values in filled.posted.items() if not each.startswith(start)}
        return {}
    field = form.field(name)
    if field is None or field.kind is not Kind.ROWS:
        return {}
    shown = max(len(row_numbers(filled.posted, name)), field.least)
    return {name: min(shown + 1, field.most)}


def _first(posted: Posted, name: str) -> str:
    return next(iter(posted.get(name, ())), "")


def as_uuid(text: str) -> UUID | None:
    """An id as a form carries it; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
