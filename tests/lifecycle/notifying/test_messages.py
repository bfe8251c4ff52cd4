"""Who is told of what, and, whatever anybody does at any time, that no message leaves that must not."""

import os
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lifecycle import Refused, next_point, notices, notices_wanted
from lifecycle.notifying.notices import INVITATION, INVITATION_CANCELLED, still_wanted
from lifecycle.notifying.sending import End, Send, Tried, Wait, plan
from lifecycle.people.contacts import contact_of
from schemas import commands as c
from schemas.areas import LONDON
from schemas.notices import AT_ONCE, Category, Notice, Outcome, Party
from schemas.people import Actor, ContactSafety, Person, Role, Staff
from schemas.referral import Referral
from schemas.vocabulary import Channel, ClosureReason, Initiator, Level, Method, Source, Stage
from tests.lifecycle.exemplars import CANARY, Keyboard, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    EVERYBODY,
    GUARDIAN,
    HOME,
    MONDAY,
    OTHER_SUPERVISOR,
    PARTNER,
    SUPERVISOR,
    WHY,
    Story,
    assessment,
    opening,
    person,
    to,
    verdict,
)


def member(actor: Actor, **more: object) -> Staff:
    told = {"id": actor.id, "role": actor.role, "areas": (HOME,), "email": f"{actor.id}@example.org"}
    return Staff.model_validate(told | more)


PEOPLE = tuple(member(actor) for actor in EVERYBODY if actor.area is HOME and actor.role is not Role.SYSTEM)


def tells(
    story: Story, command: c.Command, by: Actor = CASEWORKER, team: tuple[Staff, ...] = PEOPLE
) -> list[Notice]:
    """The messages that a command leads to."""
    before, known = story.referral, len(story.history)
    story.do(command, by=by)
    return list(notices(notices_wanted(before, story.history[known:], story.referral), team))


def told(messages: list[Notice]) -> set[tuple[str, str]]:
    return {(each.template, each.to) for each in messages}


def strikes(story: Story, team: tuple[Staff, ...] = PEOPLE) -> list[Notice]:
    """The messages of the next point of a clock."""
    found = next_point(story.open.values(), story.referral)
    assert found is not None
    at, deadline, point = found
    story.until(max(at, story.at))
    return tells(story, c.ReachDeadline(deadline=deadline.key, point=point), CLOCK, team)


# Whom the policy tells of what.


def test_a_warning_is_the_caseworkers_and_waits_for_the_morning() -> None:
    [warning] = strikes(to(Stage.VICTIM_CONTACT))
    assert (warning.template, warning.to, warning.category) == ("reminder", "cw-1", Category.REMINDER)
    assert (warning.about.deadline, warning.about.point) == ("first_contact", "warn-1")
    assert not warning.outward


def test_each_escalation_goes_to_its_rung_at_once() -> None:
    story = to(Stage.VICTIM_CONTACT)
    for _ in ("warn-1", "due"):
        strikes(story)
    first = strikes(story)
    assert told(first) == {("escalation", "sv-1"), ("escalation", "sv-2")}
    assert all(each.outward for each in first)
    assert told(strikes(story)) == {("escalation", "sm-1")}


def test_nobody_is_told_the_same_twice_of_one_moment() -> None:
    """When allocation is due the supervisors are called in; they are not reminded as well."""
    story = Story()
    assert strikes(story) == []
    assert told(strikes(story)) == {("escalation", "sv-1"), ("escalation", "sv-2")}


def test_who_is_away_is_stood_in_for() -> None:
    away = {"absent_until": MONDAY + timedelta(days=365), "stand_in": "fa-1"}
    team = tuple(member(CASEWORKER, **away) if each.id == "cw-1" else each for each in PEOPLE)
    [warning] = strikes(to(Stage.VICTIM_CONTACT), team)
    assert warning.to == "fa-1"


def test_where_nobody_stands_on_a_rung_the_next_one_is_told() -> None:
    team = tuple(each for each in PEOPLE if each.role is not Role.SUPERVISOR)
    story = to(Stage.VICTIM_CONTACT)
    for _ in ("warn-1", "due"):
        strikes(story, team)
    assert told(strikes(story, team)) == {("escalation", "sm-1")}


def test_safeguarding_alerts_supervisors_and_caseworker_at_once() -> None:
    story = to(Stage.VICTIM_CONTACT)
    alerts = tells(story, c.RaiseSafeguarding(note=WHY), PARTNER)
    assert told(alerts) == {("safeguarding", who) for who in ("sv-1", "sv-2", "cw-1")}
    assert all(each.outward for each in alerts)


def test_who_raised_it_knows_it() -> None:
    alerts = tells(to(Stage.VICTIM_CONTACT), c.RaiseSafeguarding(note=WHY), SUPERVISOR)
    assert told(alerts) == {("safeguarding", "sv-2"), ("safeguarding", "cw-1")}


def test_a_sign_off_is_asked_of_those_who_may_give_it() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH))
    assert told(tells(story, verdict(), SUPERVISOR)) == {("sign_off", "sv-2")}


def test_where_all_supervisors_made_it_the_service_manager_is_asked() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), by=OTHER_SUPERVISOR)
    assert told(tells(story, verdict(), SUPERVISOR)) == {("sign_off", "sm-1")}


def test_a_caseworker_hears_of_a_referral_that_is_theirs_now_unless_they_took_it() -> None:
    story = Story().do(c.RecordDuplicateCheck())
    assert told(tells(story, c.Allocate(caseworker="cw-1"), SUPERVISOR)) == {("allocated", "cw-1")}
    story = Story().do(c.RecordDuplicateCheck())
    assert told(tells(story, c.Allocate(caseworker="cw-1"), CASEWORKER)) == set()


def sent_by_partner() -> Story:
    story = Story()
    story.referral = story.referral.model_copy(update={"sent_by_partner": "pa-1"})
    return story


def test_the_agency_hears_that_it_moved_on_and_closed() -> None:
    story = sent_by_partner().do(c.RecordDuplicateCheck())
    assert ("agency_moved", "pa-1") in told(tells(story, c.Allocate(caseworker="cw-1")))
    [closed] = tells(story, c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    assert (closed.template, closed.to, closed.party) == ("agency_closed", "pa-1", Party.AGENCY)
    assert closed.after_closing
    assert Stage.VICTIM_CONTACT not in closed.model_dump_json()


def test_who_asked_themself_is_answered() -> None:
    form = opening(source=Source.SELF, initiator=Initiator.HARMED_PERSON)
    story = Story(form)
    messages = notices(notices_wanted(None, story.history, story.referral), PEOPLE)
    answers = [each for each in messages if each.party is Party.PARTICIPANT]
    assert [(each.template, each.to) for each in answers] == [("acknowledgement", "h1")]


def test_an_undeliverable_message_becomes_the_caseworkers_task() -> None:
    story = to(Stage.VICTIM_CONTACT)
    for outcome, becomes in (
        (Outcome.NO_SAFE_CHANNEL, {("task", "cw-1")}),
        (Outcome.REFUSED, {("task", "cw-1")}),
        (Outcome.DELIVERED, set()),
        (Outcome.NOT_WANTED, set()),
    ):
        result = c.SettleNotice(notice="1-1", template="appointment", to="h1", outcome=outcome)
        assert told(tells(story, result, CLOCK)) == becomes


def test_a_colleagues_full_mailbox_is_nobodys_task() -> None:
    result = c.SettleNotice(notice="1-1", template="escalation", to="sv-1", outcome=Outcome.REFUSED)
    assert tells(to(Stage.VICTIM_CONTACT), result, CLOCK) == []


def test_each_chooses_what_comes_at_once() -> None:
    quiet = tuple(
        each.model_copy(update={"at_once": tuple(set(AT_ONCE) - {Category.SAFEGUARDING})}) for each in PEOPLE
    )
    alerts = tells(to(Stage.VICTIM_CONTACT), c.RaiseSafeguarding(note=WHY), PARTNER, quiet)
    assert alerts
    assert not any(each.outward for each in alerts)


def test_without_an_address_it_stays_in_the_inbox() -> None:
    nowhere = tuple(each.model_copy(update={"email": None}) for each in PEOPLE)
    alerts = tells(to(Stage.VICTIM_CONTACT), c.RaiseSafeguarding(note=WHY), PARTNER, nowhere)
    assert alerts
    assert not any(each.outward for each in alerts)


def test_a_policy_without_notices_tells_nobody() -> None:
    story = to(Stage.VICTIM_CONTACT)
    silent = story.referral.policy.model_copy(update={"notices": (), "invitations": False})
    story.referral = story.referral.model_copy(update={"policy": silent})
    assert tells(story, c.RaiseSafeguarding(note=WHY), PARTNER) == []


def test_every_message_has_an_id_of_its_own() -> None:
    alerts = tells(to(Stage.VICTIM_CONTACT), c.RaiseSafeguarding(note=WHY), PARTNER)
    assert len({each.id for each in alerts}) == len(alerts) == 3


def test_a_childs_guardian_hears_what_the_child_hears() -> None:
    story = to(Stage.PREPARATION, CHILD, GUARDIAN, person("r1")).with_facilitators()
    messages = tells(
        story, c.BookPreparationMeeting(participant="h1", starts_at=story.at + timedelta(days=3))
    )
    assert {who for template, who in told(messages) if template == "appointment"} == {"h1", "g1"}


def test_several_points_that_lie_behind_are_told_once() -> None:
    story = to(Stage.VICTIM_CONTACT)
    late = story.until(story.open["first_contact"].points["due"] + timedelta(minutes=1))
    first = tells(late, c.ReachDeadline(deadline="first_contact", point="warn-1"), CLOCK)
    second = tells(late, c.ReachDeadline(deadline="first_contact", point="due"), CLOCK)
    assert first == []
    assert told(second) == {("reminder", "cw-1")}


# Calendars.


def invited(messages: list[Notice]) -> set[tuple[str, str, datetime | None]]:
    kinds = (INVITATION, INVITATION_CANCELLED)
    return {(each.template, each.to, each.about.starts_at) for each in messages if each.template in kinds}


def test_a_preparation_meeting_is_put_into_calendars_moved_and_cancelled() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    first, second = story.at + timedelta(days=3), story.at + timedelta(days=4)
    booked = tells(story, c.BookPreparationMeeting(participant="h1", starts_at=first))
    assert invited(booked) == {(INVITATION, "fa-1", first), (INVITATION, "cw-1", first)}
    assert ("appointment", "h1") in told(booked)
    moved = tells(story, c.BookPreparationMeeting(participant="h1", starts_at=second))
    assert invited(moved) == {(INVITATION, "fa-1", second), (INVITATION, "cw-1", second)}
    assert min(each.sequence for each in moved) > max(each.sequence for each in booked)
    cancelled = tells(story, c.CancelPreparationMeeting(participant="h1"))
    assert invited(cancelled) == {
        (INVITATION_CANCELLED, "fa-1", second),
        (INVITATION_CANCELLED, "cw-1", second),
    }
    assert ("appointment_cancelled", "h1") in told(cancelled)


def test_a_meeting_that_was_held_is_not_cancelled() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    story.do(c.BookPreparationMeeting(participant="h1", starts_at=story.at + timedelta(hours=3)))
    story.later(hours=2)
    held = c.RecordPreparationMeeting(participant="h1", held_on=story.at.date(), channel=Channel.IN_PERSON)
    assert invited(tells(story, held)) == set()
    assert story.activity().part("h1").meeting_at is None


def test_a_meeting_that_was_held_before_leaves_a_later_one_booked() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    starts_at = story.at + timedelta(days=8)
    story.do(c.BookPreparationMeeting(participant="h1", starts_at=starts_at))
    held = c.RecordPreparationMeeting(participant="h1", held_on=story.at.date(), channel=Channel.IN_PERSON)
    assert invited(tells(story, held)) == set()
    assert story.activity().part("h1").meeting_at == starts_at
    cancelled = tells(story, c.CancelPreparationMeeting(participant="h1"))
    assert ("appointment_cancelled", "h1") in told(cancelled)


def booked() -> Story:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    return story.do(c.ReconfirmRisk())


def test_a_conference_is_put_into_calendars_and_taken_out_when_it_is_put_off() -> None:
    story = booked()
    starts = story.at + timedelta(days=2)
    everyone = {"fa-1", "cw-1"}  # fa-2 is in nobody's register
    assert {who for _, who, _ in invited(tells(story, story.booking(days=2)))} == everyone
    put_off = tells(story, c.PostponeActivity(reason=WHY))
    assert invited(put_off) == {(INVITATION_CANCELLED, who, starts) for who in everyone}
    assert ("appointment_cancelled", "h1") in told(put_off)


def test_a_meeting_that_goes_on_another_day_is_told_to_whoever_attends_and_put_into_calendars() -> None:
    story = booked()
    story.do(story.booking(days=2)).later(days=2, hours=1)
    goes_on = story.at + timedelta(days=7)
    messages = tells(story, c.AdjournActivity(reason=WHY, resumes_at=goes_on))
    outside = [each for each in messages if each.party is Party.PARTICIPANT]
    assert told(outside) == {("appointment", "h1"), ("appointment", "r1")}
    assert {each.about.starts_at for each in outside} == {goes_on}
    assert all(still_wanted(story.referral, each) for each in outside)
    assert invited(messages) == {(INVITATION, who, goes_on) for who in ("fa-1", "cw-1")}


def test_of_a_meeting_that_is_adjourned_without_a_day_nobody_is_told_one() -> None:
    story = booked()
    story.do(story.booking(days=2)).later(days=2, hours=1)
    messages = tells(story, c.AdjournActivity(reason=WHY))
    assert not [each for each in messages if each.party is Party.PARTICIPANT]


@pytest.mark.parametrize(
    ("leads_to", "told_of_it"),
    [
        (c.StopActivity(reason=WHY), {"h1", "r1"}),
        (c.ReassessRisk(reason=WHY), {"h1", "r1"}),
        (c.Withdraw(participant="h1"), {"r1"}),
    ],
)
def test_whoever_expects_to_meet_hears_that_it_is_off_whatever_the_reason(
    leads_to: c.Command, told_of_it: set[str]
) -> None:
    story = booked()
    story.do(story.booking(days=2))
    messages = tells(story, leads_to)
    assert {who for template, who in told(messages) if template == "appointment_cancelled"} == told_of_it


def test_a_letter_that_is_handed_over_is_nobodys_appointment() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method(Method.LETTER).prepared()
    story.do(c.ReconfirmRisk())
    assert not [each for each in tells(story, story.booking(days=2)) if each.party is Party.PARTICIPANT]
    off = tells(story, c.PostponeActivity(reason=WHY))
    assert not [each for each in off if each.party is Party.PARTICIPANT]


def test_closing_takes_what_lies_ahead_out_of_calendars_and_nothing_else() -> None:
    story = booked()
    story.do(story.booking(days=2))
    messages = tells(story, c.Withdraw(participant="h1"))
    assert {template for template, _, _ in invited(messages)} == {INVITATION_CANCELLED}
    assert all(each.after_closing for each in messages if each.template == INVITATION_CANCELLED)
    story = booked()
    story.do(story.booking(days=2)).later(days=3)
    assert invited(tells(story, c.Withdraw(participant="h1"))) == set()


def test_whoever_takes_over_is_invited_and_whoever_left_is_told() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    starts = story.at + timedelta(days=3)
    story.do(c.BookPreparationMeeting(participant="h1", starts_at=starts))
    messages = tells(story, c.Reassign(caseworker="sv-2"), SUPERVISOR)
    assert invited(messages) == {(INVITATION, "sv-2", starts), (INVITATION_CANCELLED, "cw-1", starts)}


@pytest.mark.parametrize(
    "first", [{"facilitator": "fa-1", "co_facilitator": "sv-2"}, {"facilitator": "fa-1"}]
)
def test_both_facilitators_come_to_a_preparation_meeting_and_a_change_of_either_is_told(
    first: dict[str, str],
) -> None:
    story = to(Stage.PREPARATION)
    story.do(c.AssignFacilitators.model_validate(first))
    starts = story.at + timedelta(days=3)
    booked = tells(story, c.BookPreparationMeeting(participant="h1", starts_at=starts))
    assert {who for _, who, _ in invited(booked)} == {*first.values(), "cw-1"}
    swapped = c.AssignFacilitators(facilitator="sv-1", co_facilitator="fa-1")
    left = {who for who in first.values() if who != "fa-1"}
    assert invited(tells(story, swapped)) == {
        (INVITATION, "sv-1", starts),
        *((INVITATION_CANCELLED, who, starts) for who in left),
    }
    cancelled = tells(story, c.CancelPreparationMeeting(participant="h1"))
    assert {who for _, who, _ in invited(cancelled)} == {"fa-1", "sv-1", "cw-1"}


# Whatever anybody does, and whenever.

SAFETIES = [
    ContactSafety(),
    ContactSafety(safe_channels=(Channel.PHONE,), safe_from="00:00", safe_until="23:59"),
    ContactSafety(safe_channels=(Channel.EMAIL, Channel.LETTER), safe_from="09:00", safe_until="17:00"),
    ContactSafety(safe_channels=(Channel.TEXT, Channel.EMAIL), safe_from="19:00", safe_until="22:00"),
    ContactSafety(safe_channels=(Channel.LETTER, Channel.TEXT), safe_from="01:10", safe_until="01:50"),
]
WAITS = [
    timedelta(minutes=20),
    timedelta(hours=5),
    timedelta(days=1, hours=7),
    timedelta(days=8),
    timedelta(days=40),
]
REACHED = Person(
    name=CANARY, phone="07700 900001", email="ada@example.org", address="1 Nowhere Street, DH1 1AA"
)


class Post(RuleBasedStateMachine):
    """Anybody does anything at any time, and the post goes out in between."""

    @initialize(
        stage=st.sampled_from([Stage.RECEIVED, Stage.VICTIM_CONTACT, Stage.PREPARATION, Stage.CONFERENCE]),
        safety=st.sampled_from(SAFETIES),
        source=st.sampled_from([Source.SELF, Source.POLICE]),
    )
    def begins(self, stage: Stage, safety: ContactSafety, source: Source) -> None:
        people = [person(each, person=REACHED, contact_safety=safety) for each in ("h1", "h2", "r1")]
        self.story = Story(opening(*people, source=source))
        self.story.referral = self.story.referral.model_copy(update={"sent_by_partner": "pa-1"})
        self.waiting: list[tuple[Notice, dict[Channel, Tried]]] = []
        received = notices_wanted(None, self.story.history, self.story.referral)
        self.waiting += [(each, {}) for each in notices(received, PEOPLE) if each.outward]
        self.story.to(stage)

    @rule(by=st.sampled_from(WAITS))
    def time_passes(self, by: timedelta) -> None:
        self.story.at += by
        self.the_post_goes_out()

    @rule()
    def the_clock_strikes(self) -> None:
        found = next_point(self.story.open.values(), self.story.referral)
        if found is not None:
            self.story.at = max(self.story.at, found[0])
            self.does(c.ReachDeadline(deadline=found[1].key, point=found[2]), CLOCK)

    @rule(data=st.data(), actor=st.sampled_from([CASEWORKER, CASEWORKER, SUPERVISOR, OTHER_SUPERVISOR]))
    def somebody_does_something(self, data: st.DataObject, actor: Actor) -> None:
        kinds = sorted(self.story.may(actor))
        if kinds:
            self.attempts(data, actor, data.draw(st.sampled_from(kinds)))

    @rule(
        data=st.data(),
        kind=st.sampled_from(
            [
                "raise_safeguarding",
                "lift_safeguarding",
                "hold",
                "resume",
                "book_preparation_meeting",
                "cancel_preparation_meeting",
                "record_contact_safety",
                "close",
                "reopen",
                "withdraw",
            ]
        ),
        actor=st.sampled_from([CASEWORKER, SUPERVISOR]),
    )
    def something_that_matters_to_messages(self, data: st.DataObject, kind: str, actor: Actor) -> None:
        self.attempts(data, actor, kind)

    def attempts(self, data: st.DataObject, actor: Actor, kind: str) -> None:
        keyboard = Keyboard(self.story.referral, self.story.history, actor, self.story.at)
        choice = list(exemplars(kind, keyboard))
        if choice:
            self.does(data.draw(st.sampled_from(choice)), actor)

    def does(self, command: c.Command, actor: Actor) -> None:
        before, known = self.story.referral, len(self.story.history)
        try:
            self.story.do(command, by=actor)
        except Refused:
            return
        happened = notices_wanted(before, self.story.history[known:], self.story.referral)
        wanted = notices(happened, PEOPLE)
        assert len({each.id for each in wanted}) == len(wanted)
        assert CANARY not in "".join(each.model_dump_json() for each in wanted)
        self.waiting += [(each, {}) for each in wanted if each.outward]
        self.the_post_goes_out()

    def the_post_goes_out(self) -> None:
        still = []
        for notice, tried in self.waiting:
            contact = contact_of(self.story.history, notice.to)
            if notice.party is not Party.PARTICIPANT:
                contact = type(contact)(Person(email="staff@example.org"), None)
            match plan(self.story.referral, notice, contact, tried, Channel, self.story.at):
                case Send(channel):
                    self.may_leave(notice, channel)
                    # Every other channel fails, so that the next one is tried.
                    if len(self.story.history) % 2:
                        tried[channel] = Tried.REFUSED
                        still.append((notice, tried))
                case Wait(until):
                    assert until is None or until > self.story.at
                    still.append((notice, tried))
                case End():
                    pass
        self.waiting = still

    def may_leave(self, notice: Notice, channel: Channel) -> None:
        """What must be true of every message that leaves, said in other words than the rules say it."""
        referral, at = self.story.referral, self.story.at
        assert referral.stage is not Stage.CLOSED or notice.after_closing
        assert referral.stage is not Stage.CLOSED or notice.party is not Party.PARTICIPANT
        if notice.party is Party.STAFF:
            assert channel is Channel.EMAIL
            return
        assert not self.stopped(("safeguarding_raised",), ("safeguarding_lifted",))
        assert not self.stopped(("put_on_hold",), ("resumed", "referral_closed"))
        if notice.party is Party.PARTICIPANT:
            self.is_safe(referral, notice.to, channel, at)

    def stopped(self, begins: tuple[str, ...], ends: tuple[str, ...]) -> bool:
        gone = {each.event.corrects for each in self.story.history if each.event.kind == "step_corrected"}
        on = False
        for each in self.story.history:
            if each.step not in gone:
                on = (on or each.event.kind in begins) and each.event.kind not in ends
        return on

    def is_safe(self, referral: Referral, who: str, channel: Channel, at: datetime) -> None:
        someone = referral.participant(who)
        assert someone is not None
        assert someone.ended is None
        # The state knows the channels by folding events one by one, the contact by reading the log.
        assert channel in someone.safe_channels
        known = contact_of(self.story.history, who).safety
        assert known is not None
        assert known.safe_from is not None
        assert known.safe_until is not None
        minute = f"{at.astimezone(LONDON):%H:%M}"
        if known.safe_from <= known.safe_until:
            assert known.safe_from <= minute < known.safe_until
        else:
            assert minute >= known.safe_from or minute < known.safe_until


Post.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    derandomize="CI" in os.environ,
    database=None,
)
TestPost = Post.TestCase
