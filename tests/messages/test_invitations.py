"""Calendar entries, read back as a calendar reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar, Event

from messages.invitations import invitation, uid
from schemas.areas import LONDON
from schemas.reading.reference import reference_from

REFERENCE = reference_from(7)
STARTS = datetime(2026, 12, 1, 14, 30, tzinfo=LONDON)
MADE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def made(starts_at: datetime = STARTS, *, sequence: int = 0, cancelled: bool = False) -> bytes:
    return invitation(
        uid=uid(REFERENCE, "conference"),
        sequence=sequence,
        starts_at=starts_at,
        minutes=90,
        summary="A meeting",
        description="Bring the folder; it is ready, as agreed.\nSee the referral.",
        organiser="meetings@example.org",
        attendee="cw-1@example.org",
        made_at=MADE,
        cancelled=cancelled,
    )


def read(content: bytes) -> tuple[str, Event]:
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    return str(calendar["METHOD"]), event


def test_an_invitation_says_when_and_asks_for_no_answer() -> None:
    method, event = read(made())
    assert method == "REQUEST"
    assert event["STATUS"] == "CONFIRMED"
    assert event.decoded("DTSTART") == STARTS
    assert event.decoded("DTEND") == STARTS + timedelta(minutes=90)
    assert event.decoded("DTSTAMP") == MADE
    assert event["DESCRIPTION"] == "Bring the folder; it is ready, as agreed.\nSee the referral."
    assert event["ORGANIZER"] == "MAILTO:meetings@example.org"
    assert event["ATTENDEE"] == "MAILTO:cw-1@example.org"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert (event["CLASS"], event["TRANSP"]) == ("PRIVATE", "OPAQUE")


def test_it_has_nothing_but_what_was_given_and_no_place() -> None:
    _, event = read(made())
    assert set(event) == {
        *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION"),
        *("ORGANIZER", "ATTENDEE", "CLASS", "TRANSP", "STATUS"),
    }
    assert not event["ORGANIZER"].params
    assert set(event["ATTENDEE"].params) == {"RSVP"}


@pytest.mark.parametrize(
    ("starts_at", "start", "end"),
    [
        # The last Sunday of March 2027: 00:30 GMT, and 90 minutes later it is 03:00 BST.
        (datetime(2027, 3, 28, 0, 30, tzinfo=LONDON), "2027-03-28T00:30+00:00", "2027-03-28T03:00+01:00"),
        # The last Sunday of October 2026: 01:30 comes twice, and each is another hour.
        (datetime(2026, 10, 25, 1, 30, tzinfo=LONDON), "2026-10-25T01:30+01:00", "2026-10-25T02:00+00:00"),
        (
            datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1),
            "2026-10-25T01:30+00:00",
            "2026-10-25T03:00+00:00",
        ),
    ],
)
def test_the_changes_of_the_clock_move_nothing(starts_at: datetime, start: str, end: str) -> None:
    _, event = read(made(starts_at))
    assert event.decoded("DTSTART") == datetime.fromisoformat(start)
    assert event.decoded("DTEND") == datetime.fromisoformat(end)


def test_times_stand_in_utc() -> None:
    content = made(datetime(2026, 7, 1, 10, 0, tzinfo=LONDON))
    assert b"DTSTART:20260701T090000Z" in content
    assert b"DTEND:20260701T103000Z" in content


def test_a_moved_appointment_is_the_same_event_with_a_higher_sequence() -> None:
    _, first = read(made())
    _, moved = read(made(STARTS + timedelta(days=1), sequence=1))
    assert moved["UID"] == first["UID"]
    assert moved.decoded("SEQUENCE") > first.decoded("SEQUENCE")
    assert moved.decoded("DTSTART") == STARTS + timedelta(days=1)


def test_a_cancelled_appointment_names_the_same_event() -> None:
    _, first = read(made())
    method, gone = read(made(sequence=2, cancelled=True))
    assert (method, gone["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (gone["UID"], gone["SEQUENCE"]) == (first["UID"], 2)


def test_a_uid_is_one_for_each_appointment_and_does_not_tell_the_referral() -> None:
    conference = uid(REFERENCE, "conference")
    assert conference == uid(REFERENCE, "conference")
    others = {uid(REFERENCE, "preparation/h1"), uid(reference_from(8), "conference"), conference}
    assert len(others) == 3
    for each in others:
        assert each.endswith(".invalid")
        assert "rj" not in each.casefold()
        assert REFERENCE.removeprefix("RJ-").casefold() not in each


@pytest.mark.parametrize(
    ("starts_at", "minutes", "says"),
    [(STARTS.replace(tzinfo=None), 90, "time zone"), (STARTS, 0, "at least 1 minute")],
)
def test_what_is_no_appointment_is_refused(starts_at: datetime, minutes: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        invitation(
            uid=uid(REFERENCE, "conference"),
            sequence=0,
            starts_at=starts_at,
            minutes=minutes,
            summary="A meeting",
            description="A meeting",
            organiser="meetings@example.org",
            attendee="cw-1@example.org",
            made_at=MADE,
        )
