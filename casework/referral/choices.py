"""What answers in a form are chosen from that a referral has: its people, activities, tasks, deadlines and steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from casework.words import deadline_in_words, in_words, on_day, people_of, sentence, when
from casework.words.happened.telling import METHODS
from casework.words.names import with_names
from casework.words.people import side_in_words
from lifecycle import deadlines
from lifecycle.notifying.tasks import open_tasks
from lifecycle.rules import WORKERS
from messages.notice_facts import template_in_words
from schemas.activity import Activity
from schemas.base import Model
from schemas.events import AgreementMade, Recorded, StepCorrected
from schemas.people import Role, Staff
from schemas.referral import Referral
from schemas.vocabulary import ActivityState, ParticipantRole

# More steps are not looked through in a list; the timeline has them all, each with its way here.
_LATEST_STEPS = 50
_LONGEST = 120


class Chosen(StrEnum):
    """What is chosen."""

    PARTICIPANT = "participant"
    STAFF = "staff"
    ACTIVITY = "activity"
    COMMUNICATION = "communication"
    COMPLAINT = "complaint"
    TASK = "task"
    ITEM = "item"
    DEADLINE = "deadline"
    STEP = "step"


class Choice(Model):
    """One that can be chosen.

    Attributes:
        value: its id.
        words: what it is called.
        hint: what else tells it from others.
        marks: what it is, by which a form may leave others out: a role, a state.
    """

    value: str
    words: str
    hint: str = ""
    marks: frozenset[str] = frozenset()


Choices = Mapping[Chosen, tuple[Choice, ...]]
"""All that can be chosen, by what it is."""


def choices_in(
    referral: Referral,
    history: Sequence[Recorded],
    team: Iterable[Staff],
    called: Mapping[str, str],
    names: Mapping[str, str],
) -> dict[Chosen, tuple[Choice, ...]]:
    """What a referral has to choose from.

    Args:
        history: its log; with what is sealed, where that may be shown.
        team: the active members of staff of its area.
        called: how its people are called, by id.
        names: their whole names, where they may be shown; else empty.
    """
    found = {
        Chosen.PARTICIPANT: _people(referral, called, names),
        Chosen.STAFF: colleagues(team),
        Chosen.ACTIVITY: (_activity(each, called) for each in referral.activities),
        Chosen.COMMUNICATION: _communications(referral, called),
        Chosen.COMPLAINT: _complaints(referral),
        Chosen.TASK: _tasks(referral, called),
        Chosen.ITEM: _items(referral, history, called),
        Chosen.DEADLINE: _deadlines(referral, called),
        Chosen.STEP: _steps(history, names),
    }
    return {what: tuple(each) for what, each in found.items()}


def colleagues(team: Iterable[Staff]) -> Iterator[Choice]:
    """Those of a team who work on referrals, by name."""
    workers = [each for each in team if each.role in WORKERS]
    for member in sorted(workers, key=lambda each: (each.name or each.id).casefold()):
        away = f", away until {when(member.absent_until)}" if member.absent_until else ""
        marks = {member.role.value, *(["advanced"] if member.advanced_practitioner else [])}
        yield Choice(
            value=member.id,
            words=f"{member.name or member.id}, {in_words(member.role)}{away}",
            marks=frozenset(marks),
        )


def _people(referral: Referral, called: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Choice]:
    for person in referral.participants:
        side = side_in_words(person.role, conflict=referral.conflict)
        marks = {person.role.value, "active" if person.active else "left"}
        if person.role in (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE):
            marks.add("of_a_side")
        who = f"{called[person.id]}, {side}" if person.id in names else called[person.id]
        for_whom = f" for {called.get(person.accompanies, person.accompanies)}" if person.accompanies else ""
        yield Choice(
            value=person.id,
            words=f"{who[:1].upper()}{who[1:]}{for_whom}",
            hint="" if person.active else "Their part has ended.",
            marks=frozenset(marks),
        )


def _activity(activity: Activity, called: Mapping[str, str]) -> Choice:
    method = METHODS[activity.method] if activity.method else "no method yet"
    people = " and ".join(called.get(each, each) for each in activity.taking_part) or "everyone"
    state = in_words(activity.state)
    if activity.booked is not None:
        state = f"booked for {when(activity.booked.starts_at)}"
    marks = {activity.state.value, "to_come" if activity.to_come else "over"}
    ended = activity.state is ActivityState.ENDED
    return Choice(
        value=activity.id,
        words=f"{activity.id}: {method}, {people}",
        hint="It has ended." if ended else state[:1].upper() + state[1:] + ".",
        marks=frozenset(marks),
    )


def _communications(referral: Referral, called: Mapping[str, str]) -> Iterator[Choice]:
    for each in referral.communications:
        to = " and ".join(called.get(one.participant, one.participant) for one in each.recipients)
        form = in_words(each.form)
        yield Choice(
            value=each.id,
            words=f"{each.id}: {form} by {called.get(each.author, each.author)} for {to}",
            marks=frozenset({each.result.value if each.result else "unchecked"}),
        )


def _complaints(referral: Referral) -> Iterator[Choice]:
    for each in referral.complaints:
        yield Choice(
            value=each.id,
            words=f"{each.id}: about {in_words(each.about)}, {when(each.since)}",
            marks=frozenset({"answered" if each.outcome else "open"}),
        )


def _tasks(referral: Referral, called: Mapping[str, str]) -> Iterator[Choice]:
    for each in open_tasks(referral):
        of = f" ({when(each.starts_at)})" if each.starts_at else ""
        what = f"{template_in_words(each.template)}{of}"
        yield Choice(
            value=each.id,
            words=f"Tell {called.get(each.to, each.to)}: {what}",
            hint=f"Since {when(each.since)}.",
        )


def _items(referral: Referral, history: Sequence[Recorded], called: Mapping[str, str]) -> Iterator[Choice]:
    texts = {
        item.id: item.text
        for each in history
        if isinstance(each.event, AgreementMade)
        for item in each.event.items
    }
    for item in referral.agreement:
        text = texts.get(item.id)
        what = f": {_shortened(text)}" if text else ""
        yield Choice(
            value=item.id,
            words=f"{item.id}, {called.get(item.by, item.by)}{what}",
            hint=f"Due {on_day(item.due_on)}.",
            marks=frozenset({item.outcome.value if item.outcome else "open"}),
        )


def _deadlines(referral: Referral, called: Mapping[str, str]) -> Iterator[Choice]:
    for each in deadlines(referral):
        name = with_names(deadline_in_words(each.key), called)
        yield Choice(
            value=each.key,
            words=f"{name[:1].upper()}{name[1:]}, due {when(each.due_at)}",
            marks=frozenset({each.name.value}),
        )


def _steps(history: Sequence[Recorded], names: Mapping[str, str]) -> Iterator[Choice]:
    people = people_of(history, names)
    taken_back = {each.event.corrects for each in history if isinstance(each.event, StepCorrected)}
    first = [
        each
        for each in history
        if each.sequence == each.step and each.role is not Role.SYSTEM and each.step not in taken_back
    ]
    for each in reversed(first[-_LATEST_STEPS:]):
        yield Choice(
            value=str(each.step),
            words=f"{each.step}: {_shortened(sentence(each.event, people))} {each.actor}, {when(each.at)}",
            marks=frozenset({each.event.kind}),
        )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
