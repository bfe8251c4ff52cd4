"""Conferences and preparation meetings as appointments of staff: who is invited, and who is told of a change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.events import ActivityHeld, AppointmentCalledOff, PreparationMeetingHeld, Recorded
from schemas.referral import Referral
from schemas.vocabulary import Method, Stage

# Length of a calendar entry, in minutes. Our judgement: a conference with welcome and tea, and a meeting.
_CONFERENCE = 120
_PREPARATION = 60

CONFERENCE = "conference"

# Methods for which participants expect to be met; a letter or a recording is handed over at any time.
_MEETINGS = (Method.FACE_TO_FACE, Method.VIDEO, Method.SHUTTLE)


@dataclass(frozen=True)
class Appointment:
    """A meeting that is booked.

    Attributes:
        key: conference, or preparation/h1; there is at most one of each.
        starts_at: UTC.
        minutes: for how long.
        staff: ids of the staff who attend.
        participants: ids of those who expect to be met; none for a letter or a recording.
    """

    key: str
    starts_at: datetime
    minutes: int
    staff: tuple[str, ...]
    participants: tuple[str, ...]


@dataclass(frozen=True)
class Invitation:
    """A change to one member of staff's calendar.

    Attributes:
        appointment: as it is now, or was before it was cancelled.
        to: whose calendar.
        cancelled: whether to remove it from their calendar.
    """

    appointment: Appointment
    to: str
    cancelled: bool


def preparation(participant: str) -> str:
    """The key of the preparation meeting with a participant."""
    return f"preparation/{participant}"


def appointments(referral: Referral) -> dict[str, Appointment]:
    """The meetings that are booked, by their key."""
    found = []
    people = _present(referral.facilitator, referral.co_facilitator, referral.caseworker)
    if referral.activity is not None and not referral.closed:
        activity = referral.activity
        met = activity.attending if activity.method in _MEETINGS else ()
        found.append(Appointment(CONFERENCE, activity.starts_at, _CONFERENCE, people, met))
    if referral.stage in (Stage.PREPARATION, Stage.CONFERENCE):
        found += [
            Appointment(preparation(person.id), person.meeting_at, _PREPARATION, people, (person.id,))
            for person in referral.participants
            if person.meeting_at is not None and person.active
        ]
    return {each.key: each for each in found}


def invitations(
    before: Referral | None, after: Referral, events: Sequence[Recorded], at: datetime
) -> Iterator[Invitation]:
    """The calendar changes after a step: new invitations, changed ones and cancellations.

    An appointment that has begun or was held is not cancelled.
    """
    were = appointments(before) if before else {}
    are = appointments(after)
    for key, now in are.items():
        was = were.get(key)
        for who in now.staff:
            if was is None or who not in was.staff or was.starts_at != now.starts_at:
                yield Invitation(now, who, cancelled=False)
    if any(isinstance(each.event, ActivityHeld | PreparationMeetingHeld) for each in events):
        return
    for key, was in were.items():
        still = are[key].staff if key in are else ()
        for who in was.staff:
            if who not in still and was.starts_at > at:
                yield Invitation(was, who, cancelled=True)


def called_off(
    before: Referral | None, after: Referral, events: Sequence[Recorded], at: datetime
) -> Iterator[AppointmentCalledOff]:
    """The future appointments that a step removed other than by holding them."""
    if before is None or any(
        isinstance(each.event, ActivityHeld | PreparationMeetingHeld) for each in events
    ):
        return
    are = appointments(after)
    for key, was in appointments(before).items():
        if key not in are and was.starts_at > at:
            still_here = tuple(each for each in was.participants if _active(after, each))
            yield AppointmentCalledOff(appointment=key, starts_at=was.starts_at, participants=still_here)


def _active(referral: Referral, participant: str) -> bool:
    person = referral.participant(participant)
    return person is not None and person.active


def _present(*people: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(who for who in people if who))
