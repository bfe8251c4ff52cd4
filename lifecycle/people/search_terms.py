"""What a referral is found by: the details of its people in the one form in which they are compared.

A term is compared as a whole, by a keyed hash of it (`stores/blind_index.py`). So the first letters of a name are terms
of their own. What is not in a form that can be compared, such as a doubtful number in an older log, is no term.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from lifecycle.people.contacts import standing_events
from lifecycle.people.normal_forms import Unusable, email_address, phone_number
from schemas.events import (
    Event,
    ParticipantAdded,
    ParticipantAmended,
    Recorded,
    ReferralAmended,
    ReferralReceived,
    StepCorrected,
)
from schemas.people import Person

THE_CASE = ""
"""Stands for the case itself where a participant's id stands for a person."""

FEWEST_LETTERS = 2
"""Of a word of a name; fewer would find nearly everybody."""

MOST_LETTERS = 8
"""Of a word of a name by which somebody is found. What is typed beyond them makes no difference."""

# Letters that Unicode takes for no accented form of another, and people do.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_APOSTROPHES = str.maketrans("", "", "'`\u2018\u2019\u00b4\u02bb\u02bc")


class TermKind(StrEnum):
    """What a term says of somebody. Recorded within each keyed hash: a name never meets a crime reference."""

    NAME = "name"
    """The whole name, its words in any order."""
    BEGINS = "begins"
    """The first letters of a word of the name."""
    DATE_OF_BIRTH = "date_of_birth"
    PHONE = "phone"
    EMAIL = "email"
    CRIME_REFERENCE = "crime_reference"


class Term(NamedTuple):
    """A detail in the form in which it is compared."""

    kind: TermKind
    value: str


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name without capitals, accents, apostrophes and hyphens: those of Zoë O'Brien-Łoś are zoe, obrien
    and los."""
    letters = unicodedata.normalize("NFKD", name.translate(_APOSTROPHES).casefold()).translate(_PLAIN)
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return tuple("".join(each if each.isalnum() else " " for each in plain).split())


def whole_name(name: str) -> Term | None:
    """A whole name as a term; None where it has no letter. Smith, John is John Smith."""
    words = sorted(name_words(name))
    return Term(TermKind.NAME, " ".join(words)) if words else None


def first_letters(words: Iterable[str]) -> frozenset[Term]:
    """The terms of what somebody typed of a name: each word is taken for the first letters of one of its words.

    A single letter beside longer words is left out.
    """
    return frozenset(
        Term(TermKind.BEGINS, word[:MOST_LETTERS]) for word in words if len(word) >= FEWEST_LETTERS
    )


def date_of_birth(day: str) -> Term:
    """A date of birth, year-month-day, as a term."""
    return Term(TermKind.DATE_OF_BIRTH, day)


def phone(number: str) -> Term | None:
    """A telephone number, however it is written, as a term; None where it is none."""
    try:
        return Term(TermKind.PHONE, phone_number(number))
    except Unusable:
        return None


def email(address: str) -> Term | None:
    """An e-mail address as a term; None where it is none. Capitals make no difference."""
    try:
        return Term(TermKind.EMAIL, email_address(address).casefold())
    except Unusable:
        return None


def crime_reference(reference: str) -> Term | None:
    """A crime reference as a term, without spaces and signs; None where nothing is left."""
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", reference)).casefold()
    return Term(TermKind.CRIME_REFERENCE, plain) if plain else None


def terms_of(person: Person) -> frozenset[Term]:
    """All terms by which a person is found."""
    found: list[Term | None] = []
    if person.name is not None:
        found.append(whole_name(person.name))
        for word in name_words(person.name):
            lengths = range(FEWEST_LETTERS, min(len(word), MOST_LETTERS) + 1)
            found += [Term(TermKind.BEGINS, word[:length]) for length in lengths]
    if person.date_of_birth is not None:
        found.append(date_of_birth(person.date_of_birth))
    if person.phone is not None:
        found.append(phone(person.phone))
    if person.email is not None:
        found.append(email(person.email))
    return frozenset(each for each in found if each is not None)


def found_by(history: Iterable[Recorded]) -> dict[str, frozenset[Term]]:
    """The terms by which a referral is found now: those of each participant by their id, and those of the case.

    Args:
        history: the whole log, decrypted with the referral's key.
    """
    people: dict[str, Person] = {}
    case = None
    for event in standing_events(list(history)):
        match event:
            case ReferralReceived():
                people |= {each.id: each.person for each in event.participants}
                case = event.crime_reference
            case ParticipantAdded():
                people[event.participant.id] = event.participant.person
            case ParticipantAmended() if event.person is not None and event.participant in people:
                given = {name: value for name, value in event.person if value is not None}
                people[event.participant] = people[event.participant].model_copy(update=given)
            case ReferralAmended() if event.crime_reference is not None:
                case = event.crime_reference
            case _:
                pass
    of_case = crime_reference(case) if case is not None else None
    found = {each: terms_of(person) for each, person in people.items()}
    return found if of_case is None else found | {THE_CASE: frozenset({of_case})}


def changes_what_it_is_found_by(event: Event) -> bool:
    """Whether an event may change the terms by which its referral is found."""
    match event:
        case ReferralReceived() | ParticipantAdded() | StepCorrected():
            return True
        case ParticipantAmended():
            return event.person is not None
        case ReferralAmended():
            return event.crime_reference is not None
        case _:
            return False


def changed_terms(
    before: Mapping[str, frozenset[Term]], after: Mapping[str, frozenset[Term]]
) -> dict[str, frozenset[Term] | None]:
    """What is to be written of the terms of a referral: of whom they changed, all; of whom is gone, None."""
    changed: dict[str, frozenset[Term] | None] = {
        who: terms for who, terms in after.items() if before.get(who) != terms
    }
    return changed | {who: None for who in before if who not in after}
