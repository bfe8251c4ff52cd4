"""Sentences on who runs the activities, and on how people are prepared for them."""

from __future__ import annotations

from casework.words.happened.telling import BY, Told, says, which_activity
from casework.words.people import People, on_day, when
from schemas.vocabulary import Confirmation

_CONFIRMED_BY = {
    Confirmation.CUSTODY: "the prison",
    Confirmation.OFFENDER_MANAGER: "the offender manager",
    Confirmation.VICTIM_LIAISON: "the victim liaison officer",
}


@says("facilitators_assigned")
def say_facilitators_assigned(told: Told, people: People) -> str:
    co = f" with {told.co_facilitator}" if told.co_facilitator else ""
    what = f"activity {told.activity}" if told.activity else "the activity"
    return f"{what} will be run by {told.facilitator or 'a facilitator'}{co}"


@says("preparation_meeting_held")
def say_preparation_meeting_held(told: Told, people: People) -> str:
    on = f" on {on_day(told.held_on)}, {BY[told.channel]}" if told.held_on and told.channel else ""
    return f"{people.within(told.participant)} had a preparation meeting{which_activity(told, 'for')}{on}"


@says("preparation_meeting_booked")
def say_preparation_meeting_booked(told: Told, people: People) -> str:
    start = f" for {when(told.starts_at)}" if told.starts_at else ""
    meeting = f"preparation meeting{which_activity(told, 'for')} with {people.within(told.participant)}"
    return f"a {meeting} was booked{start}"


@says("preparation_meeting_cancelled")
def say_preparation_meeting_cancelled(told: Told, people: People) -> str:
    start = f" on {when(told.starts_at)}" if told.starts_at else ""
    meeting = f"preparation meeting{which_activity(told, 'for')} with {people.within(told.participant)}"
    return f"the {meeting} was cancelled{start and ','}{start}"


@says("confirmed")
def say_confirmed(told: Told, people: People) -> str:
    who = people.called(told.participant)
    if told.confirmation is None:
        return f"a confirmation was recorded for {who}"
    return f"{_CONFIRMED_BY[told.confirmation]} confirmed for {who}"
