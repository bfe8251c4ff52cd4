"""After an activity: agreements, contacts, scores, the outcome, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifecycle.activities.state import ACTIVITY_STAGES, held
from lifecycle.people.consents import in_force
from lifecycle.stages.follow_up import attended
from lifecycle.timing.working_time import at_day_start
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import Command
from schemas.facts import AgreementItem, NeedScore
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    Agency,
    ClosureReason,
    FollowUpContact,
    ItemOutcome,
    Need,
    Occasion,
    ParticipantRole,
    Purpose,
    Scale,
    Source,
    Stage,
)
from simulation.year import chances
from simulation.year.duties.consents import consents
from simulation.year.duties.table import WORDS, Case, Todo, duty, today

_AGENCIES = {
    Source.POLICE: Agency.POLICE,
    Source.PROBATION: Agency.PROBATION,
    Source.PRISON: Agency.PRISON,
    Source.YOUTH_JUSTICE: Agency.YOUTH_JUSTICE,
    Source.COURT: Agency.COURT,
    Source.VICTIM_SERVICES: Agency.VICTIM_SERVICES,
}
_FOLLOW_UPS = (
    (FollowUpContact.CHECK_IN, timedelta(days=1), False),
    (FollowUpContact.SIX_WEEKS, timedelta(days=38), False),
    (FollowUpContact.THREE_MONTHS, timedelta(days=86), True),
)


@duty(*ACTIVITY_STAGES)
def follow_up(case: Case) -> Iterator[Todo]:
    for activity in held(case.referral):
        yield from _after(case, activity)
    if case.referral.held:
        yield from _items(case)


def _after(case: Case, activity: Activity) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    held_at, often = activity.held[-1].at, len(activity.held)
    there = [each for each in attended(referral, activity) if each.active]
    if course.further and often == 1:
        yield Todo(
            f"further/{activity.id}",
            case.facilitator,
            8,
            lambda at: c.RequestFurtherActivity(reason=WORDS, activity=activity.id),
            held_at + timedelta(days=7),
        )
    if course.items and not any(each.activity == activity.id for each in referral.agreement):
        for person in there:
            yield from consents(case, person, Purpose.OUTCOME_AGREEMENT)
        if there and all(in_force(referral, each, Purpose.OUTCOME_AGREEMENT) for each in there):
            yield Todo(
                f"agree/{activity.id}/{often}",
                case.facilitator,
                1,
                lambda at: _agreement(case, activity, there[-1].id, at),
            )
    for person in there:
        yield from _contacts_after(case, activity, person)
        if course.long:
            yield from consents(case, person, Purpose.SHARE_OUTCOME)


def _agreement(case: Case, activity: Activity, who: str, at: datetime) -> Command:
    before = len(case.referral.agreement)
    return c.RecordAgreement(
        activity=activity.id,
        items=tuple(
            AgreementItem(
                id=f"i{before + number}", by=who, due_on=today(at) + timedelta(weeks=4 * number), text=WORDS
            )
            for number in range(1, case.course.items + 1)
        ),
    )


def _items(case: Case) -> Iterator[Todo]:
    for item in case.referral.agreement:
        if item.outcome is None:

            def settle(at: datetime, which: str = item.id) -> Command:
                done = ItemOutcome.COMPLETED if case.course.kept else ItemOutcome.NOT_COMPLETED
                return c.SettleAgreementItem(item=which, outcome=done, harmed_person_told=True)

            due = at_day_start(item.due_on) - timedelta(days=1)
            yield Todo(f"item/{item.id}", case.caseworker, 2, settle, due)


def _contacts_after(case: Case, activity: Activity, person: Participant) -> Iterator[Todo]:
    part, held_at = activity.part(person.id), activity.held[-1].at
    about = f"{activity.id}/{person.id}"
    for contact, after, only_long in _FOLLOW_UPS:
        if contact in part.followed_up or (only_long and not case.course.long):
            continue

        def follow(at: datetime, contact: FollowUpContact = contact) -> Command:
            return c.RecordFollowUp(participant=person.id, contact=contact, activity=activity.id)

        yield Todo(f"{contact}/{about}/{held_at:%Y%m%d}", case.facilitator, 1, follow, held_at + after)
    if not part.surveyed:
        asked = held_at + timedelta(days=20)
        key = f"survey/{about}/{held_at:%Y%m%d}"
        yield Todo(key, case.caseworker, 4, lambda at: _survey(case, activity, person), asked)
    if case.course.scales and person.role is ParticipantRole.HARMED:
        yield from _scored(case, person)


def _scored(case: Case, person: Participant) -> Iterator[Todo]:
    if not case.times("scale_scored"):
        score = case.pick(f"fear/{person.id}", range(11))
        yield Todo(
            f"scale/{person.id}",
            case.facilitator,
            3,
            lambda at: c.RecordScale(
                participant=person.id, scale=Scale.FEAR, occasion=Occasion.AFTER, score=score
            ),
        )
    if not case.times("needs_scored"):
        scores = [case.pick(f"{need}/{person.id}", range(2, 6)) for need in Need]
        yield Todo(
            f"needs/{person.id}",
            case.facilitator,
            3,
            lambda at: c.RecordNeeds(
                participant=person.id,
                occasion=Occasion.AFTER,
                needs=tuple(
                    NeedScore(need=need, score=score) for need, score in zip(Need, scores, strict=True)
                ),
            ),
        )


def _survey(case: Case, activity: Activity, person: Participant) -> Command:
    def percent(what: str) -> float:
        return case.pick(f"{what}/{person.id}", range(100)) / 100

    satisfied = percent("satisfied") < chances.SATISFIED
    return c.RecordSurvey(
        activity=activity.id,
        participant=person.id,
        satisfied=satisfied,
        would_recommend=percent("recommends") < chances.RECOMMENDS,
        feels="better" if satisfied else "same",
        rating=case.pick(f"rating/{person.id}", range(7, 11) if satisfied else range(2, 7)),
    )


@duty(Stage.FOLLOW_UP)
def ending(case: Case) -> Iterator[Todo]:
    """A referral ends when everybody was contacted after every activity and nothing is to come."""
    referral, course = case.referral, case.course
    over = held(referral)
    if any(each.to_come for each in referral.activities) or not all(_done(case, each) for each in over):
        return
    if any(item.outcome is None for item in referral.agreement):
        return
    there = {each.id: each for one in over for each in attended(referral, one) if each.active}.values()
    agency = _AGENCIES.get(referral.source)
    shared = there and all(in_force(referral, each, Purpose.SHARE_OUTCOME) for each in there)
    if agency and shared and course.long and not case.times("outcome_reported"):
        yield Todo("report", case.caseworker, 2, lambda at: c.ReportOutcome(agency=agency))
    yield Todo(
        f"end/{len(referral.held)}", case.caseworker, 4, lambda at: c.Close(reason=_completed(referral))
    )


def _done(case: Case, activity: Activity) -> bool:
    wanted = [contact for contact, _, only_long in _FOLLOW_UPS if case.course.long or not only_long]
    there = (each for each in attended(case.referral, activity) if each.active)
    parts = [activity.part(each.id) for each in there]
    contacted = all(part.surveyed and all(each in part.followed_up for each in wanted) for part in parts)
    return contacted and not (case.course.further and len(activity.held) == 1)


def _completed(referral: Referral) -> ClosureReason:
    whole = [held for held in referral.held if not held.partly]
    if not whole:
        return ClosureReason.PARTLY_HELD
    how = "direct" if any(held.method.direct for held in whole) else "indirect"
    return ClosureReason(f"completed_{how}_{'with' if referral.agreement else 'without'}_agreement")
