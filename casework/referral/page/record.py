"""What happened on a referral: each step with what it led to, in plain words, the latest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import AwareDatetime, Field

from casework.referral.page.case import SERVICE, Case
from casework.referral.timeline import told_of_event
from casework.words import in_words, on_day, sentence, when
from lifecycle.case.correction import refusal_to_correct
from schemas.base import Model
from schemas.events import Event, Recorded, StepCorrected
from schemas.privacy import is_sensitive

PAGE = 20
"""Steps on a page of the timeline."""

# What stands below a sentence besides what somebody wrote, where it was recorded.
_BESIDES = frozenset(
    {"agencies", "offence", "justice_stage", "court_date", "deferred_on", "linked_to", "sensitive_categories"}
    | {"age_band", "gender", "custody", "interpreter_needed", "interpreter_offered", "legal_advice_offered"}
    | {"harmed_person_told", "satisfied", "would_recommend", "feels", "rating", "score"}
)
# How people are reached, and where they are held, stands on their own pages alone.
_NEVER = frozenset({"prison", "prison_number", "seen_by"})


class Detail(Model):
    """Something that was recorded besides, as its name and in words."""

    name: str
    value: str = Field(repr=False)


class StepOnRecord(Model):
    """A step, as people read it.

    Attributes:
        number: by which people name it.
        by: the id of who took it; of the service, `SERVICE`.
        by_name: their name.
        sentences: what happened, the first thing first.
        words: what was written: notes and reasons.
        details: what else was recorded.
        taken_back_by: the step that took it back as a mistake.
        takes_back: the step that it took back.
        correctable: whether the reader may take it back.
        subjects: what it is about: the names of the modules of its events.
    """

    number: int
    at: AwareDatetime
    by: str
    by_name: str
    sentences: tuple[str, ...] = Field(repr=False)
    words: tuple[Detail, ...] = Field(repr=False)
    details: tuple[Detail, ...] = Field(repr=False)
    taken_back_by: int | None
    takes_back: int | None
    correctable: bool
    subjects: tuple[str, ...]

    @property
    def heading(self) -> str:
        """What happened first, without the full stop that is none of a name."""
        said = self.sentences[0]
        return said if re.search(r"\b[A-Z]\.$", said) else said.removesuffix(".")


class Sought(Model):
    """Which steps of a timeline are asked for. Nothing in it names anybody but by an id.

    Attributes:
        about: a subject.
        person: a participant's id.
        by: the id of who took them.
        page: from 1.
    """

    about: str | None = Field(default=None, max_length=40)
    person: str | None = Field(default=None, max_length=10)
    by: str | None = Field(default=None, max_length=40)
    page: int = Field(default=1, ge=1, le=100_000)


class Record(Model):
    """A page of a timeline.

    Attributes:
        steps: the latest first.
        found: how many steps fit.
        pages: how many pages they fill.
        subjects: that there are steps about.
        people: who may be asked for, by id, as they are called.
        authors: who took steps, by id, as they are called.
    """

    sought: Sought
    steps: tuple[StepOnRecord, ...]
    found: int
    pages: int
    subjects: tuple[str, ...]
    people: dict[str, str] = Field(repr=False)
    authors: dict[str, str]


def record_of(case: Case, sought: Sought) -> Record:
    """The steps that are asked for, a page of them."""
    every = steps_of(case)
    found = [each for each in every if _fits(each, sought)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(sought.page, pages)
    authors = dict.fromkeys(step[0].actor for step in every)
    subjects = dict.fromkeys(_subject(each.event) for step in every for each in step)
    return Record(
        sought=sought.model_copy(update={"page": page}),
        steps=tuple(step_on_record(case, each) for each in found[(page - 1) * PAGE : page * PAGE]),
        found=len(found),
        pages=pages,
        subjects=tuple(sorted(subjects)),
        people={each.id: case.called(each.id) for each in case.referral.participants},
        authors={each: case.colleague(each) for each in sorted(authors, key=lambda who: who == SERVICE)},
    )


def latest(case: Case, number: int) -> tuple[StepOnRecord, ...]:
    """The latest steps that people took; and how it came, also where somebody asked on the public pages."""
    taken = (each for each in steps_of(case) if each[0].actor != SERVICE or each[0].sequence == 1)
    return tuple(step_on_record(case, each) for each, _ in zip(taken, range(number), strict=False))


def steps_of(case: Case) -> list[list[Recorded]]:
    """The events of each step, the latest step first."""
    found: dict[int, list[Recorded]] = {}
    for recorded in case.history:
        found.setdefault(recorded.step, []).append(recorded)
    return [found[number] for number in sorted(found, reverse=True)]


def step_on_record(case: Case, step: Sequence[Recorded]) -> StepOnRecord:
    """A step, as its reader may see it."""
    first = step[0]
    erased = case.erasure is not None
    told = [told_of_event(each.event, opened=case.opened, erased=erased) for each in step]
    back = {each.event.corrects: each.step for each in case.history if isinstance(each.event, StepCorrected)}
    takes_back = next((each.event.corrects for each in step if isinstance(each.event, StepCorrected)), None)
    correctable = (
        case.may("correct_step") and refusal_to_correct(case.history, first.step, case.actor) is None
    )
    details = [
        each for one, names in zip(step, told, strict=True) for each in _details(case, one.event, names)
    ]
    return StepOnRecord(
        number=first.step,
        at=first.at,
        by=first.actor,
        by_name=case.colleague(first.actor),
        sentences=tuple(
            dict.fromkeys(
                case.with_names(sentence(each.event, case.people, names))
                for each, names in zip(step, told, strict=True)
            )
        ),
        words=tuple(detail for detail, written in details if written),
        details=tuple(detail for detail, written in details if not written),
        taken_back_by=back.get(first.step),
        takes_back=takes_back,
        correctable=correctable,
        subjects=tuple(dict.fromkeys(_subject(each.event) for each in step)),
    )


def _subject(event: Event) -> str:
    return type(event).__module__.rpartition(".")[2]


def _fits(step: Sequence[Recorded], sought: Sought) -> bool:
    if sought.by is not None and step[0].actor != sought.by:
        return False
    if sought.about is not None and all(_subject(each.event) != sought.about for each in step):
        return False
    return sought.person is None or any(_names(each.event, sought.person) for each in step)


def _names(event: Event, participant: str) -> bool:
    """Whether an event says something about a person."""
    for _, value in event:
        if isinstance(value, tuple):
            if participant in value or any(getattr(each, "id", None) == participant for each in value):
                return True
        elif value == participant or getattr(value, "id", None) == participant:
            return True
    return False


def _details(case: Case, event: Event, told: frozenset[str]) -> Iterator[tuple[Detail, bool]]:
    """What is told of an event besides its sentence, each with whether it is what somebody wrote."""
    for name, value in event:
        written = isinstance(value, str) and is_sensitive(type(event), name) and name not in _NEVER
        if name not in told or value in (None, (), False) or not (written or name in _BESIDES):
            continue
        text = value if written else case.with_names(_in_words(value))
        yield Detail(name=_LABELS.get(name, in_words(name)), value=text), written


_LABELS = {"note": "note", "reason": "why", "text": "what was said", "missing": "what is still needed"}


def _in_words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return in_words(str(value.value))
        case datetime():
            return when(value)
        case date():
            return on_day(value)
        case tuple():
            return ", ".join(map(_in_words, value))
        case Model():
            return ", ".join(
                f"{in_words(name)}: {_in_words(each)}" for name, each in value if each not in (None, ())
            )
        case _:
            return str(value)
