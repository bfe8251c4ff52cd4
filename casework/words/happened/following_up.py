"""Sentences on agreements, follow-up, surveys, scales and outcome reports."""

from __future__ import annotations

from casework.words.happened.telling import Told, says, which_activity
from casework.words.people import People
from schemas.vocabulary import FollowUpContact, ItemOutcome
from schemas.vocabulary.words import in_words

_FOLLOWED_UP = {
    FollowUpContact.CHECK_IN: "at the check-in",
    FollowUpContact.SIX_WEEKS: "after six weeks",
    FollowUpContact.THREE_MONTHS: "after three months",
}


@says("agreement_made")
def say_agreement_made(told: Told, people: People) -> str:
    items = f", of {len(told.items)} item{'s' * (len(told.items) != 1)}" if told.items else ""
    return f"an outcome agreement{which_activity(told, 'of')} was made{items}"


@says("agreement_item_settled")
def say_agreement_item_settled(told: Told, people: People) -> str:
    if told.outcome is None:
        return "it was recorded what became of an item of the agreement"
    done = "was completed" if told.outcome is ItemOutcome.COMPLETED else "will not be completed"
    return f"item {told.item} of the agreement {done}"


@says("followed_up")
def say_followed_up(told: Told, people: People) -> str:
    who = people.within(told.participant)
    return f"{who} was followed up{which_activity(told, 'of')} {_FOLLOWED_UP.get(told.contact, 'after the activity')}"


@says("survey_answered")
def say_survey_answered(told: Told, people: People) -> str:
    return f"{people.within(told.participant)} said what they thought of the service{which_activity(told, 'after')}"


@says("scale_scored")
def say_scale_scored(told: Told, people: People) -> str:
    scale = f"the scale {in_words(told.scale)}" if told.scale else "an outcome scale"
    occasion = f" {in_words(told.occasion)} the activity" if told.occasion else ""
    return f"{people.within(told.participant)} was scored on {scale}{occasion}"


@says("needs_scored")
def say_needs_scored(told: Told, people: People) -> str:
    occasion = f" {in_words(told.occasion)} the activity" if told.occasion else ""
    return f"the eight needs of {people.within(told.participant)} were scored{occasion}"


@says("outcome_reported")
def say_outcome_reported(told: Told, people: People) -> str:
    return f"an outcome report went to {in_words(told.agency) if told.agency else 'an agency'}"
