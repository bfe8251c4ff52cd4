"""What a signed-in person has to do next, soonest first: why, by when, and the command that answers it.

It names no people, only ids and sides, for it is shown on screens that others see; no key is used to make it, so
that nothing sealed can be in it.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from casework.access import What, areas_to_see
from casework.session import Session
from casework.worklist.next_steps import (
    ANSWERS,
    COURT_DECIDED,
    DUPLICATE_CHECK,
    HOLD_ACTIVITY,
    LIFT_SAFEGUARDING,
    MEET,
    REASSIGN,
    RESUME_FIRST,
    Answer,
    Why,
    next_step,
)
from lifecycle import fold
from lifecycle.core import RULES, SUPERVISORS
from lifecycle.notifying.appointments import CONFERENCE, Appointment, appointments
from lifecycle.notifying.tasks import open_tasks
from lifecycle.notifying.team import answering, may_not_sign_off
from lifecycle.oversight import authors, made_by_an_author
from lifecycle.working_time import Closures, add_span, working_days_between
from messages.notice_facts import in_words, template_in_words
from schemas.areas import LONDON, Area
from schemas.base import Model
from schemas.commands import COMMANDS
from schemas.people import Staff, StaffId
from schemas.policy import DeadlineName, Rung
from schemas.privacy import is_sensitive
from schemas.referral import Referral, SignOffRequest
from schemas.vocabulary import Method, Stage
from stores import staff
from stores.logs import event_log
from stores.worklists import OnHand, on_hand

SOON = "10wd"
"""How long before it is due a review stands on a supervisor's list. Our judgement."""

_SIDES = {
    "h": "the person harmed",
    "r": "the person responsible",
    "s": "a supporter",
    "g": "a guardian",
    "i": "an interpreter",
    "a": "an appropriate adult",
}
_ACTIVITIES = {
    Method.FACE_TO_FACE: "meeting",
    Method.VIDEO: "meeting by video",
    Method.SHUTTLE: "shuttle",
    Method.LETTER: "exchange of a letter",
    Method.RECORDED_MESSAGE: "exchange of a recorded message",
}
_LEADING = {
    Method.FACE_TO_FACE: "Lead the meeting of {everybody}",
    Method.VIDEO: "Lead the meeting by video of {everybody}",
    Method.SHUTTLE: "Go between {everybody}",
    Method.LETTER: "Hand over the letter between {everybody}",
    Method.RECORDED_MESSAGE: "Hand over the recorded message between {everybody}",
}
_SIGNED_OFF = {
    "risk_assessment": "risk assessment",
    "readiness": "readiness for the meeting",
    "closure": "closing",
}
# What the facilitators do, once there are any; the caseworker sees that it waits for them.
_FACILITATORS_DEADLINES = frozenset(
    {
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.CHECK_IN,
        DeadlineName.SURVEY,
        DeadlineName.FOLLOW_UP_SIX_WEEKS,
        DeadlineName.FOLLOW_UP_THREE_MONTHS,
        DeadlineName.AGREEMENT_ITEM,
    }
)


class Group(StrEnum):
    """The parts of a worklist, in the order in which they are read."""

    OVERDUE = "overdue"
    TODAY = "today"
    THIS_WEEK = "this_week"
    """In the seven days after today."""
    NO_DATE = "no_date"
    """The next steps of referrals on which no date presses."""
    LATER = "later"
    WAITING = "waiting"
    """For somebody else."""


class WorkItem(Model):
    """One thing to do. Instants are UTC."""

    verb: str
    """What to do, as a sentence without its full stop."""
    reference: str
    area: Area
    stage: Stage
    concerns: tuple[str, ...]
    """Participants by their ids, or colleagues by theirs."""
    why: Why
    because: str
    """Why now, as a sentence."""
    deadline: str | None
    """Its key, where it is one."""
    due_at: AwareDatetime | None
    due_in_working_days: int | None
    """Of England and Wales, without the closures of the area's policy; 0 is today, negative is late."""
    overdue: bool
    group: Group
    instead_of: StaffId | None
    """The colleague whose work it is, and who is away."""
    kind: str | None
    """Of the command that answers it; None where there is nothing to do but to wait."""
    fields: dict[str, str]
    """Of that command, as far as they are known."""
    command: str
    """The same as `rj` takes it, quoted for a shell; what only the reader knows is in capitals."""


class Worklist(Model):
    """What somebody has to do, soonest first; what waits for somebody else comes last."""

    staff: StaffId
    at: AwareDatetime
    items: tuple[WorkItem, ...]

    def of(self, group: Group) -> list[WorkItem]:
        """The items of one part."""
        return [each for each in self.items if each.group is group]


async def worklist(session: Session, *, now: datetime | None = None) -> Worklist:
    """What the signed-in person has to do next.

    Args:
        now: as of when; absent: now.

    Raises:
        Refused: they do no work on referrals. It says what they have instead.
    """
    member, at = session.member, now or datetime.now(UTC)
    areas = areas_to_see(member, What.CASELOAD)
    pool = session.referrals.pool.within(areas)
    register = [each for each in await staff.list_staff(session.referrals.pool.nowhere) if each.active]
    duties = {area: _duties(member, area, register, at) for area in areas}
    rungs = {rung for each in duties.values() for rung in each.rungs}
    answered = session.referrals.policies.base.deadlines.items()
    found = await on_hand(
        pool,
        areas,
        workers=sorted({who for each in duties.values() for who in each.workers}),
        rungs=sorted(rungs),
        supervising=member.role in SUPERVISORS,
        reviews=sorted(name for name, rule in answered if rule.answers is not Rung.CASEWORKER),
        now=at,
        soon=add_span(at, SOON),
    )
    histories = await event_log.outlines(pool, [each.reference for each in found])
    items: list[WorkItem] = []
    for row in found:
        # One that was erased since the statement before is not there any more.
        if row.reference in histories:
            referral = fold(histories[row.reference])
            items += _ItemFinder(member, duties[row.area], row, referral, at).items()
    return Worklist(staff=member.id, at=at, items=tuple(sorted(items, key=_order)))


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


def _duties(member: Staff, area: Area, register: Iterable[Staff], at: datetime) -> Duties:
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


@dataclass(frozen=True)
class _Found:
    """Something to do, before it is put into words."""

    answer: Answer
    key: str
    participants: tuple[str, ...] = ()
    colleagues: tuple[str, ...] = ()
    deadline: str | None = None
    due_at: datetime | None = None
    over_at: datetime | None = None
    instead_of: str | None = None
    words: tuple[tuple[str, str], ...] = ()
    waits_for: tuple[str, ...] | None = None
    """The colleagues who are to do it; none named: a supervisor. None: it is the reader's."""
    note: str = ""


class _ItemFinder:
    """Finds what one person has to do on one referral."""

    def __init__(self, member: Staff, duties: Duties, row: OnHand, referral: Referral, at: datetime) -> None:
        self._member = member
        self._duties = duties
        self._row = row
        self._referral = referral
        self._at = at
        self._closures: Closures = frozenset(referral.policy.closures)

    def items(self) -> Iterator[WorkItem]:
        """What they have to do on it, each thing once."""
        found: dict[str, _Found] = {}
        for each in (*self._supervising(), *self._working()):
            found.setdefault(each.key, each)
        self._drop_all_but_the_soonest_that_waits(found)
        frozen = [each for each in found.values() if self._is_frozen(each)]
        for each in found.values():
            if each not in frozen:
                yield self._worded(each)
        # One line for all that nobody may do meanwhile; who may lift it has a line for that.
        if frozen and LIFT_SAFEGUARDING.kind not in {each.answer.kind for each in found.values()}:
            yield self._worded(self._until_lifted(frozen[0]))

    def _drop_all_but_the_soonest_that_waits(self, found: dict[str, _Found]) -> None:
        """Of what colleagues do on a referral, the reader sees the next thing."""
        waiting = [each for each in found.values() if each.waits_for]
        waiting.sort(key=lambda each: (each.due_at is None, each.due_at or self._at, each.key))
        for each in waiting[1:]:
            del found[each.key]

    # What a supervisor or service manager answers for.

    def _supervising(self) -> Iterator[_Found]:
        if self._member.role not in SUPERVISORS:
            return
        yield from self._sign_offs()
        yield from self._escalated()
        if Rung.SUPERVISOR in self._duties.rungs:
            yield from self._reviews()
            yield from self._safeguarding()
        if self._duties.unowned:
            yield from self._unowned()
        closed = self._referral.closed and Rung.SUPERVISOR in self._duties.rungs
        if closed or (self._duties.unowned and self._row.caseworker not in self._duties.people):
            yield from self._tasks()

    def _sign_offs(self) -> Iterator[_Found]:
        for request in self._referral.sign_off_requests:
            key = f"{DeadlineName.SIGN_OFF}/{request.subject}"
            escalated = {each.rung for each in self._row.escalations if each.deadline == key}
            barred = may_not_sign_off(self._referral, request.subject, self._duties.people)
            asked = answering(Rung.SUPERVISOR, self._duties.people, self._at, without=barred)
            theirs = self._member.id in asked or bool(escalated & self._duties.rungs)
            if theirs and self._may_sign_off(request):
                yield self._sign_off(request)

    def _may_sign_off(self, request: SignOffRequest) -> bool:
        made = authors(self._referral, request)
        actor = self._member.acting_in(self._row.area)
        return actor.id not in made and not made_by_an_author(actor, made, self._at)

    def _sign_off(self, request: SignOffRequest, waits_for: tuple[str, ...] | None = None) -> _Found:
        key = f"{DeadlineName.SIGN_OFF}/{request.subject}"
        return _Found(
            ANSWERS[DeadlineName.SIGN_OFF],
            key,
            colleagues=(request.requested_by,),
            deadline=key,
            due_at=self._row.deadlines.get(key),
            words=(
                ("about", _SIGNED_OFF[request.subject]),
                ("subject", request.subject),
                ("asked_by", request.requested_by),
                ("asked", _day(request.requested_at)),
            ),
            waits_for=waits_for,
        )

    def _escalated(self) -> Iterator[_Found]:
        for each in self._row.escalations:
            name = DeadlineName(each.deadline.partition("/")[0])
            # A sign-off stands on the list of who may give it; what a hold has stopped waits for its end.
            if each.rung not in self._duties.rungs or each.deadline not in self._row.deadlines:
                continue
            if name is DeadlineName.SIGN_OFF or self._row.caseworker in self._duties.workers:
                continue
            # Nobody is reached before it is somebody's.
            if name is DeadlineName.FIRST_CONTACT and self._row.caseworker is None:
                continue
            found = self._of_deadline(each.deadline)
            if found is None:
                continue
            if self._answers(name) is each.rung:
                yield found
                continue
            owner = self._row.caseworker
            escalated = Answer(
                f"Take up with {owner}: {_continued(found.answer.verb)}" if owner else found.answer.verb,
                found.answer.kind,
                f"{found.answer.because} It was escalated to the {in_words(each.rung)} on {_day(each.raised_at)}.",
                found.answer.fields,
                found.answer.asks,
                Why.ESCALATED if owner else found.answer.why,
            )
            yield dataclasses.replace(found, answer=escalated, colleagues=(owner,) if owner else ())

    def _reviews(self) -> Iterator[_Found]:
        soon = add_span(self._at, SOON, closures=self._closures)
        for key, due_at in self._row.deadlines.items():
            name = DeadlineName(key.partition("/")[0])
            if self._answers(name) is not Rung.SUPERVISOR or name is DeadlineName.SIGN_OFF:
                continue
            until = self._at if name is DeadlineName.INACTIVITY else soon
            found = self._of_deadline(key) if due_at <= until else None
            if found is not None:
                owner = self._row.caseworker
                yield dataclasses.replace(found, colleagues=(owner,) if owner else ())

    def _safeguarding(self) -> Iterator[_Found]:
        concern = self._referral.safeguarding
        if concern is not None and concern.raised_by != self._member.id and not self._referral.closed:
            yield _Found(
                LIFT_SAFEGUARDING,
                "safeguarding",
                colleagues=(concern.raised_by,),
                words=(("asked_by", concern.raised_by), ("asked", _day(concern.since))),
            )

    def _unowned(self) -> Iterator[_Found]:
        owner = self._row.caseworker
        if self._referral.closed or owner in self._duties.people:
            return
        due = [
            (due_at, key)
            for key, due_at in self._row.deadlines.items()
            if self._answers(DeadlineName(key.partition("/")[0])) is Rung.CASEWORKER
        ]
        if owner is None:
            key: str = DeadlineName.ALLOCATION
            answer = ANSWERS[DeadlineName.ALLOCATION] if self._referral.duplicate_checked else DUPLICATE_CHECK
            yield _Found(answer, key, deadline=key, due_at=self._row.deadlines.get(key))
        else:
            due_at = min(due)[0] if due else None
            yield _Found(REASSIGN, "reassign", colleagues=(owner,), due_at=due_at)

    # What a caseworker or a facilitator works on, or who stands in for them.

    def _working(self) -> Iterator[_Found]:
        workers = self._duties.workers
        facilitators = tuple(
            each for each in (self._referral.facilitator, self._referral.co_facilitator) if each
        )
        as_caseworker = self._row.caseworker if self._row.caseworker in workers else None
        mine = [each for each in facilitators if each in workers]
        as_facilitator = self._member.id if self._member.id in mine else next(iter(mine), None)
        if as_caseworker is None and as_facilitator is None:
            return
        found = list(self._owned(as_caseworker, as_facilitator, facilitators))
        if not found and not self._referral.closed and self._row.caseworker is not None:
            found = list(self._next(as_caseworker, as_facilitator, facilitators))
        yield from found

    def _owned(
        self, caseworker: str | None, facilitator: str | None, facilitators: tuple[str, ...]
    ) -> Iterator[_Found]:
        if caseworker is not None:
            for each in self._tasks():
                yield self._by(each, caseworker)
        for each in self._dated():
            shared = each.over_at is not None or each.key.partition("/")[0] in _FACILITATORS_DEADLINES
            if shared and facilitators:
                yield from self._shared(each, caseworker, facilitator, facilitators)
            elif caseworker is not None:
                yield self._by(each, caseworker)
        for request in self._referral.sign_off_requests:
            yield self._sign_off(request, waits_for=())

    def _dated(self) -> Iterator[_Found]:
        """The deadlines that a worker answers for, and the meetings. Tasks and sign-offs are told in their own way."""
        for key in self._row.deadlines:
            name = DeadlineName(key.partition("/")[0])
            if (
                name not in (DeadlineName.TASK, DeadlineName.SIGN_OFF)
                and self._answers(name) is Rung.CASEWORKER
            ):
                found = self._of_deadline(key)
                if found is not None:
                    yield found
        yield from (self._of_appointment(each) for each in appointments(self._referral).values())

    def _shared(
        self,
        found: _Found,
        caseworker: str | None,
        facilitator: str | None,
        facilitators: tuple[str, ...],
    ) -> Iterator[_Found]:
        """What the facilitators do. The caseworker sees that it waits for them, and has it too when it is late."""
        if facilitator is not None:
            yield self._by(found, facilitator)
        elif caseworker is not None:
            late = _is_late(found, self._at)
            yield self._by(found, caseworker) if late else dataclasses.replace(found, waits_for=facilitators)

    def _next(
        self, caseworker: str | None, facilitator: str | None, facilitators: tuple[str, ...]
    ) -> Iterator[_Found]:
        if self._referral.hold or (self._referral.safeguarding and caseworker is None):
            return
        step = next_step(self._referral, self._member.acting_in(self._row.area), self._at)
        if step is None:
            return
        found = _Found(
            _with_why(step.answer, Why.NEXT_STEP),
            "next",
            (step.participant.id,) if step.participant else (),
        )
        preparing = self._referral.stage in (Stage.PREPARATION, Stage.CONFERENCE) and bool(facilitators)
        assigning = step.answer.kind in ("assign_facilitators", "choose_method")
        if preparing and not assigning:
            yield from self._shared(found, caseworker, facilitator, facilitators)
        elif caseworker is not None:
            yield self._by(found, caseworker)

    def _by(self, found: _Found, owner: str) -> _Found:
        """As the work of somebody: the reader's own, or done in place of who is away."""
        escalated = [each for each in self._row.escalations if each.deadline == found.deadline]
        note = f"It was escalated to the {in_words(escalated[-1].rung)}." if escalated else ""
        instead_of = owner if owner != self._member.id else None
        return dataclasses.replace(found, instead_of=instead_of, note=note)

    # What there is to do, whoever does it.

    def _of_deadline(self, key: str) -> _Found | None:
        name, _, about = key.partition("/")
        deadline = DeadlineName(name)
        answer, participants = ANSWERS[deadline], self._whom(deadline, about)
        words: tuple[tuple[str, str], ...] = (("about", about),)
        match deadline:
            case DeadlineName.TASK:
                return next((each for each in self._tasks() if each.deadline == key), None)
            case DeadlineName.ALLOCATION if not self._referral.duplicate_checked:
                answer = DUPLICATE_CHECK
            case DeadlineName.RISK_ASSESSMENT | DeadlineName.OFFENDER_DECISION:
                # What is to be done by then is what comes next.
                step = next_step(self._referral, self._member.acting_in(self._row.area), self._at)
                if step is not None:
                    because = step.answer.because or answer.because
                    answer = _with_why(step.answer, Why.DEADLINE, because)
                    participants = (step.participant.id,) if step.participant else ()
            case DeadlineName.COURT_DATE if self._row.deadlines[key] <= self._at:
                answer = COURT_DECIDED
            case _:
                pass
        return _Found(
            answer,
            key,
            participants,
            deadline=key,
            due_at=self._row.deadlines[key],
            words=words,
        )

    def _whom(self, deadline: DeadlineName, about: str) -> tuple[str, ...]:
        match deadline:
            case DeadlineName.FIRST_CONTACT:
                step = next_step(self._referral, self._member.acting_in(self._row.area), self._at)
                return (step.participant.id,) if step and step.participant else ()
            case DeadlineName.AGREEMENT_ITEM:
                return tuple(item.by for item in self._referral.agreement if item.id == about)
            case _ if self._referral.participant(about):
                return (about,)
            case _:
                return ()

    def _tasks(self) -> Iterator[_Found]:
        for task in open_tasks(self._referral):
            key = f"{DeadlineName.TASK}/{task.id}"
            of = f" ({_moment(task.starts_at)})" if task.starts_at else ""
            # On a closed referral no clock runs, and nobody is called in: who is met is met all the same.
            due_at = self._row.deadlines.get(key) or task.starts_at or task.since
            yield _Found(
                ANSWERS[DeadlineName.TASK],
                key,
                (task.to,),
                deadline=key,
                due_at=due_at,
                words=(("about", task.id), ("message", f"{template_in_words(task.template)}{of}")),
            )

    def _of_appointment(self, meeting: Appointment) -> _Found:
        people = meeting.participants
        if meeting.key == CONFERENCE:
            answer = HOLD_ACTIVITY
            people = self._referral.activity.attending if self._referral.activity else ()
        else:
            answer = MEET
        over_at = meeting.starts_at + timedelta(minutes=meeting.minutes)
        if over_at <= self._at:
            verb = "Record what became of the {activity} of {everybody}"
            if meeting.key != CONFERENCE:
                verb = "Record what became of the meeting with {who}"
            answer = Answer(verb, answer.kind, "It was booked for {due}.", answer.fields, why=answer.why)
        return _Found(answer, meeting.key, people, due_at=meeting.starts_at, over_at=over_at)

    def _answers(self, name: DeadlineName) -> Rung:
        rule = self._referral.policy.deadlines.get(name)
        return rule.answers if rule else Rung.CASEWORKER

    # What stops it.

    def _is_frozen(self, found: _Found) -> bool:
        rule = RULES[COMMANDS[found.answer.kind]]
        stopped = self._referral.safeguarding is not None and not rule.in_safeguarding
        return stopped and found.waits_for is None

    def _until_lifted(self, found: _Found) -> _Found:
        until = Answer(
            "A supervisor looks into the safeguarding concern",
            LIFT_SAFEGUARDING.kind,
            "Nobody is contacted until the freeze is lifted.",
            why=Why.WAITING,
        )
        return _Found(until, "safeguarding", instead_of=found.instead_of, waits_for=())

    def _unless_on_hold(self, answer: Answer) -> Answer:
        if self._referral.hold is None or RULES[COMMANDS[answer.kind]].on_hold:
            return answer
        first = RESUME_FIRST
        verb = first.verb.replace("{verb}", _continued(answer.verb))
        because = first.because.replace("{because}", answer.because).strip()
        return Answer(verb, first.kind, because, why=answer.why)

    # In words.

    def _worded(self, found: _Found) -> WorkItem:
        referral, waiting = self._referral, found.waits_for is not None
        answer = found.answer if waiting else self._unless_on_hold(found.answer)
        answer = answer.filled(self._words(found))
        due_at = found.due_at
        late = not waiting and _is_late(found, self._at)
        because = (
            answer.because
            or f"It has been in {in_words(referral.stage)} since {_day(referral.stage_entered_at)}."
        )
        if waiting:
            verb, because = self._waiting(found, answer, because)
        else:
            verb = answer.verb
        if found.instead_of:
            because = f"{because} It is the work of {found.instead_of}, who is away."
        fields = {} if waiting else dict(answer.fields)
        command = (
            shlex.join(["rj", "show", referral.reference, "--as", self._member.id])
            if waiting
            else command_line(answer.kind, referral.reference, self._member.id, fields, answer.asks)
        )
        return WorkItem(
            verb=verb.rstrip(","),
            reference=referral.reference,
            area=referral.area,
            stage=referral.stage,
            concerns=found.participants or found.colleagues,
            why=Why.WAITING if waiting else answer.why,
            because=" ".join(filter(None, (because, found.note))),
            deadline=found.deadline,
            due_at=due_at,
            due_in_working_days=self._working_days(due_at),
            overdue=late,
            group=self._group(due_at, late=late, waiting=waiting),
            instead_of=found.instead_of,
            kind=None if waiting else answer.kind,
            fields=fields,
            command=command,
        )

    def _waiting(self, found: _Found, answer: Answer, because: str) -> tuple[str, str]:
        if answer.why is Why.WAITING:
            return answer.verb, because
        if answer.why is Why.SIGN_OFF:
            return f"A supervisor signs the {_SIGNED_OFF[answer.fields['subject']]} off", because
        who = " and ".join(found.waits_for or ())
        return f"{who}: {_continued(answer.verb)}", because

    def _words(self, found: _Found) -> Mapping[str, str]:
        referral = self._referral
        booked = referral.activity.method if referral.activity else referral.method
        everybody = " and ".join(found.participants)
        attending = ",".join(each.id for each in referral.participants if each.active and each.id[0] in "hr")
        return {
            "who": _people(found.participants),
            "participant": found.participants[0] if found.participants else "",
            "everybody": everybody,
            "attending": attending,
            "lead": _LEADING[booked].format(everybody=everybody) if booked else "",
            "activity": _ACTIVITIES[booked] if booked else "activity",
            "caseworker": referral.caseworker or "the team",
            "received": _day(referral.received_at),
            "entered": _day(referral.stage_entered_at),
            "active": _day(referral.last_activity_at),
            "held": _day(referral.held[-1].at) if referral.held else "",
            "on_hold": _day(referral.hold.since) if referral.hold else "",
            "due": _moment(found.due_at) if found.over_at else _day(found.due_at) if found.due_at else "",
            **dict(found.words),
        }

    def _working_days(self, due_at: datetime | None) -> int | None:
        if due_at is None:
            return None
        today, day = self._at.astimezone(LONDON).date(), due_at.astimezone(LONDON).date()
        return working_days_between(today, day, self._closures)

    def _group(self, due_at: datetime | None, *, late: bool, waiting: bool) -> Group:
        if waiting:
            return Group.WAITING
        if due_at is None:
            return Group.NO_DATE
        if late:
            return Group.OVERDUE
        days = (due_at.astimezone(LONDON).date() - self._at.astimezone(LONDON).date()).days
        # A meeting that goes on from before midnight is today's.
        return Group.TODAY if days <= 0 else Group.THIS_WEEK if days <= 7 else Group.LATER


def command_line(
    kind: str, reference: str, staff_id: str, fields: Mapping[str, str], asks: Collection[str] = ()
) -> str:
    """The command as `rj` takes it, quoted for a shell. What only who gives it knows is in capitals; a text that is
    sealed is asked for; a command that holds lists is read from a FILE.

    Args:
        fields: what is known of it.
        asks: fields that are asked for although the command can do without them.
    """
    model = COMMANDS[kind]
    words = ["rj", "do", reference, kind]
    settings = [f"{name}={value}" for name, value in fields.items()]
    from_file = False
    for name, said in model.model_fields.items():
        if name in fields or not (said.is_required() or name in asks):
            continue
        if name in ("factors", "items"):
            from_file = True
        else:
            settings.append(f"{name}=-" if is_sensitive(model, name) else f"{name}={name.upper()}")
    if from_file:
        words.append("FILE")
    for each in settings:
        words += ["--set", each]
    return shlex.join([*words, "--as", staff_id])


def _order(item: WorkItem) -> tuple[int, bool, float, str, str]:
    due = item.due_at.timestamp() if item.due_at else 0.0
    return list(Group).index(item.group), item.due_at is None, due, item.reference, item.deadline or ""


def _is_late(found: _Found, at: datetime) -> bool:
    ends = found.over_at or found.due_at
    return ends is not None and ends <= at


def _with_why(answer: Answer, why: Why, because: str | None = None) -> Answer:
    return Answer(
        answer.verb,
        answer.kind,
        answer.because if because is None else because,
        answer.fields,
        answer.asks,
        why,
    )


def _people(participants: Collection[str]) -> str:
    """By id and side: h1, the person harmed. A partner who sent the referral has an id only."""
    named = [f"{each}, {_SIDES[each[0]]}," if _is_participant(each) else each for each in participants]
    return " and ".join(named)


def _is_participant(who: str) -> bool:
    return who[0] in _SIDES and who[1:].isdecimal()


def _continued(verb: str) -> str:
    return verb[:1].lower() + verb[1:]


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%a %-d %b}"


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(LONDON):%a %-d %b, %H:%M}" if moment else ""
