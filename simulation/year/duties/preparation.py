"""Preparation: facilitators, methods, meetings, readiness, until an activity is booked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifecycle.activities.gates import readiness_is_signed_off, readiness_waits
from lifecycle.activities.state import ACTIVITY_STAGES, in_preparation, people_of
from lifecycle.people.consents import in_force
from lifecycle.stages.risk_assessment import confirmed_recently
from lifecycle.timing.working_time import at_day_start, shift_working_days
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import Command
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    Channel,
    Confirmation,
    Custody,
    Method,
    ParticipantRole,
    Purpose,
)
from simulation.year.duties.consents import consents
from simulation.year.duties.planning import to_be_planned
from simulation.year.duties.risk import last_confirmed, reconfirm
from simulation.year.duties.table import Case, Todo, duty, today

_CONFIRMED_FOR = {
    Custody.IN_PRISON: tuple(Confirmation),
    Custody.ON_LICENCE: (Confirmation.OFFENDER_MANAGER, Confirmation.VICTIM_LIAISON),
}


@duty(*ACTIVITY_STAGES)
def preparation(case: Case) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    prepared = in_preparation(referral)
    if prepared and referral.facilitator is None:
        # A sensitive case is led by an advanced practitioner; the first two are.
        able = case.team.facilitators[:2] if referral.sensitive else case.team.facilitators
        first = case.pick("facilitator", able)
        second = case.pick("co-facilitator", [each for each in able if each is not first])
        yield Todo(
            "facilitators",
            case.supervisor,
            2,
            lambda at: c.AssignFacilitators(
                facilitator=first.id,
                co_facilitator=second.id,
                advanced_practitioner=first.advanced_practitioner,
            ),
        )
        return
    for activity in prepared:
        if activity.method is None and to_be_planned(case):
            continue
        if activity.method is None:
            which = activity.id

            def choose(at: datetime, which: str = which) -> Command:
                return c.ChooseMethod(method=course.method, activity=which)

            yield Todo(f"method/{which}", case.facilitator, 4, choose)
        else:
            yield from _prepared_for(case, activity, activity.method)


def _prepared_for(case: Case, activity: Activity, method: Method) -> Iterator[Todo]:
    referral = case.referral
    people = people_of(referral, activity)
    accompanied = _supporters(referral, activity)
    for person in people:
        yield from consents(case, person, method.purpose)
        yield from _meetings(case, activity, person)
        yield from _confirmations(case, person)
        if accompanied:
            yield from consents(case, person, Purpose.SUPPORTERS)
    if not all(
        activity.part(each.id).prepared_on and in_force(referral, each, method.purpose) for each in people
    ):
        return
    if method.direct and not readiness_is_signed_off(referral, activity):
        if not readiness_waits(referral, activity):
            key = f"readiness/{activity.id}/{case.times('stage_entered')}/{case.times('signed_off')}"
            yield Todo(key, case.facilitator, 1.5, lambda at: c.RequestReadinessSignOff(activity=activity.id))
        return
    yield from _booking(case, activity)


def _booking(case: Case, activity: Activity) -> Iterator[Todo]:
    referral, moves = case.referral, case.times("stage_entered")
    asked = [each.id for each in people_of(referral, activity)]
    attending = (*asked, *(each.id for each in _supporters(referral, activity)))
    ahead = case.pick(f"ahead/{activity.id}", range(2, 13))
    hour = case.pick(f"hour/{activity.id}", range(10, 17))
    if not confirmed_recently(referral, activity, case.life.last_at):
        key = f"confirm/{activity.id}/{moves}/{case.life.last_at:%Y%m%d}"
        yield Todo(key, case.facilitator, 0.3, reconfirm(case, activity))
    else:
        yield Todo(
            f"book/{activity.id}/{moves}/{last_confirmed(case, activity)}",
            case.facilitator,
            0.5,
            lambda at: c.BookActivity(
                activity=activity.id,
                starts_at=at_day_start(shift_working_days(today(at), ahead)) + timedelta(hours=hour - 9),
                attending=attending,
                venue="Nowhere Village Hall",
            ),
        )


def _supporters(referral: Referral, activity: Activity) -> list[Participant]:
    if activity.method is None or not activity.method.direct:
        return []
    there = {each.id for each in people_of(referral, activity)}
    return [
        each
        for each in referral.participants
        if each.role is ParticipantRole.SUPPORTER and each.active and each.accompanies in there
    ]


def _meetings(case: Case, activity: Activity, person: Participant) -> Iterator[Todo]:
    part = activity.part(person.id)
    if part.prepared_on is not None:
        return
    about = f"{activity.id}/{person.id}"
    books = case.pick(f"books/{about}", (True, False))
    if part.meeting_at is None and books:
        yield Todo(
            f"book_meeting/{about}/{case.times('preparation_meeting_booked')}",
            case.facilitator,
            2,
            lambda at: c.BookPreparationMeeting(
                activity=activity.id,
                participant=person.id,
                starts_at=at_day_start(shift_working_days(today(at), 5)) + timedelta(hours=2),
            ),
        )
        return

    def held(at: datetime) -> Command:
        return c.RecordPreparationMeeting(
            activity=activity.id, participant=person.id, held_on=today(at), channel=Channel.IN_PERSON
        )

    after = part.meeting_at + timedelta(hours=1) if part.meeting_at else None
    key = f"meeting/{about}/{person.ended_at}"
    yield Todo(key, case.facilitator, 0.3 if after else 8, held, after)


def _confirmations(case: Case, person: Participant) -> Iterator[Todo]:
    for each in _CONFIRMED_FOR.get(person.custody, ()):
        if each not in person.confirmations and person.role is ParticipantRole.RESPONSIBLE:

            def confirm(at: datetime, what: Confirmation = each) -> Command:
                return c.RecordConfirmation(participant=person.id, confirmation=what)

            yield Todo(f"confirmation/{person.id}/{each}", case.facilitator, 6, confirm)
