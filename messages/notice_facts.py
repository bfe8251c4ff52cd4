"""The values of a message template's variables, in words for people in England and Wales."""

from __future__ import annotations

from datetime import datetime

from messages.wording import TEMPLATES, spoken, words
from schemas.notices import Notice, Outcome, Party
from schemas.policy import DeadlineName, Policy
from schemas.vocabulary.words import in_words as value_in_words

_POINTS = {"warn": "warning", "escalate": "escalation"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_WHY = {
    Outcome.REFUSED: "every safe channel refused it",
    Outcome.NO_SAFE_CHANNEL: "there is no safe channel",
    Outcome.NOT_SET_UP: "the service cannot send by any safe channel",
    Outcome.TOO_LATE: "it would have arrived after the appointment",
    Outcome.WITHHELD: "the referral is closed, on hold or under a safeguarding concern",
}


def facts(reference: str, notice: Notice, policy: Policy, *, area: str, stage: str) -> dict[str, object]:
    """The value of every variable that a message's template may use; empty text where the message has none.

    Args:
        reference: of the referral.
        notice: the message.
        policy: the referral's or its area's; it names the service.
        area: of the referral.
        stage: the referral's present stage.
    """
    about = notice.about
    # Staff read English; only what goes to participants is written in Welsh with days in it.
    welsh = policy.welsh and notice.party is Party.PARTICIPANT
    return {
        "service": policy.service_name,
        "phone": policy.service_phone,
        "reference": reference,
        "short": reference.removeprefix("RJ-"),
        "area": area,
        "stage": in_words(stage),
        "deadline": deadline_in_words(about.deadline) if about.deadline else "",
        "point": _point(about.point),
        "due": _moment(about.due_at or about.at, welsh=welsh),
        "subject_of": in_words(about.subject or ""),
        "starts": _moment(about.starts_at, welsh=welsh),
        "participant": about.participant or "",
        "wanted": template_in_words(about.wanted) if about.wanted else "",
        "why": _why(about.why),
        "what": _what(notice, policy),
        "colleague": about.colleague or "",
    }


def in_words(name: str) -> str:
    """A value of a closed list as text: victim contact; with an activity, readiness (a2)."""
    value, _, activity = name.partition("/")
    text = value_in_words(value)
    return f"{text} ({activity})" if activity else text


def deadline_in_words(key: str) -> str:
    """A deadline as text: first contact; thinking time (h1)."""
    name, _, about = key.partition("/")
    if name == DeadlineName.TASK:
        return f"telling somebody what no message could ({about})"
    return (
        f"{in_words(name)} ({in_words(about).replace(' (', ', ').rstrip(')')})" if about else in_words(name)
    )


def template_in_words(template: str) -> str:
    """What a message of the template is about; the template's name where it is no longer known."""
    return words(template) if template in TEMPLATES else in_words(template)


def _point(point: str | None) -> str:
    if point is None:
        return ""
    kind, _, number = point.partition("-")
    if kind not in _POINTS or not number.isdecimal():
        return "it is due now" if point == "due" else in_words(point)
    place = int(number)
    # Hardly any policy has more than five.
    if not 0 < place <= len(_ORDINALS):
        return f"{_POINTS[kind]} {place}"
    return f"{_ORDINALS[place - 1]} {_POINTS[kind]}"


def _moment(moment: datetime | None, *, welsh: bool) -> str:
    return spoken(moment, welsh=welsh) if moment is not None else ""


def _why(outcome: str | None) -> str:
    if outcome is None:
        return ""
    return _WHY.get(Outcome(outcome), in_words(outcome))


def _what(notice: Notice, policy: Policy) -> str:
    """What happened, by the policy's rule for the template: a message does not keep its event."""
    kinds = {
        rule.on
        for rule in policy.notices
        if rule.template == notice.template and rule.category is notice.category
    }
    return in_words(kinds.pop()) if len(kinds) == 1 else "something that your service wants you to know of"
