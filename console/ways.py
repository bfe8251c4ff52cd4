"""What leads on from something to be done: a link or a button to the form of a step, or to a page."""

from __future__ import annotations

from typing import NamedTuple

from casework.worklist.items import Action
from console.acting.titles import title_of
from console.addresses import step_address


class Way(NamedTuple):
    """What leads on from something to be done.

    Attributes:
        label: on its button.
        address: of the page, where that is a form filled with what is known.
        when: in which case it is the one to take; empty where there is one only.
        title: of the step, where a link says what it is; empty where it is none.
        later: whether it is for when something else is over.
    """

    label: str
    address: str
    when: str = ""
    title: str = ""
    later: bool = False


def way_to(reference: str, action: Action, label: str) -> Way:
    """The way to the form of a step."""
    return Way(
        label=label,
        address=step_address(reference, action.kind, action.fields),
        when=action.when,
        title=title_of(action.kind).page,
        later=action.later,
    )
