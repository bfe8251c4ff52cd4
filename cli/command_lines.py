"""The commands of `rj` that answer an item of a worklist, as they are typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.commands import COMMANDS
from schemas.privacy import is_sensitive

if TYPE_CHECKING:
    from casework.worklist.items import Action, WorkItem

# The fields that hold lists, which no option of `rj do` takes.
_LISTS = frozenset({"factors", "items"})


def lines_of(item: WorkItem, staff_id: str) -> Iterator[str]:
    """What to look at first, and then each command that answers an item, its case before it where there are several.

    What only the reader knows is in capitals.
    """
    # Not at the top: the worklist imports the rules.
    from casework.worklist.items import ReadFirst

    look: tuple[str, ...] = ()
    match item.read_first:
        case ReadFirst.CONTACT:
            look = ("contact", item.reference, item.concerns[0])
        case ReadFirst.SIGN_OFFS:
            look = ("signoffs",)
        case ReadFirst.REFERRAL:
            look = ("show", item.reference)
    if look:
        first = "First: " if item.actions else ""
        yield first + shlex.join(["rj", *look, "--as", staff_id])
    for each in item.actions:
        if _from_file(each):
            yield f"rj example {each.kind} > FILE"
        line = command_line(each, item.reference, staff_id)
        yield f"{each.when}: {line}" if each.when else line


def command_line(action: Action, reference: str, staff_id: str) -> str:
    """A command as `rj` takes it, quoted for a shell; a sealed text is asked for, and lists are read from a FILE."""
    model = COMMANDS[action.kind]
    words = ["rj", "do", reference, action.kind]
    settings = [f"{name}={value}" for name, value in action.fields.items()]
    for name, field in model.model_fields.items():
        if name in action.fields or name in _LISTS or not (field.is_required() or name in action.asks):
            continue
        settings.append(f"{name}=-" if is_sensitive(model, name) else f"{name}={name.upper()}")
    if _from_file(action):
        words.append("FILE")
    for each in settings:
        words += ["--set", each]
    return shlex.join([*words, "--as", staff_id])


def has_blanks(item: WorkItem) -> bool:
    """Whether a command that answers an item has words in capitals, which the reader fills in."""
    return any(
        _from_file(each)
        or any(
            name not in each.fields
            and (field.is_required() or name in each.asks)
            and not is_sensitive(COMMANDS[each.kind], name)
            for name, field in COMMANDS[each.kind].model_fields.items()
        )
        for each in item.actions
    )


def _from_file(action: Action) -> bool:
    return any(
        name in _LISTS and field.is_required() and name not in action.fields
        for name, field in COMMANDS[action.kind].model_fields.items()
    )
