"""Details of custody: what is refused, and the clock that a date in a sentence runs by."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas import commands as c
from schemas.privacy import public_part
from schemas.vocabulary import SentenceDate, Stage
from tests.lifecycle.story import SUPERVISOR, WHY, Story, to


def details(**known: Any) -> c.RecordCustodyDetails:
    told = {
        "participant": "r1",
        "prison": "HMP Example",
        "prison_number": "A1234BC",
        "sentence_date": date(2026, 9, 1),
        "sentence_date_is": SentenceDate.RELEASE,
    }
    return c.RecordCustodyDetails.model_validate(told | known)


def with_date(**known: Any) -> Story:
    return to(Stage.VICTIM_CONTACT).do(details(**known))


def test_a_date_in_a_sentence_warns_twenty_and_ten_working_days_before() -> None:
    deadline = with_date().open["sentence_date/r1"]
    # Midnight by London's clock before Tuesday 1 September; Monday 31 August is a bank holiday.
    assert {name: f"{at:%m-%d %H:%M}" for name, at in deadline.points.items()} == {
        "warn-1": "08-02 23:00",
        "warn-2": "08-16 23:00",
        "due": "08-31 23:00",
    }


def test_the_date_cannot_be_extended_and_no_hold_stops_it() -> None:
    story = with_date()
    due_at = story.open["sentence_date/r1"].due_at
    later = c.ExtendDeadline(deadline="sentence_date/r1", until=due_at + timedelta(days=9), reason=WHY)
    assert story.code(later, SUPERVISOR) == "hard_date"
    story.do(c.Hold(review_on=story.at.date() + timedelta(days=30), reason=WHY))
    assert story.open["sentence_date/r1"].due_at == due_at


def test_recording_again_replaces_the_date_and_without_one_its_clock_ends() -> None:
    story = with_date().do(details(sentence_date=date(2026, 10, 1)))
    assert story.someone("r1").sentence_date == date(2026, 10, 1)
    story.do(details(sentence_date=None, sentence_date_is=None))
    assert "sentence_date/r1" not in story.open


def test_the_clock_ends_with_the_person() -> None:
    story = to(Stage.FOLLOW_UP).do(details())
    assert "sentence_date/r1" in story.open
    story.withdraws("r1")
    assert "sentence_date/r1" not in story.open


@pytest.mark.parametrize(
    ("known", "code", "field"),
    [
        ({"participant": "h1"}, "not_responsible", "participant"),
        ({"participant": "r9"}, "participant_unknown", "participant"),
        ({"sentence_date": date(2026, 3, 1)}, "in_the_past", "sentence_date"),
        ({"sentence_date_is": None}, "sentence_date_unclear", "sentence_date_is"),
        ({"sentence_date": None}, "sentence_date_unclear", "sentence_date"),
        ({"prison_number": "1234"}, "prison_number_unlikely", "prison_number"),
        ({"prison_number": "A1234BC7"}, "prison_number_unlikely", "prison_number"),
    ],
)
def test_details_that_cannot_be_are_refused(known: dict[str, Any], code: str, field: str) -> None:
    refused = to(Stage.VICTIM_CONTACT).refuses(details(**known))
    assert (refused.code, refused.field) == (code, field)


def test_nothing_of_custody_is_in_the_clear() -> None:
    [recorded] = [each for each in with_date().history if each.event.kind == "custody_details_recorded"]
    assert public_part(recorded.event) == {"kind": "custody_details_recorded", "participant": "r1"}


def test_a_clear_row_does_not_tell_whether_somebody_is_in_prison() -> None:
    """The key is the same for a release and for the end of a community order."""
    keys = {tuple(with_date(sentence_date_is=each).open) for each in SentenceDate}
    assert len(keys) == 1


@pytest.mark.parametrize("prison", ["", "  ", "7", "HMP \u202eExample"])
def test_the_prison_is_named_in_words_that_can_be_seen(prison: str) -> None:
    refusal = to(Stage.VICTIM_CONTACT).refuses(details(prison=prison))
    assert (refusal.code, refusal.field) == ("prison_unusable", "prison")
