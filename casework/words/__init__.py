"""Sentences that describe what happened and how a referral stands: one place for every way in.

A sentence tells what its reader may see and no more: a name where names may be seen, else an id and a side; of an
event only the fields that are told. Nothing here knows of a terminal or a page.
"""

from casework.words.due import (
    ENDS_WITH,
    deadline_change,
    point_in_words,
    span_in_words,
    what_follows_at,
    why_due,
)
from casework.words.happened import SENTENCES, sentence
from casework.words.people import People, area_in_words, deadline_in_words, on_day, people_of, when
from casework.words.standing import (
    activities,
    complaints,
    erased,
    message_underway,
    origin,
    participant,
    standing,
    time_spent,
    to_tell,
    what_stops,
)
from schemas.vocabulary.words import in_words

__all__ = [
    "ENDS_WITH",
    "SENTENCES",
    "People",
    "activities",
    "area_in_words",
    "complaints",
    "deadline_change",
    "deadline_in_words",
    "erased",
    "in_words",
    "message_underway",
    "on_day",
    "origin",
    "participant",
    "people_of",
    "point_in_words",
    "sentence",
    "span_in_words",
    "standing",
    "time_spent",
    "to_tell",
    "what_follows_at",
    "what_stops",
    "when",
    "why_due",
]
