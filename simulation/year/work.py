"""What the workers of an invented year do: for each duty of the work, when it is there, whose it is and how it is done.

The duties are a table: each function below yields what there is to do in the present state, and is found by its
decorator. The rules alone decide whether it may be done; what they refuse is put off and tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias, TypeVar
from zlib import crc32

from lifecycle.activities import ACTIVITY_STAGES, held, in_preparation, people_of, stopped
from lifecycle.activity_gates import readiness_is_signed_off, readiness_waits
from lifecycle.consents import both_sides, in_force
from lifecycle.notifying.tasks import open_tasks
from lifecycle.oversight import authors
from lifecycle.stages.follow_up import attended
from lifecycle.stages.risk_assessment import confirmed_recently
from lifecycle.working_time import at_day_start, shift_working_days
from schemas import commands as c
from schemas.activity import Activity, Booked
from schemas.areas import LONDON
from schemas.commands import Command
from schemas.facts import AgreementItem, FactorAssessment, NeedScore
from schemas.referral import Participant, Referral, SignOffRequest
from schemas.vocabulary import (
    Agency,
    Channel,
    ClosureReason,
    Confirmation,
    ConsentForm,
    ContactOutcome,
    Custody,
    EndReason,
    FollowUpContact,
    Initiator,
    Interest,
    ItemOutcome,
    JusticeStage,
    Level,
    Method,
    Need,
    Occasion,
    ParticipantRole,
    Plea,
    Purpose,
    ReviewSubject,
    RiskFactor,
    Scale,
    Source,
    Stage,
    TaskResult,
    Verdict,
)
from simulation.year import chances
from simulation.year.courses import Course
from simulation.year.lives import Life
from simulation.year.people import Team

T = TypeVar("T")

_WORDS = "Invented, as everything here is."
_FORM = "2026.1"
_ALWAYS = frozenset(Stage)
_OPEN = _ALWAYS - {Stage.CLOSED}
_CHANNELS = (Channel.PHONE, Channel.TEXT, Channel.PHONE, Channel.EMAIL)
_AGENCIES = {
    Source.POLICE: Agency.POLICE,
    Source.PROBATION: Agency.PROBATION,
    Source.PRISON: Agency.PRISON,
    Source.YOUTH_JUSTICE: Agency.YOUTH_JUSTICE,
    Source.COURT: Agency.COURT,
    Source.VICTIM_SERVICES: Agency.VICTIM_SERVICES,
}
_CONFIRMED_FOR = {
    Custody.IN_PRISON: tuple(Confirmation),
    Custody.ON_LICENCE: (Confirmation.OFFENDER_MANAGER, Confirmation.VICTIM_LIAISON),
}
_UNREACHABLE = {
    ParticipantRole.HARMED: ClosureReason.HARMED_NOT_CONTACTABLE,
    ParticipantRole.RESPONSIBLE: ClosureReason.RESPONSIBLE_NOT_CONTACTABLE,
}
_FOLLOW_UPS = (
    (FollowUpContact.CHECK_IN, timedelta(days=1), False),
    (FollowUpContact.SIX_WEEKS, timedelta(days=38), False),
    (FollowUpContact.THREE_MONTHS, timedelta(days=86), True),
)


class Todo(NamedTuple):
    """One thing to do.

    Attributes:
        key: names it within its referral as long as it is to be done.
        who: the id of the member of staff whose it is.
        days: how many working days they take for it on average; 0: in the same sitting as what came before.
        command: makes the command, when it is given.
        not_before: a moment before which it cannot be done, UTC.
    """

    key: str
    who: str
    days: float
    command: Callable[[datetime], Command]
    not_before: datetime | None = None


@dataclass(frozen=True)
class Case:
    """What a worker knows of a referral.

    Attributes:
        refused: keys of what the rules have refused again and again.
        another: the reference of an earlier referral, for one that is the same.
    """

    life: Life
    course: Course
    team: Team
    refused: frozenset[str]
    another: str | None

    @property
    def referral(self) -> Referral:
        """As it is now."""
        return self.life.referral

    @property
    def caseworker(self) -> str:
        """Who has it, or the one who looks at what nobody has."""
        return self.referral.caseworker or self.team.caseworkers[0].id

    @property
    def facilitator(self) -> str:
        """Who prepares and runs the activity."""
        return self.referral.facilitator or self.caseworker

    @property
    def supervisor(self) -> str:
        """The first."""
        return self.team.supervisors[0].id

    def pick(self, what: str, among: Sequence[T]) -> T:
        """One of these, the same whenever it is asked for this referral."""
        return among[crc32(f"{self.referral.reference}/{what}".encode()) % len(among)]

    def times(self, kind: str) -> int:
        """How many events of that kind there are."""
        return self.life.counted[kind]

    def supervisor_but(self, made: frozenset[str]) -> str | None:
        """A supervisor who is none of these."""
        return next((each.id for each in self.team.supervisors if each.id not in made), None)


Duty: TypeAlias = Callable[[Case], Iterator[Todo]]

DUTIES: list[tuple[frozenset[Stage], Duty]] = []
"""The table: in which stages each is looked for."""


def duty(*stages: Stage) -> Callable[[Duty], Duty]:
    """Enter the decorated function into the table, for some stages; for every open one where none is named."""

    def enter(found: Duty) -> Duty:
        DUTIES.append((frozenset(stages) or _OPEN, found))
        return found

    return enter


def todos(case: Case) -> Iterator[Todo]:
    """What there is to do in the present state."""
    stage = case.referral.stage
    for stages, found in DUTIES:
        if stage in stages:
            yield from found(case)


def today(at: datetime) -> date:
    """The day in England and Wales."""
    return at.astimezone(LONDON).date()


# --- what may come in every stage ---


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
                reason=_WORDS if returned else None,
            )

        yield Todo(f"sign_off/{request.about}/{again}", who, 2.5, decide)


@duty(*_ALWAYS)
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
                lambda at: c.LiftSafeguarding(note=_WORDS),
            )
    elif course.concern_in is referral.stage and not case.times("safeguarding_raised"):
        yield Todo("concern", case.facilitator, 4, lambda at: c.RaiseSafeguarding(note=_WORDS))


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
            lambda at: c.Hold(review_on=shift_working_days(today(at), days), reason=_WORDS),
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
            return c.RecordReview(subject=subject, participant=person, note=_WORDS)

        who = case.caseworker if by_caseworker else case.supervisor
        yield Todo(f"review/{deadline.key}/{deadline.due_at:%Y%m%d}", who, 3, review)


@duty()
def notes(case: Case) -> Iterator[Todo]:
    if case.course.note_in is case.referral.stage and not case.times("note_added"):
        yield Todo("note", case.caseworker, 3, lambda at: c.AddNote(note=_WORDS))


@duty()
def another_caseworker(case: Case) -> Iterator[Todo]:
    referral = case.referral
    if case.course.reassigned and referral.caseworker and not case.times("reassigned"):
        others = [each.id for each in case.team.caseworkers if each.id != referral.caseworker]
        yield Todo(
            "reassign",
            case.supervisor,
            15,
            lambda at: c.Reassign(caseworker=case.pick("reassign", others), reason=_WORDS),
        )


@duty(Stage.VICTIM_CONTACT)
def corrections(case: Case) -> Iterator[Todo]:
    made = [each for each in case.life.events if each.event.kind == "contact_attempted"]
    if case.course.corrected and made and not case.times("step_corrected"):
        step = made[-1].step
        yield Todo("correct", case.supervisor, 1, lambda at: c.CorrectStep(step=step, reason=_WORDS))


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


# --- received ---


@duty(Stage.RECEIVED)
def intake(case: Case) -> Iterator[Todo]:
    referral = case.referral
    another = case.another if case.course.duplicate else None
    if referral.duplicate_of:
        yield Todo(
            "duplicate", case.caseworker, 0, lambda at: c.Close(reason=ClosureReason.SERVICE_DUPLICATE)
        )
    elif not referral.duplicate_checked:
        looks = case.pick("check", case.team.caseworkers).id
        yield Todo("check", looks, 0.4, lambda at: c.RecordDuplicateCheck(duplicate_of=another))
    else:
        gets = case.pick("allocate", case.team.caseworkers).id
        yield Todo("allocate", case.supervisor, 0.4, lambda at: c.Allocate(caseworker=gets))


# --- contact ---


@duty(Stage.VICTIM_CONTACT)
def contact_with_the_harmed(case: Case) -> Iterator[Todo]:
    yield from _contact(case, ParticipantRole.HARMED)
    yield from _news_from_court(case)
    people = case.referral.taking_part(ParticipantRole.HARMED)
    settled = not any(_still_asked(case, each) for each in people)
    interested = [each for each in people if each.interest is Interest.INTERESTED]
    consented = all(
        in_force(case.referral, each, purpose)
        for each in interested
        for purpose in (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    )
    waits_for_court = case.referral.justice_stage is JusticeStage.PRE_SENTENCE and not case.referral.adjourned
    if settled and interested and consented and not waits_for_court:
        yield Todo(
            f"assess/{case.times('stage_entered')}", case.caseworker, 1, lambda at: c.BeginRiskAssessment()
        )


@duty(Stage.OFFENDER_CONSENT)
def contact_with_the_responsible(case: Case) -> Iterator[Todo]:
    yield from _contact(case, ParticipantRole.RESPONSIBLE)
    referral = case.referral
    people = referral.taking_part(ParticipantRole.RESPONSIBLE)
    for person in people:
        if person.interest is Interest.INTERESTED and person.acknowledges is None:
            yes = _answers_yes(case, person)

            def acknowledge(at: datetime, who: str = person.id, yes: bool = yes) -> Command:
                return c.RecordAcknowledgement(participant=who, acknowledges=yes)

            yield Todo(f"acknowledges/{person.id}", case.caseworker, 2, acknowledge)
    settled = not any(_still_asked(case, each) or each.acknowledges is None for each in people)
    ready = all(in_force(referral, each, Purpose.TAKE_PART, ConsentForm.WRITTEN) for each in people)
    if people and settled and ready:
        moves = case.times("stage_entered")
        if referral.initiator is Initiator.PERSON_RESPONSIBLE and referral.risk.verdict is None:
            yield Todo(f"harmed/{moves}", case.caseworker, 1, lambda at: c.BeginVictimContact())
        else:
            yield Todo(f"prepare/{moves}", case.caseworker, 1, lambda at: c.BeginPreparation())


def _answers_yes(case: Case, person: Participant) -> bool:
    answers = case.course.answers.get(person.id)
    return answers is None or answers.acknowledges


def _final_interest(case: Case, person: Participant) -> Interest:
    answers = case.course.answers.get(person.id)
    # Who is asked again after a referral was reopened has thought better of it.
    return Interest.INTERESTED if answers is None or case.times("referral_reopened") else answers.interest


def _still_asked(case: Case, person: Participant) -> bool:
    """Whether they have not answered yet and may still be reached."""
    if person.interest in (Interest.INTERESTED, Interest.DECLINED):
        return False
    answers = case.course.answers.get(person.id)
    return answers is None or answers.reached or len(person.attempts) < 3


def _contact(case: Case, role: ParticipantRole) -> Iterator[Todo]:
    people = case.referral.taking_part(role)
    for person in people:
        if person.informed_at is None:
            yield from _reach(case, person)
        elif person.interest in (None, Interest.UNDECIDED):
            yield from _ask(case, person)
        elif role is ParticipantRole.HARMED:
            yield from _consents(case, person, Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
        elif person.acknowledges:
            yield from _consents(case, person, Purpose.TAKE_PART)
    asked = case.referral.sign_off_requests
    lost = [each for each in people if each.interest is None and not _still_asked(case, each)]
    if role is ParticipantRole.RESPONSIBLE and 0 < len(lost) < len(people):
        for person in lost:

            def end(at: datetime, who: str = person.id) -> Command:
                return c.EndParticipation(participant=who, reason=EndReason.NOT_TRACED)

            yield Todo(f"not_traced/{person.id}", case.caseworker, 9, end)
    if people and not asked and not any(_still_asked(case, each) or each.interest for each in people):
        tried = sum(len(each.attempts) for each in people)
        yield Todo(
            f"unreachable/{role}/{tried}/{case.times('signed_off')}",
            case.caseworker,
            9,
            lambda at: c.Close(reason=_UNREACHABLE[role]),
        )


def _reach(case: Case, person: Participant) -> Iterator[Todo]:
    tried = len(person.attempts)
    if any(each.outcome is ContactOutcome.REACHED for each in person.attempts):

        def inform(at: datetime) -> Command:
            return c.RecordInformationGiven(
                participant=person.id, channel=Channel.PHONE, legal_advice_offered=True
            )

        yield Todo(f"inform/{person.id}/{tried}", case.caseworker, 0, inform)
        return
    answers = case.course.answers.get(person.id)
    reached = answers is None or answers.reached
    wanted = answers.attempts if answers and reached else 3
    if tried > wanted or (tried == wanted and not reached):
        return
    safe = [each for each in _CHANNELS if each in person.safe_channels]
    ways = tuple(safe) or (Channel.THROUGH_AGENCY, Channel.IN_PERSON)
    outcome = ContactOutcome.REACHED if tried == wanted else ContactOutcome.NO_ANSWER
    channel = ways[tried % len(ways)]
    if outcome is ContactOutcome.REACHED and channel in (Channel.TEXT, Channel.EMAIL):
        channel = ways[0]
    elif channel in (Channel.TEXT, Channel.EMAIL):
        outcome = ContactOutcome.MESSAGE_SENT

    def attempt(at: datetime) -> Command:
        return c.RecordContactAttempt(participant=person.id, channel=channel, outcome=outcome)

    # The first is due within two working days.
    yield Todo(f"attempt/{person.id}/{tried}", case.caseworker, 2.5 if tried else 1, attempt)


def _ask(case: Case, person: Participant) -> Iterator[Todo]:
    answers = case.course.answers.get(person.id)
    thinks = answers is not None and answers.thinks_first and person.interest is None
    interest = Interest.UNDECIDED if thinks else _final_interest(case, person)

    def answer(at: datetime) -> Command:
        return c.RecordInterest(participant=person.id, interest=interest)

    days = 12 if person.interest is Interest.UNDECIDED else 0
    yield Todo(
        f"asks/{person.id}/{interest}/{case.times('referral_reopened')}", case.caseworker, days, answer
    )


def _consents(case: Case, person: Participant, *purposes: Purpose) -> Iterator[Todo]:
    """The consents of a person that are missing; a child's guardian is asked too."""
    referral = case.referral
    for purpose in purposes:
        if in_force(referral, person, purpose):
            continue
        standing = [
            each.by_guardian
            for each in referral.consents
            if each.participant == person.id and each.purpose is purpose and each.in_force
        ]
        asked: list[str | None] = [None]
        if person.child:
            asked += [each.id for each in _guardians(referral, person)]
        for guardian in asked:
            if guardian in standing:
                continue

            def give(at: datetime, purpose: Purpose = purpose, guardian: str | None = guardian) -> Command:
                shares = purpose is Purpose.SHARE_RISK_INFORMATION
                return c.GiveConsent(
                    participant=person.id,
                    purpose=purpose,
                    form_version=_FORM,
                    given_on=today(at),
                    form=ConsentForm.WRITTEN,
                    by_guardian=guardian,
                    agencies=(Agency.POLICE, Agency.PROBATION) if shares else (),
                )

            ended = case.times("participation_ended")
            key = f"consent/{person.id}/{purpose}/{guardian}/{ended}"
            yield Todo(key, case.facilitator, 1.5 if guardian else 0.3, give)


def _guardians(referral: Referral, person: Participant) -> list[Participant]:
    return [
        each
        for each in referral.participants
        if each.role is ParticipantRole.GUARDIAN and each.accompanies == person.id and each.active
    ]


def _news_from_court(case: Case) -> Iterator[Todo]:
    """The plea comes first, then the judge adjourns so that the work can be done, or does not."""
    referral = case.referral
    if referral.justice_stage is not JusticeStage.PRE_SENTENCE:
        return
    if not any(each.interest is Interest.INTERESTED for each in referral.taking_part(ParticipantRole.HARMED)):
        return
    people = referral.taking_part(ParticipantRole.RESPONSIBLE)
    guilty = all(
        case.course.answers[each.id].pleads_guilty for each in people if each.id in case.course.answers
    )
    if referral.plea is None:
        plea = Plea.GUILTY if guilty else Plea.NOT_GUILTY
        yield Todo("plea", case.caseworker, 6, lambda at: c.RecordCourtNews(plea=plea))
    elif referral.plea is Plea.NOT_GUILTY:
        for person in people:

            def end(at: datetime, who: str = person.id) -> Command:
                return c.EndParticipation(participant=who, reason=EndReason.NOT_GUILTY_PLEA)

            yield Todo(f"not_guilty/{person.id}", case.caseworker, 0.5, end)
    elif referral.adjourned is None:
        yield Todo("adjourned", case.caseworker, 4, lambda at: _adjournment(case.course.adjourned, at))
    elif not referral.adjourned:
        yield Todo(
            "not_adjourned",
            case.caseworker,
            1,
            lambda at: c.Close(reason=ClosureReason.COURT_NO_ADJOURNMENT),
        )


def _adjournment(adjourned: bool, at: datetime) -> Command:
    new_date = today(at) + timedelta(weeks=8) if adjourned else None
    return c.RecordCourtNews(adjourned=adjourned, court_date=new_date)


# --- risk assessment ---


@duty(Stage.RISK_ASSESSMENT)
def risk(case: Case) -> Iterator[Todo]:
    referral, course = case.referral, case.course
    if referral.sign_off_requests:
        return
    moves, returned = case.times("stage_entered"), case.times("signed_off")
    done = {each.about for each in referral.risk.assessments}
    about: list[str | None] = [*(each.id for each in both_sides(referral)), None]
    missing = [each for each in about if each not in done]
    for each in missing:

        def assess(at: datetime, about: str | None = each) -> Command:
            return c.RecordRiskAssessment(about=about, factors=_factors(course))

        yield Todo(f"assess/{each}/{moves}", case.caseworker, 3, assess)
    if missing:
        return
    if referral.risk.verdict is None:
        yield Todo(
            f"verdict/{moves}/{returned}",
            case.caseworker,
            1.5,
            lambda at: c.RecordRiskVerdict(verdict=course.verdict),
        )
    elif referral.risk.verdict is Verdict.UNSAFE:
        yield Todo(
            f"unsafe/{returned}", case.caseworker, 2, lambda at: c.Close(reason=ClosureReason.RISK_UNSAFE)
        )


def _factors(course: Course) -> tuple[FactorAssessment, ...]:
    levels = dict.fromkeys(RiskFactor, Level.LOW)
    levels[RiskFactor.HARM_AND_IMPACT] = Level.MEDIUM
    if course.high_factor is not None or course.verdict is Verdict.UNSAFE:
        levels[course.high_factor or RiskFactor.THREATS] = Level.HIGH
    return tuple(FactorAssessment(factor=factor, level=level) for factor, level in levels.items())


# --- preparation ---


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
        yield from _consents(case, person, method.purpose)
        yield from _meetings(case, activity, person)
        yield from _confirmations(case, person)
        if accompanied:
            yield from _consents(case, person, Purpose.SUPPORTERS)
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
        yield Todo(key, case.facilitator, 0.3, _confirm)
    else:
        yield Todo(
            f"book/{activity.id}/{moves}/{referral.risk.confirmed_at:%Y%m%d}",
            case.facilitator,
            0.5,
            lambda at: c.BookActivity(
                activity=activity.id,
                starts_at=at_day_start(shift_working_days(today(at), ahead)) + timedelta(hours=hour - 9),
                attending=attending,
                venue="Nowhere Village Hall",
            ),
        )


def _confirm(at: datetime) -> Command:
    return c.ReconfirmRisk()


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


# --- conference ---


@duty(Stage.CONFERENCE)
def conference(case: Case) -> Iterator[Todo]:
    for activity in stopped(case.referral):

        def back(at: datetime, which: str = activity.id) -> Command:
            return c.ReturnToPreparation(reason=_WORDS, activity=which)

        yield Todo(f"back/{activity.id}/{case.times('activity_booked')}", case.facilitator, 1, back)
    for activity in case.referral.booked:
        if activity.booked is not None:
            yield from _booked(case, activity, activity.booked)


def _booked(case: Case, activity: Activity, booked: Booked) -> Iterator[Todo]:
    about = f"{activity.id}/{case.times('activity_booked')}"
    held = f"held/{about}"
    if held in case.refused or (case.course.postponed and not case.times("activity_postponed")):
        yield Todo(
            f"postpone/{about}",
            case.facilitator,
            1,
            lambda at: c.PostponeActivity(reason=_WORDS, activity=activity.id),
        )
        return
    confirmed = confirmed_recently(case.referral, activity, booked.starts_at)
    if not confirmed and case.life.last_at < booked.starts_at:
        earliest = at_day_start(shift_working_days(today(booked.starts_at), -4))
        yield Todo(f"confirm/{about}/{booked.starts_at}", case.facilitator, 0.3, _confirm, earliest)
    yield _the_day(case, activity, booked, held)


def _the_day(case: Case, activity: Activity, booked: Booked, held: str) -> Todo:
    over = booked.starts_at + timedelta(hours=2)
    if case.course.stopped and not case.times("activity_stopped"):
        return Todo(
            f"stop/{activity.id}",
            case.facilitator,
            0.2,
            lambda at: c.StopActivity(reason=_WORDS, activity=activity.id),
            over,
        )
    partly = case.course.partly and booked.method.direct
    return Todo(
        held,
        case.facilitator,
        0.2,
        lambda at: c.RecordActivityHeld(partly=partly, note=_WORDS, activity=activity.id),
        over,
    )


# --- follow-up ---


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
            lambda at: c.RequestFurtherActivity(reason=_WORDS, activity=activity.id),
            held_at + timedelta(days=7),
        )
    if course.items and not any(each.activity == activity.id for each in referral.agreement):
        for person in there:
            yield from _consents(case, person, Purpose.OUTCOME_AGREEMENT)
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
            yield from _consents(case, person, Purpose.SHARE_OUTCOME)


def _agreement(case: Case, activity: Activity, who: str, at: datetime) -> Command:
    before = len(case.referral.agreement)
    return c.RecordAgreement(
        activity=activity.id,
        items=tuple(
            AgreementItem(
                id=f"i{before + number}", by=who, due_on=today(at) + timedelta(weeks=4 * number), text=_WORDS
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


# --- closed ---


@duty(Stage.CLOSED)
def reopening(case: Case) -> Iterator[Todo]:
    referral = case.referral
    declined = referral.closure_reason in (
        ClosureReason.HARMED_DECLINED_INFORMED,
        ClosureReason.HARMED_DECLINED_BEFORE_SHARING,
        ClosureReason.RESPONSIBLE_DECLINED,
    )
    if case.course.reopened and declined and not case.times("referral_reopened"):
        yield Todo("reopen", case.supervisor, 25, lambda at: c.Reopen(reason=_WORDS))
