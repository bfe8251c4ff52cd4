"""The meetings and exchanges of a referral: who is in each, what it lacks, when it is, and what became of it."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from casework.referral.page.case import Case
from casework.words.exchange import communications
from casework.words.happened.telling import METHODS
from casework.worklist.next_steps import missing_for
from lifecycle.activities.state import concerns, facilitators_of
from lifecycle.people.consents import TWO_SIDES
from schemas.activity import Activity
from schemas.base import FIRST_ACTIVITY, Model
from schemas.events import ActivityBooked
from schemas.referral import Participant
from schemas.vocabulary import ActivityEndReason, ActivityState, FollowUpContact


class PreparedPerson(Model):
    """How somebody is prepared for an activity, and followed up after it.

    Attributes:
        called: as they are called.
        meeting_at: when a meeting to prepare them is booked.
    """

    id: str
    called: str = Field(repr=False)
    prepared_on: date | None
    meeting_at: AwareDatetime | None
    followed_up: tuple[FollowUpContact, ...]
    surveyed: bool


class SittingLine(Model):
    """A time at which an activity was held, or began and was adjourned.

    Attributes:
        attending: who was there, as they are called.
    """

    at: AwareDatetime
    attending: str = Field(repr=False)
    partly: bool = False
    adjourned: bool = False


class ActivityCard(Model):
    """An activity.

    Attributes:
        what: its method, in words; empty where none was chosen.
        people: who takes part in it.
        facilitator, co_facilitator: who runs it, by name.
        missing: what it lacks for its next step, as sentences.
        booked_for: when it is booked for; with whom and where.
        sittings: when it was held or adjourned, in the order of time.
        exchanged: how far each letter or message has come.
    """

    id: str
    what: str
    direct: bool
    state: ActivityState
    people: tuple[PreparedPerson, ...]
    facilitator: str
    co_facilitator: str | None
    missing: tuple[str, ...] = Field(repr=False)
    booked_for: AwareDatetime | None
    attending: str = Field(repr=False)
    venue: str | None = Field(repr=False)
    sittings: tuple[SittingLine, ...]
    exchanged: tuple[str, ...] = Field(repr=False)
    ended: ActivityEndReason | None
    ended_at: AwareDatetime | None


def activities_of(case: Case) -> tuple[ActivityCard, ...]:
    """The activities of a referral."""
    return tuple(_card(case, each) for each in case.referral.activities)


def _card(case: Case, activity: Activity) -> ActivityCard:
    referral = case.referral
    facilitator, co_facilitator, _ = facilitators_of(referral, activity)
    booked = activity.booked
    method = booked.method if booked else activity.method
    what = METHODS[method] if method else ""
    return ActivityCard(
        id=activity.id,
        what=what[:1].upper() + what[1:],
        direct=method is not None and method.direct,
        state=activity.state,
        people=tuple(
            _prepared(case, activity, each.id) for each in referral.participants if _is_in(activity, each)
        ),
        facilitator=case.colleague(facilitator),
        co_facilitator=case.colleague(co_facilitator) if co_facilitator else None,
        missing=tuple(
            case.with_names(each.message) for each in missing_for(referral, activity, case.actor, case.at)
        )
        if not case.erasure
        else (),
        booked_for=booked.starts_at if booked else None,
        attending=case.all_called(booked.attending) if booked else "",
        venue=_venue(case, activity) if booked else None,
        sittings=tuple(_sittings(case, activity)),
        exchanged=tuple(case.with_names(each) for each in communications(referral, activity.id)),
        ended=activity.ended,
        ended_at=activity.ended_at,
    )


def _is_in(activity: Activity, person: Participant) -> bool:
    return person.role in TWO_SIDES and person.active and concerns(activity, person.id)


def _prepared(case: Case, activity: Activity, participant: str) -> PreparedPerson:
    part = activity.part(participant)
    return PreparedPerson(
        id=participant,
        called=case.called(participant),
        prepared_on=part.prepared_on,
        meeting_at=part.meeting_at,
        followed_up=part.followed_up,
        surveyed=part.surveyed,
    )


def _sittings(case: Case, activity: Activity) -> list[SittingLine]:
    adjourned = [
        SittingLine(at=each.began_at, attending=case.all_called(each.attending), adjourned=True)
        for each in activity.adjourned
    ]
    held = [
        SittingLine(at=each.at, attending=case.all_called(each.attending), partly=each.partly)
        for each in activity.held
    ]
    return sorted((*adjourned, *held), key=lambda each: each.at)


def _venue(case: Case, activity: Activity) -> str | None:
    """Where it is booked for, in the words of who booked it last."""
    places = [
        recorded.event.venue
        for recorded in case.standing()
        if isinstance(recorded.event, ActivityBooked)
        and (recorded.event.activity or FIRST_ACTIVITY) == activity.id
    ]
    return places[-1] if places else None
