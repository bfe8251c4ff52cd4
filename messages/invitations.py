"""Calendar entries of conferences and preparation meetings, for staff. They say when, and nothing of where or who."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, vCalAddress

# RFC 2606 keeps ".invalid" free for ever: nobody can own the domain.
_DOMAIN = "appointments.invalid"


def uid(reference: str, appointment: str) -> str:
    """The name under which every calendar knows an appointment of a referral, however often it is moved.

    It is a digest: a calendar is shown to others, so the reference does not stand in it.

    Args:
        reference: the referral's.
        appointment: which one of the referral, such as ``conference`` or ``preparation/h1``.
    """
    return f"{uuid5(NAMESPACE_URL, f'{reference}/{appointment}')}@{_DOMAIN}"


def invitation(
    *,
    uid: str,
    sequence: int,
    starts_at: datetime,
    minutes: int,
    summary: str,
    description: str,
    organiser: str,
    attendee: str,
    made_at: datetime,
    cancelled: bool = False,
) -> bytes:
    """An iCalendar object (RFC 5545, 5546) that puts an appointment into a calendar, moves it or takes it out.

    Times stand in UTC: an instant needs no VTIMEZONE that a calendar could read otherwise, it is unambiguous in the
    hour that comes twice in October, and every calendar shows it by its reader's clock.

    Args:
        uid: as :func:`uid` gives it.
        sequence: higher with each change of the same appointment; a calendar ignores what is lower than it knows.
        starts_at: when it begins, of any time zone.
        minutes: how long it lasts.
        summary: what every onlooker of the calendar may read.
        description: the same in more words.
        organiser: the service's e-mail address.
        attendee: the e-mail address of the member of staff, who is not asked to answer.
        made_at: when this object was made, of any time zone.
        cancelled: take the appointment out.

    Raises:
        ValueError: a moment has no time zone, or the appointment does not last.
    """
    if starts_at.tzinfo is None or made_at.tzinfo is None:
        raise ValueError("starts_at and made_at need a time zone")
    if minutes < 1:
        raise ValueError("minutes: an appointment lasts at least 1 minute")
    start = starts_at.astimezone(UTC)
    guest = vCalAddress(f"MAILTO:{attendee}")
    guest.params["RSVP"] = "FALSE"

    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=minutes))
    event.add("summary", summary)
    event.add("description", description)
    event.add("organizer", vCalAddress(f"MAILTO:{organiser}"))
    event.add("attendee", guest)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")

    calendar = Calendar()
    calendar.add("prodid", "-//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
