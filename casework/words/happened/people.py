"""Sentences on persons: what they consent to, what is known about them, when they leave."""

from __future__ import annotations

from casework.words.happened.telling import BY, Told, says
from casework.words.people import People, on_day
from schemas.vocabulary import Purpose
from schemas.vocabulary.words import in_words

TO_WHAT = {
    Purpose.BE_CONTACTED: "to be contacted",
    Purpose.TAKE_PART: "to take part",
    Purpose.SHARE_RISK_INFORMATION: "to share risk information",
    Purpose.METHOD_DIRECT: "to a direct meeting",
    Purpose.METHOD_VIDEO: "to a meeting by video",
    Purpose.METHOD_INDIRECT: "to an indirect exchange",
    Purpose.RECORDING: "to be recorded",
    Purpose.SUPPORTERS: "to have supporters there",
    Purpose.OUTCOME_AGREEMENT: "to the outcome agreement",
    Purpose.SHARE_OUTCOME: "to share the outcome",
    Purpose.EVALUATION: "to evaluation",
    Purpose.CASE_STUDY: "to a case study",
    Purpose.TRANSFER: "to share the case with the service of another area",
}


@says("consent_given")
def say_consent_given(told: Told, people: People) -> str:
    purpose = TO_WHAT.get(told.purpose, "to something")
    if told.by_guardian:
        return f"{people.within(told.by_guardian)} consented for {people.within(told.participant)} {purpose}"
    return f"{people.within(told.participant)} consented {purpose}"


@says("consent_withdrawn")
def say_consent_withdrawn(told: Told, people: People) -> str:
    who = people.within(told.participant)
    if told.by_guardian:
        who = f"{people.within(told.by_guardian)} for {who}"
    return (
        f"{who} withdrew the consent {TO_WHAT[told.purpose]}" if told.purpose else f"{who} withdrew a consent"
    )


@says("participation_ended")
def say_participation_ended(told: Told, people: People) -> str:
    why = f": {in_words(told.reason)}" if told.reason else ""
    return f"the part of {people.within(told.participant)} ended{why}"


@says("participant_added")
def say_participant_added(told: Told, people: People) -> str:
    person = told.participant
    return f"{people.within(person.id) if person else 'a person'} joined the referral"


@says("participant_amended")
def say_participant_amended(told: Told, people: People) -> str:
    text = f"what is known about {people.within(told.participant)} was put right"
    lost = [BY[channel] for channel in told.no_longer_safe or ()]
    return f"{text}; reaching them {' or '.join(lost)} is no longer marked as safe" if lost else text


@says("participant_came_of_age")
def say_participant_came_of_age(told: Told, people: People) -> str:
    return (
        f"{people.within(told.participant)} turned 18: no parent or guardian need consent for them any more"
    )


@says("contact_safety_recorded")
def say_contact_safety_recorded(told: Told, people: People) -> str:
    return f"it was recorded how {people.within(told.participant)} may be reached safely"


@says("custody_details_recorded")
def say_custody_details_recorded(told: Told, people: People) -> str:
    what = f" ({in_words(told.sentence_date_is)})" if told.sentence_date_is else ""
    by = f"; the day to bear in mind is {on_day(told.sentence_date)}{what}" if told.sentence_date else ""
    return f"it was recorded where {people.within(told.participant)} serves a sentence{by}"
