"""Sentences on activities, from the plan to the end."""

from __future__ import annotations

from casework.words.happened.telling import METHODS, Told, as_which_activity, says, which_activity
from casework.words.people import People, when
from schemas.activity import activity_in_key
from schemas.base import FIRST_ACTIVITY
from schemas.vocabulary import ActivityEndReason
from schemas.vocabulary.words import in_words

_ENDED = {
    ActivityEndReason.COULD_NOT_GO_ON: "nobody of one side is left in it",
    ActivityEndReason.REPLACED: "it was replaced by another",
    ActivityEndReason.NOT_WANTED: "it is not wanted any more",
}


@says("activity_planned")
def say_activity_planned(told: Told, people: People) -> str:
    if told.method is None:
        return f"an activity was planned{as_which_activity(told)}"
    of = f", with {people.listed(told.taking_part)}" if told.taking_part else ", with all who take part"
    return f"{METHODS[told.method]} was planned{as_which_activity(told)}{of}"


@says("activity_adjourned")
def say_activity_adjourned(told: Told, people: People) -> str:
    began = f" that began {when(told.began_at)}" if told.began_at else ""
    if told.resumes_at:
        return f"the meeting{which_activity(told, 'of')}{began} was adjourned; it goes on {when(told.resumes_at)}"
    return f"the meeting{which_activity(told, 'of')}{began} was adjourned"


@says("activity_taken_up")
def say_activity_taken_up(told: Told, people: People) -> str:
    return f"the activity{which_activity(told)} is prepared again"


@says("activity_ended")
def say_activity_ended(told: Told, people: People) -> str:
    why = f": {_ENDED[told.why]}" if told.why else ""
    return f"the activity {told.activity or ''} will not take place{why}".replace("  ", " ")


@says("method_chosen")
def say_method_chosen(told: Told, people: People) -> str:
    if told.method is None:
        return f"a method{which_activity(told, 'for')} was chosen"
    instead = f", instead of {METHODS[told.replaces]}" if told.replaces else ""
    return f"the method{which_activity(told, 'of')} was chosen: {METHODS[told.method]}{instead}"


@says("activity_booked")
def say_activity_booked(told: Told, people: People) -> str:
    if told.starts_at is None:
        return f"{f'activity{which_activity(told)}' if which_activity(told) else 'an activity'} was booked"
    what = f"{METHODS[told.method]}{which_activity(told, 'as')}"
    return f"{what} was booked for {when(told.starts_at)}, with {people.listed(told.attending)}"


@says("activity_held")
def say_activity_held(told: Told, people: People) -> str:
    if told.method is None:
        return f"the activity{which_activity(told)} took place"
    partly = ", but was not brought to its end" if told.partly else ""
    return f"{METHODS[told.method]}{which_activity(told, 'as')} took place{partly}"


@says("activity_postponed")
def say_activity_postponed(told: Told, people: People) -> str:
    if not told.tells("asked_by"):
        return f"the activity{which_activity(told)} was put off"
    by = people.called(told.asked_by) if told.asked_by else "the service"
    return f"the activity{which_activity(told)} of {when(told.booked_for)} was put off, as asked by {by}"


@says("activity_stopped")
def say_activity_stopped(told: Told, people: People) -> str:
    return f"the activity{which_activity(told)} was stopped and did not reach its purpose"


@says("appointment_called_off")
def say_appointment_called_off(told: Told, people: People) -> str:
    if told.appointment is None:
        return "a meeting that lay ahead is off"
    kind, *parts = told.appointment.split("/")
    what = in_words(kind)
    if kind == "preparation":
        what = f"preparation meeting with {people.within(parts[0])}"
    activity = activity_in_key(told.appointment)
    what += f" for {activity}" if activity not in (None, FIRST_ACTIVITY) else ""
    return f"the {what} of {when(told.starts_at)} is off"
