"""Sentences on deadlines, escalations and messages."""

from __future__ import annotations

from casework.words.happened.telling import BY, Told, named_deadline, says
from casework.words.people import People, when
from messages.notice_facts import template_in_words
from schemas.notices import Outcome
from schemas.vocabulary.words import in_words

_BECAME = {
    Outcome.DELIVERED: "was delivered",
    Outcome.REFUSED: "was refused by every safe way",
    Outcome.NO_SAFE_CHANNEL: "could not be sent: there is no safe way",
    Outcome.NOT_SET_UP: "could not be sent: the service is not set up for any safe way",
    Outcome.TOO_LATE: "was not sent: it would have come too late",
    Outcome.WITHHELD: "was withheld: contact was stopped",
    Outcome.NOT_WANTED: "was not sent: it was no longer needed",
}


@says("deadline_extended")
def say_deadline_extended(told: Told, people: People) -> str:
    until = f" to {when(told.until)}" if told.until else " later"
    return f"{named_deadline(told)} was moved{until}"


@says("deadline_reached")
def say_deadline_reached(told: Told, people: People) -> str:
    kind, _, number = (told.point or "").partition("-")
    match kind:
        case "warn":
            return f"{named_deadline(told)} is due soon: warning {number}"
        case "due":
            return f"{named_deadline(told)} is due"
        case "escalate":
            return f"{named_deadline(told)} is late: escalation {number}"
        case _:
            return f"{named_deadline(told)} came to one of its points"


@says("escalation_raised")
def say_escalation_raised(told: Told, people: People) -> str:
    to = f" to the {in_words(told.rung)}" if told.rung else ""
    return f"{named_deadline(told)} was escalated{to}"


@says("escalation_cleared")
def say_escalation_cleared(told: Told, people: People) -> str:
    return f"{named_deadline(told)} is no longer escalated"


@says("notice_settled")
def say_notice_settled(told: Told, people: People) -> str:
    what = f"the message “{template_in_words(told.template)}”" if told.template else "a message"
    to = f" to {people.within(told.to)}" if told.to else ""
    if told.outcome is None:
        return f"{what}{to} came to its end"
    by = f" {BY[told.channel]}" if told.channel else ""
    return f"{what}{to} {_BECAME[told.outcome]}{by}"
