"""The first names and initials of the people of many referrals at once, for lists: June I.

They are for who works on a referral, and unless it is sensitive for its supervisors. To read them is to look at what is
said about people, so it is written into the access log before they are shown, for all referrals of a list in one
statement.

A list is read again and again, and refreshes by itself. So a person's reading of the names of a referral is written
down once in 30 minutes, or when they see them by another relation: an entry says that they had this referral's names in
their lists then, and for up to half an hour after. A session without use ends after that time too, so who comes back is
written down anew. It is counted by person and not by session, for the log is about people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from casework.access import may_see_names, relation_to
from casework.referral.timeline import names_in
from casework.session import Session
from casework.words.names import short_names
from lifecycle.activities.state import all_facilitators
from runtime.referrals import NotAnswered
from schemas.access import DataKind, Look, Relation
from schemas.people import Staff
from stores import staff
from stores.logs import access_log
from stores.logs.access_log import Standing
from stores.logs.chain import chain_key
from stores.names import events_with_names

ONCE_IN = timedelta(minutes=30)
"""In which a person's reading of the names of a referral is written down once."""

# How often the looks are tried to be recorded while others look at the same referrals.
_TRIES = 20


async def names_in_lists(session: Session, references: Collection[str]) -> dict[str, dict[str, str]]:
    """What the people of each of these referrals are called, by their ids; of one whose names the person does not see
    in lists, nothing.

    The number of statements is the same for any number of referrals.

    Raises:
        Refused: the person is not active any more.
        NotAnswered: others look at the same referrals all the time.
    """
    if not references:
        return {}
    member = await session.referrals.member(session.member.id)
    seen = await _seen(session, member, references)
    pool = session.referrals.pool.within(member.areas)
    keys = await session.referrals.keys.get_all(seen)
    told = await events_with_names(pool, keys)
    return {reference: short_names(names_in(history)) for reference, history in told.items()}


async def _seen(session: Session, member: Staff, references: Collection[str]) -> list[str]:
    """Of which of these referrals the person may see the names, each look at them recorded."""
    pool = session.referrals.pool.within(member.areas)
    register = await staff.team(session.referrals.pool, *member.areas)
    chain = await chain_key(session.referrals.keys)
    seen: list[str] = []
    left = list(references)
    for _ in range(_TRIES):
        found = await access_log.standings(pool, left, member.id, DataKind.NAME, ONCE_IN)
        relations = await _relations(session, member, register, {each: found[each][0] for each in found})
        looks = []
        for reference, relation in relations.items():
            stands, last_by = found[reference]
            if stands.erased or not may_see_names(member, relation, sensitive=stands.sensitive):
                continue
            if relation is last_by:
                seen.append(reference)
            else:
                looks.append(_look(session, member, reference, stands, relation))
        if not looks:
            return seen
        previous = {each.reference: found[each.reference][0].head for each in looks}
        answers = await access_log.record_all(session.referrals.pool, chain, looks, previous)
        seen += [reference for reference, answer in answers.items() if answer == "recorded"]
        # Another look was recorded first: those are tried again with how they stand then.
        left = [reference for reference, answer in answers.items() if answer == "behind"]
        if not left:
            return seen
    raise NotAnswered("Others look at the same referrals at the same moment; try again.")


def _look(session: Session, member: Staff, reference: str, stands: Standing, relation: Relation) -> Look:
    return Look(
        reference=reference,
        sequence=stands.looks + 1,
        at=stands.now,
        staff=member.id,
        role=member.role,
        kind=DataKind.NAME,
        relation=relation,
        way_in=session.way_in,
    )


async def _relations(
    session: Session, member: Staff, register: list[Staff], standings: Mapping[str, Standing]
) -> dict[str, Relation]:
    """What the person has to do with each referral."""
    shared = [
        reference
        for reference, stands in standings.items()
        if stands.co_facilitated and member.id not in (stands.caseworker, stands.facilitator)
    ]
    states = await session.referrals.states.of(session.referrals.pool.within(member.areas), shared)
    others = {each: frozenset(all_facilitators(state)) for each, state in states.items()}
    teams = {
        area: {each.id: each for each in register if area in each.areas}
        for area in {stands.area for stands in standings.values()}
    }
    return {
        reference: relation_to(member, stands, teams[stands.area], others.get(reference, frozenset()))
        for reference, stands in standings.items()
    }
