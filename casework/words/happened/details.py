"""Sentences on what is known about the case and on its record."""

from __future__ import annotations

from casework.words.happened.telling import Told, says
from casework.words.people import People, on_day
from schemas.vocabulary.words import in_words


@says("referral_amended")
def say_referral_amended(told: Told, people: People) -> str:
    return "what is known about the referral was put right"


@says("court_updated")
def say_court_updated(told: Told, people: People) -> str:
    news = []
    if told.plea:
        news.append(f"the plea is {in_words(told.plea)}")
    if told.adjourned is not None:
        news.append("sentencing was adjourned for this" if told.adjourned else "sentencing is not adjourned")
    if told.court_date:
        news.append(f"the hearing is on {on_day(told.court_date)}")
    return f"there is news from the court{': ' if news else ''}{', '.join(news)}"


@says("time_spent_recorded")
def say_time_spent_recorded(told: Told, people: People) -> str:
    if told.minutes is None:
        return "time was spent on the referral"
    return f"time was spent on {in_words(told.work)}: {told.minutes} minute{'s' * (told.minutes != 1)}"


@says("note_added")
def say_note_added(told: Told, people: People) -> str:
    return "a note was added"


@says("step_corrected")
def say_step_corrected(told: Told, people: People) -> str:
    return f"{f'step {told.corrects}' if told.corrects else 'a step'} was taken back as a mistake"
