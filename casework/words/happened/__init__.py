"""What happened: a sentence for each kind of event, which says as much as its reader is told."""

from __future__ import annotations

from collections.abc import Collection

# Each module enters the sentences of its events.
from casework.words.happened import (
    activities,
    contact,
    deadlines,
    details,
    exchange,
    following_up,
    opening,
    oversight,
    people,
    preparation,
    risk,
    transfer,
)
from casework.words.happened.telling import SENTENCES, Told
from casework.words.people import People
from schemas.events import Event

__all__ = [
    "SENTENCES",
    "activities",
    "contact",
    "deadlines",
    "details",
    "exchange",
    "following_up",
    "opening",
    "oversight",
    "people",
    "preparation",
    "risk",
    "sentence",
    "transfer",
]


def sentence(event: Event, people: People, told: Collection[str] | None = None) -> str:
    """What happened, in one plain sentence.

    Args:
        event: that happened.
        people: how the people of the referral are called.
        told: the fields that the reader may see; None: all of them.
    """
    text = SENTENCES[event.kind](Told(event, told), people)
    first = text.partition(" ")[0]
    # An id keeps its small letter.
    text = text if any(map(str.isdigit, first)) else text[0].upper() + text[1:]
    # It may end with the initial of a name.
    return text if text.endswith(".") else f"{text}."
