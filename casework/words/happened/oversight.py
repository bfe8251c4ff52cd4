"""Sentences on sign-offs, reviews, pauses, concerns, complaints and tasks."""

from __future__ import annotations

from casework.words.happened.telling import Told, says, which_activity
from casework.words.people import People, on_day
from schemas.vocabulary import SignOffSubject, TaskResult
from schemas.vocabulary.words import in_words

_SIGNED = {
    SignOffSubject.RISK_ASSESSMENT: "the risk assessment",
    SignOffSubject.READINESS: "readiness for a direct meeting",
    SignOffSubject.CLOSURE: "the closure",
}


@says("complaint_recorded")
def say_complaint_recorded(told: Told, people: People) -> str:
    by = f" by {people.called(told.made_by)}" if told.made_by else ""
    about = f" about {in_words(told.about)}" if told.about else ""
    return f"a complaint{about} was made{by}"


@says("complaint_answered")
def say_complaint_answered(told: Told, people: People) -> str:
    what = f"complaint {told.complaint}" if told.complaint else "a complaint"
    return f"{what} was answered{f': {in_words(told.outcome)}' if told.outcome else ''}"


@says("safeguarding_raised")
def say_safeguarding_raised(told: Told, people: People) -> str:
    return "a safeguarding concern was raised: every message and contact stops"


@says("safeguarding_lifted")
def say_safeguarding_lifted(told: Told, people: People) -> str:
    return "the safeguarding concern was lifted"


@says("put_on_hold")
def say_put_on_hold(told: Told, people: People) -> str:
    until = f", to be looked at again on {on_day(told.review_on)}" if told.review_on else ""
    return f"the referral was put on hold; its clocks stand still{until}"


@says("resumed")
def say_resumed(told: Told, people: People) -> str:
    return "the hold ended; the clocks go on where they stopped"


@says("sign_off_requested")
def say_sign_off_requested(told: Told, people: People) -> str:
    what = f": {_SIGNED[told.subject]}{which_activity(told, 'of')}" if told.subject else ""
    return f"a sign-off was asked for{what}"


@says("signed_off")
def say_signed_off(told: Told, people: People) -> str:
    if told.subject is None or told.approved is None:
        return "a supervisor decided on a sign-off"
    became = "signed off" if told.approved else "returned, not signed off"
    return f"{_SIGNED[told.subject]}{which_activity(told, 'of')} was {became}"


@says("gate_overridden")
def say_gate_overridden(told: Told, people: People) -> str:
    gate = f": {in_words(told.gate)}" if told.gate else ""
    return f"a supervisor overrode a condition{which_activity(told, 'of')}{gate}"


@says("reviewed")
def say_reviewed(told: Told, people: People) -> str:
    subject = f" of {in_words(told.subject).removesuffix(' review')}" if told.subject else ""
    about = f", about {people.called(told.participant)}" if told.participant else ""
    return f"a review{subject} was made{about}"


@says("task_completed")
def say_task_completed(told: Told, people: People) -> str:
    match told.result:
        case TaskResult.PASSED_ON:
            return "what no message could tell was passed on"
        case TaskResult.NOT_NEEDED:
            return "what no message could tell need not be passed on"
        case _:
            return "somebody dealt with a message that could not be sent"


@says("policy_adopted")
def say_policy_adopted(told: Told, people: People) -> str:
    if told.version is None:
        return "the referral goes on under another version of the policy"
    return f"the referral goes on under version {told.version} of the policy, before {told.was}"
