"""What a person has to tell somebody because no message could."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lifecycle import deadlines
from lifecycle.notifying.tasks import open_tasks
from schemas import commands as c
from schemas.notices import Outcome
from schemas.vocabulary import ClosureReason, Interest, Stage, TaskResult
from tests.lifecycle.story import (
    CASEWORKER,
    CLOCK,
    PARTNER,
    SUPERVISOR,
    WHY,
    Story,
    interest,
    opening,
    person,
    to,
)

DONE = c.CompleteTask(task="1-1", result=TaskResult.PASSED_ON)


def settled(
    story: Story, outcome: Outcome = Outcome.NO_SAFE_CHANNEL, to: str = "h1", notice: str = "1-1"
) -> Story:
    result = c.SettleNotice(notice=notice, template="appointment", to=to, outcome=outcome)
    return story.do(result, by=CLOCK)


def waiting(story: Story) -> list[str]:
    return [task.id for task in open_tasks(story.referral)]


@pytest.mark.parametrize("outcome", Outcome)
def test_what_no_message_could_tell_waits(outcome: Outcome) -> None:
    story = settled(to(Stage.VICTIM_CONTACT), outcome)
    told = outcome in (Outcome.DELIVERED, Outcome.NOT_WANTED)
    assert waiting(story) == ([] if told else ["1-1"])
    if not told:
        [task] = open_tasks(story.referral)
        assert (task.template, task.to, task.why, task.since) == ("appointment", "h1", outcome, story.at)


def test_what_a_colleague_has_in_the_inbox_waits_for_nobody() -> None:
    assert waiting(settled(to(Stage.VICTIM_CONTACT), Outcome.REFUSED, to="sv-1")) == []


@pytest.mark.parametrize(("outcome", "waits"), [(Outcome.WITHHELD, ["1-1"]), (Outcome.REFUSED, [])])
def test_a_partner_has_it_in_the_inbox_unless_it_was_withheld(outcome: Outcome, waits: list[str]) -> None:
    story = Story()
    story.referral = story.referral.model_copy(update={"sent_by_partner": PARTNER.id})
    assert waiting(settled(story, outcome, to=PARTNER.id)) == waits


def test_it_is_due_as_the_policy_says_and_ends_with_what_is_said_of_it() -> None:
    story = settled(to(Stage.VICTIM_CONTACT)).later(hours=1)
    deadline = story.open["task/1-1"]
    assert deadline.due_at - timedelta(days=1) == deadline.started_at
    story.until(deadline.points["escalate-1"])
    for point in ("due", "escalate-1"):
        story.do(c.ReachDeadline(deadline="task/1-1", point=point), by=CLOCK)
    assert [each.deadline for each in story.referral.escalations] == ["task/1-1"]
    assert "complete_task" in story.may()
    story.do(DONE)
    assert story.events == ["task_completed", "escalation_cleared"]
    assert waiting(story) == []
    assert "task/1-1" not in story.open
    assert "complete_task" not in story.may()
    assert story.code(DONE) == "no_task"


def test_one_is_done_and_the_other_waits() -> None:
    story = settled(settled(to(Stage.VICTIM_CONTACT)), to="r1", notice="1-2").do(DONE)
    assert waiting(story) == ["1-2"]
    assert "open: 1-2" in story.refuses(DONE).message


def test_a_mistake_brings_it_back() -> None:
    story = settled(to(Stage.VICTIM_CONTACT)).do(DONE)
    step = story.last_step
    story.do(c.CorrectStep(step=step, reason=WHY), by=SUPERVISOR)
    assert waiting(story) == ["1-1"]


def test_neither_a_hold_nor_a_concern_keeps_it_from_being_done() -> None:
    story = settled(to(Stage.VICTIM_CONTACT)).do(c.RaiseSafeguarding(note=WHY))
    story.do(c.Hold(review_on=(story.at + timedelta(days=9)).date(), reason=WHY))
    assert waiting(story.do(DONE)) == []


def test_a_hold_does_not_stop_its_clock() -> None:
    story = settled(to(Stage.VICTIM_CONTACT))
    due = story.open["task/1-1"].due_at
    story.do(c.Hold(review_on=(story.at + timedelta(days=9)).date(), reason=WHY)).later(days=3)
    assert story.open["task/1-1"].due_at == due
    assert story.do(c.Resume()).open["task/1-1"].due_at == due


@pytest.mark.parametrize("hours", [-1, 1, 70])
def test_it_is_due_when_the_appointment_begins_if_that_is_sooner(hours: int) -> None:
    story = to(Stage.VICTIM_CONTACT)
    starts_at = (story.at + timedelta(hours=hours)).astimezone(timezone(timedelta(hours=5)))
    result = {"notice": "1-1", "template": "appointment", "to": "h1", "outcome": Outcome.REFUSED}
    story.do(c.SettleNotice.model_validate(result | {"starts_at": starts_at}), by=CLOCK)
    deadline = story.open["task/1-1"]
    by_policy = settled(to(Stage.VICTIM_CONTACT).until(story.at)).open["task/1-1"].due_at
    assert deadline.due_at == max(story.at, min(starts_at, by_policy))
    assert deadline.due_at.tzinfo is UTC
    assert list(deadline.points.values()) == sorted(deadline.points.values())


def test_closing_ends_its_clock_and_not_the_task() -> None:
    story = settled(to(Stage.VICTIM_CONTACT)).do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY))
    assert deadlines(story.referral) == ()
    assert waiting(story) == ["1-1"]
    assert waiting(story.do(DONE)) == []


def test_who_has_left_or_declined_is_told_nothing_more() -> None:
    two = opening(person("h1"), person("h2"), person("r1"))
    story = settled(Story(two).allocated())
    assert waiting(story.withdraws("h1")) == []
    story = settled(Story(two).allocated()).wants("h2")
    declined = story.do(interest("h1", Interest.DECLINED), by=CASEWORKER)
    assert waiting(declined) == []


def test_of_an_erased_referral_nothing_waits() -> None:
    story = settled(to(Stage.VICTIM_CONTACT)).do(c.Close(reason=ClosureReason.ERASED), by=SUPERVISOR)
    assert waiting(story) == []


def test_reopened_it_is_due_as_much_later_as_it_was_closed() -> None:
    story = settled(to(Stage.VICTIM_CONTACT))
    due = story.open["task/1-1"].due_at
    story.do(c.Close(reason=ClosureReason.SERVICE_NO_CAPACITY)).later(days=28)
    story.do(c.Reopen(reason=WHY), by=SUPERVISOR)
    assert story.open["task/1-1"].due_at == due + timedelta(days=28)


def test_nothing_of_its_clock_is_kept_when_it_is_done() -> None:
    story = settled(to(Stage.VICTIM_CONTACT))
    deadline = story.open["task/1-1"]
    until = deadline.due_at + timedelta(days=7)
    story.do(c.ExtendDeadline(deadline="task/1-1", until=until, reason=WHY), by=SUPERVISOR).until(until)
    story.do(c.ReachDeadline(deadline="task/1-1", point="due"), by=CLOCK).do(DONE)
    said = story.referral.model_dump_json(include={"reached", "extensions", "extended_at"})
    assert "task/1-1" not in said


def unsent(story: Story, notice: str, starts_at: datetime, *, cancelled: bool = False) -> Story:
    """A message about the preparation meeting with h1 that could not be sent."""
    result = c.SettleNotice(
        notice=notice,
        template="appointment_cancelled" if cancelled else "appointment",
        to="h1",
        outcome=Outcome.NO_SAFE_CHANNEL,
        appointment="preparation/h1",
        starts_at=starts_at,
        cancelled=cancelled,
    )
    return story.do(result, by=CLOCK)


def test_of_an_appointment_that_was_moved_only_the_new_time_is_told() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    first, then = story.at + timedelta(days=8), story.at + timedelta(days=9)
    unsent(story.do(c.BookPreparationMeeting(participant="h1", starts_at=first)), "1-1", first)
    assert waiting(story) == ["1-1"]
    unsent(story.do(c.BookPreparationMeeting(participant="h1", starts_at=then)), "1-2", then)
    assert waiting(story) == ["1-2"]


def test_that_an_appointment_is_off_is_told_whoever_told_of_it() -> None:
    story = to(Stage.PREPARATION).with_facilitators()
    starts_at = story.at + timedelta(days=8)
    unsent(story.do(c.BookPreparationMeeting(participant="h1", starts_at=starts_at)), "1-1", starts_at)
    story.do(c.CancelPreparationMeeting(participant="h1"))
    assert waiting(story) == []
    assert waiting(unsent(story, "1-2", starts_at, cancelled=True)) == ["1-2"]
