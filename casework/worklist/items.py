"""The items of a worklist, as data. They name people only where names were asked for: else by ids and sides."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from casework.worklist.answers import Why
from schemas.areas import Area
from schemas.base import Model
from schemas.people import StaffId
from schemas.vocabulary import Stage


class Group(StrEnum):
    """The parts of a worklist, in the order in which they are read."""

    AT_ONCE = "at_once"
    """Open safeguarding concerns."""
    OVERDUE = "overdue"
    TODAY = "today"
    THIS_WEEK = "this_week"
    """In the seven days after today."""
    NEXT_STEPS = "next_steps"
    """What can be done now, though no date presses."""
    LATER = "later"
    """What is for a later day, such as a meeting or a call after six weeks."""
    WAITING = "waiting"
    """For somebody else."""


AFTERWARDS = "Afterwards"
"""Begins the case of a command that is for when something else is over."""


class Action(Model):
    """A command that answers an item."""

    when: str
    """In which case, such as "If you approve"; empty where it is the only command."""
    kind: str
    """Of the command."""
    fields: dict[str, str]
    """Of the command, as far as they are known."""
    asks: tuple[str, ...]
    """Fields that only the reader knows, besides those that the command requires."""

    @property
    def later(self) -> bool:
        """Whether it is for when something else is over."""
        return self.when.startswith(AFTERWARDS)


class ReadFirst(StrEnum):
    """What the reader has to look at before they act."""

    CONTACT = "contact"
    """How the participant may be reached without danger."""
    SIGN_OFFS = "sign_offs"
    """What is to be signed off."""
    REFERRAL = "referral"
    """How the referral stands: what is told of one that is offered, or there is nothing to do but to wait."""


class WorkItem(Model):
    """One thing to do. Instants are UTC."""

    verb: str
    """What to do, as a sentence without its full stop."""
    reference: str
    area: Area
    stage: Stage
    concerns: tuple[str, ...]
    """Participants by their ids, or colleagues by theirs."""
    why: Why
    because: str
    """Why now, as sentences."""
    deadline: str | None
    """Its key, where it is one."""
    due_at: AwareDatetime | None
    due_in_working_days: int | None
    """Of England and Wales, without the closures of the area's policy; 0 is today, negative is late."""
    overdue: bool
    group: Group
    instead_of: StaffId | None
    """The colleague whose work it is, and who is away."""
    waits_for: str | None
    """Who else is to do it, by ids or names, or a supervisor; None: it is the reader's."""
    read_first: ReadFirst | None
    actions: tuple[Action, ...]
    """What answers it; empty where there is nothing to do but to wait."""

    @property
    def kind(self) -> str | None:
        """Of the first command that answers it."""
        return self.actions[0].kind if self.actions else None

    @property
    def fields(self) -> dict[str, str]:
        """Of the first command that answers it, as far as they are known."""
        return self.actions[0].fields if self.actions else {}


class Worklist(Model):
    """What somebody has to do, soonest first; what waits for somebody else comes last."""

    staff: StaffId
    at: AwareDatetime
    items: tuple[WorkItem, ...]

    def of(self, group: Group) -> list[WorkItem]:
        """The items of one part."""
        return [each for each in self.items if each.group is group]


class Part(NamedTuple):
    """A part of a worklist as a page shows it.

    Attributes:
        number: how many items it has.
        items: those that are shown, soonest first.
    """

    number: int
    items: list[WorkItem]


_PLACES = {group: place for place, group in enumerate(Group)}


def soonest_first(
    group: Group, due_at: datetime | None, reference: str, deadline: str | None
) -> tuple[int, bool, float, str, str]:
    """By which the items of a worklist are sorted."""
    return _PLACES[group], due_at is None, due_at.timestamp() if due_at else 0.0, reference, deadline or ""
