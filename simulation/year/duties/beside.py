"""What staff record beside the work on a case: time spent, where a sentence is served, complaints and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lifecycle.case.complaints import unanswered
from lifecycle.timing.working_time import shift_working_days
from schemas import commands as c
from schemas.commands import Command
from schemas.referral import Complaint
from schemas.vocabulary import (
    ComplaintAbout,
    ComplaintOutcome,
    Custody,
    ParticipantRole,
    SentenceDate,
    Stage,
    Work,
)
from simulation.year.duties.table import ALWAYS, WORDS, Case, Todo, duty, today

_PRISON = "Nowhere Prison"
_WORK = {
    Stage.VICTIM_CONTACT: Work.CONTACT,
    Stage.OFFENDER_CONSENT: Work.CONTACT,
    Stage.PREPARATION: Work.MEETING,
    Stage.CONFERENCE: Work.ACTIVITY,
}
_DATES = {
    Custody.IN_PRISON: SentenceDate.RELEASE,
    Custody.ON_LICENCE: SentenceDate.LICENCE_END,
    Custody.COMMUNITY_ORDER: SentenceDate.ORDER_END,
}


@duty(
    Stage.VICTIM_CONTACT, Stage.RISK_ASSESSMENT, Stage.OFFENDER_CONSENT, Stage.PREPARATION, Stage.CONFERENCE
)
def time_spent(case: Case) -> Iterator[Todo]:
    """Some write down their time, once in each stage; the others never do."""
    stages = case.times("stage_entered")
    if not case.course.counts_time or case.times("time_spent_recorded") >= stages:
        return
    minutes = 15 * case.pick(f"minutes/{stages}", range(1, 17))
    work = _WORK.get(case.referral.stage, Work.ADMINISTRATION)
    yield Todo(
        f"time/{stages}",
        case.facilitator,
        3,
        lambda at: c.RecordTimeSpent(minutes=minutes, work=work, spent_on=today(at)),
    )


@duty(Stage.OFFENDER_CONSENT, Stage.PREPARATION)
def custody_details(case: Case) -> Iterator[Todo]:
    for person in case.referral.taking_part(ParticipantRole.RESPONSIBLE):
        what = _DATES.get(person.custody)
        known = case.pick(f"sentence/{person.id}", (True, True, False))
        if what is None or not known or person.sentence_date is not None:
            continue
        days = case.pick(f"sentence date/{person.id}", range(60, 900))
        in_prison = person.custody is Custody.IN_PRISON

        def record(
            at: datetime,
            who: str = person.id,
            what: SentenceDate = what,
            days: int = days,
            prison: str | None = _PRISON if in_prison else None,
        ) -> Command:
            return c.RecordCustodyDetails(
                participant=who,
                prison=prison,
                prison_number="A0000AA" if prison else None,
                sentence_date=today(at) + timedelta(days=days),
                sentence_date_is=what,
            )

        yield Todo(f"custody/{person.id}", case.facilitator, 5, record)


@duty(*ALWAYS)
def complaints(case: Case) -> Iterator[Todo]:
    referral = case.referral
    if case.course.complains_in is referral.stage and not referral.complaints:
        yield Todo("complaint", case.caseworker, 6, lambda at: _complaint(case, at))
    for complaint in unanswered(referral):
        outcome = case.pick(f"outcome/{complaint.id}", tuple(ComplaintOutcome))
        answer = _answer(complaint, outcome)
        yield Todo(f"answer_complaint/{complaint.id}", case.supervisor, 7, answer)


def _complaint(case: Case, at: datetime) -> Command:
    made_by = case.pick(
        "complains", [None, *(each.id for each in case.referral.participants if each.informed_at)]
    )
    return c.RecordComplaint(
        about=case.pick("complaint", tuple(ComplaintAbout)),
        made_by=made_by,
        received_on=shift_working_days(today(at), -1),
        text=WORDS,
    )


def _answer(complaint: Complaint, outcome: ComplaintOutcome) -> Callable[[datetime], Command]:
    return lambda at: c.AnswerComplaint(complaint=complaint.id, outcome=outcome, text=WORDS)
