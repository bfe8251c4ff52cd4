"""What a supervisor or service manager answers for on one referral."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from casework.worklist.answers import ANSWERS, LIFT_SAFEGUARDING, REASSIGN, Answer, Why
from casework.worklist.exchange import drafts_to_check
from casework.worklist.found import Found
from casework.worklist.on_referral import OnReferral
from casework.worklist.wording import continued, short_day
from lifecycle.case.complaints import not_complained_about, unanswered
from lifecycle.case.oversight import authors, made_by_an_author
from lifecycle.notifying.team import answering, may_not_sign_off
from lifecycle.rules import SUPERVISORS
from lifecycle.timing.working_time import add_span
from messages.notice_facts import in_words
from schemas.policy import DeadlineName, Rung
from schemas.referral import SignOffRequest

SOON = "10wd"
"""How long before it is due a review stands on a supervisor's list. Our judgement."""


class Supervising(OnReferral):
    """What a person answers for as a supervisor or service manager; nothing, if they are neither."""

    def find(self) -> Iterator[Found]:
        """What it is, in no order; a thing may be there twice."""
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
                f"Take up with {{owner}}: {continued(found.answer.verb)}" if owner else found.answer.verb,
                found.answer.kind,
                f"{found.answer.because} It was escalated to the {in_words(each.rung)} on {short_day(each.raised_at)}.",
                found.answer.fields,
                found.answer.asks,
                Why.ESCALATED if owner else found.answer.why,
            )
            yield dataclasses.replace(
                found,
                answer=escalated,
                colleagues=(owner,) if owner else (),
                words=(*found.words, ("owner", owner or "")),
            )

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

    def _drafts_for_nobody_else(self) -> Iterator[Found]:
        """Drafts to check where everybody who works on the referral had a part in them."""
        for found, drafted_by in drafts_to_check(self._referral):
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
