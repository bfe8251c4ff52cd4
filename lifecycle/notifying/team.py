"""Which staff are told: by the rung of the escalation ladder, with cover for those who are absent."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from lifecycle.activities.state import facilitators_of
from lifecycle.case.oversight import authors
from lifecycle.rules import SUPERVISORS, WORKERS
from lifecycle.timing.clocks import deadline_of
from lifecycle.timing.ladder import rung_of
from schemas import events as e
from schemas.activity import activity_in_key
from schemas.areas import Area
from schemas.events import Recorded
from schemas.notices import Addressee
from schemas.people import Role, Staff
from schemas.policy import DeadlineName, Rung
from schemas.referral import Referral, SignOffRequest

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
    Role.AUDITOR: frozenset(),
    Role.SYSTEM: frozenset(),
}
"""The roles that may cover for each role during absence."""


def addressed(
    to: Addressee, recorded: Recorded, referral: Referral, people: dict[str, Staff]
) -> Iterable[str]:
    """The members of staff to tell of an event.

    Args:
        to: the policy's addressee; not one outside the service.
        people: the active members of staff of the referral's area, by id.
    """
    if to is Addressee.FACILITATORS:
        return _facilitators(recorded, referral, people)
    rung = _rung(to, recorded.event, referral)
    if rung is Rung.CASEWORKER and recorded.actor in _at_work_for(referral.caseworker, people, recorded.at):
        return []
    # The actor is not told of their own step.
    left_out = {recorded.actor}
    subject = _sign_off(recorded.event)
    # The caseworker may be told of a sign-off; nobody is asked for one that they may not give.
    if subject is not None and to is not Addressee.CASEWORKER:
        left_out |= may_not_sign_off(referral, subject, people)
    return answering(rung, people, recorded.at, caseworker=referral.caseworker, without=left_out)


def area_told(to: Addressee, event: e.Event, referral: Referral) -> Area:
    """The area whose staff a policy's addressee means: the referral's own, but the other one's supervisors are told of
    an offer and its end, and those of the area that it left that it was taken over."""
    if to not in (Addressee.SUPERVISORS, Addressee.SERVICE_MANAGERS):
        return referral.area
    match event:
        case e.TransferOffered() | e.TransferOfferWithdrawn():
            return event.area
        case e.TransferAccepted():
            return event.left
        case _:
            return referral.area


def answering(
    rung: Rung,
    people: dict[str, Staff],
    at: datetime,
    *,
    caseworker: str | None = None,
    without: Collection[str] = (),
) -> list[str]:
    """Who is responsible at a rung of the ladder: those on it who are present, else those on the next higher rung.
    Where everybody is absent, the absent are responsible, so that nothing is lost.

    Args:
        people: the active members of staff of the area, by id.
        at: the moment at which absence and cover are judged, UTC.
        caseworker: of the referral that it is about.
        without: ids to leave out.
    """
    ladder = [rung.above(step) for step in range(len(Rung))]
    there = (with_cover(_on(each, caseworker, people), people, at) for each in ladder)
    away = (_on(each, caseworker, people) for each in ladder)
    remaining = ([who for who in found if who not in without] for found in chain(there, away))
    return next((found for found in remaining if found), [])


def with_cover(asked: Iterable[str], people: dict[str, Staff], at: datetime) -> list[str]:
    """Each person, or their stand-in during absence; an absent person without a stand-in is left out.

    Args:
        asked: some of the people.
        people: the active members of staff of the area, by id; nobody else stands in.
    """
    found = (_in_place_of(people[who], people, at) for who in asked)
    return list(dict.fromkeys(who for who in found if who is not None))


def may_not_sign_off(referral: Referral, about: str, people: dict[str, Staff]) -> frozenset[str]:
    """Which people may not sign something off: its authors and those who are not supervisors; all if none is asked.

    Args:
        about: what, as its deadline names it: readiness, or readiness/a2.
    """
    made = [authors(referral, each) for each in referral.sign_off_requests if each.about == about]
    return frozenset(
        who
        for who, member in people.items()
        if member.role not in SUPERVISORS or not any(who not in own for own in made)
    )


def _in_place_of(away: Staff, people: dict[str, Staff], at: datetime) -> str | None:
    passed, member = set[str](), away
    while member.absent(at):
        passed.add(member.id)
        # Everybody in a circle of stand-ins is absent.
        if member.stand_in not in people or member.stand_in in passed:
            return None
        member = people[member.stand_in]
    # The register may name anybody as stand-in, and roles may have changed since.
    return member.id if member is away or member.role in STAND_INS[away.role] else None


def _at_work_for(caseworker: str | None, people: dict[str, Staff], at: datetime) -> Collection[str]:
    own = _on(Rung.CASEWORKER, caseworker, people)
    return {*own, *with_cover(own, people, at)}


def _facilitators(recorded: Recorded, referral: Referral, people: dict[str, Staff]) -> list[str]:
    asked = [
        who for who in _facilitators_of(recorded.event, referral) if who in people and who != recorded.actor
    ]
    there = with_cover(asked, people, recorded.at)
    if there or not asked:
        return [who for who in there if who != recorded.actor]
    # The rung above the facilitator is the referral's caseworker.
    return answering(
        Rung.CASEWORKER, people, recorded.at, caseworker=referral.caseworker, without={recorded.actor}
    )


def _facilitators_of(event: e.Event, referral: Referral) -> Iterable[str]:
    """Who runs the activity that an event is about; else who runs any that is to come, and the referral's."""
    about = getattr(event, "activity", None)
    if isinstance(event, e.AppointmentCalledOff | e.DeadlineReached | e.EscalationRaised):
        key = event.appointment if isinstance(event, e.AppointmentCalledOff) else event.deadline
        about = activity_in_key(key)
    named = referral.activity(about) if about else None
    runs = [facilitators_of(referral, named)] if named else []
    if not runs:
        runs = [(referral.facilitator, referral.co_facilitator, False)]
    return dict.fromkeys(who for each in runs for who in each[:2] if who)


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


def about_sign_off(event: e.SignOffRequested) -> str:
    """What a sign-off is asked for, as its deadline names it."""
    return SignOffRequest.about_of(event.subject, event.activity)


def _sign_off(event: e.Event) -> str | None:
    """What the sign-off is about that an event requests or is a reminder of."""
    match event:
        case e.SignOffRequested():
            return about_sign_off(event)
        case e.DeadlineReached() | e.EscalationRaised():
            name, _, about = event.deadline.partition("/")
            return about if name == DeadlineName.SIGN_OFF else None
        case _:
            return None


def _on(rung: Rung, caseworker: str | None, people: dict[str, Staff]) -> list[str]:
    if rung is Rung.CASEWORKER:
        return [caseworker] if caseworker in people else []
    return [member.id for member in people.values() if member.role is _ROLES[rung]]
