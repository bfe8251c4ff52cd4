"""What a caseworker or a facilitator works on on one referral, or who stands in for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from casework.worklist.answers import STOP_CONTACT, Why
from casework.worklist.exchange import communications_to_carry, drafts_to_check
from casework.worklist.found import Found, is_late
from casework.worklist.next_steps import next_steps
from casework.worklist.on_referral import OnReferral, with_why
from lifecycle.activities.state import ACTIVITY_STAGES, facilitators_of
from lifecycle.notifying.appointments import appointments
from lifecycle.notifying.team import answering, may_not_sign_off
from messages.notice_facts import in_words
from schemas.activity import Activity
from schemas.policy import DeadlineName, Rung
from schemas.referral import SignOffRequest

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


class Working(OnReferral):
    """What a person works on as its caseworker or a facilitator, or in place of one who is away."""

    def find(self) -> Iterator[Found]:
        """What it is, in no order; a thing may be there twice."""
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
            asked = dataclasses.replace(
                self._sign_off(request, waits_for=()), decide=self._who_signs(request)
            )
            yield self._by(asked, caseworker) if caseworker is not None else asked

    def _who_signs(self, request: SignOffRequest) -> tuple[str, ...]:
        people = self._duties.people
        barred = may_not_sign_off(self._referral, request.about, people)
        return tuple(answering(Rung.SUPERVISOR, people, self._at, without=barred))

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

    def _facilitators_of(self, found: Found, facilitators: tuple[str, ...]) -> tuple[str, ...]:
        """Of these facilitators those who run the activity that something is about; all, where it is about none."""
        activity = self._referral.activity(found.activity) if found.activity else None
        if activity is None:
            return facilitators
        facilitator, co_facilitator, _ = facilitators_of(self._referral, activity)
        return tuple(who for who in (facilitator, co_facilitator) if who)

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
                with_why(step.answer, Why.NEXT_STEP),
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

    def _drafts(self, owner: str) -> Iterator[Found]:
        """Drafts to check, for those who work on it: who had a part in a draft sees whom it waits for."""
        for found, drafted_by in drafts_to_check(self._referral):
            if self._member.id in drafted_by:
                yield dataclasses.replace(found, waits_for=self._colleagues_without(drafted_by))
            else:
                yield self._by(found, owner)

    def _communications(
        self, caseworker: str | None, facilitator: str | None, facilitators: tuple[str, ...]
    ) -> Iterator[Found]:
        for found in communications_to_carry(self._referral, self._actor, self._at):
            if facilitators:
                yield from self._shared(found, caseworker, facilitator, facilitators)
            elif caseworker is not None:
                yield self._by(found, caseworker)

    def _by(self, found: Found, owner: str) -> Found:
        """As the work of somebody: the reader's own, or done in place of who is away."""
        escalated = [each for each in self._row.escalations if each.deadline == found.deadline]
        note = f"It was escalated to the {in_words(escalated[-1].rung)}." if escalated else ""
        instead_of = owner if owner != self._member.id else None
        return dataclasses.replace(found, instead_of=instead_of, note=note)
