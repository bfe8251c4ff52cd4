"""Calendar entries of conferences and preparation meetings, for staff. They hold the time, but no place or people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, vCalAddress

# RFC 2606 keeps ".invalid" free for ever: nobody can own the domain.
_DOMAIN = "appointments.invalid"


def uid(reference: str, appointment: str) -> str:
    """The UID of an appointment of a referral, the same however often it is moved.

    It is a digest: others may see a calendar, so the reference must not be in it.

    Args:
        reference: the referral's.
        appointment: its key within the referral, such as ``conference`` or ``preparation/h1``.
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
    """An iCalendar object (RFC 5545, 5546) that adds, moves or removes an appointment.

    Times are in UTC: that needs no VTIMEZONE, is unambiguous in the hour that occurs twice in October, and every
    calendar shows it in its reader's time zone.

    Args:
        uid: as :func:`uid` gives it.
        sequence: higher with each change of the appointment; calendars ignore a lower one.
        starts_at: when it begins, in any time zone.
        minutes: how long it lasts.
        summary: a title that anybody who sees the calendar may read.
        description: a text that anybody who sees the calendar may read.
        organiser: the service's e-mail address.
        attendee: the e-mail address of the member of staff, who is not asked to answer.
        made_at: when this object was made, in any time zone.
        cancelled: whether to remove the appointment.

    Raises:
        ValueError: a time has no time zone, or the appointment has no length.
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
