"""The ids of people and things that are new to a referral, which nobody is asked for."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from schemas.vocabulary import ParticipantRole

_LETTERS = {
    ParticipantRole.HARMED: "h",
    ParticipantRole.RESPONSIBLE: "r",
    ParticipantRole.SUPPORTER: "s",
    ParticipantRole.GUARDIAN: "g",
    ParticipantRole.INTERPRETER: "i",
    ParticipantRole.APPROPRIATE_ADULT: "a",
}


def id_for_role(role: object, taken: Collection[str]) -> str:
    """The next id of a person in that role: h2. One that is not known yet is taken for a supporter's."""
    known = {each.value: letter for each, letter in _LETTERS.items()}
    return next_id(known.get(str(role), "s"), taken)


def next_id(letter: str, taken: Collection[str]) -> str:
    """The first id with that letter that is not taken."""
    return next(found for number in count(1) if (found := f"{letter}{number}") not in taken)
