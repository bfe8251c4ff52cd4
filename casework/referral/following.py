"""What would follow from a step, in words, for somebody who is about to take it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from casework.referral.acting import ActingView
from casework.referral.steps import PersonTold, Preview, preview
from casework.session import Session
from casework.words import deadline_in_words, in_words, when
from casework.words.names import with_names
from lifecycle.timing.working_time import working_days_between
from schemas.areas import LONDON
from schemas.base import Model
from schemas.commands import Command
from schemas.notices import Party
from schemas.vocabulary import Stage


class EndedDeadline(Model):
    """A deadline that would be met, or end.

    Attributes:
        late: how late it is; empty where it is not.
    """

    name: str = Field(repr=False)
    late: str


class Follows(Model):
    """What would follow from a step. Names stand in it as its reader sees them.

    Attributes:
        stage: where the referral would go; empty where it stays.
        happens: what would be recorded, a sentence for each event.
        closes: whether the referral would close.
        deadlines_ended: those that would be met, or end.
        deadlines_set: what would become of others, as sentences.
        cleared: to whom it would not be escalated any more.
        told: who would be told what, and how, as sentences.
    """

    stage: str
    happens: tuple[str, ...] = Field(repr=False)
    closes: bool
    deadlines_ended: tuple[EndedDeadline, ...]
    deadlines_set: tuple[str, ...] = Field(repr=False)
    cleared: tuple[str, ...]
    told: tuple[str, ...] = Field(repr=False)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to say of it but that it is recorded."""
        return not (self.stage or self.deadlines_ended or self.deadlines_set or self.cleared or self.told)


async def what_follows(session: Session, reference: str, command: Command, view: ActingView) -> Follows:
    """What would follow from a step, were it taken now.

    Args:
        view: of the same referral.

    Raises:
        Refused: as the step would be; or the referral is not theirs to see.
    """
    return follows_in_words(await preview(session, reference, command), view)


def follows_in_words(found: Preview, view: ActingView) -> Follows:
    """What would follow from a step, by its preview."""
    closes = found.stage_after is Stage.CLOSED and found.stage_before is not Stage.CLOSED
    stage = "" if found.stage_after is found.stage_before else in_words(found.stage_after)
    return Follows(
        stage=stage,
        happens=tuple(_capital(with_names(each, view.called)) for each in found.sentences),
        closes=closes,
        deadlines_ended=tuple(_ended(key, view) for key in found.deadlines_met),
        deadlines_set=tuple(_set(found, view)),
        cleared=tuple(dict.fromkeys(_rungs(found, view))),
        told=tuple(dict.fromkeys(_told(each, view) for each in found.people_told)),
    )


def _ended(key: str, view: ActingView) -> EndedDeadline:
    return EndedDeadline(name=_name(key, view), late=late_in_words(key, view))


def late_in_words(key: str, view: ActingView) -> str:
    """How late a deadline is, such as 2 working days late; empty where it is not."""
    found = next((each for each in view.deadlines if each.key == key), None)
    if found is None or found.due_at > view.at or view.referral is None:
        return ""
    due, today = found.due_at.astimezone(LONDON).date(), view.at.astimezone(LONDON).date()
    days = working_days_between(due, today, frozenset(view.referral.policy.closures))
    return f"{days} working day{'s' * (days != 1)} late" if days else "late today"


def _set(found: Preview, view: ActingView) -> Iterator[str]:
    for each in found.deadlines_set:
        name, due = _capital(_name(each.key, view)), when(each.due_at)
        match each.change:
            case "stopped":
                yield f"{name} stands still."
            case "new":
                yield f"{name} is due {due}."
            case "moved":
                yield f"{name} moves to {due}."
            case _:
                yield f"{name} goes on, due {due}."


def _rungs(found: Preview, view: ActingView) -> Iterator[str]:
    escalated = view.referral.escalations if view.referral else ()
    raised = {(each.deadline, each.point): each.rung for each in escalated}
    for each in found.escalations_cleared:
        rung = raised.get((each.deadline, each.point))
        yield f"the {in_words(rung)}" if rung else "others"


def _told(told: PersonTold, view: ActingView) -> str:
    who = view.called.get(told.to) or view.colleagues.get(told.to) or told.to
    return f"{_capital(who)} is told: {told.what}{_how(told)}."


def _how(told: PersonTold) -> str:
    if told.held_back:
        return ", once contact may go on"
    if told.party is Party.PARTICIPANT:
        return ", by a safe way in safe hours"
    return ", by e-mail" if told.leaves else ", in their inbox"


def _name(key: str, view: ActingView) -> str:
    return with_names(deadline_in_words(key), view.called)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
