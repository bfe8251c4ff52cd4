"""Conferences and preparation meetings as appointments of staff: who is invited, and who is told of a change."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lifecycle.activities.state import ACTIVITY_STAGES, facilitators_of, several
from schemas.activity import Activity, Part
from schemas.base import FIRST_ACTIVITY
from schemas.events import (
    ActivityAdjourned,
    ActivityHeld,
    AppointmentCalledOff,
    PreparationMeetingHeld,
    Recorded,
)
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
        key: conference, or preparation/h1, or of another activity conference/a2; there is at most one of each.
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


def conference(activity: str | None = None) -> str:
    """The key of the meeting or exchange that an activity is booked for."""
    return Activity(id=activity or FIRST_ACTIVITY).about(CONFERENCE)


def preparation(participant: str, activity: str | None = None) -> str:
    """The key of the preparation meeting with a participant for an activity."""
    return Activity(id=activity or FIRST_ACTIVITY).about(f"preparation/{participant}")


def booked_as(referral: Referral, key: str) -> Activity | None:
    """The activity whose meeting or exchange has that key; None where none that is booked has."""
    return next((each for each in referral.booked if conference(each.id) == key), None)


def appointments(referral: Referral) -> dict[str, Appointment]:
    """The meetings that are booked, by their key."""
    found = []
    for activity in referral.activities:
        facilitator, co_facilitator, _ = facilitators_of(referral, activity)
        people = _present(facilitator, co_facilitator, referral.caseworker)
        booked = activity.booked
        if booked is not None and not referral.closed:
            met = booked.attending if booked.method in _MEETINGS else ()
            found.append(Appointment(conference(activity.id), booked.starts_at, _CONFERENCE, people, met))
        if referral.stage in _stages_of_meetings(referral) and activity.to_come:
            found += [
                Appointment(
                    preparation(part.participant, activity.id),
                    part.meeting_at,
                    _PREPARATION,
                    people,
                    (part.participant,),
                )
                for part in _in_order(referral, activity)
                if part.meeting_at is not None and _active(referral, part.participant)
            ]
    return {each.key: each for each in found}


def _stages_of_meetings(referral: Referral) -> Collection[Stage]:
    return ACTIVITY_STAGES if several(referral) else (Stage.PREPARATION, Stage.CONFERENCE)


def _in_order(referral: Referral, activity: Activity) -> list[Part]:
    return [activity.part(person.id) for person in referral.participants]


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
    over = _took_place(events)
    for key, was in were.items():
        if key in over:
            continue
        still = are[key].staff if key in are else ()
        for who in was.staff:
            if who not in still and was.starts_at > at:
                yield Invitation(was, who, cancelled=True)


def called_off(
    before: Referral | None, after: Referral, events: Sequence[Recorded], at: datetime
) -> Iterator[AppointmentCalledOff]:
    """The future appointments that a step removed other than by holding them."""
    if before is None:
        return
    are, over = appointments(after), _took_place(events)
    for key, was in appointments(before).items():
        if key not in are and key not in over and was.starts_at > at:
            still_here = tuple(each for each in was.participants if _active(after, each))
            yield AppointmentCalledOff(appointment=key, starts_at=was.starts_at, participants=still_here)


def _took_place(events: Sequence[Recorded]) -> set[str]:
    """The keys of the appointments that a step records as held."""
    found = set()
    for each in events:
        match each.event:
            case ActivityHeld(activity=activity) | ActivityAdjourned(activity=activity):
                found.add(conference(activity))
            case PreparationMeetingHeld(participant=participant, activity=activity):
                found.add(preparation(participant, activity))
    return found


def _active(referral: Referral, participant: str) -> bool:
    person = referral.participant(participant)
    return person is not None and person.active


def _present(*people: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(who for who in people if who))
