"""Who of the staff is told: by the rung of the ladder that something has come to, with cover for those who are away."""

from collections.abc import Iterable
from datetime import datetime

from lifecycle.clocks import deadlines, paused_deadlines
from lifecycle.ladder import rung_of
from lifecycle.oversight import authors
from schemas import events as e
from schemas.events import Recorded
from schemas.notices import Addressee
from schemas.people import Role, Staff
from schemas.policy import Rung
from schemas.referral import Referral

_ROLES = {Rung.SUPERVISOR: Role.SUPERVISOR, Rung.SERVICE_MANAGER: Role.SERVICE_MANAGER}
_RUNGS = {
    Addressee.CASEWORKER: Rung.CASEWORKER,
    Addressee.SUPERVISORS: Rung.SUPERVISOR,
    Addressee.SERVICE_MANAGERS: Rung.SERVICE_MANAGER,
}
# How many who stand in for one another are followed, should they do so in a circle.
_LONGEST_COVER = 5


def addressed(
    to: Addressee, recorded: Recorded, referral: Referral, people: dict[str, Staff]
) -> Iterable[str]:
    """The members of staff whom something that happened is told to.

    Args:
        to: as the policy says it; not anybody outside.
        people: the active members of staff of the referral's area, by id.
    """
    if to is Addressee.FACILITATORS:
        asked = [who for who in (referral.facilitator, referral.co_facilitator) if who in people]
        return _without(with_cover(asked, people, recorded.at), {recorded.actor})
    rung = _rung(to, recorded.event, referral)
    # Who did it need not be told; who made what is to be signed off may not sign it off.
    left_out = {recorded.actor} | _may_not_sign_off(recorded.event, referral)
    if rung is Rung.CASEWORKER and referral.caseworker in left_out:
        return ()
    for step in range(len(Rung)):
        # Where nobody stands on a rung, the next one up is told.
        found = _without(with_cover(_on(rung.above(step), referral, people), people, recorded.at), left_out)
        if found:
            return found
    return ()


def _rung(to: Addressee, event: e.Event, referral: Referral) -> Rung:
    if to in _RUNGS:
        return _RUNGS[to]
    match event:
        case e.EscalationRaised():
            return event.rung
        case e.DeadlineReached():
            every = (*deadlines(referral), *paused_deadlines(referral))
            found = next((each for each in every if each.key == event.deadline), None)
            return rung_of(referral, found, event.point) if found else Rung.CASEWORKER
        case _:
            return Rung.CASEWORKER


def _may_not_sign_off(event: e.Event, referral: Referral) -> frozenset[str]:
    if not isinstance(event, e.SignOffRequested):
        return frozenset()
    waiting = (each for each in referral.sign_off_requests if each.subject is event.subject)
    return frozenset().union(*(authors(referral, request) for request in waiting))


def _on(rung: Rung, referral: Referral, people: dict[str, Staff]) -> list[str]:
    if rung is Rung.CASEWORKER:
        return [referral.caseworker] if referral.caseworker in people else []
    return [member.id for member in people.values() if member.role is _ROLES[rung]]


def with_cover(asked: Iterable[str], people: dict[str, Staff], at: datetime) -> list[str]:
    """Each person, or who stands in for them while they are away."""
    found = []
    for who in asked:
        stands = who
        for _ in range(_LONGEST_COVER):
            member = people[stands]
            if not member.absent(at) or member.stand_in not in people:
                break
            stands = member.stand_in
        found.append(stands)
    return list(dict.fromkeys(found))


def _without(people: Iterable[str], left_out: Iterable[str]) -> list[str]:
    out = set(left_out)
    return [who for who in people if who not in out]
