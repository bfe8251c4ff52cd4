"""Possible duplicates: referrals that the service has already and that may be of the same people or the same crime.

They are found by the blind index, so that nothing of them is read. Who may not find a referral by its people is not
told of it here either; a supervisor of the area is, when they look for the duplicates of the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from casework.access import What, areas_to_see, require_access
from casework.searching.log import note_search
from casework.searching.search import FoundPerson, answers_for, found_by_terms, references_of
from casework.session import Session
from lifecycle.people import search_terms as terms
from lifecycle.people.contacts import contact_of
from lifecycle.people.search_terms import THE_CASE, Term
from lifecycle.stages.intake import role_of_id
from schemas.access import DataKind, SearchKind
from schemas.commands import OpenReferral
from schemas.events import ReferralAmended, ReferralReceived
from schemas.facts import NewParticipant
from schemas.people import Person, Role
from schemas.vocabulary import ParticipantRole
from stores import referrals as read_model
from stores.logs import event_log
from stores.referrals import Line

_SIDES = (ParticipantRole.HARMED, ParticipantRole.RESPONSIBLE)


class PossibleDuplicate(Line):
    """A referral that may be the same.

    Attributes:
        by: what is the same. By name and date of birth both are.
        people: of whom in that referral; nobody where the crime is the same.
    """

    by: tuple[SearchKind, ...]
    people: tuple[FoundPerson, ...] = ()


class _Same(NamedTuple):
    kinds: tuple[SearchKind, ...]
    terms: frozenset[Term]


async def possible_duplicates(
    session: Session, form: OpenReferral, *, limit: int = 20
) -> tuple[PossibleDuplicate, ...]:
    """The referrals that may be the same as one that is to be opened, the newest first. It is a search, and noted.

    The same are a name with its date of birth, a telephone number, an e-mail address of either side, or a crime
    reference.

    Raises:
        Refused: referrals are not for them. A partner agency is told of none.
    """
    if session.member.role is Role.PARTNER:
        return ()
    same = _same(form.participants, form.crime_reference)
    return await _find(session, same, limit, without=None)


async def possible_duplicates_of(
    session: Session, reference: str, *, limit: int = 20
) -> tuple[PossibleDuplicate, ...]:
    """The referrals that may be the same as one that was opened. It is a look at its people, and a search.

    Raises:
        Refused: it is unknown, or what is said about its people is not for them.
        KeyErased: it was erased.
    """
    key = await session.referrals.keys.get(reference)
    await require_access(session, What.PEOPLE, reference, DataKind.PEOPLE)
    history = await event_log.read(session.referrals.pool, reference, key=key)
    people: list[NewParticipant] = []
    crime = None
    for recorded in history:
        match recorded.event:
            case ReferralReceived():
                crime = recorded.event.crime_reference
                people += [
                    each.model_copy(update={"person": contact_of(history, each.id).person})
                    for each in recorded.event.participants
                ]
            case ReferralAmended() if recorded.event.crime_reference is not None:
                crime = recorded.event.crime_reference
            case _:
                pass
    return await _find(session, _same(people, crime), limit, without=reference)


def _same(participants: Iterable[NewParticipant], crime: str | None) -> list[_Same]:
    found = [same for each in participants if each.role in _SIDES for same in _same_person(each.person)]
    of_case = terms.crime_reference(crime) if crime is not None else None
    return found + ([_Same((SearchKind.CRIME_REFERENCE,), frozenset({of_case}))] if of_case else [])


def _same_person(person: Person) -> list[_Same]:
    found = []
    name = terms.whole_name(person.name) if person.name else None
    if name is not None and person.date_of_birth is not None:
        both = frozenset({name, terms.date_of_birth(person.date_of_birth)})
        found.append(_Same((SearchKind.NAME, SearchKind.DATE_OF_BIRTH), both))
    number = terms.phone(person.phone) if person.phone else None
    if number is not None:
        found.append(_Same((SearchKind.PHONE,), frozenset({number})))
    address = terms.email(person.email) if person.email else None
    if address is not None:
        found.append(_Same((SearchKind.EMAIL,), frozenset({address})))
    return found


async def _find(
    session: Session, same: Sequence[_Same], limit: int, *, without: str | None
) -> tuple[PossibleDuplicate, ...]:
    areas = areas_to_see(session.member, What.CASELOAD)
    if not same:
        return ()
    workers = await answers_for(session, areas)
    wanted = [each.terms for each in same]
    # One more, for the referral itself is among them.
    hits = await found_by_terms(session, wanted, areas, limit + 1, workers)
    references = [each for each in references_of(hits) if each != without][:limit]
    kinds = {SearchKind.DUPLICATES, *(kind for each in same for kind in each.kinds)}
    values = [term for each in same for term in each.terms]
    await note_search(session, areas, kinds, values, len(references))
    found = []
    for line in await read_model.lines(session.referrals.pool.within(areas), references):
        own = [hit for hit in hits if hit.reference == line.reference]
        by = {kind for hit in own for kind in same[hit.reading].kinds}
        people = dict.fromkeys(hit.participant for hit in own if hit.participant != THE_CASE)
        found.append(
            PossibleDuplicate(
                **dict(line),
                by=tuple(kind for kind in SearchKind if kind in by),
                people=tuple(FoundPerson(id=each, role=role_of_id(each)) for each in people),
            )
        )
    return tuple(found)
