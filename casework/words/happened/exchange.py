"""Sentences on what the two sides send each other in an indirect activity."""

from __future__ import annotations

from casework.words.happened.telling import Told, says
from casework.words.people import People
from schemas.exchange import CheckResult, CommunicationAnswer, CommunicationForm, DraftOrigin

_FORMS = {
    CommunicationForm.LETTER: "letter",
    CommunicationForm.RECORDED_MESSAGE: "recorded message",
    CommunicationForm.SPOKEN: "spoken message",
}


@says("communication_drafted")
def say_communication_drafted(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    if told.author is None or told.to is None:
        return f"{which} was drafted"
    what = f"{'the' if told.communication else 'a'} {_FORMS[told.form]} {told.communication or ''}".rstrip()
    given = told.origin is DraftOrigin.GIVEN_TO_FACILITATOR
    reply = f", in reply to {told.reply_to}" if told.reply_to else ""
    did = f"gave {what} to the service" if given else f"drafted {what}"
    return f"{people.within(told.author)} {did} for {people.listed(told.to)}{reply}"


@says("communication_checked")
def say_communication_checked(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    match told.result:
        case CheckResult.FIT:
            out = ", after something was taken out" if told.taken_out else ""
            return f"{which} was checked and is fit to be offered{out}"
        case CheckResult.TO_BE_CHANGED:
            return f"{which} was checked and is to be changed"
        case _:
            return f"{which} was checked"


@says("communication_offered")
def say_communication_offered(told: Told, people: People) -> str:
    return f"{people.within(told.participant)} was offered {told.communication or 'a communication'}"


@says("communication_answered")
def say_communication_answered(told: Told, people: People) -> str:
    who, which = people.within(told.participant), told.communication or "a communication"
    match told.answer:
        case CommunicationAnswer.ACCEPTED:
            return f"{who} would like to have {which}"
        case CommunicationAnswer.REFUSED:
            return f"{who} does not want {which}"
        case CommunicationAnswer.LATER:
            return f"{who} leaves {which} for later"
        case _:
            return f"{who} answered the offer of {which}"


@says("communication_handed_over")
def say_communication_handed_over(told: Told, people: People) -> str:
    which = told.communication or "a communication"
    return f"{which} was handed over to {people.called(told.participant)}"
