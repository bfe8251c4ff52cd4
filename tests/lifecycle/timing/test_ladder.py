"""The escalation ladder: who is told of which point, what is raised, and what clears it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lifecycle import next_point
from lifecycle.timing.ladder import rung_of
from schemas import commands as c
from schemas.commands import Command
from schemas.events import EscalationCleared, EscalationRaised
from schemas.policy import DeadlineName, Rung
from schemas.vocabulary import ClosureReason, FollowUpContact, Level, ReviewSubject, Stage
from tests.lifecycle.story import (
    CLOCK,
    NEWER_POLICY,
    SUPERVISOR,
    WHY,
    Story,
    approval,
    assessment,
    attempt,
    to,
    verdict,
)

CONTACT = ("first_contact", "escalate-1")


def wait(story: Story, points: int = 100) -> Story:
    """Let the clock reach that many points, at the moment of each."""
    for _ in range(points):
        found = next_point(story.open.values(), story.referral)
        if found is None:
            break
        at, deadline, point = found
        story.until(max(at, story.at)).do(c.ReachDeadline(deadline=deadline.key, point=point), by=CLOCK)
    return story


def raised(story: Story) -> list[tuple[str, str, Rung]]:
    return [
        (each.event.deadline, each.event.point, each.event.rung)
        for each in story.history
        if isinstance(each.event, EscalationRaised)
    ]


def cleared(story: Story) -> list[tuple[str, str]]:
    return [
        (each.event.deadline, each.event.point)
        for each in story.history
        if isinstance(each.event, EscalationCleared)
    ]


def standing(story: Story) -> list[tuple[str, str]]:
    return [(each.deadline, each.point) for each in story.referral.escalations]


def late_first_contact() -> Story:
    """Three working days without an attempt: the supervisor has it, and two hours have passed."""
    return wait(to(Stage.VICTIM_CONTACT), 3).later(hours=2)


def test_warning_and_due_date_are_the_caseworkers_and_each_escalation_climbs_a_rung() -> None:
    story = wait(to(Stage.VICTIM_CONTACT), 4)
    assert raised(story) == [
        ("first_contact", "escalate-1", Rung.SUPERVISOR),
        ("first_contact", "escalate-2", Rung.SERVICE_MANAGER),
    ]


def test_what_is_a_supervisors_to_do_calls_the_supervisor_in_when_due() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), verdict())
    wait(story, 3)
    assert raised(story) == [
        ("sign_off/risk_assessment", "due", Rung.SUPERVISOR),
        ("sign_off/risk_assessment", "escalate-1", Rung.SERVICE_MANAGER),
    ]


@pytest.mark.parametrize(
    ("name", "point", "rung"),
    [
        (DeadlineName.FIRST_CONTACT, "warn-1", Rung.CASEWORKER),
        (DeadlineName.FIRST_CONTACT, "due", Rung.CASEWORKER),
        (DeadlineName.FIRST_CONTACT, "escalate-1", Rung.SUPERVISOR),
        (DeadlineName.FIRST_CONTACT, "escalate-2", Rung.SERVICE_MANAGER),
        (DeadlineName.FIRST_CONTACT, "escalate-9", Rung.SERVICE_MANAGER),
        (DeadlineName.INACTIVITY, "due", Rung.SUPERVISOR),
        (DeadlineName.INACTIVITY, "escalate-1", Rung.SERVICE_MANAGER),
    ],
)
def test_the_rung_of_a_point(name: DeadlineName, point: str, rung: Rung) -> None:
    story = to(Stage.VICTIM_CONTACT)
    assert rung_of(story.referral, story.open[name], point) is rung


def test_the_ladder_ends_with_the_service_manager() -> None:
    assert [Rung.SUPERVISOR.above(steps) for steps in range(3)] == [
        Rung.SUPERVISOR,
        Rung.SERVICE_MANAGER,
        Rung.SERVICE_MANAGER,
    ]


def test_work_that_is_done_clears_its_escalation_in_the_same_step() -> None:
    story = late_first_contact()
    assert standing(story) == [CONTACT]
    story.do(attempt("h1"))
    assert story.events == ["contact_attempted", "escalation_cleared"]
    assert standing(story) == []
    assert cleared(story) == [CONTACT]


def test_other_work_clears_nothing() -> None:
    story = late_first_contact().do(c.AddNote(note="invented"))
    assert standing(story) == [CONTACT]


def test_an_extension_clears_it_and_it_may_be_raised_anew() -> None:
    story = late_first_contact()
    later = story.at + timedelta(days=30)
    story.do(c.ExtendDeadline(deadline="first_contact", until=later, reason=WHY), by=SUPERVISOR)
    assert standing(story) == []
    wait(story)
    assert [point for key, point, _ in raised(story) if key == "first_contact"] == [
        "escalate-1",
        "escalate-1",
        "escalate-2",
    ]


def test_closing_clears_everything() -> None:
    story = wait(to(Stage.VICTIM_CONTACT))
    assert len(standing(story)) > 1
    story.do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    assert standing(story) == []
    assert set(cleared(story)) == {(key, point) for key, point, _ in raised(story)}


def test_what_is_late_is_raised_anew_after_a_reopening() -> None:
    story = wait(to(Stage.FOLLOW_UP), 4)
    late = [("check_in/h1", "escalate-1"), ("check_in/r1", "escalate-1")]
    assert standing(story) == late
    story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT)).later(days=100)
    story.do(c.Reopen(reason=WHY), by=SUPERVISOR)
    assert standing(story) == []
    reopened = story.at
    wait(story, 4)
    assert story.at == reopened
    assert standing(story) == late
    # What lay ahead when it closed lies ahead still.
    wait(story, 1)
    assert story.at > reopened
    assert standing(story)[2:] == [("check_in/h1", "escalate-2")]


def test_what_was_done_before_it_closed_is_not_raised_after_a_reopening() -> None:
    story = wait(to(Stage.FOLLOW_UP), 4)
    story.do(c.RecordFollowUp(participant="h1", contact=FollowUpContact.CHECK_IN))
    story.do(c.Close(reason=ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT)).later(hours=1)
    wait(story.do(c.Reopen(reason=WHY), by=SUPERVISOR), 2)
    assert standing(story) == [("check_in/r1", "escalate-1")]


@pytest.mark.parametrize(
    "command",
    [
        c.AdoptPolicy(version=NEWER_POLICY.version),
        c.Reassign(caseworker="cw-2"),
        c.ExtendDeadline(deadline="first_contact", until=datetime(2027, 1, 1, 10, tzinfo=UTC), reason=WHY),
    ],
    ids=lambda command: command.kind,
)
def test_what_is_done_about_a_case_and_not_on_it_leaves_its_inactivity(command: Command) -> None:
    story = wait(to(Stage.VICTIM_CONTACT), 5).later(hours=1)
    inactive, was_due = ("inactivity", "due"), story.open["inactivity"]
    assert inactive in standing(story)
    active = story.referral.last_activity_at
    story.do(command, by=SUPERVISOR)
    assert inactive in standing(story)
    assert story.open["inactivity"] == was_due
    assert story.referral.last_activity_at == active
    assert inactive not in standing(story.do(c.AddNote(note="invented")))


def test_a_hold_clears_nothing_and_raises_nothing_again() -> None:
    story = late_first_contact()
    story.do(c.Hold(review_on=story.at.date() + timedelta(days=30), reason=WHY)).later(days=5)
    assert standing(story) == [CONTACT]
    story.do(c.Resume())
    assert standing(story) == [CONTACT]
    wait(story, 1)
    assert [point for _, point, _ in raised(story)] == ["escalate-1", "escalate-2"]


def test_nothing_escalates_twice_for_the_same_point() -> None:
    story = wait(to(Stage.VICTIM_CONTACT))
    points = raised(story)
    assert len(points) == len(set(points))
    assert story.code(c.ReachDeadline(deadline="first_contact", point="escalate-1"), CLOCK) == (
        "point_not_reached"
    )


def test_a_review_clears_it_and_the_clock_runs_again() -> None:
    # The first point is the warning that case supervision is due.
    story = wait(to(Stage.PREPARATION), 2)
    assert standing(story) == [("preparation_review", "due")]
    story.do(c.RecordReview(subject=ReviewSubject.PREPARATION), by=SUPERVISOR)
    assert standing(story) == []
    assert "preparation_review" in story.open


def test_a_correction_that_takes_the_work_back_brings_the_escalation_back() -> None:
    story = late_first_contact().do(attempt("h1"))
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    assert standing(story) == [CONTACT]


def test_a_returned_sign_off_clears_what_was_escalated() -> None:
    story = to(Stage.RISK_ASSESSMENT).do(assessment("h1", threats=Level.HIGH), verdict())
    wait(story, 3).do(approval("risk_assessment", False, WHY), by=SUPERVISOR)
    assert standing(story) == []


def test_closures_of_the_area_are_no_working_days() -> None:
    story = Story()
    closed = story.referral.policy.model_copy(update={"closures": (date(2026, 3, 3), date(2026, 3, 4))})
    shut = Story(policy=closed)
    assert story.open["first_contact"].due_at.date() == date(2026, 3, 4)
    assert shut.open["first_contact"].due_at.date() == date(2026, 3, 6)
