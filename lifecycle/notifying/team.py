"""Who of the staff is told: by the rung of the ladder that something has come to, with cover for those who are away."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from lifecycle.clocks import deadline_of
from lifecycle.core import SUPERVISORS, WORKERS
from lifecycle.ladder import rung_of
from lifecycle.oversight import authors
from schemas import events as e
from schemas.events import Recorded
from schemas.notices import Addressee
from schemas.people import Role, Staff
from schemas.policy import DeadlineName, Rung
from schemas.referral import Referral
from schemas.vocabulary import SignOffSubject

_ROLES = {Rung.SUPERVISOR: Role.SUPERVISOR, Rung.SERVICE_MANAGER: Role.SERVICE_MANAGER}
_RUNGS = {
    Addressee.CASEWORKER: Rung.CASEWORKER,
    Addressee.SUPERVISORS: Rung.SUPERVISOR,
    Addressee.SERVICE_MANAGERS: Rung.SERVICE_MANAGER,
}

STAND_INS: dict[Role, frozenset[Role]] = {
    Role.CASEWORKER: WORKERS,
    Role.FACILITATOR: WORKERS,
    Role.SUPERVISOR: SUPERVISORS,
    Role.SERVICE_MANAGER: SUPERVISORS,
    Role.PARTNER: frozenset({Role.PARTNER}),
    Role.COMMISSIONER: frozenset(),
    Role.SYSTEM: frozenset(),
}
"""Who may do the work of each role while somebody is away."""


def addressed(
    to: Addressee, recorded: Recorded, referral: Referral, people: dict[str, Staff]
) -> Iterable[str]:
    """The members of staff whom something that happened is told to.

    Args:
        to: as the policy says it; not anybody outside.
        people: the active members of staff of the referral's area, by id.
    """
    if to is Addressee.FACILITATORS:
        return _facilitators(recorded, referral, people)
    rung = _rung(to, recorded.event, referral)
    if rung is Rung.CASEWORKER and recorded.actor in _at_work_for(referral.caseworker, people, recorded.at):
        return []
    # Who did it need not be told.
    left_out = {recorded.actor}
    subject = _sign_off(recorded.event)
    # Whose referral it is may be told of it; it is asked of nobody who may not give it.
    if subject is not None and to is not Addressee.CASEWORKER:
        left_out |= may_not_sign_off(referral, subject, people)
    return answering(rung, people, recorded.at, caseworker=referral.caseworker, without=left_out)


def answering(
    rung: Rung,
    people: dict[str, Staff],
    at: datetime,
    *,
    caseworker: str | None = None,
    without: Collection[str] = (),
) -> list[str]:
    """Who answers for what has come to a rung of the ladder: those who stand on it, or on the next one up with somebody
    there. Where nobody at all is there those who are away answer, so that it is not lost.

    Args:
        people: the active members of staff of the area, by id.
        at: who is away then is stood in for.
        caseworker: of the referral that it is about.
        without: who is left out.
    """
    ladder = [rung.above(step) for step in range(len(Rung))]
    there = (with_cover(_on(each, caseworker, people), people, at) for each in ladder)
    away = (_on(each, caseworker, people) for each in ladder)
    remaining = ([who for who in found if who not in without] for found in chain(there, away))
    return next((found for found in remaining if found), [])


def with_cover(asked: Iterable[str], people: dict[str, Staff], at: datetime) -> list[str]:
    """Each person, or who stands in for them while they are away; nobody for those for whom nobody does.

    Args:
        asked: some of the people.
        people: the active members of staff of the area, by id; nobody else stands in.
    """
    found = (_in_place_of(people[who], people, at) for who in asked)
    return list(dict.fromkeys(who for who in found if who is not None))


def may_not_sign_off(referral: Referral, subject: SignOffSubject, people: dict[str, Staff]) -> frozenset[str]:
    """Who of these people may not sign something off: they made it, or are no supervisor, or it does not wait."""
    made = [authors(referral, each) for each in referral.sign_off_requests if each.subject is subject]
    return frozenset(
        who
        for who, member in people.items()
        if member.role not in SUPERVISORS or not any(who not in own for own in made)
    )


def _in_place_of(away: Staff, people: dict[str, Staff], at: datetime) -> str | None:
    passed, member = set[str](), away
    while member.absent(at):
        passed.add(member.id)
        # In a circle everybody is away.
        if member.stand_in not in people or member.stand_in in passed:
            return None
        member = people[member.stand_in]
    # The register may name anybody, or somebody whose role has changed since.
    return member.id if member is away or member.role in STAND_INS[away.role] else None


def _at_work_for(caseworker: str | None, people: dict[str, Staff], at: datetime) -> Collection[str]:
    own = _on(Rung.CASEWORKER, caseworker, people)
    return {*own, *with_cover(own, people, at)}


def _facilitators(recorded: Recorded, referral: Referral, people: dict[str, Staff]) -> list[str]:
    both = (referral.facilitator, referral.co_facilitator)
    asked = [who for who in both if who in people and who != recorded.actor]
    there = with_cover(asked, people, recorded.at)
    if there or not asked:
        return [who for who in there if who != recorded.actor]
    # Above them stands whose referral it is.
    return answering(
        Rung.CASEWORKER, people, recorded.at, caseworker=referral.caseworker, without={recorded.actor}
    )


def _rung(to: Addressee, event: e.Event, referral: Referral) -> Rung:
    if to in _RUNGS:
        return _RUNGS[to]
    match event:
        case e.EscalationRaised():
            return event.rung
        case e.DeadlineReached():
            found = deadline_of(referral, event.deadline)
            return rung_of(referral, found, event.point) if found else Rung.CASEWORKER
        case _:
            return Rung.CASEWORKER


def _sign_off(event: e.Event) -> SignOffSubject | None:
    """The sign-off that an event asks for, or reminds of."""
    match event:
        case e.SignOffRequested():
            return event.subject
        case e.DeadlineReached() | e.EscalationRaised():
            name, _, about = event.deadline.partition("/")
            return SignOffSubject(about) if name == DeadlineName.SIGN_OFF else None
        case _:
            return None


def _on(rung: Rung, caseworker: str | None, people: dict[str, Staff]) -> list[str]:
    if rung is Rung.CASEWORKER:
        return [caseworker] if caseworker in people else []
    return [member.id for member in people.values() if member.role is _ROLES[rung]]
