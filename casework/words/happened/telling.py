"""How the sentence of a kind of event is entered, and the phrases that many of them share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from casework.words.people import People, deadline_in_words
from schemas.base import FIRST_ACTIVITY
from schemas.events import Event
from schemas.vocabulary import Channel, Method

BY = {
    Channel.PHONE: "by phone",
    Channel.TEXT: "by text",
    Channel.EMAIL: "by e-mail",
    Channel.LETTER: "by letter",
    Channel.IN_PERSON: "in person",
    Channel.VIDEO: "by video",
    Channel.THROUGH_AGENCY: "through an agency",
}


METHODS = {
    Method.FACE_TO_FACE: "a meeting face to face",
    Method.VIDEO: "a meeting by video",
    Method.SHUTTLE: "shuttle mediation",
    Method.LETTER: "an exchange of letters",
    Method.RECORDED_MESSAGE: "a recorded message",
}


class Told:
    """An event by the fields that are told of it. What is not told, or not known, is None."""

    def __init__(self, event: Event, fields: Collection[str] | None) -> None:
        self._event = event
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name, None) if self.tells(name) else None

    def tells(self, name: str) -> bool:
        """Whether this field is told, though it may hold nothing."""
        return self._fields is None or name in self._fields


Say: TypeAlias = Callable[[Told, People], str]


SENTENCES: dict[str, Say] = {}
"""What is said of an event, by its kind. Each says as much as it is told."""


def says(kind: str) -> Callable[[Say], Say]:
    """Enter the sentence of a kind of event; decorates the function that makes it."""

    def enter(say: Say) -> Say:
        SENTENCES[kind] = say
        return say

    return enter


def which_activity(told: Told, preposition: str = "") -> str:
    """Which activity it is, where it is not the first, which stands alone in most referrals."""
    if told.activity in (None, FIRST_ACTIVITY):
        return ""
    return f" {preposition} {told.activity}" if preposition else f" {told.activity}"


def as_which_activity(told: Told) -> str:
    """Which activity it is, also where it is the first."""
    return f" as {told.activity}" if told.activity else ""


def named_deadline(told: Told) -> str:
    """The deadline that an event is about, in words."""
    return deadline_in_words(told.deadline) if told.deadline else "a deadline"
