"""What one person has to do on one referral, before it is put into words."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from casework.worklist.answers import (
    ALLOCATE_WHAT_CAME,
    ANSWERS,
    COURT_DECIDED,
    DECIDE_ON_TRANSFER,
    DUPLICATE_CHECK,
    HOLD_ACTIVITY,
    LIFT_SAFEGUARDING,
    MEET,
    REASSIGN,
    STOP_CONTACT,
    Answer,
    Why,
)
from casework.worklist.duties import Duties
from casework.worklist.exchange import communications_to_carry, drafts_to_check
from casework.worklist.found import Found, is_late
from casework.worklist.next_steps import next_step, next_steps
from casework.worklist.wording import SIGNED_OFF, continued, short_day, short_moment
from lifecycle.activities.state import ACTIVITY_STAGES, facilitators_of, several
from lifecycle.case.complaints import not_complained_about, unanswered
from lifecycle.case.oversight import authors, made_by_an_author
from lifecycle.notifying.appointments import Appointment, appointments, booked_as
from lifecycle.notifying.tasks import open_tasks
from lifecycle.notifying.team import answering, may_not_sign_off
from lifecycle.people.ages import as_of
from lifecycle.rules import RULES, SUPERVISORS
from lifecycle.timing.working_time import Closures, add_span
from messages.notice_facts import in_words, template_in_words
from schemas.activity import Activity, activity_in_key
from schemas.commands import COMMANDS
from schemas.people import Staff
from schemas.policy import DeadlineName, Rung
from schemas.referral import Referral, Safeguarding, SignOffRequest
from schemas.vocabulary import Stage
from stores.worklists import OnHand

SOON = "10wd"
"""How long before it is due a review stands on a supervisor's list. Our judgement."""

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


class ItemFinder:
    """Finds what one person has to do on one referral."""

    def __init__(self, member: Staff, duties: Duties, row: OnHand, referral: Referral, at: datetime) -> None:
        self._member = member
        self._duties = duties
        self._row = row
        # Whoever has turned 18 by now is an adult, noticed or not.
        self._referral = as_of(referral, at)
        self._at = at
        self._actor = member.acting_in(row.area)
        self._closures: Closures = frozenset(referral.policy.closures)

    def find(self) -> list[Found]:
        """What they have to do on it, each thing once."""
        found: dict[str, Found] = {}
        for each in (*self._supervising(), *self._working()):
            found.setdefault(each.key, each)
        self._keep_the_soonest_that_waits(found)
        return [each for each in found.values() if not self._is_stopped(each)]

    def _keep_the_soonest_that_waits(self, found: dict[str, Found]) -> None:
        """Of what colleagues do on a referral, the reader sees the next thing, for everybody it is done for."""
        waiting = [each for each in found.values() if each.waits_for]
        waiting.sort(key=lambda each: (each.due_at is None, each.due_at or self._at, each.key))
        for each in waiting[1:]:
            if (each.answer.kind, each.due_at) != (waiting[0].answer.kind, waiting[0].due_at):
                del found[each.key]

    def _is_stopped(self, found: Found) -> bool:
        """Whether a safeguarding concern forbids it; what is to be done about that is a thing of its own."""
        rule = RULES[COMMANDS[found.answer.kind]]
        stopped = self._referral.safeguarding is not None and not rule.in_safeguarding
        return stopped and found.waits_for is None

    # What a supervisor or service manager answers for.

    def _supervising(self) -> Iterator[Found]:
        if self._member.role not in SUPERVISORS:
            return
        yield from self._sign_offs()
        yield from self._escalated()
        if Rung.SUPERVISOR in self._duties.rungs:
            yield from self._reviews()
            yield from self._safeguarding()
            yield from self._drafts_for_nobody_else()
            yield from self._complaints_of_closed()
        if self._duties.unowned:
            yield from self._unowned()
        closed = self._referral.closed and Rung.SUPERVISOR in self._duties.rungs
        if closed or (self._duties.unowned and self._row.caseworker not in self._duties.people):
            yield from self._tasks()

    def _sign_offs(self) -> Iterator[Found]:
        for request in self._referral.sign_off_requests:
            key = f"{DeadlineName.SIGN_OFF}/{request.about}"
            escalated = {each.rung for each in self._row.escalations if each.deadline == key}
            barred = may_not_sign_off(self._referral, request.about, self._duties.people)
            asked = answering(Rung.SUPERVISOR, self._duties.people, self._at, without=barred)
            theirs = self._member.id in asked or bool(escalated & self._duties.rungs)
            if theirs and self._may_sign_off(request):
                yield self._sign_off(request)

    def _may_sign_off(self, request: SignOffRequest) -> bool:
        made = authors(self._referral, request)
        return self._actor.id not in made and not made_by_an_author(self._actor, made, self._at)

    def _sign_off(self, request: SignOffRequest, waits_for: tuple[str, ...] | None = None) -> Found:
        key = f"{DeadlineName.SIGN_OFF}/{request.about}"
        return Found(
            self._for_activity(ANSWERS[DeadlineName.SIGN_OFF], request.activity),
            key,
            colleagues=(request.requested_by,),
            deadline=key,
            due_at=self._row.deadlines.get(key),
            words=(
                ("about", SIGNED_OFF[request.subject]),
                ("subject", request.subject),
                ("asked_by", request.requested_by),
                ("asked", short_day(request.requested_at)),
            ),
            waits_for=waits_for,
            activity=request.activity,
        )

    def _for_activity(self, answer: Answer, activity: str | None) -> Answer:
        """An answer that says which activity it is about, where there are several."""
        if activity is None or not several(self._referral):
            return answer
        if "activity" not in COMMANDS[answer.kind].model_fields:
            return answer
        said = {"activity": activity}
        return dataclasses.replace(
            answer,
            verb=f"{answer.verb} ({{which}})",
            fields={**answer.fields, **said},
            alternatives=tuple(
                dataclasses.replace(each, fields={**each.fields, **said}) for each in answer.alternatives
            ),
        )

    def _escalated(self) -> Iterator[Found]:
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
                f"Take up with {owner}: {continued(found.answer.verb)}" if owner else found.answer.verb,
                found.answer.kind,
                f"{found.answer.because} It was escalated to the {in_words(each.rung)} on {short_day(each.raised_at)}.",
                found.answer.fields,
                found.answer.asks,
                Why.ESCALATED if owner else found.answer.why,
            )
            yield dataclasses.replace(found, answer=escalated, colleagues=(owner,) if owner else ())

    def _reviews(self) -> Iterator[Found]:
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

    def _safeguarding(self) -> Iterator[Found]:
        concern = self._referral.safeguarding
        if concern is not None and concern.raised_by != self._member.id and not self._referral.closed:
            yield self._concern(concern, LIFT_SAFEGUARDING)

    def _concern(self, concern: Safeguarding, answer: Answer) -> Found:
        return Found(
            answer,
            "safeguarding",
            colleagues=(concern.raised_by,),
            words=(("asked_by", concern.raised_by), ("asked", short_day(concern.since))),
            waits_for=() if answer is STOP_CONTACT else None,
        )

    def _drafts_for_nobody_else(self) -> Iterator[Found]:
        """Drafts to check where everybody who works on the referral had a part in them."""
        for found, drafted_by in drafts_to_check(self._referral, self._actor, self._at):
            closed = self._referral.closed or self._member.id in drafted_by
            if not closed and not self._colleagues_without(drafted_by):
                yield found

    def _complaints_of_closed(self) -> Iterator[Found]:
        """Complaints about a closed referral, on which no clock runs: due when they would be if it were open."""
        rule = self._referral.policy.deadlines.get(DeadlineName.COMPLAINT)
        if (
            not self._referral.closed
            or not_complained_about.lacks(self._referral, self._actor, self._at) is not None
        ):
            return
        for each in unanswered(self._referral):
            due_at = add_span(each.since, rule.due, closures=self._closures) if rule and rule.due else None
            key = f"{DeadlineName.COMPLAINT}/{each.id}"
            answer = ANSWERS[DeadlineName.COMPLAINT]
            yield Found(answer, key, deadline=key, due_at=due_at, words=(("about", each.id),))

    def _unowned(self) -> Iterator[Found]:
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
            answer = self._allocating()
            yield Found(answer, key, deadline=key, due_at=self._row.deadlines.get(key))
        else:
            due_at = min(due)[0] if due else None
            yield Found(REASSIGN, "reassign", colleagues=(owner,), due_at=due_at)

    def _allocating(self) -> Answer:
        """What gives a referral that nobody works on to somebody."""
        if self._referral.stage is not Stage.RECEIVED:
            return ALLOCATE_WHAT_CAME
        return ANSWERS[DeadlineName.ALLOCATION] if self._referral.duplicate_checked else DUPLICATE_CHECK

    # What a caseworker or a facilitator works on, or who stands in for them.

    def _working(self) -> Iterator[Found]:
        workers = self._duties.workers
        facilitators = self._facilitators()
        as_caseworker = self._row.caseworker if self._row.caseworker in workers else None
        mine = [each for each in facilitators if each in workers]
        as_facilitator = self._member.id if self._member.id in mine else next(iter(mine), None)
        if as_caseworker is None and as_facilitator is None:
            return
        concern = self._referral.safeguarding
        if concern is not None and not self._referral.closed:
            owner = as_caseworker or as_facilitator or self._member.id
            yield self._by(self._concern(concern, STOP_CONTACT), owner)
        found = list(self._owned(as_caseworker, as_facilitator, facilitators))
        if not self._referral.closed and self._row.caseworker is not None:
            # A date in a sentence lies far ahead; what comes next does not wait for it.
            dated = [each for each in found if not each.key.startswith(f"{DeadlineName.SENTENCE_DATE}/")]
            found += self._next(as_caseworker, as_facilitator, facilitators, dated)
        yield from found
        if not self._referral.closed:
            yield from self._drafts(as_caseworker or as_facilitator or self._member.id)
            yield from self._communications(as_caseworker, as_facilitator, facilitators)

    def _drafts(self, owner: str) -> Iterator[Found]:
        """Drafts to check, for those who work on it: who had a part in a draft sees whom it waits for."""
        for found, drafted_by in drafts_to_check(self._referral, self._actor, self._at):
            if self._member.id in drafted_by:
                yield dataclasses.replace(found, waits_for=self._colleagues_without(drafted_by))
            else:
                yield self._by(found, owner)

    def _colleagues_without(self, drafted_by: tuple[str, ...]) -> tuple[str, ...]:
        """Those who work on the referral and had no part in a draft."""
        working = (self._row.caseworker, *self._facilitators())
        return tuple(dict.fromkeys(each for each in working if each and each not in drafted_by))

    def _communications(
        self, caseworker: str | None, facilitator: str | None, facilitators: tuple[str, ...]
    ) -> Iterator[Found]:
        for found in communications_to_carry(self._referral, self._actor, self._at):
            if facilitators:
                yield from self._shared(found, caseworker, facilitator, facilitators)
            elif caseworker is not None:
                yield self._by(found, caseworker)

    def _facilitators(self) -> tuple[str, ...]:
        """Who runs the referral's activities: its facilitators, and those of single activities."""
        named = [self._referral.facilitator, self._referral.co_facilitator]
        for each in self._referral.activities:
            if each.run_by is not None:
                named += [each.run_by.facilitator, each.run_by.co_facilitator]
        return tuple(dict.fromkeys(who for who in named if who))

    def _facilitators_of(self, found: Found, facilitators: tuple[str, ...]) -> tuple[str, ...]:
        """Of these facilitators those who run the activity that something is about; all, where it is about none."""
        activity = self._referral.activity(found.activity) if found.activity else None
        if activity is None:
            return facilitators
        facilitator, co_facilitator, _ = facilitators_of(self._referral, activity)
        return tuple(who for who in (facilitator, co_facilitator) if who)

    def _owned(
        self, caseworker: str | None, facilitator: str | None, facilitators: tuple[str, ...]
    ) -> Iterator[Found]:
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
            asked = self._sign_off(request, waits_for=())
            yield self._by(asked, caseworker) if caseworker is not None else asked

    def _dated(self) -> Iterator[Found]:
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
        found: Found,
        caseworker: str | None,
        facilitator: str | None,
        facilitators: tuple[str, ...],
    ) -> Iterator[Found]:
        """What the facilitators do. The caseworker sees that it waits for them, and has it too when it is late."""
        runs = self._facilitators_of(found, facilitators)
        theirs = [who for who in runs if who in self._duties.workers]
        facilitator = facilitator if facilitator in theirs else next(iter(theirs), None)
        facilitators = runs or facilitators
        if facilitator is not None:
            yield self._by(found, facilitator)
        elif caseworker is not None:
            late = is_late(found, self._at)
            found = self._by(found, caseworker)
            yield found if late else dataclasses.replace(found, waits_for=facilitators)

    def _next(
        self,
        caseworker: str | None,
        facilitator: str | None,
        facilitators: tuple[str, ...],
        dated: Collection[Found],
    ) -> Iterator[Found]:
        """What comes next where nothing has a date: on the referral, or on one of several activities."""
        if self._referral.hold or (self._referral.safeguarding and caseworker is None):
            return
        for step in next_steps(self._referral, self._actor, self._at):
            if dated and (step.activity is None or self._has_date(step.activity, dated)):
                continue
            found = Found(
                _with_why(step.answer, Why.NEXT_STEP),
                f"next/{step.activity.id}" if step.activity else "next",
                (step.participant.id,) if step.participant else (),
                activity=step.activity.id if step.activity else None,
            )
            preparing = self._referral.stage in ACTIVITY_STAGES and bool(facilitators)
            preparing = preparing and step.answer.kind != "close"
            assigning = step.answer.kind in ("assign_facilitators", "choose_method")
            if preparing and not assigning:
                yield from self._shared(found, caseworker, facilitator, facilitators)
            elif caseworker is not None:
                yield self._by(found, caseworker)

    def _has_date(self, activity: Activity, dated: Collection[Found]) -> bool:
        """Whether something of an activity has a date already, or waits for a sign-off."""
        return any(each.activity == activity.id for each in dated)

    def _by(self, found: Found, owner: str) -> Found:
        """As the work of somebody: the reader's own, or done in place of who is away."""
        escalated = [each for each in self._row.escalations if each.deadline == found.deadline]
        note = f"It was escalated to the {in_words(escalated[-1].rung)}." if escalated else ""
        instead_of = owner if owner != self._member.id else None
        return dataclasses.replace(found, instead_of=instead_of, note=note)

    # What there is to do, whoever does it.

    def _of_deadline(self, key: str) -> Found | None:
        name, *parts = key.split("/")
        about, activity = (parts or [""])[0], activity_in_key(key)
        deadline = DeadlineName(name)
        if deadline not in ANSWERS:
            return None
        answer, participants = ANSWERS[deadline], self._whom(deadline, about)
        words: tuple[tuple[str, str], ...] = (("about", about),)
        match deadline:
            case DeadlineName.TASK:
                return next((each for each in self._tasks() if each.deadline == key), None)
            case DeadlineName.ALLOCATION:
                answer = self._allocating()
            case DeadlineName.RISK_ASSESSMENT | DeadlineName.OFFENDER_DECISION:
                # What is to be done by then is what comes next.
                step = next_step(self._referral, self._actor, self._at)
                if step is not None:
                    because = step.answer.because or answer.because
                    answer = _with_why(step.answer, Why.DEADLINE, because)
                    participants = (step.participant.id,) if step.participant else ()
            case DeadlineName.COURT_DATE if self._row.deadlines[key] <= self._at:
                answer = COURT_DECIDED
            case _:
                pass
        return Found(
            self._for_activity(answer, activity),
            key,
            participants,
            deadline=key,
            due_at=self._row.deadlines[key],
            words=words,
            activity=activity,
        )

    def _whom(self, deadline: DeadlineName, about: str) -> tuple[str, ...]:
        match deadline:
            case DeadlineName.FIRST_CONTACT:
                step = next_step(self._referral, self._actor, self._at)
                return (step.participant.id,) if step and step.participant else ()
            case DeadlineName.AGREEMENT_ITEM:
                return tuple(item.by for item in self._referral.agreement if item.id == about)
            case _ if deadline is not DeadlineName.RISK_RECONFIRMATION and self._referral.participant(about):
                return (about,)
            case _:
                return ()

    def _tasks(self) -> Iterator[Found]:
        for task in open_tasks(self._referral):
            key = f"{DeadlineName.TASK}/{task.id}"
            of = f" ({short_moment(task.starts_at)})" if task.starts_at else ""
            # On a closed referral no clock runs, and nobody is called in: who is met is met all the same.
            due_at = self._row.deadlines.get(key) or task.starts_at or task.since
            yield Found(
                ANSWERS[DeadlineName.TASK],
                key,
                (task.to,),
                deadline=key,
                due_at=due_at,
                words=(("about", task.id), ("message", f"{template_in_words(task.template)}{of}")),
            )

    def _of_appointment(self, meeting: Appointment) -> Found:
        people = meeting.participants
        activity = booked_as(self._referral, meeting.key)
        answer = HOLD_ACTIVITY if activity else MEET
        if activity is not None and activity.booked is not None:
            people = activity.booked.attending
        over_at = meeting.starts_at + timedelta(minutes=meeting.minutes)
        if over_at <= self._at:
            verb = "Record what became of the {activity} of {everybody}"
            if activity is None:
                verb = "Record what became of the meeting with {who}"
            answer = Answer(verb, answer.kind, "It was booked for {due}.", answer.fields, why=answer.why)
        about = activity.id if activity else activity_in_key(meeting.key)
        return Found(
            self._for_activity(answer, about),
            meeting.key,
            people,
            due_at=meeting.starts_at,
            over_at=over_at,
            activity=about,
        )

    def _answers(self, name: DeadlineName) -> Rung:
        rule = self._referral.policy.deadlines.get(name)
        return rule.answers if rule else Rung.CASEWORKER


def offer_to_decide(referral: Referral, due_at: datetime | None) -> Found:
    """The decision on a referral that another area offers, for a supervisor of the area that it is offered to.

    Args:
        referral: with an open offer.
        due_at: when the answer is due; None: its policy sets no such deadline.
    """
    offer = referral.transfer_offer
    concern = "It can be taken over once its safeguarding concern is lifted there."
    return Found(
        DECIDE_ON_TRANSFER,
        DeadlineName.TRANSFER_ANSWER,
        colleagues=(offer.offered_by,) if offer else (),
        deadline=DeadlineName.TRANSFER_ANSWER if due_at else None,
        due_at=due_at,
        words=(("asked_by", offer.offered_by if offer else ""),),
        note=concern if referral.safeguarding else "",
    )


def _with_why(answer: Answer, why: Why, because: str | None = None) -> Answer:
    return dataclasses.replace(answer, because=answer.because if because is None else because, why=why)
