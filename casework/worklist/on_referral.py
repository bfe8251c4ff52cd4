"""What there may be to do for one person on one referral, whoever does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta

from casework.worklist.answers import (
    ALLOCATE_WHAT_CAME,
    ANSWERS,
    COURT_DECIDED,
    DUPLICATE_CHECK,
    HOLD_ACTIVITY,
    MEET,
    STOP_CONTACT,
    Answer,
    Why,
)
from casework.worklist.duties import Duties
from casework.worklist.found import Found
from casework.worklist.next_steps import next_step
from casework.worklist.wording import SIGNED_OFF, short_day, short_moment
from lifecycle.activities.state import all_facilitators, several
from lifecycle.notifying.appointments import Appointment, booked_as
from lifecycle.notifying.tasks import open_tasks
from lifecycle.people.ages import as_of
from lifecycle.timing.working_time import Closures
from messages.notice_facts import template_in_words
from schemas.activity import activity_in_key
from schemas.commands import COMMANDS
from schemas.people import Staff
from schemas.policy import DeadlineName, Rung
from schemas.referral import Referral, Safeguarding, SignOffRequest
from schemas.vocabulary import Stage
from stores.worklists import OnHand


class OnReferral:
    """One referral, as far as one person has to do with it."""

    def __init__(self, member: Staff, duties: Duties, row: OnHand, referral: Referral, at: datetime) -> None:
        self._member = member
        self._duties = duties
        self._row = row
        # Whoever has turned 18 by now is an adult, noticed or not.
        self._referral = as_of(referral, at)
        self._at = at
        self._actor = member.acting_in(row.area)
        self._closures: Closures = frozenset(referral.policy.closures)

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

    def _concern(self, concern: Safeguarding, answer: Answer) -> Found:
        return Found(
            answer,
            "safeguarding",
            colleagues=(concern.raised_by,),
            words=(("asked_by", concern.raised_by), ("asked", short_day(concern.since))),
            waits_for=() if answer is STOP_CONTACT else None,
        )

    def _allocating(self) -> Answer:
        """What gives a referral that nobody works on to somebody."""
        if self._referral.stage is not Stage.RECEIVED:
            return ALLOCATE_WHAT_CAME
        return ANSWERS[DeadlineName.ALLOCATION] if self._referral.duplicate_checked else DUPLICATE_CHECK

    def _facilitators(self) -> tuple[str, ...]:
        """Who runs the referral's activities: its facilitators, and those of single activities."""
        return all_facilitators(self._referral)

    def _colleagues_without(self, drafted_by: tuple[str, ...]) -> tuple[str, ...]:
        """Those who work on the referral and had no part in a draft."""
        working = (self._row.caseworker, *self._facilitators())
        return tuple(dict.fromkeys(each for each in working if each and each not in drafted_by))

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
                    answer = with_why(step.answer, Why.DEADLINE, because)
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


def with_why(answer: Answer, why: Why, because: str | None = None) -> Answer:
    """An answer for another reason, with another sentence on it where one is given."""
    return dataclasses.replace(answer, because=answer.because if because is None else because, why=why)
