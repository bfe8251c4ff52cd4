"""Sentences on a referral that is received, checked, given to somebody and goes from stage to stage."""

from __future__ import annotations

from casework.words.happened.telling import Told, says
from casework.words.people import People
from schemas.vocabulary import Initiator, Source
from schemas.vocabulary.words import in_words

_FROM = {
    Source.SELF: "somebody concerned",
    Source.POLICE: "the police",
    Source.PROBATION: "probation",
    Source.PRISON: "a prison",
    Source.YOUTH_JUSTICE: "youth justice",
    Source.COURT: "a court",
    Source.VICTIM_SERVICES: "victim services",
    Source.OTHER: "another agency",
}


_WISHED_BY = {
    Initiator.HARMED_PERSON: "a person harmed wishes for it",
    Initiator.PERSON_RESPONSIBLE: "a person responsible wishes for it",
    Initiator.AGENCY: "an agency wishes for it",
}


@says("referral_received")
def say_referral_received(told: Told, people: People) -> str:
    if told.source is None:
        return "the referral was received"
    if told.asked_by is not None:
        return f"{people.within(told.asked_by)} asked to be called; {_WISHED_BY[told.initiator]}"
    return f"the referral was received from {_FROM[told.source]}; {_WISHED_BY[told.initiator]}"


@says("duplicate_checked")
def say_duplicate_checked(told: Told, people: People) -> str:
    if not told.tells("duplicate_of"):
        return "it was checked whether the same request is here already"
    if told.duplicate_of:
        return f"it was found that the same request is here already, as {told.duplicate_of}"
    return "it was checked that the same request is not here already"


@says("allocated")
def say_allocated(told: Told, people: People) -> str:
    return f"the referral was allocated to {told.caseworker or 'a caseworker'}"


@says("reassigned")
def say_reassigned(told: Told, people: People) -> str:
    return f"the referral went to {told.caseworker or 'another caseworker'}"


@says("stage_entered")
def say_stage_entered(told: Told, people: People) -> str:
    if told.stage is None or told.left is None:
        return "the referral moved to another stage"
    return f"the referral moved from {in_words(told.left)} to {in_words(told.stage)}"


@says("referral_closed")
def say_referral_closed(told: Told, people: People) -> str:
    stage = f" in {in_words(told.stage)}" if told.stage else ""
    return f"the referral closed{stage}{f': {in_words(told.reason)}' if told.reason else ''}"


@says("referral_reopened")
def say_referral_reopened(told: Told, people: People) -> str:
    return f"the referral was reopened{f', in {in_words(told.stage)}' if told.stage else ''}"
