"""What steps and events are about, in words: the groups in which they are listed."""

from __future__ import annotations

from collections.abc import Iterable

from casework.referral.page.to_do import Step
from console.acting.titles import title_of
from console.rendering import sentence_case
from schemas.vocabulary import ActivityState
from schemas.vocabulary.words import in_words

_SUBJECTS = {
    "contact": "Contact and interest",
    "people": "People and consents",
    "risk": "Risk",
    "preparation": "Preparation",
    "activities": "Meetings and exchanges",
    "exchange": "Letters and messages between them",
    "following_up": "Agreement and follow-up",
    "opening": "Receiving and allocating",
    "details": "The case and its record",
    "deadlines": "Deadlines and messages",
    "oversight": "Supervision, holds and concerns",
    "transfer": "Another area",
    "closing": "Closing and reopening",
}
"""By the module of its command or event, in the order in which they are listed."""

_THIS_STAGE = "At this stage"
_FEW_LETTERS = 18


_BEFORE_IT = frozenset({"assign_facilitators", "choose_method", "book_activity", "end_activity"})
_OF_ACTIVITY = {
    ActivityState.IN_PREPARATION: _BEFORE_IT,
    ActivityState.BOOKED: frozenset(
        {"record_activity_held", "postpone_activity", "stop_activity", "assign_facilitators"}
    ),
    ActivityState.STOPPED: frozenset({"return_to_preparation", "end_activity"}),
    ActivityState.HELD: frozenset({"record_agreement", "request_further_activity"}),
}


def steps_for(state: ActivityState, direct: bool) -> frozenset[str]:
    """The kinds of step that are offered beside an activity.

    Args:
        state: how far it is.
        direct: whether the two sides meet in it.
    """
    found = _OF_ACTIVITY.get(state, frozenset())
    if state is ActivityState.BOOKED and direct:
        return found | {"adjourn_activity"}
    exchanged = state in (ActivityState.IN_PREPARATION, ActivityState.BOOKED) and not direct
    return found | {"draft_communication"} if exchanged else found


def subject_name(subject: str) -> str:
    """What a step or an event is about."""
    return _SUBJECTS.get(subject, sentence_case(in_words(subject)))


def grouped(steps: Iterable[Step]) -> list[tuple[str, list[Step]]]:
    """Steps by what they are about: those of this stage first."""
    found: dict[str, list[Step]] = {_THIS_STAGE: [], **{each: [] for each in _SUBJECTS.values()}}
    for step in steps:
        name = _THIS_STAGE if step.of_this_stage else subject_name(step.subject)
        found.setdefault(name, []).append(step)
    return [(name, each) for name, each in found.items() if each]


def says_more(step: Step) -> bool:
    """Whether what a step is for says more than its title."""
    title, meaning = (text.lower().rstrip(".") for text in (title_of(step.kind).page, step.meaning))
    return not meaning.startswith(title) or len(meaning) > len(title) + _FEW_LETTERS
