"""Correcting: by somebody else, and only what nothing else rests on."""

from schemas import commands as c
from schemas.vocabulary import ClosureReason, ComplaintAbout, ComplaintOutcome, Plea, Purpose, Stage
from tests.lifecycle.story import (
    CASEWORKER,
    CHILD,
    GUARDIAN,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    WHY,
    assessment,
    person,
    to,
    verdict,
)

REOPEN = c.Reopen(reason=WHY)
NO_CAPACITY = c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)


def correct(step: int) -> c.CorrectStep:
    return c.CorrectStep(step=step, reason=WHY)


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


def test_a_complaint_that_was_answered_is_not_taken_back_before_its_answer() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.RecordComplaint(about=ComplaintAbout.DELAY, text="invented"))
    recorded = story.last_step
    answer = c.AnswerComplaint(complaint="k1", outcome=ComplaintOutcome.UPHELD, text="invented")
    story.do(answer, by=SUPERVISOR)
    assert story.code(correct(recorded), OTHER_SUPERVISOR) == "later_steps"
    story.do(correct(story.last_step), by=OTHER_SUPERVISOR).do(correct(recorded), by=OTHER_SUPERVISOR)
    assert story.referral.complaints == ()
