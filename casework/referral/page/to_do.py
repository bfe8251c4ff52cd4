"""What comes next on a referral for its reader, what else they may do, and what is not possible yet and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from casework.referral.page.case import Case
from casework.referral.steps import meaning_of
from casework.worklist.duties import duties_of
from casework.worklist.finding import ItemFinder
from casework.worklist.items import Group, WorkItem, soonest_first
from casework.worklist.next_steps import goal_of
from casework.worklist.wording import word_item
from lifecycle import Refused, deadlines, work_of
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.vocabulary import Stage
from stores.worklists import OnHand, Raised

# What stops the whole referral is said once, at the top of its page.
_SAID_ABOVE = frozenset({"on_hold", "safeguarding"})


class NotYet(Model):
    """A step of this stage that is the reader's to take and not possible now.

    Attributes:
        kind: of the command.
        leads_on: whether it is the one that leads the referral on.
        missing: each condition that does not hold, as a sentence, with people by name.
    """

    kind: str
    leads_on: bool
    missing: tuple[str, ...] = Field(repr=False)


class ToDo(Model):
    """What there is to do on a referral.

    Attributes:
        items: what comes next for the reader, soonest first, with people by name where these are shown.
        waiting: what waits for somebody else.
        besides: the kinds of the other steps of this stage that they may take now.
        not_yet: the steps of this stage that are not possible yet; the one that leads on comes first.
        stopped: the kinds of the steps that only a hold or a safeguarding concern keeps them from.
    """

    items: tuple[WorkItem, ...] = Field(repr=False)
    waiting: tuple[WorkItem, ...] = Field(repr=False)
    besides: tuple[str, ...]
    not_yet: tuple[NotYet, ...]
    stopped: tuple[str, ...]


class Step(Model):
    """A step that may be taken.

    Attributes:
        kind: of the command.
        meaning: what it is for, in one line.
        of_this_stage: whether it is the work of the stage.
        subject: what it is about: the name of the module of its command.
    """

    kind: str
    meaning: str
    of_this_stage: bool
    subject: str


def to_do(case: Case) -> ToDo:
    """What there is to do on a referral for its reader."""
    found = work_items(case)
    items = tuple(each for each in found if each.group is not Group.WAITING)
    work = {command.model_fields["kind"].default for command in work_of(case.referral.stage)}
    offered = {action.kind for item in items for action in item.actions}
    shut = {
        kind: [each for each in refusals if each.code not in _SAID_ABOVE]
        for kind, refusals in case.steps.items()
        if refusals and kind in work
    }
    return ToDo(
        items=items,
        waiting=tuple(each for each in found if each.group is Group.WAITING),
        besides=tuple(kind for kind in case.steps if kind in work and case.may(kind) and kind not in offered),
        not_yet=tuple(_not_yet(case, {kind: refusals for kind, refusals in shut.items() if refusals})),
        stopped=tuple(kind for kind, refusals in shut.items() if not refusals),
    )


def work_items(case: Case) -> list[WorkItem]:
    """What stands on the reader's worklist of this referral, with people and colleagues by name."""
    if case.erasure is not None:
        return []
    referral, member = case.referral, case.staff.get(case.actor.id, case.session.member)
    row = OnHand(
        reference=referral.reference,
        area=referral.area,
        stage=referral.stage,
        caseworker=referral.caseworker,
        deadlines={each.key: each.due_at for each in deadlines(referral)},
        escalations=tuple(
            Raised(deadline=each.deadline, rung=each.rung, raised_at=each.raised_at)
            for each in referral.escalations
        ),
    )
    register = [each for each in case.staff.values() if each.active]
    duties = duties_of(member, referral.area, register, case.at)
    found = ItemFinder(member, duties, row, referral, case.at).find()
    items = (word_item(each, referral, case.at) for each in found)
    return sorted(
        (_named(case, each) for each in items),
        key=lambda each: soonest_first(each.group, each.due_at, each.reference, each.deadline),
    )


def every_step(case: Case) -> tuple[Step, ...]:
    """Every step that the reader may take on a referral now, in the order of the lifecycle."""
    work = work_of(case.referral.stage)
    return tuple(
        Step(
            kind=kind,
            meaning=meaning_of(kind),
            of_this_stage=COMMANDS[kind] in work,
            subject=COMMANDS[kind].__module__.rpartition(".")[2],
        )
        for kind in case.steps
        if case.may(kind)
    )


def _named(case: Case, item: WorkItem) -> WorkItem:
    return item.model_copy(
        update={"verb": case.with_names(item.verb), "because": case.with_names(item.because)}
    )


def _not_yet(case: Case, shut: Mapping[str, Iterable[Refused]]) -> Iterable[NotYet]:
    first = None if case.referral.stage is Stage.CLOSED else goal_of(case.referral)
    for kind in sorted(shut, key=lambda each: each != first):
        missing = tuple(case.with_names(each.message) for each in shut[kind])
        yield NotYet(kind=kind, leads_on=kind == first, missing=missing)
