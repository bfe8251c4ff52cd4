"""Closing, reopening, correcting: with a second pair of eyes."""

import pytest

from schemas import commands as c
from schemas.vocabulary import ClosureReason, EndReason, Initiator, Interest, Plea, Purpose, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    CLOCK,
    GUARDIAN,
    OTHER_SUPERVISOR,
    SERVICE_MANAGER,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    assessment,
    interest,
    opening,
    person,
    to,
    verdict,
)

OPEN: list[Stage] = [stage for stage in Stage if stage is not Stage.CLOSED]
REOPEN = c.Reopen(reason=WHY)
NO_CAPACITY = c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)


def correct(step: int) -> c.CorrectStep:
    return c.CorrectStep(step=step, reason=WHY)


@pytest.mark.parametrize("stage", [stage for stage in OPEN if stage is not Stage.FOLLOW_UP])
def test_every_stage_may_close_with_a_reason(stage: Stage) -> None:
    story = to(stage).do(NO_CAPACITY)
    assert (story.stage, story.referral.closed_from) == (Stage.CLOSED, stage)
    assert story.open == {}
    assert story.referral.activity is None


def test_a_closed_referral_takes_nothing_but_its_reopening() -> None:
    story = to(Stage.VICTIM_CONTACT).do(NO_CAPACITY)
    assert story.may() == frozenset()
    assert story.may(SUPERVISOR) == {"reopen"}
    assert story.may(CLOCK) == frozenset()
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
    assert (story.referral.risk.verdict, story.referral.sign_offs, story.referral.overrides) == (None, (), ())
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


def test_readiness_of_long_ago_does_not_count_in_a_reopened_referral() -> None:
    story = to(Stage.PREPARATION).with_facilitators().with_method().prepared().ready().do(NO_CAPACITY)
    story.later(days=400).do(REOPEN, by=SUPERVISOR).do(c.ReconfirmRisk())
    assert story.code(story.booking()) == "readiness_not_signed_off"


def test_a_freeze_outlives_closing_and_reopening() -> None:
    story = to(Stage.PREPARATION).do(c.RaiseSafeguarding(note=WHY), NO_CAPACITY).do(REOPEN, by=SUPERVISOR)
    assert story.referral.safeguarding is not None


def test_a_mistaken_step_is_taken_back_and_both_stay_in_the_log() -> None:
    story = to(Stage.VICTIM_CONTACT).wants("h1")
    mistaken = story.last_step
    assert story.history[-1].event.kind == "interest_recorded"
    story.do(correct(mistaken), by=SUPERVISOR)
    assert story.events == ["step_corrected"]
    assert story.someone("h1").interest is None
    assert story.referral.sequence == len(story.history)
    assert story.code(correct(mistaken), OTHER_SUPERVISOR) == "already_corrected"


def test_a_correction_keeps_what_came_after() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.RecordCourtNews(plea=Plea.GUILTY))
    mistaken = story.last_step
    story.do(c.RecordCourtNews(adjourned=True)).do(correct(mistaken), by=SUPERVISOR)
    assert (story.referral.plea, story.referral.adjourned) == (None, True)


def test_nobody_corrects_their_own_step() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.AddNote(note="invented"), by=SUPERVISOR)
    assert story.code(correct(story.last_step), CASEWORKER) == "not_your_role"
    assert story.code(correct(story.last_step), SUPERVISOR) == "own_work"
    assert story.do(correct(story.last_step), by=OTHER_SUPERVISOR).events == ["step_corrected"]


def test_what_is_final_is_not_corrected() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert story.code(correct(1), SUPERVISOR) == "step_is_final"
    story.do(NO_CAPACITY)
    closing = story.last_step
    story.do(REOPEN, by=SUPERVISOR)
    for step in (closing, story.last_step):
        assert story.code(correct(step), OTHER_SUPERVISOR) == "step_is_final"
    story.do(c.AddNote(note="invented")).do(correct(story.last_step), by=SUPERVISOR)
    assert story.code(correct(story.last_step), OTHER_SUPERVISOR) == "step_is_final"


def test_there_must_be_such_a_step() -> None:
    story = to(Stage.VICTIM_CONTACT)
    for number in (999, story.last_step + 1):
        assert story.code(correct(number), SUPERVISOR) == "step_unknown"


def test_a_move_is_taken_back_only_while_nothing_moved_since() -> None:
    story = to(Stage.OFFENDER_CONSENT)
    allocation = next(each.step for each in story.history if each.event.kind == "allocated")
    assert story.code(correct(allocation), SUPERVISOR) == "later_steps"
    assert story.do(correct(story.last_step), by=SUPERVISOR).stage is Stage.RISK_ASSESSMENT
    assert story.do(verdict()).stage is Stage.OFFENDER_CONSENT


def test_a_withdrawal_entered_for_the_wrong_person_is_taken_back_whole() -> None:
    story = to(Stage.PREPARATION, person("h1"), person("h2"), person("r1"))
    consents = story.referral.consents
    story.withdraws("h2").do(correct(story.last_step), by=SUPERVISOR)
    assert story.someone("h2").active
    assert story.referral.consents == consents


def test_a_person_is_not_taken_back_from_under_what_was_said_of_them() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.AddParticipant(participant=person("h2")))
    joined = story.last_step
    story.agrees("h2", Purpose.TAKE_PART)
    assert story.code(correct(joined), SUPERVISOR) == "later_steps"
    story.do(correct(story.last_step), by=SUPERVISOR).do(correct(joined), by=SUPERVISOR)
    assert story.referral.participant("h2") is None


def test_no_correction_leaves_a_side_empty() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.AddParticipant(participant=person("h2")))
    joined = story.last_step
    assert story.withdraws("h1").stage is Stage.VICTIM_CONTACT
    assert story.code(correct(joined), SUPERVISOR) == "side_missing"


def test_a_guardians_consent_corrected_away_is_missing() -> None:
    story = to(Stage.VICTIM_CONTACT, CHILD, GUARDIAN, person("r1")).harmed_agree()
    story.do(correct(story.last_step), by=SUPERVISOR)
    assert story.code(c.BeginRiskAssessment()) == "consent_missing"


def test_an_assessment_taken_back_leaves_its_verdict_without_ground() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1"))
    story.do(correct(story.last_step), by=SUPERVISOR)
    assert story.code(verdict()) == "nothing_assessed"
