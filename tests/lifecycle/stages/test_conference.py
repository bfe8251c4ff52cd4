"""Conference: held, partly held, put off, stopped; never without every consent."""

from datetime import timedelta

import pytest

from lifecycle import Refused, decide, evolve
from schemas import commands as c
from schemas.events import ParticipationEnded
from schemas.vocabulary import (
    AgeBand,
    ClosureReason,
    ConsentForm,
    EndReason,
    Interest,
    Method,
    Purpose,
    Stage,
)
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    GUARDIAN,
    SUPERVISOR,
    WHY,
    Story,
    interest,
    override,
    person,
    recorded,
    to,
    withdrawal,
)

HELD = c.RecordActivityHeld()
postponed = c.PostponeActivity(reason=WHY)


def booked(*people: object, **known: object) -> Story:
    """A meeting in two days."""
    return to(Stage.CONFERENCE, *people, **known)  # type: ignore[arg-type]


def on_the_day(story: Story) -> Story:
    return story.later(days=2)


@pytest.mark.parametrize("partly", [True, False])
def test_a_meeting_that_was_held_leads_to_follow_up(partly: bool) -> None:
    story = on_the_day(booked()).do(c.RecordActivityHeld(partly=partly))
    assert story.stage is Stage.FOLLOW_UP
    (held,) = story.referral.held
    assert (held.partly, held.method, held.attending) == (partly, Method.FACE_TO_FACE, ("h1", "r1"))


def test_a_meeting_is_recorded_after_it_began() -> None:
    found = booked().refuses(HELD)
    assert (found.code, found.field) == ("in_the_future", "started_at")


def test_it_may_have_begun_earlier_than_booked() -> None:
    story = booked().later(hours=1)
    story.do(c.RecordActivityHeld(started_at=story.at))
    assert story.referral.held[0].at == story.at


@pytest.mark.parametrize("who", ["h1", "r1"])
def test_it_is_not_held_without_everyones_consent_to_the_method(who: str) -> None:
    story = on_the_day(booked().do(withdrawal(who, Purpose.METHOD_DIRECT)))
    assert story.code(HELD) == "attending_consent_missing"
    assert "record_activity_held" not in story.may()
    # A consent that came after it began does not make it right.
    assert story.agrees(who, Purpose.METHOD_DIRECT).do(postponed).stage is Stage.PREPARATION


def test_a_consent_given_after_it_began_came_too_late() -> None:
    story = on_the_day(booked().do(withdrawal("h1", Purpose.METHOD_DIRECT))).later(days=1)
    given = c.GiveConsent(
        participant="h1",
        purpose=Purpose.METHOD_DIRECT,
        form=ConsentForm.WRITTEN,
        form_version="2026.1",
        given_on=story.at.date(),
    )
    assert story.do(given).code(HELD) == "attending_consent_missing"


def test_who_withdraws_a_consent_afterwards_was_there_all_the_same() -> None:
    story = on_the_day(booked()).later(hours=2).do(withdrawal("h1", Purpose.METHOD_DIRECT))
    late = c.RecordActivityHeld(started_at=story.at)
    assert story.code(late) == "attending_consent_missing"
    assert story.do(HELD).stage is Stage.FOLLOW_UP


def test_a_guardian_who_leaves_before_it_takes_their_consent_along() -> None:
    story = on_the_day(booked(CHILD, GUARDIAN, person("r1")).withdraws("g1"))
    assert story.code(HELD) == "attending_consent_missing"


def test_no_consent_is_corrected_away_from_under_a_meeting() -> None:
    story = booked()
    given = [
        each.step
        for each in story.history
        if each.event.kind == "consent_given" and each.event.purpose is Purpose.METHOD_DIRECT
    ]
    story.do(c.CorrectStep(step=given[0], reason=WHY), by=SUPERVISOR)
    assert on_the_day(story).code(HELD) == "attending_consent_missing"


def test_who_turns_out_to_be_a_child_is_not_met_without_a_guardians_consent() -> None:
    story = booked().do(c.AmendParticipant(participant="h1", age_band=AgeBand.UNDER_18))
    assert on_the_day(story).code(HELD) == "attending_consent_missing"


def test_who_thinks_again_before_it_is_not_met() -> None:
    story = booked().do(interest("h1", Interest.UNDECIDED))
    assert on_the_day(story).code(HELD) == "attending_consent_missing"


def test_no_override_replaces_a_consent() -> None:
    story = on_the_day(booked().do(withdrawal("h1", Purpose.METHOD_DIRECT)))
    for gate in ("risk_reconfirmation", "advanced_practitioner"):
        story.do(override(gate), by=SUPERVISOR)
    assert story.code(HELD) == "attending_consent_missing"


def test_a_supporter_is_there_only_while_everyone_consents() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("r1"), person("s1", accompanies="h1"))
    story.with_facilitators().with_method().prepared().ready()
    story.agrees("h1", Purpose.SUPPORTERS).agrees("r1", Purpose.SUPPORTERS).booked("h1", "r1", "s1")
    story.do(withdrawal("r1", Purpose.SUPPORTERS))
    on_the_day(story)
    assert story.code(HELD) == "attending_consent_missing"


def test_without_the_supporter_it_may_be_held() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("r1"), person("s1", accompanies="h1"))
    story.with_facilitators().with_method().prepared().ready()
    story.agrees("h1", Purpose.SUPPORTERS).agrees("r1", Purpose.SUPPORTERS).booked("h1", "r1", "s1")
    story.do(withdrawal("r1", Purpose.SUPPORTERS)).withdraws("s1")
    assert on_the_day(story).do(HELD).referral.held[0].attending == ("h1", "r1")


def test_one_of_several_who_leaves_before_it_does_not_stop_the_others() -> None:
    story = on_the_day(booked(person("h1"), person("h2"), person("r1")).withdraws("h2"))
    assert story.do(HELD).referral.held[0].attending == ("h1", "r1")


def test_one_of_several_who_leaves_after_it_was_there() -> None:
    story = on_the_day(booked(person("h1"), person("h2"), person("r1"))).later(hours=1).withdraws("h2")
    assert story.do(HELD).referral.held[0].attending == ("h1", "h2", "r1")


def test_it_is_not_held_when_nobody_of_a_side_attends_any_more() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1"))
    story.with_facilitators().with_method().prepared().ready().booked("h2", "r1")
    # In a log of an older version it stays booked; now it is put off at once.
    left = recorded(
        [ParticipationEnded(participant="h2", reason=EndReason.WITHDREW)], 99, CASEWORKER, story.at
    )
    older = evolve(story.referral, left[0])
    with pytest.raises(Refused) as refused:
        decide(older, HELD, CASEWORKER, story.at + timedelta(days=2))
    assert refused.value.code == "attending_consent_missing"
    story.withdraws("h2")
    assert story.stage is Stage.PREPARATION
    assert on_the_day(story).code(HELD) == "wrong_stage"


def test_risk_is_confirmed_within_five_working_days_before_it_begins() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    story.do(c.ReconfirmRisk(), story.booking(days=14)).later(days=14)
    assert story.code(HELD) == "risk_confirmation_old"
    # What is confirmed after it began was not confirmed before it.
    assert story.later(hours=1).do(c.ReconfirmRisk()).code(HELD) == "risk_confirmation_old"
    assert story.do(override("risk_reconfirmation"), by=SUPERVISOR).do(HELD).stage is Stage.FOLLOW_UP


def test_a_confirmation_in_the_days_before_is_enough() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready()
    story.do(c.ReconfirmRisk(), story.booking(days=14)).later(days=10).do(c.ReconfirmRisk()).later(days=4)
    assert story.do(HELD).stage is Stage.FOLLOW_UP


def test_that_it_was_booked_without_confirmation_does_not_let_it_begin_without() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready().later(days=30)
    story.do(override("risk_reconfirmation"), by=SUPERVISOR).do(story.booking())
    assert on_the_day(story).code(HELD) == "risk_confirmation_old"


def test_postponing_goes_back_to_preparation_and_asks_for_readiness_anew() -> None:
    story = booked().do(c.PostponeActivity(asked_by="h1", reason=WHY))
    assert story.events == ["activity_postponed", "stage_entered", "appointment_called_off"]
    assert story.stage is Stage.PREPARATION
    assert story.activity().booked is None
    assert story.do(c.ReconfirmRisk()).code(story.booking()) == "readiness_not_signed_off"


def test_who_asked_to_postpone_is_somebody_of_the_referral() -> None:
    found = booked().refuses(c.PostponeActivity(asked_by="h9", reason=WHY))
    assert (found.code, found.field) == ("participant_unknown", "asked_by")


def test_after_a_stop_it_is_chosen_what_comes_next() -> None:
    story = booked()
    assert story.code(c.ReturnToPreparation(reason=WHY)) == "still_booked"
    story.do(c.StopActivity(reason=WHY))
    assert story.stage is Stage.CONFERENCE
    for command in (HELD, postponed, c.StopActivity(reason=WHY)):
        assert story.code(command) == "nothing_booked"
    assert story.do(c.ReturnToPreparation(reason=WHY)).stage is Stage.PREPARATION


def test_after_a_stop_it_may_be_closed_or_the_risk_looked_at_again() -> None:
    stopped = booked().do(c.StopActivity(reason=WHY))
    assert stopped.do(c.ReassessRisk(reason=WHY)).stage is Stage.RISK_ASSESSMENT
    stopped = booked().do(c.StopActivity(reason=WHY))
    assert stopped.do(c.Close(reason=ClosureReason.COURT_TIME_RAN_OUT)).referral.closed


@pytest.mark.parametrize("command", [c.StopActivity(reason=WHY), postponed, c.ReassessRisk(reason=WHY)])
def test_a_freeze_never_keeps_a_meeting_going(command: c.StopActivity) -> None:
    story = booked().do(c.RaiseSafeguarding(note=WHY))
    assert story.do(command).activity().booked is None


def test_nothing_is_held_during_a_freeze_or_a_pause() -> None:
    frozen = on_the_day(booked().do(c.RaiseSafeguarding(note=WHY)))
    assert frozen.code(HELD) == "safeguarding"
    paused = booked()
    paused.do(c.Hold(review_on=paused.at.date() + timedelta(days=9), reason=WHY))
    assert on_the_day(paused).code(HELD) == "on_hold"


def test_postponing_needs_the_consents_of_preparation_but_stopping_needs_none() -> None:
    story = booked(CHILD, GUARDIAN, person("r1")).withdraws("g1")
    assert story.code(postponed) == "harmed_consent_missing"
    assert story.do(c.StopActivity(reason=WHY)).activity().booked is None
