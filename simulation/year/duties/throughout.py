"""What may come in every stage: sign-offs, tasks, concerns, holds, reviews, notes; and cases that stand still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifecycle.case.oversight import authors
from lifecycle.notifying.tasks import open_tasks
from lifecycle.timing.working_time import at_day_start, shift_working_days
from schemas import commands as c
from schemas.commands import Command
from schemas.referral import SignOffRequest
from schemas.vocabulary import (
    ClosureReason,
    JusticeStage,
    ParticipantRole,
    ReviewSubject,
    Stage,
    TaskResult,
)
from simulation.year.duties.table import ALWAYS, WORDS, Case, Todo, duty, today


@duty()
def sign_off(case: Case) -> Iterator[Todo]:
    referral = case.referral
    for request in referral.sign_off_requests:
        who = case.supervisor_but(authors(referral, request))
        if who is None:
            continue
        again = case.times("sign_off_requested")
        returned = case.course.returned and not case.times("signed_off")

        def decide(at: datetime, asked: SignOffRequest = request, returned: bool = returned) -> Command:
            return c.DecideSignOff(
                subject=asked.subject,
                activity=asked.activity,
                approved=not returned,
                reason=WORDS if returned else None,
            )

        yield Todo(f"sign_off/{request.about}/{again}", who, 2.5, decide)


@duty(*ALWAYS)
def tasks(case: Case) -> Iterator[Todo]:
    for task in open_tasks(case.referral):

        def tell(at: datetime, task_id: str = task.id) -> Command:
            return c.CompleteTask(task=task_id, result=TaskResult.PASSED_ON)

        yield Todo(f"task/{task.id}", case.caseworker, 1.2, tell)


@duty()
def concerns(case: Case) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    if referral.safeguarding:
        who = case.supervisor_but(frozenset({referral.safeguarding.raised_by}))
        if who:
            yield Todo(
                f"lift/{case.times('safeguarding_raised')}",
                who,
                5,
                lambda at: c.LiftSafeguarding(note=WORDS),
            )
    elif course.concern_in is referral.stage and not case.times("safeguarding_raised"):
        yield Todo("concern", case.facilitator, 4, lambda at: c.RaiseSafeguarding(note=WORDS))


@duty()
def holds(case: Case) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    if referral.hold:
        reviewed = at_day_start(referral.hold.review_on)
        yield Todo(
            f"resume/{case.times('put_on_hold')}", case.caseworker, 1.5, lambda at: c.Resume(), reviewed
        )
    elif course.hold_in is referral.stage and not case.times("put_on_hold"):
        days = case.pick("hold", range(10, 31))
        yield Todo(
            "hold",
            case.caseworker,
            6,
            lambda at: c.Hold(review_on=shift_working_days(today(at), days), reason=WORDS),
        )


@duty()
def leaving(case: Case) -> Iterator[Todo]:
    referral = case.referral
    if case.course.leaves_in is not referral.stage:
        return
    people = [
        *referral.taking_part(ParticipantRole.HARMED),
        *referral.taking_part(ParticipantRole.RESPONSIBLE),
    ]
    asked = [each for each in people if each.interest]
    if asked and not case.times("participation_ended"):
        who = asked[-1].id
        yield Todo("leaves", case.caseworker, 6, lambda at: c.Withdraw(participant=who))


@duty()
def reviews(case: Case) -> Iterator[Todo]:
    reached = {(each.deadline, each.at) for each in case.referral.reached if each.point == "due"}
    for deadline in case.life.deadlines:
        name, _, about = deadline.key.partition("/")
        if (deadline.key, deadline.due_at) not in reached or name not in set(ReviewSubject):
            continue
        subject, person = ReviewSubject(name), about or None
        by_caseworker = subject in (ReviewSubject.THINKING_TIME, ReviewSubject.OFFENDER_DECISION)

        def review(at: datetime, subject: ReviewSubject = subject, person: str | None = person) -> Command:
            return c.RecordReview(subject=subject, participant=person, note=WORDS)

        who = case.caseworker if by_caseworker else case.supervisor
        yield Todo(f"review/{deadline.key}/{deadline.due_at:%Y%m%d}", who, 3, review)


@duty()
def notes(case: Case) -> Iterator[Todo]:
    if case.course.note_in is case.referral.stage and not case.times("note_added"):
        yield Todo("note", case.caseworker, 3, lambda at: c.AddNote(note=WORDS))


@duty()
def another_caseworker(case: Case) -> Iterator[Todo]:
    referral = case.referral
    if case.course.reassigned and referral.caseworker and not case.times("reassigned"):
        others = [each.id for each in case.team.caseworkers if each.id != referral.caseworker]
        yield Todo(
            "reassign",
            case.supervisor,
            15,
            lambda at: c.Reassign(caseworker=case.pick("reassign", others), reason=WORDS),
        )


@duty(Stage.VICTIM_CONTACT)
def corrections(case: Case) -> Iterator[Todo]:
    made = [each for each in case.life.events if each.event.kind == "contact_attempted"]
    if case.course.corrected and made and not case.times("step_corrected"):
        step = made[-1].step
        yield Todo("correct", case.supervisor, 1, lambda at: c.CorrectStep(step=step, reason=WORDS))


@duty()
def standing_still(case: Case) -> Iterator[Todo]:
    """A case on which nothing more can be done is closed in the end."""
    referral = case.referral
    if referral.held or referral.hold or referral.safeguarding:
        return
    after_court = referral.court_date and referral.justice_stage is JusticeStage.PRE_SENTENCE
    if after_court and referral.court_date and referral.stage not in (Stage.RECEIVED, Stage.CONFERENCE):
        yield Todo(
            f"too_late/{referral.court_date}",
            case.caseworker,
            2,
            lambda at: c.Close(reason=ClosureReason.COURT_TIME_RAN_OUT),
            at_day_start(referral.court_date + timedelta(days=1)),
        )
    yield Todo(
        f"still/{referral.last_activity_at:%Y%m%d%H%M}",
        case.supervisor,
        5,
        lambda at: c.Close(reason=ClosureReason.SERVICE_REFERRER_WITHDREW),
        referral.last_activity_at + timedelta(days=110),
    )
