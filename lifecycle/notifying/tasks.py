"""Tasks: what staff must tell somebody in person because no message could be sent."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.gates import gate
from lifecycle.notifying.appointments import appointments
from lifecycle.refusal import Refused
from lifecycle.rules import rule
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.commands import CompleteTask
from schemas.events import Event, NoticeSettled, Recorded, TaskCompleted
from schemas.notices import NoticeResult, Outcome
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Referral, Task
from schemas.vocabulary import ClosureReason, Interest, Stage

_UNTOLD = frozenset(
    {Outcome.REFUSED, Outcome.NO_SAFE_CHANNEL, Outcome.NOT_SET_UP, Outcome.TOO_LATE, Outcome.WITHHELD}
)


def outside(result: NoticeResult, referral: Referral) -> bool:
    """Whether the recipient does not have the message in an inbox.

    Staff always have it there, a partner unless it was withheld.
    """
    withheld = result.outcome is Outcome.WITHHELD and result.to == referral.sent_by_partner
    return withheld or referral.participant(result.to) is not None


def untold(result: NoticeResult, referral: Referral) -> bool:
    """Whether staff must tell somebody in person what a message did not."""
    return result.outcome in _UNTOLD and outside(result, referral)


def open_tasks(referral: Referral) -> tuple[Task, ...]:
    """The open tasks that still matter, oldest first. Closing the referral ends none: somebody may be travelling to a
    meeting that is off.

    People who left or declined are told nothing more, nor is anybody after erasure, nor of an appointment that is off.
    """
    if referral.closure_reason is ClosureReason.ERASED:
        return ()
    return tuple(
        task for task in referral.tasks if _to_be_told(referral, task.to) and _still_true(referral, task)
    )


def _to_be_told(referral: Referral, who: str) -> bool:
    person = referral.participant(who)
    return person is None or (person.active and person.interest is not Interest.DECLINED)


def _still_true(referral: Referral, task: Task) -> bool:
    # That a meeting is off is always told: they may know of it in a way that was not recorded here.
    if task.appointment is None or task.cancelled:
        return True
    found = appointments(referral).get(task.appointment)
    return found is not None and found.starts_at == task.starts_at


@gate("no_task", "A task must be open")
def task_open(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if open_tasks(referral) else ""


@rule(CompleteTask, stages=Stage, gates=[task_open], on_hold=True, in_safeguarding=True)
def decide_complete_task(
    referral: Referral, command: CompleteTask, actor: Actor, at: datetime
) -> Iterator[Event]:
    waiting = [task.id for task in open_tasks(referral)]
    if command.task not in waiting:
        raise Refused("no_task", f"No such task is open; open: {', '.join(waiting)}.", "task")
    yield event_from(TaskCompleted, command)


@apply.register
def apply_notice_settled(event: NoticeSettled, referral: Referral, recorded: Recorded) -> Referral:
    if not untold(event, referral):
        return referral
    task = Task(
        id=event.notice,
        template=event.template,
        to=event.to,
        why=event.outcome,
        since=recorded.at,
        appointment=event.appointment,
        starts_at=event.starts_at,
        cancelled=event.cancelled,
    )
    return referral.model_copy(update={"tasks": (*referral.tasks, task)})


@apply.register
def apply_task_completed(event: TaskCompleted, referral: Referral, recorded: Recorded) -> Referral:
    # Its clock never runs again, so nothing of it is kept.
    key = f"{DeadlineName.TASK}/{event.task}"
    return referral.model_copy(
        update={
            "tasks": tuple(task for task in referral.tasks if task.id != event.task),
            "reached": tuple(each for each in referral.reached if each.deadline != key),
            "extensions": {each: until for each, until in referral.extensions.items() if each != key},
            "extended_at": {each: at for each, at in referral.extended_at.items() if each != key},
        }
    )


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for task in open_tasks(referral):
        # A hold does not stop this clock: they still expect to be met.
        yield Clock(
            DeadlineName.TASK, task.id, started_at=task.since, at_latest=task.starts_at, runs_on_hold=True
        )
