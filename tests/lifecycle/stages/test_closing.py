"""Closing and reopening: with a second pair of eyes."""

from datetime import timedelta

import pytest

from schemas import commands as c
from schemas.vocabulary import ClosureReason, EndReason, Initiator, Interest, Stage
from tests.lifecycle.story import (
    CLOCK,
    OTHER_SUPERVISOR,
    SERVICE_MANAGER,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    interest,
    opening,
    person,
    to,
)

OPEN: list[Stage] = [stage for stage in Stage if stage is not Stage.CLOSED]
REOPEN = c.Reopen(reason=WHY)
NO_CAPACITY = c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)


@pytest.mark.parametrize("stage", [stage for stage in OPEN if stage is not Stage.FOLLOW_UP])
def test_every_stage_may_close_with_a_reason(stage: Stage) -> None:
    story = to(stage).do(NO_CAPACITY)
    assert (story.stage, story.referral.closed_from) == (Stage.CLOSED, stage)
    assert story.open == {}
    assert story.activity().booked is None


def test_a_closed_referral_takes_nothing_but_its_reopening_and_a_complaint() -> None:
    story = to(Stage.VICTIM_CONTACT).do(NO_CAPACITY)
    assert story.may() == {"record_complaint"}
    assert story.may(SUPERVISOR) == {"record_complaint", "reopen"}
    # What was on its way when it closed comes to its end.
    assert story.may(CLOCK) == {"settle_notice"}
    assert story.code(c.AddNote(note="invented")) == "closed"


@pytest.mark.parametrize("reason", [ClosureReason.RISK_UNSAFE, ClosureReason.RISK_SAFEGUARDING])
def test_closing_as_unsafe_waits_for_somebody_else(reason: ClosureReason) -> None:
    story = to(Stage.PREPARATION).do(c.Close(reason=reason, note="invented words"), by=SUPERVISOR)
    assert story.stage is Stage.PREPARATION
    assert story.history[-1].event.note == "invented words"  # type: ignore[union-attr]
    assert story.code(approval("closure"), SUPERVISOR) == "nothing_to_sign_off"
    assert story.code(c.Close(reason=reason)) == "sign_off_waiting"
    story.do(approval("closure"), by=OTHER_SUPERVISOR)
    assert (story.referral.closure_reason, story.referral.closed_by) == (reason, "sv-2")


def test_a_closure_that_waits_outlives_a_change_of_stage() -> None:
    story = to(Stage.PREPARATION).do(c.Close(reason=ClosureReason.RISK_UNSAFE), c.ReassessRisk(reason=WHY))
    assert story.do(approval("closure"), by=SUPERVISOR).referral.closed_from is Stage.RISK_ASSESSMENT


def test_a_closure_that_no_longer_fits_is_not_approved() -> None:
    story = to(Stage.CONFERENCE).do(c.Close(reason=ClosureReason.RISK_UNSAFE)).held()
    assert story.code(approval("closure"), SUPERVISOR) == "activity_was_held"


def test_only_a_supervisor_closes_for_erasure_and_nobody_reopens_it() -> None:
    erased = c.Close(reason=ClosureReason.ERASED)
    story = to(Stage.PREPARATION)
    assert story.code(erased) == "not_your_role"
    assert story.do(erased, by=SUPERVISOR).code(REOPEN, OTHER_SUPERVISOR) == "erased"


@pytest.mark.parametrize("stage", OPEN)
def test_a_supervisor_reopens_to_the_stage_it_left(stage: Stage) -> None:
    story = to(stage)
    if stage is Stage.FOLLOW_UP:
        story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT))
    else:
        story.do(NO_CAPACITY)
    assert story.code(REOPEN) == "not_your_role"
    story.do(REOPEN, by=SUPERVISOR)
    assert (story.stage, story.referral.closure_reason, story.referral.closed_at) == (stage, None, None)


def test_nobody_reopens_what_they_closed() -> None:
    story = to(Stage.PREPARATION).do(NO_CAPACITY, by=SUPERVISOR)
    assert story.code(REOPEN, SUPERVISOR) == "closed_by_you"
    assert story.do(REOPEN, by=SERVICE_MANAGER).stage is Stage.PREPARATION


@pytest.mark.parametrize("stage", [stage for stage in OPEN if stage is not Stage.RECEIVED])
def test_reopened_without_consents_it_begins_again(stage: Stage) -> None:
    story = to(stage).withdraws("h1").do(REOPEN, by=SUPERVISOR)
    assert story.stage is Stage.VICTIM_CONTACT
    assert (story.referral.risk.verdict, story.referral.sign_offs, story.activity().overrides) == (
        None,
        (),
        (),
    )
    back = story.someone("h1")
    assert (back.active, back.interest) == (True, None)
    assert story.code(c.BeginRiskAssessment()) == "nobody_interested"


def test_nobody_is_approached_again_after_the_person_harmed_withdrew() -> None:
    story = to(Stage.OFFENDER_CONSENT).withdraws("h1").do(REOPEN, by=SUPERVISOR)
    assert story.stage is Stage.VICTIM_CONTACT


def test_reopened_after_a_denial_the_person_responsible_is_asked_again() -> None:
    story = to(Stage.OFFENDER_CONSENT).do(c.RecordAcknowledgement(participant="r1", acknowledges=False))
    story.do(REOPEN, by=SUPERVISOR)
    assert story.stage is Stage.OFFENDER_CONSENT
    assert story.responsible_agree().do(c.BeginPreparation()).stage is Stage.PREPARATION


def test_reopened_for_who_asked_it_begins_with_who_asked() -> None:
    story = Story(opening(initiator=Initiator.PERSON_RESPONSIBLE)).approached_first().harmed_agree()
    story.do(c.BeginRiskAssessment()).assessed().do(c.BeginPreparation()).withdraws("r1")
    story.do(REOPEN, by=SUPERVISOR)
    assert (story.stage, story.referral.risk.verdict) == (Stage.OFFENDER_CONSENT, None)
    assert story.code(c.BeginVictimContact()) == "facts_not_acknowledged"


def test_only_the_last_who_left_comes_back_with_the_referral() -> None:
    story = to(Stage.VICTIM_CONTACT, person("h1"), person("h2"), person("r1")).withdraws("h2")
    story.later(days=1).do(interest("h1", Interest.DECLINED)).do(REOPEN, by=SUPERVISOR)
    assert (story.someone("h1").active, story.someone("h2").ended) == (True, EndReason.WITHDREW)


def test_an_extension_goes_on_with_its_clock_after_a_reopening() -> None:
    story = to(Stage.FOLLOW_UP)
    until = story.open["check_in/h1"].due_at + timedelta(days=10)
    story.do(c.ExtendDeadline(deadline="check_in/h1", until=until, reason=WHY), by=SUPERVISOR)
    story.later(days=1).do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT))
    story.later(days=100).do(REOPEN, by=OTHER_SUPERVISOR)
    assert story.open["check_in/h1"].due_at == until + timedelta(days=100)


def test_readiness_of_long_ago_does_not_count_in_a_reopened_referral() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready().do(NO_CAPACITY)
    story.later(days=400).do(REOPEN, by=SUPERVISOR).do(c.ReconfirmRisk())
    assert story.code(story.booking()) == "readiness_not_signed_off"


def test_a_freeze_outlives_closing_and_reopening() -> None:
    story = to(Stage.PREPARATION).do(c.RaiseSafeguarding(note=WHY), NO_CAPACITY).do(REOPEN, by=SUPERVISOR)
    assert story.referral.safeguarding is not None
