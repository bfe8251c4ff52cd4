"""What a person has begun to write and not recorded, each with the form in which they go on."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from casework import drafts
from console.acting.steps import address_of, step_at
from console.acting.titles import title_of
from console.acting.wording import worded_form
from console.asked import Asked
from schemas.commands import COMMANDS


class Begun(NamedTuple):
    """A form that a person has begun.

    Attributes:
        title: of the step; it names nobody.
        address: of its form.
    """

    title: str
    reference: str
    address: str
    saved_at: datetime


async def begun_by(asked: Asked) -> list[Begun]:
    """The forms that the person has begun, the latest first."""
    found = await drafts.begun(asked.session)
    # Another version may have known other steps.
    return [_begun(each) for each in found if each.kind in COMMANDS]


def _begun(note: drafts.DraftNote) -> Begun:
    field = worded_form(note.kind).subject
    known = {field: note.subject} if field and note.subject else {}
    step = step_at(note.reference, note.kind, known)
    return Begun(title_of(note.kind).page, note.reference, address_of(step), note.saved_at)
