"""What holds of every referral, whatever anybody asks of it and whenever."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import BaseModel

from lifecycle import RULES, Refused, evolve, fold, next_point
from lifecycle.coarse_facts import facts_of
from lifecycle.people.ages import as_of
from lifecycle.people.consents import TWO_SIDES
from lifecycle.rules import WAYS
from schemas import commands as c
from schemas.activity import Activity
from schemas.commands import COMMANDS, Command
from schemas.events import EVENT, ActivityAdjourned, ActivityBooked, ActivityHeld, Event, Recorded
from schemas.people import Actor
from schemas.privacy import is_sensitive, join, models_below, split, without_sensitive
from schemas.referral import Consent, Participant, Referral
from schemas.vocabulary import (
    AgeBand,
    Channel,
    Confirmation,
    Custody,
    Initiator,
    Interest,
    Method,
    ParticipantRole,
    Purpose,
    SignOffSubject,
    Stage,
)
from tests.lifecycle.exemplars import CANARY, Keyboard, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    ELSEWHERE,
    EVERYBODY,
    GUARDIAN,
    HOME,
    MONDAY,
    OTHER_SUPERVISOR,
    STRANGER,
    SUPERVISOR,
    Story,
    approval,
    consent,
    opening,
    person,
)
from tests.lifecycle.test_coarse_facts import as_kept

settings.register_profile(
    "rules",
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    # The same on every run of CI; new ground at the desk.
    derandomize="CI" in os.environ,
    database=None,
)

OPEN: list[Stage] = [stage for stage in Stage if stage is not Stage.CLOSED]
OPENINGS = {
    "plain": opening(),
    "sensitive": opening(sensitive_categories=("hate_crime",)),
    "child": opening(CHILD, GUARDIAN, person("r1", custody=Custody.IN_PRISON)),
    "several": opening(
        person("h1"), person("h2"), person("r1"), person("r2"), person("s1", accompanies="h1")
    ),
    "turns_18": opening(
        person(
            "h1",
            age_band=AgeBand.UNKNOWN,
            # 18 on Wednesday of the week in which the stories begin.
            person=CHILD.person.model_copy(update={"date_of_birth": "2008-03-04"}),
        ),
        GUARDIAN,
        person("r1"),
    ),
    "pre_sentence": opening(justice_stage="pre_sentence", court_date="2026-05-14"),
}
WAITS = [
    timedelta(minutes=10),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=9),
    timedelta(days=40),
    timedelta(days=500),
]

# A supervisor whom an author of what waits for a sign-off has just made one.
JUST_MADE = SUPERVISOR.model_copy(
    update={"id": "sv-3", "role_by": CASEWORKER.id, "role_since": MONDAY + timedelta(days=9999)}
)
ANYBODY = (*EVERYBODY, JUST_MADE)

# What must be true at the entry of a stage, said once more and in other words than the rules say it.


def consented(referral: Referral, who: Participant, *purposes: Purpose) -> bool:
    standing = [
        each for each in referral.consents if each.participant == who.id and each.withdrawn_at is None
    ]

    def given(purpose: Purpose, by_guardian: bool) -> bool:
        return any(
            each.purpose is purpose and (each.by_guardian is not None) is by_guardian for each in standing
        )

    return all(given(each, False) and (given(each, True) or not who.child) for each in purposes)


def side(referral: Referral, role: ParticipantRole) -> list[Participant]:
    return [each for each in referral.participants if each.role is role and each.ended is None]


def check_entry(before: Referral, after: Referral, stage: Stage) -> None:
    harmed = [each for each in side(after, ParticipantRole.HARMED) if each.interest is Interest.INTERESTED]
    responsible = [each for each in side(after, ParticipantRole.RESPONSIBLE) if each.acknowledges]
    both = (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)
    match stage:
        case Stage.RISK_ASSESSMENT:
            assert harmed
            assert all(consented(after, each, *both) for each in harmed)
        case Stage.OFFENDER_CONSENT if before.stage is Stage.RISK_ASSESSMENT:
            assert harmed
            assert all(consented(after, each, *both) for each in harmed)
            assert after.risk.verdict is not None
            assert after.risk.verdict.proceeds
        case Stage.PREPARATION if before.stage is Stage.OFFENDER_CONSENT:
            assert harmed
            assert responsible
            assert all(consented(after, each, Purpose.TAKE_PART) for each in (*harmed, *responsible))
        case Stage.CONFERENCE:
            assert after.booked
        case Stage.FOLLOW_UP:
            assert after.held
            assert not after.booked


def check_activity(before: Referral, after: Referral, recorded: Recorded) -> None:
    """That an activity which was booked, adjourned or held lacked nothing, whatever else went on beside it."""
    event: Any = recorded.event
    activity = before.activity(event.activity) or Activity(id=event.activity)
    harmed = [each for each in side(before, ParticipantRole.HARMED) if each.interest is Interest.INTERESTED]
    responsible = [each for each in side(before, ParticipantRole.RESPONSIBLE) if each.acknowledges]
    in_it = [
        each
        for each in (*harmed, *responsible)
        if not activity.taking_part or each.id in activity.taking_part
    ]
    match recorded.event:
        case ActivityBooked(method=method, attending=attending):
            assert activity.method is method
            assert not (method.direct and before.risk.verdict == "proceed_indirect")
            assert before.risk.verdict is not None
            assert before.risk.verdict.proceeds
            assert {each.role for each in in_it if each.id in attending} == set(TWO_SIDES)
            assert all(consented(before, each, Purpose.TAKE_PART, method.purpose) for each in in_it)
            if method.direct and "readiness_sign_off" not in activity.overrides:
                assert all(activity.part(each.id).prepared_on for each in in_it)
                assert any(each.subject == "readiness" for each in before.sign_offs)
            check_risk(before, activity, recorded.at)
        case ActivityHeld() | ActivityAdjourned():
            assert activity.booked is not None
            if isinstance(recorded.event, ActivityAdjourned):
                began = recorded.event.began_at
            else:
                began = after.activity(activity.id).held[-1].at  # type: ignore[union-attr]
            there = [
                each
                for each in before.participants
                if each.id in activity.booked.attending and each.role in TWO_SIDES
            ]
            assert {each.role for each in there} == set(TWO_SIDES)
            method = activity.booked.method
            assert all(
                consented_when(before, each, began, Purpose.TAKE_PART, method.purpose) for each in there
            )
            check_risk(before, activity, began)


def check_risk(referral: Referral, activity: Activity, moment: Any) -> None:
    """That the risk, of all activities or of this one, was confirmed in the days before a moment, or overridden."""
    confirmed = [
        each for each in (referral.risk.confirmed_at, activity.risk_confirmed_at) if each is not None
    ]
    recent = any(each <= moment <= each + timedelta(days=21) for each in confirmed)
    assert recent or "risk_reconfirmation" in activity.overrides


def consented_when(referral: Referral, who: Participant, moment: Any, *purposes: Purpose) -> bool:
    def stood(consent: Consent) -> bool:
        return consent.withdrawn_at is None or consent.withdrawn_at > moment

    return all(
        any(
            each.participant == who.id and each.purpose is purpose and stood(each)
            for each in referral.consents
        )
        for purpose in purposes
    )


_LEAVING = (c.Withdraw, c.WithdrawConsent, c.EndParticipation, c.RecordInterest, c.RecordAcknowledgement)


def authors_of(history: list[Recorded], kinds: tuple[str, ...], since: str | None = None) -> set[str]:
    """Who recorded events of these kinds, in the present round where a stage that begins one is named."""
    found: set[str] = set()
    for each in history:
        if each.event.kind == "stage_entered" and each.event.stage in (since, Stage.VICTIM_CONTACT):
            found.clear()
        if each.event.kind in kinds:
            found.add(each.actor)
    return found


def _shares(who: Participant) -> c.GiveConsent:
    return consent(who.id, Purpose.TRANSFER)


class Lives(RuleBasedStateMachine):
    """Anybody asks anything of a referral, at any time."""

    story: Story

    @initialize(which=st.sampled_from(sorted(OPENINGS)), stage=st.sampled_from(OPEN), indirect=st.booleans())
    def begins(self, which: str, stage: Stage, indirect: bool) -> None:
        self.story = Story(OPENINGS[which])
        if which == "child":
            self._confirmed(stage, indirect)
        elif which == "several" and OPEN.index(stage) >= OPEN.index(Stage.PREPARATION):
            self._side_by_side(stage, indirect)
        else:
            self.story.to(stage, Method.LETTER if indirect else Method.FACE_TO_FACE)

    def _side_by_side(self, stage: Stage, indirect: bool) -> None:
        """Two activities: h1 and r1 meet, h2 and r2 exchange letters; one of the two is further on."""
        story = self.story.to(Stage.PREPARATION).with_facilitators()
        story.do(c.PlanActivity(method=Method.FACE_TO_FACE, taking_part=("h1", "r1")))
        story.do(c.PlanActivity(method=Method.LETTER, taking_part=("h2", "r2")))
        for who, purpose in (
            ("h1", Purpose.METHOD_DIRECT),
            ("r1", Purpose.METHOD_DIRECT),
            ("h2", Purpose.METHOD_INDIRECT),
            ("r2", Purpose.METHOD_INDIRECT),
        ):
            story.agrees(who, purpose)
        further, attending = ("a2", ("h2", "r2")) if indirect else ("a1", ("h1", "r1"))
        if stage is Stage.PREPARATION:
            return
        if not indirect:
            for who in attending:
                day = story.at.date()
                story.do(c.RecordPreparationMeeting(participant=who, held_on=day, channel=Channel.IN_PERSON))
            story.do(c.RequestReadinessSignOff(activity="a1"))
            story.do(approval("readiness"), by=SUPERVISOR)
        story.do(c.ReconfirmRisk())
        starts_at = story.at + timedelta(days=2)
        story.do(c.BookActivity(activity=further, starts_at=starts_at, attending=attending))
        if stage is Stage.FOLLOW_UP:
            story.held()

    def _confirmed(self, stage: Stage, indirect: bool) -> None:
        if OPEN.index(stage) > OPEN.index(Stage.PREPARATION):
            self.story.to(Stage.PREPARATION)
            for each in Confirmation:
                self.story.do(c.RecordConfirmation(participant="r1", confirmation=each))
            self.story._to_conference(Method.SHUTTLE if indirect else Method.VIDEO)
            if stage is Stage.FOLLOW_UP:
                self.story.held()
        else:
            self.story.to(stage)

    def keyboard(self, actor: Actor) -> Keyboard:
        return Keyboard(self.story.referral, self.story.history, actor, self.story.at)

    @rule(by=st.sampled_from(WAITS))
    def time_passes(self, by: timedelta) -> None:
        self.story.at += by

    @rule()
    def the_clock_strikes(self) -> None:
        found = next_point(self.story.open.values(), self.story.referral)
        if found is None:
            return
        at, deadline, point = found
        self.story.at = max(self.story.at, at)
        stage = self.story.stage
        self.story.do(c.ReachDeadline(deadline=deadline.key, point=point), by=self.there(CLOCK))
        # A clock never kills a case.
        assert self.story.stage is stage

    @rule(data=st.data(), actor=st.sampled_from(ANYBODY), kind=st.sampled_from(sorted(COMMANDS)))
    def somebody_asks_something(self, data: st.DataObject, actor: Actor, kind: str) -> None:
        self.attempts(data, actor, kind)

    @rule(data=st.data(), actor=st.sampled_from([CASEWORKER, CASEWORKER, SUPERVISOR, OTHER_SUPERVISOR]))
    def somebody_does_what_they_may(self, data: st.DataObject, actor: Actor) -> None:
        kinds = sorted(self.story.may(actor))
        if kinds:
            self.attempts(data, actor, data.draw(st.sampled_from(kinds)))

    def there(self, actor: Actor) -> Actor:
        """Such a person in the area that has the referral now."""
        return actor.model_copy(update={"area": self.story.referral.area})

    @precondition(lambda self: not self.story.referral.closed)
    @rule(refuses=st.booleans(), all_agree=st.booleans())
    def another_area_answers(self, refuses: bool, all_agree: bool) -> None:
        """Offer it where nothing is in the way, and answer it: by chance alone that happens too seldom."""
        if all_agree:
            for each in side(self.story.referral, ParticipantRole.HARMED) + side(
                self.story.referral, ParticipantRole.RESPONSIBLE
            ):
                if not each.child and self.answer(_shares(each), self.there(CASEWORKER)) is None:
                    self.story.do(_shares(each), by=self.there(CASEWORKER))
        before = self.story.referral
        elsewhere = HOME if before.area is ELSEWHERE else ELSEWHERE
        offer = c.OfferTransfer(area=elsewhere, reason=CANARY)
        if before.transfer_offer is None and self.answer(offer, self.there(SUPERVISOR)) is None:
            self.story.do(offer, by=self.there(SUPERVISOR))
        answer = c.RefuseTransfer(reason=CANARY) if refuses else c.AcceptTransfer()
        by = STRANGER.model_copy(update={"area": elsewhere})
        if self.answer(answer, by) is None:
            known = len(self.story.history)
            before = self.story.referral
            self.story.do(answer, by=by)
            self.check_step(before, answer, by, self.story.history[known:])

    def attempts(self, data: st.DataObject, actor: Actor, kind: str) -> None:
        choice = list(exemplars(kind, self.keyboard(actor)))
        if not choice:
            return
        command = data.draw(st.sampled_from(choice))
        before, known = self.story.referral, len(self.story.history)
        if self.answer(command, actor) is not None:
            return
        self.story.do(command, by=actor)
        self.check_step(before, command, actor, self.story.history[known:])

    def check_step(self, before: Referral, command: Command, actor: Actor, step: list[Recorded]) -> None:
        answers = isinstance(command, c.AcceptTransfer | c.RefuseTransfer)
        assert actor.area == (
            before.transfer_offer.area if before.transfer_offer and answers else before.area
        )
        if isinstance(command, c.OfferTransfer | c.AcceptTransfer):
            self.check_transfer(before)
        own = self.own_work(before, command)
        assert actor.id not in own, f"{actor.id} did {command.kind} on their own work"
        state = before
        for each in step:
            earlier, state = state, evolve(state, each)
            if state.stage is not earlier.stage and not isinstance(command, c.CorrectStep):
                assert state.stage in RULES[type(command)].ways & WAYS[earlier.stage]
            if each.event.kind == "stage_entered" and not isinstance(command, _LEAVING):
                # Whoever has turned 18 by then is an adult, noticed or not.
                check_entry(earlier, as_of(state, each.at), each.event.stage)
            if each.event.kind in ("activity_booked", "activity_adjourned", "activity_held"):
                check_activity(earlier, as_of(state, each.at), each)
        assert state == self.story.referral

    def check_transfer(self, before: Referral) -> None:
        """Whoever of the two sides knows of it shares it with the other service."""
        assert before.safeguarding is None
        for each in (*side(before, ParticipantRole.HARMED), *side(before, ParticipantRole.RESPONSIBLE)):
            if each.informed_at or any(tried.outcome == "reached" for tried in each.attempts):
                assert consented(before, each, Purpose.TRANSFER)

    @invariant()
    def what_is_closed_or_where_it_is_is_not_offered(self) -> None:
        offer = self.story.referral.transfer_offer
        assert offer is None or not (self.story.referral.closed or offer.area is self.story.referral.area)

    def own_work(self, before: Referral, command: Command) -> set[str]:
        """Those who made what this command judges."""
        earlier = [each for each in self.story.history if each.sequence <= before.sequence]
        run_by = {each for each in (before.facilitator, before.co_facilitator) if each}
        match command:
            case c.DecideSignOff():
                asked = {
                    each.requested_by for each in before.sign_off_requests if each.subject is command.subject
                }
                match command.subject:
                    case SignOffSubject.RISK_ASSESSMENT:
                        return asked | self.risk_authors(earlier)
                    case SignOffSubject.READINESS:
                        return asked | run_by
                return asked
            case c.OverrideGate(gate="risk_sign_off"):
                return self.risk_authors(earlier)
            case c.OverrideGate():
                return run_by | {before.caseworker or ""}
            case c.LiftSafeguarding():
                return {before.safeguarding.raised_by} if before.safeguarding else set()
            case c.CorrectStep():
                return {each.actor for each in earlier if each.step == command.step}
            case c.Reopen():
                return {before.closed_by or ""}
        return set()

    def risk_authors(self, history: list[Recorded]) -> set[str]:
        gone = {each.event.corrects for each in history if each.event.kind == "step_corrected"}
        remaining = [each for each in history if each.step not in gone]
        return authors_of(remaining, ("risk_assessed", "risk_verdict_given"), Stage.RISK_ASSESSMENT)

    @rule(actor=st.sampled_from(ANYBODY))
    def what_is_offered_and_what_is_accepted_agree(self, actor: Actor) -> None:
        offered = self.story.may(actor)
        for kind in sorted(COMMANDS):
            codes = [self.answer(command, actor) for command in exemplars(kind, self.keyboard(actor))]
            accepted = codes.count(None)
            if kind not in offered:
                assert not accepted, f"{kind} is not offered to {actor.id} but accepted"
            elif kind == "correct_step":
                # Which steps may be corrected stands in the log, of which `permitted` knows nothing.
                excuses = {
                    "own_work",
                    "step_is_final",
                    "already_corrected",
                    "later_steps",
                    "side_missing",
                    "step_unknown",
                }
                assert accepted or set(codes) <= excuses
            elif kind == "adopt_policy":
                # What the service has settled since, the state does not know either.
                assert accepted or "same_policy" in codes
            else:
                assert accepted, f"{kind} is offered to {actor.id} but refused: {codes}"

    def answer(self, command: Command, actor: Actor) -> str | None:
        """The code of the refusal, or None."""
        try:
            self.story.decide(command, by=actor)
        except Refused as refused:
            said = refused
        else:
            return None
        assert CANARY not in f"{said.code} {said.message} {said.field}"
        return said.code

    @precondition(lambda self: self.story.stage in (Stage.PREPARATION, Stage.CONFERENCE, Stage.FOLLOW_UP))
    @invariant()
    def the_stage_follows_from_the_activities(self) -> None:
        """Conference while something is booked; where nothing is, no activity of which a side has left is to come."""
        referral = self.story.referral
        if referral.booked:
            assert self.story.stage is Stage.CONFERENCE
        elif self.story.stage is Stage.CONFERENCE:
            assert any(each.state == "stopped" for each in referral.activities)
        if self.story.stage is Stage.FOLLOW_UP:
            assert referral.held
        for each in referral.activities:
            if each.to_come and each.booked is None and each.taking_part:
                left = [who for who in referral.participants if who.id in each.taking_part and who.active]
                assert {who.role for who in left} == set(TWO_SIDES)

    @invariant()
    def closed_means_no_deadline(self) -> None:
        assert bool(self.story.open) is not self.story.referral.closed

    @invariant()
    def deadlines_are_in_order_and_have_one_key_each(self) -> None:
        found = list(self.story.open.values())
        assert [each.due_at for each in found] == sorted(each.due_at for each in found)
        for each in found:
            assert each.points["due"] == each.due_at

    @precondition(lambda self: not self.story.referral.closed)
    @invariant()
    def anybody_may_leave_at_once(self) -> None:
        for each in self.story.referral.participants:
            if each.active:
                assert self.answer(c.Withdraw(participant=each.id), self.there(CASEWORKER)) is None

    @precondition(lambda self: not self.story.referral.closed)
    @invariant()
    def somebody_is_on_each_side(self) -> None:
        assert side(self.story.referral, ParticipantRole.HARMED)
        assert side(self.story.referral, ParticipantRole.RESPONSIBLE)

    @invariant()
    def nobody_is_named_in_the_state(self) -> None:
        assert CANARY not in self.story.referral.model_dump_json()

    def teardown(self) -> None:
        if not hasattr(self, "story"):
            return
        referral = self.story.referral
        assert Referral.model_validate_json(referral.model_dump_json()) == referral
        assert fold(self.story.history) == referral
        stripped = [self.stored(each) for each in self.story.history]
        assert CANARY not in "".join(each.event.model_dump_json() for each in stripped)
        assert fold(stripped) == referral
        # Through the sealed log and back, the rules see the same; after an erasure they still read what is left.
        sealed = [(each, split(each.event)) for each in self.story.history]
        assert fold(self.read(each, join(*halves)) for each, halves in sealed) == referral
        assert CANARY not in "".join(str(public) for _, (public, _) in sealed)
        left = fold(self.read(each, public) for each, (public, _) in sealed)
        assert (left.stage, left.sequence, left.sensitive_categories) == (
            referral.stage,
            referral.sequence,
            (),
        )
        # What each step changed of the coarse facts comes to what the whole log leaves.
        kept = as_kept(self.story.history)
        assert sorted(kept.values(), key=repr) == sorted(facts_of(self.story.history), key=repr)

    def read(self, recorded: Recorded, body: dict[str, Any]) -> Recorded:
        return recorded.model_copy(update={"event": EVENT.validate_python(body)})

    def stored(self, recorded: Recorded) -> Recorded:
        """As it is read again after an erasure."""
        bare = without_sensitive(recorded.event)
        return recorded.model_copy(update={"event": EVENT.validate_json(bare.model_dump_json())})


Lives.TestCase.settings = settings.get_profile("rules")
TestLives = Lives.TestCase


EVENTS: tuple[type[BaseModel], ...] = get_args(get_args(Event)[0])


def marked(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    for each in models_below(model):
        for name in each.model_fields:
            if is_sensitive(each, name):
                yield each, name


def test_nothing_sensitive_is_reachable_from_the_state() -> None:
    assert list(marked(Referral)) == []
    assert list(marked(c.OpenReferral))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_whatever_is_sensitive_in_an_event_may_be_absent(event: type[BaseModel]) -> None:
    for model, name in marked(event):
        field = model.model_fields[name]
        assert not field.is_required(), (model, name)
        assert field.default is None, (model, name)


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_every_command_has_examples(kind: str) -> None:
    story = Story(opening(initiator=Initiator.AGENCY)).to(Stage.CONFERENCE)
    found = list(exemplars(kind, Keyboard(story.referral, story.history, SUPERVISOR, story.at)))
    assert found
    assert all(isinstance(each, COMMANDS[kind]) for each in found)
    assert all(without_sensitive_words(each) for each in found)


def without_sensitive_words(command: Command) -> bool:
    """The examples hold the canary in Sensitive fields only, else a canary found would prove nothing."""
    return all(
        CANARY not in str(value)
        for name, value in without_sensitive(command)
        if not is_sensitive(type(command), name)
    )
