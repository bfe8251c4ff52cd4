"""Why a deadline is when it is, what ends it, and what happens to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from casework.words.people import deadline_in_words, when
from schemas.activity import activity_in_key
from schemas.base import FIRST_ACTIVITY
from schemas.policy import DeadlineName, Rung
from schemas.vocabulary.words import in_words

ENDS_WITH = {
    DeadlineName.ALLOCATION: "allocating it to a caseworker (allocate; after a transfer reassign)",
    DeadlineName.FIRST_CONTACT: "an attempt to reach whoever is approached first (record_contact_attempt)",
    DeadlineName.UNREACHABLE_REVIEW: "reaching the person (record_contact_attempt), or a supervisor's review, after "
    "which it runs anew (record_review)",
    DeadlineName.THINKING_TIME: "a yes or a no (record_interest), or a review, after which it runs anew "
    "(record_review)",
    DeadlineName.RISK_ASSESSMENT: "the verdict (record_risk_verdict)",
    DeadlineName.SIGN_OFF: "a supervisor's decision (sign_off), never by who made it",
    DeadlineName.OFFENDER_DECISION: "going on to preparation (begin_preparation), or a review, after which it runs "
    "anew (record_review)",
    DeadlineName.PREPARATION_REVIEW: "going on to the activity (book_activity), or a supervisor's review, after which "
    "it runs anew (record_review)",
    DeadlineName.RISK_RECONFIRMATION: "confirming the risk shortly before the activity (reconfirm_risk)",
    DeadlineName.COURT_DATE: "the hearing itself; another date is recorded (record_court_news)",
    DeadlineName.CHECK_IN: "the check-in with the person (record_follow_up)",
    DeadlineName.SURVEY: "the person's answers (record_survey)",
    DeadlineName.FOLLOW_UP_SIX_WEEKS: "the contact after six weeks (record_follow_up)",
    DeadlineName.FOLLOW_UP_THREE_MONTHS: "the contact after three months (record_follow_up)",
    DeadlineName.AGREEMENT_ITEM: "saying what became of the item (settle_agreement_item)",
    DeadlineName.INACTIVITY: "any step on the case, a note too (add_note); it then runs anew",
    DeadlineName.HOLD_REVIEW: "ending the hold (resume)",
    DeadlineName.COMING_OF_AGE: "the day itself: it is then recorded that they are of age",
    DeadlineName.TASK: "telling them, or saying that it is not needed (complete_task)",
    DeadlineName.SENTENCE_DATE: "the day itself; another date, or none, is recorded (record_custody_details)",
    DeadlineName.SUPERVISION: "case supervision held (record_review), after which it runs anew",
    DeadlineName.COMPLAINT: "the answer to the complaint (answer_complaint)",
    DeadlineName.TRANSFER_ANSWER: "the other area's answer (accept_transfer, refuse_transfer), or taking the offer "
    "back (withdraw_transfer_offer)",
}
"""What ends each clock, as the rules have it."""

_CALLED = {
    DeadlineName.ALLOCATION: "Allocation",
    DeadlineName.FIRST_CONTACT: "First contact",
    DeadlineName.UNREACHABLE_REVIEW: "Review whether to go on trying to reach {who}",
    DeadlineName.THINKING_TIME: "Thinking time of {who}",
    DeadlineName.RISK_ASSESSMENT: "Risk assessment",
    DeadlineName.SIGN_OFF: "Sign-off of the {about}",
    DeadlineName.OFFENDER_DECISION: "Decision of the person responsible",
    DeadlineName.PREPARATION_REVIEW: "Review of the preparation by a supervisor",
    DeadlineName.RISK_RECONFIRMATION: "Risk confirmed before the activity",
    DeadlineName.COURT_DATE: "Hearing at court",
    DeadlineName.CHECK_IN: "Check-in with {who}",
    DeadlineName.SURVEY: "Survey of {who}",
    DeadlineName.FOLLOW_UP_SIX_WEEKS: "Follow-up with {who} after six weeks",
    DeadlineName.FOLLOW_UP_THREE_MONTHS: "Follow-up with {who} after three months",
    DeadlineName.AGREEMENT_ITEM: "Agreement, item {about}",
    DeadlineName.INACTIVITY: "No step on the case",
    DeadlineName.HOLD_REVIEW: "Review of the hold",
    DeadlineName.TASK: "Telling somebody what no message could",
    DeadlineName.SENTENCE_DATE: "Date in the sentence of {who}",
    DeadlineName.SUPERVISION: "Case supervision",
    DeadlineName.COMPLAINT: "Answer to complaint {about}",
    DeadlineName.COMING_OF_AGE: "{who} turns 18",
    DeadlineName.TRANSFER_ANSWER: "Answer of the other area",
}

_OWN_DATES = {
    DeadlineName.COURT_DATE: "the day of the hearing",
    DeadlineName.RISK_RECONFIRMATION: "the beginning of the activity",
    DeadlineName.SENTENCE_DATE: "a date in a sentence, such as a release or the end of an order",
    DeadlineName.AGREEMENT_ITEM: "the end of the day that was agreed",
    DeadlineName.HOLD_REVIEW: "the day that was set when the hold began",
    DeadlineName.COMING_OF_AGE: "the first Monday on or after the 18th birthday",
}

_UNITS = {"wd": "working day", "w": "week", "m": "month"}


def deadline_called(key: str, called: Callable[[str], str]) -> str:
    """What a deadline is called on a page: Thinking time of June I.

    Args:
        key: of the deadline.
        called: how a person is called, by id.
    """
    name, *parts = key.split("/")
    about, activity = (parts or [""])[0], activity_in_key(key)
    words = _CALLED[DeadlineName(name)]
    who = called(about) if "{who}" in words and about else ""
    text = words.format(who=who, about=in_words(about))
    of = f" ({activity})" if activity not in (None, FIRST_ACTIVITY) else ""
    return f"{text[:1].upper()}{text[1:]}{of}"


def span_in_words(span: str) -> str:
    """A span of a policy: 2 working days."""
    for unit, word in _UNITS.items():
        if span.endswith(unit):
            number = span.removesuffix(unit)
            return f"{number} {word}{'s' * (number != '1')}"
    return f"{span.removeprefix('PT').removesuffix('S')} seconds"


def point_in_words(point: str) -> str:
    """A point of a deadline: warning 1."""
    kind, _, number = point.partition("-")
    return {"warn": f"warning {number}", "escalate": f"escalation {number}"}.get(kind, kind)


def what_follows_at(rung: Rung, point: str) -> str:
    """What happens when a deadline comes to one of its points.

    Args:
        rung: of the ladder, that answers then.
    """
    who = in_words(rung)
    match point.partition("-")[0]:
        case "warn":
            return f"warning to the {who}"
        case "due" if rung is Rung.CASEWORKER:
            return "due: the caseworker is reminded"
        case "due":
            return f"due: the {who} is called in"
        case _:
            return f"escalates to the {who}"


def why_due(
    key: str,
    span: str | None,
    started_at: datetime | None,
    counted_from: datetime | None,
    because: str | None,
) -> str:
    """Why a deadline is due when it is.

    Args:
        span: after which it is due; None: it falls on its own date.
        started_at: when its clock started.
        counted_from: when working time began, where its clock started outside of it.
        because: why that span holds instead of the policy's ordinary one.
    """
    if span is None or started_at is None:
        return f"it falls on {_OWN_DATES.get(DeadlineName(key.partition('/')[0]), 'a date of its own')}"
    since = f"{span_in_words(span)} after its clock started {when(started_at)}"
    if counted_from:
        since += f", which counts from {when(counted_from)}"
    return f"{since}; {because}" if because else since


def deadline_change(key: str, change: str, due_at: datetime, was_due_at: datetime | None) -> str:
    """What a step does to a deadline: Moved: first contact: due Thu 5 Mar 2026 10:00 (was Wed 4 Mar 2026 10:00)."""
    name = deadline_in_words(key)
    due = f"{name}: due {when(due_at)}"
    match change:
        case "stopped":
            return f"Stands still: {name}"
        case "new":
            return f"New: {due}"
        case "moved" if was_due_at is not None:
            return f"Moved: {due} (was {when(was_due_at)})"
        case _:
            return f"Goes on: {due}"
