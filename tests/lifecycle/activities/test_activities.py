"""Several activities of one referral: each with its own people, method, pace and outcome."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lifecycle import Refused, deadlines, evolve, fold, permitted_and_blocked
from lifecycle.notifying.appointments import appointments
from lifecycle.people.consents import TWO_SIDES
from schemas import commands as c
from schemas.commands import Command
from schemas.facts import AgreementItem
from schemas.referral import Referral
from schemas.vocabulary import (
    ActivityEndReason,
    ActivityState,
    Channel,
    ClosureReason,
    Confirmation,
    Custody,
    FollowUpContact,
    Method,
    Purpose,
    SignOffSubject,
    Stage,
    Verdict,
)
from tests.lifecycle.exemplars import Keyboard, exemplars
from tests.lifecycle.story import (
    CASEWORKER,
    FACILITATOR,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    opening,
    override,
    person,
)
from tests.lifecycle.test_properties import check_activity


def plan(method: Method, *taking_part: str) -> c.PlanActivity:
    return c.PlanActivity(method=method, taking_part=taking_part)


def signed_off(activity: str) -> c.DecideSignOff:
    return c.DecideSignOff(subject=SignOffSubject.READINESS, approved=True, activity=activity)


def burglary(*more: str) -> Story:
    """Two harmed by one burglary, in preparation: h1 is to meet r1, h2 is to have a letter from r1."""
    story = Story(opening(*(person(each) for each in ("h1", "h2", "r1", *more)))).to(Stage.PREPARATION)
    story.with_facilitators()
    story.do(plan(Method.FACE_TO_FACE, "h1", "r1"), plan(Method.LETTER, "h2", "r1"))
    for who, purpose in (
        ("h1", Purpose.METHOD_DIRECT),
        ("r1", Purpose.METHOD_DIRECT),
        ("h2", Purpose.METHOD_INDIRECT),
        ("r1", Purpose.METHOD_INDIRECT),
    ):
        story.agrees(who, purpose)
    return story


def prepared_for(story: Story, activity: str, *people: str) -> Story:
    for who in people:
        story.do(
            c.RecordPreparationMeeting(
                participant=who, held_on=story.at.date(), channel=Channel.IN_PERSON, activity=activity
            )
        )
    return story


def booking(story: Story, activity: str, *attending: str, days: int = 2) -> c.BookActivity:
    return c.BookActivity(activity=activity, starts_at=story.at + timedelta(days=days), attending=attending)


def meeting_booked(story: Story, *attending: str, activity: str = "a1") -> Story:
    """A meeting that is prepared, signed off and booked for the day after tomorrow."""
    prepared_for(story, activity, *attending)
    story.do(c.RequestReadinessSignOff(activity=activity)).do(signed_off(activity), by=SUPERVISOR)
    return story.do(c.ReconfirmRisk(), booking(story, activity, *attending))


def test_an_activity_that_cannot_be_meant_is_named_before_what_another_lacks() -> None:
    story = burglary()
    story.do(c.EndActivity(activity="a2", why=ActivityEndReason.NOT_WANTED, reason=WHY))
    for wrong in ("a2", "a7"):
        refusal = story.refuses(booking(story, wrong, "h2", "r1"))
        assert (refusal.code, refusal.field) == ("activity_unknown", "activity")
        assert f"This is not possible for {wrong}; possible: a1 (" in refusal.message


def test_nothing_is_booked_for_a_day_before_the_referral_was_received() -> None:
    story = burglary().do(c.ReconfirmRisk())
    since_receipt = (story.at - story.referral.received_at).days
    early = story.refuses(booking(story, "a2", "h2", "r1", days=-since_receipt - 1))
    assert (early.code, early.field) == ("before_referral", "starts_at")
    assert story.do(booking(story, "a2", "h2", "r1", days=-since_receipt)).stage is Stage.CONFERENCE


def test_two_harmed_by_one_burglary_of_whom_one_meets_and_the_other_gets_a_letter() -> None:
    """The letter is handed over while the meeting is still being prepared; each has its own follow-up and agreement."""
    story = burglary()
    assert (story.activity("a1").method, story.activity("a2").method) == (Method.FACE_TO_FACE, Method.LETTER)
    # The letter waits neither for the meeting's preparation nor for the sign-off that only a meeting needs.
    assert story.code(booking(story, "a1", "h1", "r1")) == "readiness_not_signed_off"
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1"))
    assert story.stage is Stage.CONFERENCE
    assert list(appointments(story.referral)) == ["conference/a2"]
    prepared_for(story, "a1", "h1")
    assert story.later(days=2).do(c.RecordActivityHeld()).stage is Stage.FOLLOW_UP
    assert story.activity("a1").state is ActivityState.IN_PREPARATION
    assert {each for each in story.open if each.startswith(("check_in", "survey"))} == {
        "check_in/h2/a2",
        "check_in/r1/a2",
        "survey/h2/a2",
        "survey/r1/a2",
    }
    story.do(c.RecordFollowUp(participant="h2", contact=FollowUpContact.CHECK_IN))
    assert story.activity("a2").part("h2").followed_up == (FollowUpContact.CHECK_IN,)
    # The meeting goes on from there.
    prepared_for(story, "a1", "r1")
    story.do(c.RequestReadinessSignOff()).do(approval("readiness"), by=SUPERVISOR)
    story.do(
        c.ReconfirmRisk(), c.BookActivity(starts_at=story.at + timedelta(days=2), attending=("h1", "r1"))
    )
    assert story.stage is Stage.CONFERENCE
    assert "check_in/r1/a2" in story.open
    assert "check_in/h2/a2" not in story.open
    assert story.later(days=2).do(c.RecordActivityHeld()).stage is Stage.FOLLOW_UP
    assert {"check_in/h1", "check_in/r1", "check_in/r1/a2"} <= story.open.keys()
    story.agrees("h1", Purpose.OUTCOME_AGREEMENT).agrees("r1", Purpose.OUTCOME_AGREEMENT)
    due_on = (story.at + timedelta(days=30)).date()
    made = c.RecordAgreement(items=(AgreementItem(id="i1", by="r1", due_on=due_on),))
    assert story.code(made) == "activity_missing"
    story.do(made.model_copy(update={"activity": "a1"}))
    assert [(each.id, each.activity) for each in story.referral.agreement] == [("i1", "a1")]
    # A meeting that was held decides how it closes, whatever else was exchanged.
    assert (
        story.code(c.Close(reason=ClosureReason.COMPLETED_INDIRECT_WITH_AGREEMENT)) == "reason_does_not_fit"
    )
    assert story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITH_AGREEMENT)).referral.closed
    assert fold(story.history) == story.referral


def test_a_step_that_could_be_about_several_activities_says_which_there_are() -> None:
    story = burglary()
    refused = story.refuses(c.ChooseMethod(method=Method.VIDEO))
    assert (refused.code, refused.field) == ("activity_missing", "activity")
    assert refused.message == "Say which activity: a1 (face to face: h1, r1), a2 (letter: h2, r1)."
    wrong = story.refuses(c.ChooseMethod(method=Method.VIDEO, activity="a3"))
    assert (wrong.code, wrong.field) == ("activity_unknown", "activity")
    story.do(c.ChooseMethod(method=Method.VIDEO, activity="a1"))
    assert (story.activity("a1").method, story.activity("a2").method) == (Method.VIDEO, Method.LETTER)


def test_who_takes_part_in_one_activity_only_tells_which_is_meant() -> None:
    story = burglary()
    meeting = c.RecordPreparationMeeting(participant="h2", held_on=story.at.date(), channel=Channel.PHONE)
    story.do(meeting)
    assert story.activity("a2").part("h2").prepared_on == story.at.date()
    assert story.code(meeting.model_copy(update={"participant": "r1"})) == "activity_missing"
    assert story.code(meeting.model_copy(update={"activity": "a1"})) == "not_in_activity"


def test_events_name_their_activity_even_where_the_step_did_not() -> None:
    story = Story(opening()).to(Stage.FOLLOW_UP)
    about = ("activity_", "preparation_meeting", "method_chosen")
    named = [each.event for each in story.history if each.event.kind.startswith(about)]
    assert named
    assert {each.activity for each in named} == {"a1"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("taking_part", "code"),
    [
        (("h1",), "side_missing"),
        (("h1", "h2"), "side_missing"),
        (("h1", "r9"), "participant_unknown"),
        (("h1", "r1", "s1"), "not_of_a_side"),
    ],
)
def test_an_activity_is_planned_with_people_of_both_sides_who_have_agreed(
    taking_part: tuple[str, ...], code: str
) -> None:
    story = burglary("s1")
    assert story.code(plan(Method.LETTER, *taking_part)) == code


def test_who_has_not_agreed_to_take_part_is_in_no_plan() -> None:
    story = burglary()
    story.do(c.AddParticipant(participant=person("h3")))
    assert story.code(plan(Method.LETTER, "h1", "h3", "r1")) == "not_taking_part"


def test_a_direct_activity_is_not_planned_where_the_risk_allows_none() -> None:
    story = Story(opening(person("h1"), person("h2"), person("r1")))
    story.to(Stage.RISK_ASSESSMENT).assessed(Verdict.PROCEED_INDIRECT)
    story.responsible_agree().do(c.BeginPreparation())
    assert story.code(plan(Method.VIDEO, "h1", "r1")) == "method_unsafe"
    assert story.do(plan(Method.SHUTTLE, "h1", "r1")).activity("a1").method is Method.SHUTTLE


def test_what_was_prepared_before_a_method_was_chosen_belongs_to_the_first_plan() -> None:
    story = Story(opening(person("h1"), person("h2"), person("r1"))).to(Stage.PREPARATION)
    story.do(c.RecordPreparationMeeting(participant="h1", held_on=story.at.date(), channel=Channel.IN_PERSON))
    story.do(plan(Method.FACE_TO_FACE, "h1", "r1"))
    assert [each.id for each in story.referral.activities] == ["a1"]
    assert story.activity().part("h1").prepared_on == story.at.date()


def test_postponing_one_activity_leaves_the_readiness_of_another() -> None:
    story = burglary()
    prepared_for(story, "a1", "h1", "r1")
    story.do(c.RequestReadinessSignOff(activity="a1")).do(approval("readiness"), by=SUPERVISOR)
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1"))
    story.do(c.PostponeActivity(activity="a2", reason=WHY))
    assert (story.stage, story.activity("a2").booked) == (Stage.PREPARATION, None)
    assert story.do(booking(story, "a1", "h1", "r1")).stage is Stage.CONFERENCE
    # Its own does not outlive its postponement.
    story.do(c.PostponeActivity(reason=WHY))
    assert story.code(booking(story, "a1", "h1", "r1")) == "readiness_not_signed_off"


def test_while_one_is_booked_another_is_postponed_stopped_or_held_without_leaving_the_stage() -> None:
    story = meeting_booked(burglary(), "h1", "r1")
    story.do(booking(story, "a2", "h2", "r1"))
    assert story.events == ["activity_booked"]
    story.do(c.StopActivity(activity="a2", reason=WHY))
    assert (story.stage, story.activity("a2").state) == (Stage.CONFERENCE, ActivityState.STOPPED)
    story.do(c.ReturnToPreparation(reason=WHY))
    assert story.events == ["activity_taken_up"]
    story.do(booking(story, "a2", "h2", "r1"), c.PostponeActivity(activity="a2", reason=WHY))
    assert story.stage is Stage.CONFERENCE
    story.do(booking(story, "a2", "h2", "r1")).later(days=2)
    story.do(c.RecordActivityHeld(activity="a2"))
    assert (story.stage, story.events) == (Stage.CONFERENCE, ["activity_held"])
    assert story.do(c.RecordActivityHeld()).stage is Stage.FOLLOW_UP


def test_the_confirmation_of_risk_of_one_activity_is_not_that_of_another() -> None:
    story = burglary().later(days=30)
    assert story.code(booking(story, "a2", "h2", "r1")) == "risk_confirmation_old"
    story.do(c.ReconfirmRisk(activity="a2")).do(booking(story, "a2", "h2", "r1"))
    prepared_for(story, "a1", "h1", "r1")
    story.do(c.RequestReadinessSignOff(activity="a1")).do(approval("readiness"), by=SUPERVISOR)
    assert story.code(booking(story, "a1", "h1", "r1")) == "risk_confirmation_old"
    assert story.code(c.ReconfirmRisk(activity="a7")) == "activity_unknown"


def test_an_override_about_one_activity_does_not_open_another() -> None:
    story = burglary().later(days=30)
    story.do(c.OverrideGate(gate="risk_reconfirmation", reason=WHY, activity="a2"), by=OTHER_SUPERVISOR)
    story.do(booking(story, "a2", "h2", "r1"))
    assert story.code(override("risk_reconfirmation"), OTHER_SUPERVISOR) == "activity_missing"
    assert story.activity("a1").overrides == ()


def test_facilitators_of_one_activity_leave_those_of_the_referral() -> None:
    story = burglary()
    own = c.AssignFacilitators(facilitator="fa-9", activity="a2")
    story.do(own)
    assert story.referral.facilitator == FACILITATOR.id
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1"))
    assert appointments(story.referral)["conference/a2"].staff == ("fa-9", CASEWORKER.id)


def test_a_sign_off_of_readiness_names_its_activity_and_has_a_deadline_of_its_own() -> None:
    story = burglary().do(c.ChooseMethod(method=Method.VIDEO, activity="a2"))
    story.agrees("h2", Purpose.METHOD_VIDEO).agrees("r1", Purpose.METHOD_VIDEO)
    prepared_for(story, "a1", "h1", "r1")
    prepared_for(story, "a2", "h2", "r1")
    story.do(c.RequestReadinessSignOff(activity="a1"), c.RequestReadinessSignOff(activity="a2"))
    assert {"sign_off/readiness", "sign_off/readiness/a2"} <= story.open.keys()
    assert story.code(approval("readiness"), SUPERVISOR) == "activity_missing"
    story.do(signed_off("a2"), by=SUPERVISOR)
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1"))
    assert story.code(booking(story, "a1", "h1", "r1")) == "readiness_not_signed_off"


def test_a_conference_adjourned_twice_is_held_the_third_time_with_the_risk_confirmed_each_time() -> None:
    story = meeting_booked(
        Story(opening()).to(Stage.PREPARATION).with_facilitators().with_method(), "h1", "r1"
    )
    # The first time it is known when it goes on.
    story.later(days=2, hours=1).do(c.AdjournActivity(reason=WHY, resumes_at=story.at + timedelta(days=40)))
    assert (story.stage, story.events) == (Stage.CONFERENCE, ["activity_adjourned"])
    assert appointments(story.referral)["conference"].starts_at == story.at + timedelta(days=40)
    assert "risk_reconfirmation" in story.open
    story.later(days=40)
    assert story.code(c.RecordActivityHeld()) == "risk_confirmation_old"
    story.later(days=-5).do(c.ReconfirmRisk()).later(days=5, hours=1)
    # The second time it is not, and it is prepared and signed off again.
    story.do(c.AdjournActivity(reason=WHY))
    assert (story.stage, story.activity().state) == (Stage.PREPARATION, ActivityState.IN_PREPARATION)
    assert story.code(booking(story, "a1", "h1", "r1")) == "readiness_not_signed_off"
    story.do(c.RequestReadinessSignOff()).do(approval("readiness"), by=SUPERVISOR)
    story.do(c.ReconfirmRisk(), booking(story, "a1", "h1", "r1")).later(days=2)
    assert story.do(c.RecordActivityHeld()).stage is Stage.FOLLOW_UP
    assert len(story.activity().adjourned) == 2
    assert len(story.referral.held) == 1
    assert fold(story.history) == story.referral


def test_only_a_meeting_that_began_is_adjourned() -> None:
    story = meeting_booked(
        Story(opening()).to(Stage.PREPARATION).with_facilitators().with_method(), "h1", "r1"
    )
    assert story.code(c.AdjournActivity(reason=WHY)) == "in_the_future"
    story.later(days=2, hours=1)
    earlier = c.AdjournActivity(reason=WHY, resumes_at=story.at - timedelta(days=1))
    assert story.code(earlier) == "not_later"
    letter = burglary()
    letter.do(c.ReconfirmRisk(), booking(letter, "a2", "h2", "r1")).later(days=3)
    assert letter.code(c.AdjournActivity(reason=WHY)) == "nothing_booked"


def adjourned(story: Story) -> c.AdjournActivity:
    return c.AdjournActivity(reason=WHY, resumes_at=story.at + timedelta(days=7))


def two_harmed_meet(*, begun: bool = True) -> Story:
    story = Story(opening(person("h1"), person("h2"), person("r1"))).to(Stage.PREPARATION)
    story.with_facilitators().do(plan(Method.FACE_TO_FACE, "h1", "h2", "r1"))
    for who in ("h1", "h2", "r1"):
        story.agrees(who, Purpose.METHOD_DIRECT)
    meeting_booked(story, "h1", "h2", "r1")
    return story.later(days=2, hours=1) if begun else story


def test_who_leaves_during_a_sitting_does_not_attend_the_next() -> None:
    story = two_harmed_meet()
    story.do(c.Withdraw(participant="h2"))
    story.do(adjourned(story))
    activity = story.activity()
    assert activity.adjourned[0].attending == ("h1", "h2", "r1")
    assert activity.booked is not None
    assert activity.booked.attending == ("h1", "r1")
    story.later(days=6).do(c.ReconfirmRisk()).later(days=1, hours=1).do(c.RecordActivityHeld())
    assert story.referral.held[0].attending == ("h1", "r1")


def test_nothing_is_booked_by_adjourning_while_a_concern_is_open_or_nobody_of_a_side_is_left() -> None:
    story = two_harmed_meet().do(c.RaiseSafeguarding(note=WHY))
    assert story.code(adjourned(story)) == "safeguarding"
    assert story.do(c.AdjournActivity(reason=WHY)).stage is Stage.PREPARATION
    family = ("h1", "h2", "h3")
    story = Story(opening(*map(person, family), person("r1"))).to(Stage.PREPARATION)
    story.with_facilitators().do(plan(Method.FACE_TO_FACE, "h1", "r1")).agrees("h1", Purpose.METHOD_DIRECT)
    meeting_booked(story.agrees("r1", Purpose.METHOD_DIRECT), "h1", "r1").later(days=2, hours=1)
    story.do(c.Withdraw(participant="h1"))
    assert story.code(adjourned(story)) == "side_missing"
    assert story.do(c.AdjournActivity(reason=WHY)).activity().state is ActivityState.ENDED


def test_what_is_booked_for_nobody_else_of_a_side_is_put_off_when_they_leave() -> None:
    story = Story(opening(person("h1"), person("h2"), person("r1"))).to(Stage.PREPARATION)
    story.with_facilitators().do(plan(Method.FACE_TO_FACE, "h1", "h2", "r1"))
    for who in ("h1", "h2", "r1"):
        story.agrees(who, Purpose.METHOD_DIRECT)
    prepared_for(story, "a1", "h2")
    meeting_booked(story, "h1", "r1").do(c.Withdraw(participant="h1"))
    assert story.events == [
        "participation_ended",
        "activity_postponed",
        "stage_entered",
        "appointment_called_off",
    ]
    assert (story.stage, story.activity().state) == (Stage.PREPARATION, ActivityState.IN_PREPARATION)
    # While somebody else of their side attends, it stays as it is booked.
    both = two_harmed_meet(begun=False).do(c.Withdraw(participant="h2"))
    booked = both.activity().booked
    assert booked is not None
    assert booked.attending == ("h1", "r1")


def test_an_activity_that_ends_leaves_the_readiness_of_another_as_it_was() -> None:
    story = burglary()
    prepared_for(story, "a1", "h1", "r1")
    story.do(c.RequestReadinessSignOff(activity="a1")).do(signed_off("a1"), by=SUPERVISOR)
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1")).do(c.Withdraw(participant="h2"))
    assert (story.stage, story.activity("a2").state) == (Stage.PREPARATION, ActivityState.ENDED)
    assert story.do(booking(story, "a1", "h1", "r1")).stage is Stage.CONFERENCE


def test_what_was_overridden_before_there_was_a_method_covers_no_meeting() -> None:
    story = Story(opening()).to(Stage.PREPARATION).with_facilitators()
    prepared_for(story, "a1", "h1", "r1")
    story.do(override("readiness_sign_off"), by=SUPERVISOR).do(plan(Method.FACE_TO_FACE, "h1", "r1"))
    story.agrees("h1", Purpose.METHOD_DIRECT).agrees("r1", Purpose.METHOD_DIRECT).do(c.ReconfirmRisk())
    assert story.code(booking(story, "a1", "h1", "r1")) == "readiness_not_signed_off"


def test_only_who_was_in_one_of_several_activities_is_followed_up_after_it() -> None:
    story = burglary()
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1")).later(days=2).do(c.RecordActivityHeld())
    contact = FollowUpContact.CHECK_IN
    assert story.code(c.RecordFollowUp(participant="h1", contact=contact, activity="a2")) == "not_in_activity"
    assert story.code(c.RecordSurvey(participant="h1", rating=9, activity="a2")) == "not_in_activity"
    story.do(c.RecordSurvey(participant="h2", rating=9, activity="a2"))


def test_the_booking_of_what_was_held_is_not_taken_back_while_another_is_booked() -> None:
    story = burglary()
    meeting_booked(story, "h1", "r1")
    story.do(booking(story, "a2", "h2", "r1"))
    letter_booked = story.last_step
    correct = c.CorrectStep(step=letter_booked, reason=WHY)
    story.later(days=2).do(c.RecordActivityHeld(activity="a2"))
    assert story.stage is Stage.CONFERENCE
    assert story.code(correct, SUPERVISOR) == "later_steps"
    # Once what rests on it is taken back, it may be.
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR).do(correct, by=SUPERVISOR)
    assert story.activity("a2").state is ActivityState.IN_PREPARATION


def test_no_booking_is_taken_back_that_the_stage_of_another_rests_on() -> None:
    story = meeting_booked(burglary(), "h1", "r1")
    meeting = story.last_step
    story.do(booking(story, "a2", "h2", "r1"))
    letter = story.last_step
    # The stage was entered with the first booking; the second would be booked in preparation.
    assert story.code(c.CorrectStep(step=meeting, reason=WHY), SUPERVISOR) == "later_steps"
    story.later(days=2).do(c.RecordActivityHeld(activity="a1"))
    # Nothing would be booked in conference.
    assert story.code(c.CorrectStep(step=letter, reason=WHY), SUPERVISOR) == "later_steps"
    assert story.do(c.PostponeActivity(reason=WHY, activity="a2")).stage is not Stage.CONFERENCE


def test_a_plan_is_not_taken_back_once_something_of_its_activity_is_recorded() -> None:
    story = burglary()
    planned = next(each.step for each in story.history if getattr(each.event, "activity", None) == "a2")
    correct = c.CorrectStep(step=planned, reason=WHY)
    prepared_for(story, "a2", "h2")
    assert story.code(correct, SUPERVISOR) == "later_steps"
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR).do(correct, by=SUPERVISOR)
    assert [each.id for each in story.referral.activities] == ["a1"]


def test_an_adjournment_is_told_as_no_meeting_called_off() -> None:
    story = meeting_booked(
        Story(opening()).to(Stage.PREPARATION).with_facilitators().with_method(), "h1", "r1"
    )
    story.later(days=2, hours=1).do(c.AdjournActivity(reason=WHY))
    assert "appointment_called_off" not in story.events


def test_a_bereaved_family_of_four_and_a_prisoner() -> None:
    """Two of the family meet him, one exchanges letters, one wants neither; the prison confirms for all of it."""
    family = ("h1", "h2", "h3", "h4")
    people = [person(each) for each in family]
    story = Story(opening(*people, person("r1", custody=Custody.IN_PRISON))).to(Stage.PREPARATION)
    story.with_facilitators()
    story.do(plan(Method.FACE_TO_FACE, "h1", "h2", "r1"), plan(Method.LETTER, "h3", "r1"))
    for who in ("h1", "h2", "r1"):
        story.agrees(who, Purpose.METHOD_DIRECT)
    for who in ("h3", "r1"):
        story.agrees(who, Purpose.METHOD_INDIRECT)
    story.do(c.ReconfirmRisk())
    assert story.code(booking(story, "a2", "h3", "r1")) == "confirmations_missing"
    for each in Confirmation:
        story.do(c.RecordConfirmation(participant="r1", confirmation=each))
    story.do(booking(story, "a2", "h3", "r1"))
    # h2 no longer wishes to meet him: the meeting of h1 goes on without her.
    meeting_booked(story, "h1", "h2", "r1")
    story.withdraws("h2")
    booked = story.activity("a1").booked
    assert booked is not None
    assert (story.stage, booked.attending) == (Stage.CONFERENCE, ("h1", "r1"))
    # h3 leaves too: nobody is left to whom the letter could go.
    story.withdraws("h3")
    ended = story.activity("a2")
    assert (ended.state, ended.ended) == (ActivityState.ENDED, ActivityEndReason.COULD_NOT_GO_ON)
    assert story.stage is Stage.CONFERENCE
    assert {"participation_ended", "activity_ended", "appointment_called_off"} <= set(story.events)
    # h4, who wanted neither, would like a letter after all.
    story.do(plan(Method.LETTER, "h4", "r1")).agrees("h4", Purpose.METHOD_INDIRECT)
    assert story.activity("a3").taking_part == ("h4", "r1")
    assert story.later(days=2).do(c.RecordActivityHeld(activity="a1")).stage is Stage.FOLLOW_UP
    story.withdraws("r1")
    assert story.referral.closed
    assert fold(story.history) == story.referral


def test_the_last_activity_that_ends_leads_to_preparation_or_to_follow_up() -> None:
    story = burglary("r2")
    story.do(c.ReconfirmRisk(), booking(story, "a2", "h2", "r1"))
    assert story.withdraws("h2").stage is Stage.PREPARATION
    held = burglary("r2")
    held.do(c.ReconfirmRisk(), booking(held, "a2", "h2", "r1")).later(days=2)
    held.do(c.RecordActivityHeld(), plan(Method.LETTER, "h1", "r2")).agrees("r2", Purpose.METHOD_INDIRECT)
    held.agrees("h1", Purpose.METHOD_INDIRECT).do(c.ReconfirmRisk(), booking(held, "a3", "h1", "r2"))
    assert (
        held.do(c.EndActivity(why=ActivityEndReason.NOT_WANTED, reason=WHY, activity="a1")).stage
        is Stage.CONFERENCE
    )
    assert held.withdraws("r2").stage is Stage.FOLLOW_UP


def test_a_meeting_that_began_is_recorded_even_where_a_side_has_left_since() -> None:
    story = meeting_booked(burglary(), "h1", "r1").later(days=2, hours=1).withdraws("h1")
    assert story.activity("a1").state is ActivityState.BOOKED
    assert story.do(c.RecordActivityHeld()).stage is Stage.FOLLOW_UP
    stopped = meeting_booked(burglary(), "h1", "r1").later(days=2, hours=1).withdraws("h1")
    stopped.do(c.StopActivity(reason=WHY))
    assert stopped.activity("a1").state is ActivityState.ENDED
    assert stopped.stage is Stage.PREPARATION


def test_an_activity_is_ended_by_hand_only_while_it_is_not_booked_and_for_a_reason_of_ones_own() -> None:
    story = meeting_booked(burglary(), "h1", "r1")
    assert (
        story.code(c.EndActivity(why=ActivityEndReason.REPLACED, reason=WHY, activity="a1")) == "still_booked"
    )
    end = c.EndActivity(why=ActivityEndReason.COULD_NOT_GO_ON, reason=WHY, activity="a2")
    assert story.code(end) == "not_yours_to_say"
    story.do(c.EndActivity(why=ActivityEndReason.REPLACED, reason=WHY, activity="a2"))
    assert story.code(c.ChooseMethod(method=Method.LETTER, activity="a2")) == "nothing_in_preparation"


def test_a_verdict_for_indirect_methods_only_changes_every_meeting_that_is_to_come() -> None:
    story = burglary().do(plan(Method.VIDEO, "h1", "h2", "r1"))
    story.do(c.ReassessRisk(reason=WHY))
    assert story.code(plan(Method.LETTER, "h1", "r1")) == "wrong_stage"
    story.assessed(Verdict.PROCEED_INDIRECT)
    assert [each.method for each in story.referral.activities] == [
        Method.SHUTTLE,
        Method.LETTER,
        Method.SHUTTLE,
    ]


def test_a_blocked_step_says_which_activity_lacks_what() -> None:
    story = burglary().do(plan(Method.VIDEO, "h2", "r1"))
    found = permitted_and_blocked(story.referral, CASEWORKER, story.at)["request_readiness_sign_off"]
    said = [each.message for each in found]
    assert any(
        each.startswith("a1 (face to face: h1, r1): Everyone taking part must have had") for each in said
    )
    assert any(each.startswith("a2 (letter: h2, r1): Only a direct method") for each in said)


def test_a_step_taken_back_takes_its_activity_with_it() -> None:
    story = burglary()
    story.do(plan(Method.SHUTTLE, "h1", "h2", "r1"))
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    assert [each.id for each in story.referral.activities] == ["a1", "a2"]


class SideBySide(RuleBasedStateMachine):
    """Several activities of several people, led on by whoever may, with people leaving in any order."""

    story: Story
    KINDS = (
        "plan_activity",
        "choose_method",
        "record_preparation_meeting",
        "request_readiness_sign_off",
        "book_activity",
        "adjourn_activity",
        "postpone_activity",
        "stop_activity",
        "return_to_preparation",
        "request_further_activity",
        "end_activity",
        "reconfirm_risk",
        "override_gate",
        "sign_off",
        "assign_facilitators",
        "record_interest",
        "record_acknowledgement",
    )

    @initialize(ready=st.booleans(), booked=st.booleans())
    def begins(self, ready: bool, booked: bool) -> None:
        self.story = burglary("r2")
        self.story.do(plan(Method.LETTER, "h1", "r2")).agrees("r2", Purpose.METHOD_INDIRECT)
        if ready:
            meeting_booked(self.story, "h1", "r1")
        if booked:
            self.story.do(c.ReconfirmRisk(), booking(self.story, "a2", "h2", "r1"))

    @rule(hours=st.sampled_from([1, 30, 50, 24 * 12]))
    def time_passes(self, hours: int) -> None:
        self.story.later(hours=hours)

    @rule(data=st.data(), kind=st.sampled_from(KINDS), by=st.sampled_from([CASEWORKER, OTHER_SUPERVISOR]))
    def somebody_leads_one_on(self, data: st.DataObject, kind: str, by: Any) -> None:
        if kind not in self.story.may(by):
            return
        keyboard = Keyboard(self.story.referral, self.story.history, by, self.story.at)
        self.attempt(data.draw(st.sampled_from(list(exemplars(kind, keyboard)))), by)

    @rule(data=st.data(), purpose=st.sampled_from([Purpose.METHOD_DIRECT, Purpose.METHOD_INDIRECT]))
    def somebody_changes_their_mind_about_a_method(self, data: st.DataObject, purpose: Purpose) -> None:
        who = data.draw(st.sampled_from(["h1", "h2", "r1", "r2"]))
        given = any(
            each.participant == who and each.purpose is purpose and each.in_force
            for each in self.story.referral.consents
        )
        if given:
            self.attempt(c.WithdrawConsent(participant=who, purpose=purpose))
        elif self.story.someone(who).active and not self.story.referral.closed:
            self.story.agrees(who, purpose)

    @rule(data=st.data())
    def one_is_booked(self, data: st.DataObject) -> None:
        for each in self.story.referral.activities:
            wanted = [*each.taking_part] or ["h1", "h2", "r1", "r2"]
            attending = data.draw(st.lists(st.sampled_from(wanted), min_size=2, unique=True))
            self.attempt(booking(self.story, each.id, *attending))

    @rule(days=st.integers(0, 3))
    def one_is_held(self, days: int) -> None:
        self.story.later(days=days)
        for each in self.story.referral.booked:
            self.attempt(c.RecordActivityHeld(activity=each.id))

    @precondition(lambda self: len(self.story.history) % 4 == 0)
    @rule(who=st.sampled_from(["h1", "h2", "r1", "r2"]))
    def somebody_leaves(self, who: str) -> None:
        before = self.story.referral
        if before.closed or not self.story.someone(who).active:
            return
        self.story.withdraws(who)
        after = self.story.referral
        if after.closed:
            return
        for each in before.activities:
            now = self.story.activity(each.id)
            may_go_on = each.taking_part == () or sides_left(after, each.taking_part) == set(TWO_SIDES)
            began = each.booked is not None and each.booked.starts_at <= self.story.at
            if not each.to_come or may_go_on or began:
                assert now.state is each.state
            else:
                assert now.state is ActivityState.ENDED

    def attempt(self, command: Command, by: Any = CASEWORKER) -> None:
        before, known = self.story.referral, len(self.story.history)
        try:
            self.story.do(command, by=by)
        except Refused:
            return
        state = before
        for each in self.story.history[known:]:
            earlier, state = state, evolve(state, each)
            if each.event.kind in ("activity_booked", "activity_adjourned", "activity_held"):
                check_activity(earlier, state, each)
        assert state == self.story.referral

    @invariant()
    def the_stage_follows_from_the_activities(self) -> None:
        referral = self.story.referral
        if referral.booked:
            assert referral.stage is Stage.CONFERENCE
        elif referral.stage is Stage.CONFERENCE:
            assert any(each.state is ActivityState.STOPPED for each in referral.activities)
        if referral.stage is Stage.FOLLOW_UP:
            assert referral.held

    @invariant()
    def every_deadline_has_a_key_of_its_own(self) -> None:
        keys = [each.key for each in deadlines(self.story.referral)]
        assert len(set(keys)) == len(keys)

    def teardown(self) -> None:
        if hasattr(self, "story"):
            referral = self.story.referral
            assert fold(self.story.history) == referral
            assert Referral.model_validate_json(referral.model_dump_json()) == referral


def sides_left(referral: Referral, taking_part: tuple[str, ...]) -> set[str]:
    return {each.role for each in referral.participants if each.id in taking_part and each.active}


SideBySide.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    derandomize="CI" in os.environ,
    database=None,
)
TestSideBySide = SideBySide.TestCase
