"""For whom, and for what, somebody answers: their own work, that of who is away, and rungs of the ladder."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from lifecycle.notifying.team import answering
from schemas.areas import Area
from schemas.people import Staff
from schemas.policy import Rung


class Duties(NamedTuple):
    """For whom and for what somebody answers in an area.

    Attributes:
        people: the active members of staff of the area, by id.
        workers: they themselves, and those for whose work they answer while these are away.
        rungs: of the ladder, above the caseworker's.
        unowned: whether the referrals that nobody owns are theirs to allocate.
    """

    people: dict[str, Staff]
    workers: frozenset[str]
    rungs: frozenset[Rung]
    unowned: bool


def duties_of(member: Staff, area: Area, register: Iterable[Staff], at: datetime) -> Duties:
    """For whom and for what a member of staff answers in an area at an instant."""
    people = {each.id: each for each in register if area in each.areas}
    away = [each.id for each in people.values() if each.absent(at)]
    covered = (who for who in away if member.id in answering(Rung.CASEWORKER, people, at, caseworker=who))
    above = (Rung.SUPERVISOR, Rung.SERVICE_MANAGER)
    return Duties(
        people,
        frozenset({member.id, *covered}),
        frozenset(rung for rung in above if member.id in answering(rung, people, at)),
        member.id in answering(Rung.CASEWORKER, people, at),
    )
