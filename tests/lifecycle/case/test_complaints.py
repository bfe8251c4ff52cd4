"""Complaints: accepted in every stage, answered by a supervisor who has no part in the case, within working days."""

from datetime import date, timedelta

import pytest

from schemas import commands as c
from schemas.policy import Rung
from schemas.vocabulary import ClosureReason, ComplaintAbout, ComplaintOutcome, Stage
from tests.lifecycle.story import CASEWORKER, CLOCK, SUPERVISOR, WHY, Story, to

OUT_OF_AREA = c.Close(reason=ClosureReason.SERVICE_OUT_OF_AREA)


def complaint(**known: object) -> c.RecordComplaint:
    told = {"about": ComplaintAbout.DELAY, "text": "Heard nothing for weeks."}
    return c.RecordComplaint.model_validate(told | known)


def answer(number: str = "k1") -> c.AnswerComplaint:
    return c.AnswerComplaint(complaint=number, outcome=ComplaintOutcome.UPHELD, text="An apology.")


def test_a_complaint_is_due_in_twenty_working_days_and_then_goes_to_the_service_manager() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint(made_by="h1"))
    deadline = story.open["complaint/k1"]
    # Monday 2 March at 10:00, in working days.
    assert f"{deadline.due_at:%m-%d %H:%M}" == "03-30 09:00"
    rule = story.referral.policy.deadlines[deadline.name]
    assert (rule.answers, rule.answers.above(1)) == (Rung.SUPERVISOR, Rung.SERVICE_MANAGER)


def test_a_complaint_that_came_before_counts_from_its_day() -> None:
    story = to(Stage.VICTIM_CONTACT).later(days=4).do(complaint(received_on=date(2026, 3, 2)))
    assert f"{story.open['complaint/k1'].due_at:%m-%d}" == "03-30"


def test_a_complaint_cannot_have_come_tomorrow() -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert story.code(complaint(received_on=story.at.date() + timedelta(days=1))) == "in_the_future"


def test_a_hold_does_not_stop_the_clock_of_a_complaint() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint())
    due_at = story.open["complaint/k1"].due_at
    story.do(c.Hold(review_on=story.at.date() + timedelta(days=30), reason=WHY))
    assert story.open["complaint/k1"].due_at == due_at
    story.later(days=9).do(c.Resume())
    assert story.open["complaint/k1"].due_at == due_at


def test_an_answer_ends_the_clock_of_that_complaint_alone() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint(), complaint()).do(answer(), by=SUPERVISOR)
    assert {key for key in story.open if key.startswith("complaint")} == {"complaint/k2"}
    assert [each.outcome for each in story.referral.complaints] == [ComplaintOutcome.UPHELD, None]
    assert story.code(answer(), SUPERVISOR) == "no_complaint"


def test_nobody_answers_a_complaint_about_their_own_case() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint())
    assert story.code(answer(), CASEWORKER) == "not_your_role"
    story.do(c.Reassign(caseworker=SUPERVISOR.id), by=SUPERVISOR)
    assert story.code(answer(), SUPERVISOR) == "own_work"
    assert "answer_complaint" not in story.may(SUPERVISOR)


def test_a_closed_referral_takes_a_complaint_and_its_answer_and_runs_no_clock() -> None:
    story = to(Stage.VICTIM_CONTACT).do(OUT_OF_AREA).do(complaint())
    assert story.stage is Stage.CLOSED
    assert story.open == {}
    story.do(answer(), by=SUPERVISOR)
    assert story.referral.complaints[0].outcome is ComplaintOutcome.UPHELD


def test_closing_does_not_settle_a_complaint_and_reopening_runs_its_clock_again() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint(), OUT_OF_AREA)
    assert story.referral.complaints[0].outcome is None
    story.later(days=1).do(c.Reopen(reason=WHY), by=SUPERVISOR)
    assert "complaint/k1" in story.open


def test_an_erased_referral_takes_no_complaint() -> None:
    story = to(Stage.VICTIM_CONTACT).do(c.Close(reason=ClosureReason.ERASED), by=SUPERVISOR)
    assert story.code(complaint()) == "erased"


def test_a_missed_answer_escalates_to_the_service_manager() -> None:
    story = to(Stage.VICTIM_CONTACT).do(complaint())
    story.until(story.open["complaint/k1"].points["escalate-1"])
    story.do(c.ReachDeadline(deadline="complaint/k1", point="due"), by=CLOCK)
    story.do(c.ReachDeadline(deadline="complaint/k1", point="escalate-1"), by=CLOCK)
    assert Rung.SERVICE_MANAGER in {
        each.rung for each in story.referral.escalations if each.deadline == "complaint/k1"
    }


def test_what_a_complaint_says_is_never_in_the_state() -> None:
    story = Story().allocated().do(complaint()).do(answer(), by=SUPERVISOR)
    assert "Heard nothing" not in story.referral.model_dump_json()
    assert "apology" not in story.referral.model_dump_json()


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_a_complaint_is_accepted_in_every_stage(stage: Stage) -> None:
    assert to(stage).do(complaint()).events == ["complaint_recorded"]
