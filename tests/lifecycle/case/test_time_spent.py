"""Time spent: summed by kind of work, taken back with its step, never of the future."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from schemas import commands as c
from schemas.vocabulary import Stage, Work
from tests.lifecycle.story import SUPERVISOR, WHY, to


def spent(minutes: int, work: Work = Work.MEETING) -> c.RecordTimeSpent:
    return c.RecordTimeSpent(minutes=minutes, work=work)


def test_minutes_are_summed_by_what_they_were_spent_on() -> None:
    story = to(Stage.VICTIM_CONTACT).do(spent(45), spent(30), spent(10, Work.TRAVEL))
    assert story.referral.minutes_spent == {Work.MEETING: 75, Work.TRAVEL: 10}


def test_a_step_that_is_taken_back_takes_its_minutes_back() -> None:
    story = to(Stage.VICTIM_CONTACT).do(spent(45), spent(300))
    story.do(c.CorrectStep(step=story.last_step, reason=WHY), by=SUPERVISOR)
    assert story.referral.minutes_spent == {Work.MEETING: 45}


@pytest.mark.parametrize("minutes", [0, -5, 1441])
def test_a_record_is_of_a_minute_to_a_day(minutes: int) -> None:
    with pytest.raises(ValidationError):
        spent(minutes)


def test_time_of_tomorrow_cannot_be_recorded() -> None:
    story = to(Stage.VICTIM_CONTACT)
    tomorrow = story.at.date() + timedelta(days=1)
    command = c.RecordTimeSpent(minutes=5, work=Work.CONTACT, spent_on=tomorrow)
    assert story.code(command) == "in_the_future"


def test_time_with_somebody_unknown_is_refused() -> None:
    command = c.RecordTimeSpent(minutes=5, work=Work.CONTACT, participant="h9")
    assert to(Stage.VICTIM_CONTACT).code(command) == "participant_unknown"
