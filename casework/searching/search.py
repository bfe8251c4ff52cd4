"""Searching for referrals: by reference and, for who may, by what is said about their people.

Nothing that identifies anybody is read to find it: terms are compared by their tokens (`stores/blind_index.py`). Who
may find what is said by `access.may_find`. Every search is written down before what it found is shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import Field

from casework.access import What, areas_to_see, may_find, status
from casework.listing import Listed, first
from casework.names import names_in_lists
from casework.referral_lists import Sent, SentList
from casework.searching.log import note_search
from casework.session import Session
from casework.spreadsheets.dates import read_day
from casework.worklist.duties import duties_of
from lifecycle import Refused, fold
from lifecycle.activities.state import all_facilitators
from lifecycle.people import search_terms as terms
from lifecycle.people.search_terms import THE_CASE, Term
from lifecycle.stages.intake import role_of_id
from schemas.access import SearchKind
from schemas.areas import Area
from schemas.base import Model
from schemas.people import Role
from schemas.reading.reference import ALPHABET, parse_reference
from schemas.vocabulary import ParticipantRole
from stores import blind_index, staff
from stores import referrals as read_model
from stores.blind_index import Hit
from stores.logs import event_log
from stores.referrals import Line

LONGEST = 300
"""Characters of what is searched for."""

_LOOK_ALIKE = str.maketrans("ILO", "110")
_FEWEST = 2
"""Characters of a reference that a search needs; fewer would find nearly all."""
_WHOLE = 8
"""Of a whole reference, without RJ."""
_FEWEST_WITHOUT_DIGIT = 4
"""Of a reference, where none of them is a digit: what is shorter is a name."""
_FEWEST_OF_CRIME_REFERENCE = 3
_DAY_WITH_SPACES = re.compile(r"(\d{1,2}) +(\d{1,2}) +(\d{4})", re.ASCII)
_ACCEPTED = (
    "A search is for 2 or more letters and digits of a reference, such as 7KQ4, a name or its first letters, a date of "
    "birth such as 17 5 1990, a telephone number, an e-mail address, or a crime reference"
)


class FoundPerson(Model):
    """A participant who fits what was searched for.

    Attributes:
        id: such as h1.
        role: what they are in the referral.
        name: what they are called, June I.; only for who works on the referral.
    """

    id: str
    role: ParticipantRole
    name: str | None = Field(default=None, repr=False)


class Found(Line):
    """A referral that a search found.

    Attributes:
        by: what fits: its reference, its crime reference, or something of the people.
        people: whom it fits; nobody where the referral itself fits.
    """

    by: tuple[SearchKind, ...]
    people: tuple[FoundPerson, ...] = ()


class Reading(NamedTuple):
    """What a text may mean that somebody searches for.

    Attributes:
        kinds: by what.
        terms: which somebody must have all; empty where it is a part of a reference.
        part: of a reference, as references are compared.
    """

    kinds: tuple[SearchKind, ...]
    terms: frozenset[Term] = frozenset()
    part: str = ""


async def search(
    session: Session, text: str, *, limit: int = 50, names: bool = True
) -> Listed[Found] | SentList:
    """The referrals that fit what somebody typed, closed ones too: by reference first, each the newest first.

    It may be a reference or a part of one, a name or its first letters, a date of birth, a telephone number, an e-mail
    address or a crime reference; several of one person are parted by commas: Smith, 17/5/1990. Case, accents and
    spaces do not matter. A partner finds by reference what they sent.

    Args:
        limit: how many at the most.
        names: whether those who work on a referral are told the names of whom was found; that is a look.

    Raises:
        Refused: it means nothing that is searched for, or no search is for them.
    """
    if session.member.role is Role.PARTNER:
        return await _search_sent(session, text, limit)
    areas = areas_to_see(session.member, What.CASELOAD)
    readings = read(text)
    pool = session.referrals.pool.within(areas)
    part = next((each.part for each in readings if each.part), None)
    lines = (
        await read_model.find_referrals(pool, part, areas=areas, limit=limit + 1) if part is not None else []
    )
    by_reference = frozenset(line.reference for line in lines)
    wanted = [each.terms for each in readings]
    workers, hits = frozenset[str](), list[Hit]()
    if any(wanted):
        workers = await answers_for(session, areas)
        hits = await found_by_terms(session, wanted, areas, limit + 1, workers)
        # Those that have exactly this name come before those whose name only begins so.
        of_people = {line.reference: line for line in await read_model.lines(pool, references_of(hits))}
        lines += [
            of_people[each] for each in references_of(hits) if each in of_people and each not in by_reference
        ]
    listed = first(lines, limit)
    await _note(session, areas, readings, len(listed.items))
    found = tuple(_found(line, readings, hits, by_reference) for line in listed.items)
    if names:
        found = await _named(session, found, hits, workers)
    return Listed(items=found, more=listed.more)


async def _search_sent(session: Session, text: str, limit: int) -> SentList:
    areas = areas_to_see(session.member, What.STATUS)
    reading = Reading((SearchKind.REFERENCE,), part=part_of_reference(text))
    # What another area has taken over since is among what a partner sent.
    found = await read_model.find_referrals(
        session.referrals.pool, reading.part, areas=areas, sent_by=session.member.id, limit=limit + 1
    )
    lines = tuple(Sent(reference=each.reference, area=each.area, status=status(each.stage)) for each in found)
    await _note(session, areas, [reading], len(lines[:limit]))
    return SentList(lines=lines[:limit], more=len(lines) > limit)


async def found_by_terms(
    session: Session,
    wanted: Sequence[Collection[Term]],
    areas: Sequence[Area],
    limit: int,
    workers: Collection[str],
) -> list[Hit]:
    """Who has all the terms of one of these sets, and may be found by the signed-in person: by the first set first,
    then the newest referral. Whoever calls this writes the search down.

    Args:
        wanted: one with no terms finds nobody.
        areas: of the person.
        limit: how many referrals at the most.
        workers: from :func:`answers_for`.
    """
    member, pool = session.member, session.referrals.pool
    finds_all = may_find(member, works_on_it=False, sensitive=True)
    key = await blind_index.index_key(session.referrals.keys)
    hits = await blind_index.find(
        pool.within(areas),
        key,
        wanted,
        areas=areas,
        sensitive_of=None if finds_all else workers,
        limit=limit,
    )
    seen: dict[str, bool] = {}
    for hit in hits:
        if hit.reference not in seen:
            works = hit.sensitive and not finds_all and await works_on(session, hit, workers)
            seen[hit.reference] = may_find(member, works_on_it=works, sensitive=hit.sensitive)
    return [hit for hit in hits if seen[hit.reference]]


def references_of(hits: Iterable[Hit]) -> list[str]:
    """The referrals that were found, each once, in their order."""
    return list(dict.fromkeys(hit.reference for hit in hits))


async def answers_for(session: Session, areas: Collection[Area]) -> frozenset[str]:
    """The signed-in person, and those for whom they stand in while these are away, by id."""
    register = await staff.team(session.referrals.pool, *areas)
    now = datetime.now(UTC)
    return frozenset(who for area in areas for who in duties_of(session.member, area, register, now).workers)


async def works_on(session: Session, hit: Hit, workers: Collection[str]) -> bool:
    """Whether one of these members of staff works on a referral now."""
    if {hit.caseworker, hit.facilitator} & set(workers):
        return True
    if not hit.co_facilitated:
        return False
    # Who was named may have been replaced or taken back, which the rules know.
    history = await event_log.history(session.referrals.pool, session.referrals.keys, hit.reference)
    return bool(set(all_facilitators(fold(history))) & set(workers))


async def _note(session: Session, areas: Sequence[Area], readings: Sequence[Reading], found: int) -> None:
    kinds = {kind for each in readings for kind in each.kinds}
    values: list[tuple[str, str]] = [term for each in readings for term in each.terms]
    values += [(SearchKind.REFERENCE, each.part) for each in readings if each.part]
    await note_search(session, areas, kinds, values, found)


def _found(
    line: Line, readings: Sequence[Reading], hits: Iterable[Hit], by_reference: Collection[str]
) -> Found:
    own = [hit for hit in hits if hit.reference == line.reference]
    by = {kind for hit in own for kind in readings[hit.reading].kinds}
    if line.reference in by_reference:
        by.add(SearchKind.REFERENCE)
    people = dict.fromkeys(hit.participant for hit in own if hit.participant != THE_CASE)
    return Found(
        **dict(line),
        by=tuple(kind for kind in SearchKind if kind in by),
        people=tuple(FoundPerson(id=each, role=role_of_id(each)) for each in people),
    )


async def _named(
    session: Session, found: Iterable[Found], hits: Iterable[Hit], workers: Collection[str]
) -> tuple[Found, ...]:
    """What was found, with the names of people on the referrals that the person works on: each is a look."""
    # Whether who runs one activity works on it, the names' own rules say; a supervisor they let see more than that.
    shared = not may_find(session.member, works_on_it=False, sensitive=True)
    theirs = {
        hit.reference
        for hit in hits
        if {hit.caseworker, hit.facilitator} & set(workers) or (shared and hit.co_facilitated)
    }
    listed = [each for each in found if each.people]
    names = await names_in_lists(session, [each.reference for each in listed if each.reference in theirs])
    return tuple(
        each.model_copy(
            update={
                "people": tuple(
                    person.model_copy(update={"name": names.get(each.reference, {}).get(person.id)})
                    for person in each.people
                )
            }
        )
        for each in found
    )


def read(text: str) -> list[Reading]:
    """All that somebody may mean by what they typed.

    Raises:
        Refused: it means nothing that is searched for.
    """
    if len(text) > LONGEST:
        raise Refused(
            "search_too_long", f"What you search for has {len(text)} characters; at most {LONGEST}.", "text"
        )
    parts = [part for part in (each.strip() for each in text.split(",")) if part]
    if not parts:
        raise Refused("nothing_to_search", f"{_ACCEPTED}.", "text")
    if len(parts) == 1:
        readings = _read_one(parts[0])
    else:
        of_one = [_of_a_person(part) for part in parts]
        known = [each for each in of_one if each is not None]
        every = frozenset(term for each in known for term in each.terms)
        kinds = tuple(dict.fromkeys(kind for each in known for kind in each.kinds))
        readings = [Reading(kinds, every)] if len(known) == len(parts) else []
    if not readings:
        raise Refused("nothing_to_search", f"{_ACCEPTED}.", "text")
    return readings


def tells_of_people(text: str) -> bool:
    """Whether what somebody typed may tell of a person, and is not just a part of a reference."""
    try:
        kinds = {kind for reading in read(text) for kind in reading.kinds}
    except Refused:
        return True
    return SearchKind.REFERENCE not in kinds or SearchKind.NAME in kinds


def _read_one(text: str) -> list[Reading]:
    person = _of_a_person(text)
    if person is not None and person.kinds != (SearchKind.NAME,):
        return [person]
    reference = _reference(text)
    if reference is not None and (_is_whole(text) or re.match(r"\s*rj[ -]", text, re.IGNORECASE)):
        return [reference]
    found = [_exact_name(text) if person else _crime_reference(text), person, reference]
    return [each for each in found if each is not None]


def _exact_name(text: str) -> Reading | None:
    whole = terms.whole_name(text)
    return Reading((SearchKind.NAME,), frozenset({whole})) if whole else None


def _of_a_person(text: str) -> Reading | None:
    """What a text says of a person: a date of birth, a telephone number, an e-mail address, or a name."""
    try:
        day = read_day(_DAY_WITH_SPACES.sub(r"\1/\2/\3", text))
        return Reading((SearchKind.DATE_OF_BIRTH,), frozenset({terms.date_of_birth(day)}))
    except ValueError:
        # It is no day.
        pass
    for kind, term in ((SearchKind.EMAIL, terms.email), (SearchKind.PHONE, terms.phone)):
        found = term(text)
        if found is not None:
            return Reading((kind,), frozenset({found}))
    if any(map(str.isdigit, text)):
        return None
    words = terms.name_words(text)
    name = terms.first_letters(words)
    whole = terms.whole_name(text)
    if not name and whole is not None and len(words) > 1:
        # Each word is one letter, as in names that are written in characters.
        name = frozenset({whole})
    return Reading((SearchKind.NAME,), name) if name else None


def _is_whole(text: str) -> bool:
    """Whether a text is a whole reference, with the check character that belongs to it."""
    try:
        parse_reference(text)
    except ValueError:
        return False
    return True


def _reference(text: str) -> Reading | None:
    try:
        part = part_of_reference(text)
    except Refused:
        return None
    fewest = _FEWEST if any(map(str.isdigit, text)) else _FEWEST_WITHOUT_DIGIT
    if not fewest <= len(part.removeprefix("RJ")) <= _WHOLE:
        return None
    return Reading((SearchKind.REFERENCE,), part=part)


def _crime_reference(text: str) -> Reading | None:
    found = terms.crime_reference(text)
    # As one that is recorded may be written.
    unlike = any(not each.isalnum() and each not in " /-" for each in text)
    if found is None or unlike or len(found.value) < _FEWEST_OF_CRIME_REFERENCE:
        return None
    return Reading((SearchKind.CRIME_REFERENCE,), frozenset({found}))


def part_of_reference(text: str) -> str:
    """Some characters of a reference, as references are compared, from what a person typed.

    Case, spaces and hyphens do not matter, and I, L and O are read as 1, 1 and 0, as in a whole reference.

    Raises:
        Refused: it is too short, or holds what no reference does.
    """
    part = "".join(text.upper().split()).replace("-", "")
    code = part.removeprefix("RJ").translate(_LOOK_ALIKE)
    if len(code) < _FEWEST or not set(code) <= set(ALPHABET):
        raise Refused(
            "not_a_reference",
            f"A search is for {_FEWEST} or more letters and digits of a reference, such as 7KQ4 of RJ-7KQ4-M2X1.",
            "text",
        )
    return part.translate(_LOOK_ALIKE)
