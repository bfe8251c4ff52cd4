"""Sentences on contact, information, interest and acknowledgement."""

from __future__ import annotations

from casework.words.happened.telling import BY, Told, says
from casework.words.people import People
from schemas.vocabulary import ContactOutcome, Interest


@says("contact_attempted")
def say_contact_attempted(told: Told, people: People) -> str:
    who, within = people.called(told.participant), people.within(told.participant)
    by = BY.get(told.channel, "")
    match told.outcome:
        case ContactOutcome.REACHED:
            text = f"{within} was reached {by}"
        case ContactOutcome.NO_ANSWER:
            text = f"there was no answer from {within} {by}"
        case ContactOutcome.VOICEMAIL_LEFT:
            text = f"a voicemail was left for {who}"
        case ContactOutcome.MESSAGE_SENT:
            text = f"a message was sent to {within} {by}"
        case ContactOutcome.WRONG_DETAILS:
            text = f"{within} could not be reached {by}: the details are wrong"
        case _:
            text = f"an attempt was made to reach {who}"
    return f"{text}; this way is not marked as safe" if told.unsafe_channel else text


@says("information_given")
def say_information_given(told: Told, people: People) -> str:
    by = f" {BY[told.channel]}" if told.channel else ""
    return f"{people.within(told.participant)} was told{by} what restorative justice is"


@says("interest_recorded")
def say_interest_recorded(told: Told, people: People) -> str:
    who = people.within(told.participant)
    match told.interest:
        case Interest.INTERESTED:
            return f"{who} is interested in taking part"
        case Interest.UNDECIDED:
            return f"{who} has not decided yet whether to take part"
        case Interest.DECLINED:
            return f"{who} does not want to take part"
        case _:
            return f"{who} said whether they want to take part"


@says("facts_acknowledged")
def say_facts_acknowledged(told: Told, people: People) -> str:
    who = people.within(told.participant)
    if told.acknowledges is None:
        return f"{who} said whether they acknowledge the basic facts"
    return f"{who} {'acknowledges' if told.acknowledges else 'denies'} the basic facts"
