"""What was found to do, as an item of the worklist: in words and as commands.

Without names it says nothing about a person but their id and side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from casework.words.people import area_in_words
from casework.worklist.answers import RESUME_FIRST, Alternative, Answer, Why
from casework.worklist.found import Found, is_late
from casework.worklist.items import AFTERWARDS, Action, Group, ReadFirst, WorkItem
from lifecycle.rules import RULES
from lifecycle.timing.working_time import working_days_between
from messages.notice_facts import in_words
from schemas.activity import Activity
from schemas.areas import LONDON
from schemas.commands import COMMANDS
from schemas.policy import DeadlineName
from schemas.referral import Referral
from schemas.vocabulary import Method

_SIDES = {
    "h": "the person harmed",
    "r": "the person responsible",
    "s": "a supporter",
    "g": "a guardian",
    "i": "an interpreter",
    "a": "an appropriate adult",
}
_ACTIVITIES = {
    Method.FACE_TO_FACE: "meeting",
    Method.VIDEO: "meeting by video",
    Method.SHUTTLE: "shuttle",
    Method.LETTER: "exchange of a letter",
    Method.RECORDED_MESSAGE: "exchange of a recorded message",
}
_LEADING = {
    Method.FACE_TO_FACE: "Lead the meeting of {everybody}",
    Method.VIDEO: "Lead the meeting by video of {everybody}",
    Method.SHUTTLE: "Go between {everybody}",
    Method.LETTER: "Hand over the letter between {everybody}",
    Method.RECORDED_MESSAGE: "Hand over the recorded message between {everybody}",
}
SIGNED_OFF = {
    "risk_assessment": "risk assessment",
    "readiness": "readiness for the meeting",
    "closure": "closing",
}
# The words of an item that are ids of colleagues.
_OF_COLLEAGUES = frozenset({"asked_by", "owner"})
AFTER_CONTACT = frozenset(
    {
        "book_preparation_meeting",
        "complete_task",
        "give_consent",
        "hand_over_communication",
        "offer_communication",
        "record_acknowledgement",
        "record_answer",
        "record_contact_attempt",
        "record_follow_up",
        "record_information_given",
        "record_interest",
        "record_survey",
    }
)
"""Commands that are given after somebody was spoken or written to."""

# What is not to be done before its day comes near; all else can be done now.
_FOR_A_LATER_DAY = frozenset(
    {
        DeadlineName.AGREEMENT_ITEM,
        DeadlineName.CHECK_IN,
        DeadlineName.COURT_DATE,
        DeadlineName.FOLLOW_UP_SIX_WEEKS,
        DeadlineName.FOLLOW_UP_THREE_MONTHS,
        DeadlineName.HOLD_REVIEW,
        DeadlineName.INACTIVITY,
        DeadlineName.PREPARATION_REVIEW,
        DeadlineName.RISK_RECONFIRMATION,
        DeadlineName.SENTENCE_DATE,
        DeadlineName.SUPERVISION,
        DeadlineName.SURVEY,
        DeadlineName.THINKING_TIME,
        DeadlineName.UNREACHABLE_REVIEW,
    }
)


@dataclass(frozen=True)
class Called:
    """How people are called in the sentences of an item; those who are not named, by their ids.

    Attributes:
        people: names of the referral's participants, by id.
        colleagues: names of staff, by id.
        areas_in_full: whether areas are written as people write them, and not as commands do.
    """

    people: Mapping[str, str] = field(default_factory=dict, repr=False)
    colleagues: Mapping[str, str] = field(default_factory=dict, repr=False)
    areas_in_full: bool = False

    def participant(self, who: str) -> str:
        """The name of a participant, else their id."""
        return self.people.get(who, who)

    def colleague(self, who: str) -> str:
        """The name of a colleague, else their id."""
        return self.colleagues.get(who, who)

    def area(self, name: str) -> str:
        """An area: west-yorkshire; in full, West Yorkshire."""
        return area_in_words(name) if self.areas_in_full else name


BY_ID = Called()


def word_item(found: Found, referral: Referral, at: datetime, called: Called = BY_ID) -> WorkItem:
    """The item for something that was found to do on a referral, as of an instant."""
    waiting = found.waits_for is not None
    answer = found.answer if waiting else _unless_on_hold(found.answer, referral)
    answer = answer.filled(_words(found, referral, called))
    late = not waiting and is_late(found, at)
    entered = f"It has been in {in_words(referral.stage)} since {short_day(referral.stage_entered_at)}."
    instead_of = called.colleague(found.instead_of) if found.instead_of else None
    away = f"It is the work of {instead_of}, who is away." if instead_of else ""
    decide = " or ".join(map(called.colleague, found.decide))
    decide = f"It waits for {decide}." if decide else ""
    return WorkItem(
        verb=(_of_others(found, answer, called) if waiting else answer.verb).rstrip(",").replace(", (", " ("),
        reference=referral.reference,
        area=referral.area,
        stage=referral.stage,
        concerns=found.participants or found.colleagues,
        why=Why.WAITING if waiting and answer.why is not Why.SAFEGUARDING else answer.why,
        because=" ".join(filter(None, (answer.because or entered, decide, away, found.note))),
        deadline=found.deadline,
        due_at=found.due_at,
        due_in_working_days=_working_days(found.due_at, referral, at),
        overdue=late,
        group=group_of(found, at),
        instead_of=found.instead_of,
        waits_for=_waits_for(found, called) if waiting else None,
        read_first=ReadFirst.REFERRAL if waiting else _read_first(found, answer),
        actions=() if waiting else _actions(answer, late=late),
    )


def group_of(found: Found, at: datetime) -> Group:
    """The part of the worklist that it stands in, as of an instant."""
    if found.answer.why is Why.SAFEGUARDING:
        return Group.AT_ONCE
    if found.waits_for is not None:
        return Group.WAITING
    if is_late(found, at):
        return Group.OVERDUE
    if found.due_at is None:
        return Group.NEXT_STEPS
    days = (found.due_at.astimezone(LONDON).date() - at.astimezone(LONDON).date()).days
    if days <= 7:
        # A meeting that goes on from before midnight is today's.
        return Group.TODAY if days <= 0 else Group.THIS_WEEK
    name = (found.deadline or "").partition("/")[0]
    waits = found.over_at is not None or name in _FOR_A_LATER_DAY
    return Group.LATER if waits else Group.NEXT_STEPS


def short_day(moment: datetime) -> str:
    """A day in London as a worklist says it: Thu 26 Nov."""
    return f"{moment.astimezone(LONDON):%a %-d %b}"


def short_moment(moment: datetime | None) -> str:
    """An instant by London's clock as a worklist says it: Thu 26 Nov, 14:30; empty where there is none."""
    return f"{moment.astimezone(LONDON):%a %-d %b, %H:%M}" if moment else ""


def continued(verb: str) -> str:
    """A sentence as it goes on after other words."""
    return verb[:1].lower() + verb[1:]


def _unless_on_hold(answer: Answer, referral: Referral) -> Answer:
    if referral.hold is None or RULES[COMMANDS[answer.kind]].on_hold:
        return answer
    first = RESUME_FIRST
    verb = first.verb.replace("{verb}", continued(answer.verb))
    because = first.because.replace("{because}", answer.because).strip()
    return Answer(verb, first.kind, because, why=answer.why)


def _waits_for(found: Found, called: Called) -> str:
    return " or ".join(map(called.colleague, found.waits_for or ())) or "a supervisor"


def _of_others(found: Found, answer: Answer, called: Called) -> str:
    if answer.why is Why.SAFEGUARDING:
        return answer.verb
    if answer.why is Why.SIGN_OFF:
        return f"A supervisor signs the {SIGNED_OFF[answer.fields['subject']]} off"
    who = _waits_for(found, called) if found.waits_for else "A supervisor"
    return f"{who}: {continued(answer.verb)}"


def _words(found: Found, referral: Referral, called: Called) -> Mapping[str, str]:
    activity = _activity_of(found, referral)
    booked = (activity.booked.method if activity.booked else activity.method) if activity else None
    held = activity.held if activity else referral.held
    everybody = " and ".join(map(called.participant, found.participants))
    there = activity.taking_part if activity else ()
    attending = ",".join(
        each.id
        for each in referral.participants
        if each.active and each.id[0] in "hr" and (not there or each.id in there)
    )
    return {
        "who": _people(found.participants, called, conflict=referral.conflict),
        "participant": found.participants[0] if found.participants else "",
        "everybody": everybody,
        "attending": attending,
        "lead": _LEADING[booked].format(everybody=everybody) if booked else "",
        "activity": _ACTIVITIES[booked] if booked else "activity",
        "which": activity.id if activity else "",
        "caseworker": called.colleague(referral.caseworker) if referral.caseworker else "the team",
        "area": called.area(referral.area),
        "left": called.area(referral.transfers[-1].left) if referral.transfers else "",
        "here_since": short_day(referral.here_since),
        "offered_to": called.area(referral.transfer_offer.area) if referral.transfer_offer else "",
        "offered": short_day(referral.transfer_offer.offered_at) if referral.transfer_offer else "",
        "received": short_day(referral.received_at),
        "entered": short_day(referral.stage_entered_at),
        "active": short_day(referral.last_activity_at),
        "held": short_day(held[-1].at) if held else "",
        "on_hold": short_day(referral.hold.since) if referral.hold else "",
        "due": short_moment(found.due_at)
        if found.over_at
        else short_day(found.due_at)
        if found.due_at
        else "",
        **{name: called.colleague(said) if name in _OF_COLLEAGUES else said for name, said in found.words},
    }


def _activity_of(found: Found, referral: Referral) -> Activity | None:
    """The activity that something is about; where it does not say, the only one."""
    if found.activity is not None:
        return referral.activity(found.activity)
    return referral.activities[0] if len(referral.activities) == 1 else None


def _read_first(found: Found, answer: Answer) -> ReadFirst | None:
    if answer.kind == "sign_off":
        return ReadFirst.SIGN_OFFS
    if answer.kind == "accept_transfer":
        return ReadFirst.REFERRAL
    with_participant = bool(found.participants) and _is_participant(found.participants[0])
    return ReadFirst.CONTACT if answer.kind in AFTER_CONTACT and with_participant else None


def _actions(answer: Answer, *, late: bool) -> tuple[Action, ...]:
    first = Alternative(answer.when, answer.kind, answer.fields, answer.asks)
    # Of what has a day of its own, the outcome is recorded when it is over.
    after = answer.why in (Why.APPOINTMENT, Why.COURT_DATE) and not late
    return tuple(
        Action(
            when=_afterwards(each.when) if after else each.when,
            kind=each.kind,
            fields=dict(each.fields),
            asks=each.asks,
        )
        for each in (first, *answer.alternatives)
    )


def _afterwards(when: str) -> str:
    return f"{AFTERWARDS}, {continued(when)}" if when else AFTERWARDS


def _working_days(due_at: datetime | None, referral: Referral, at: datetime) -> int | None:
    if due_at is None:
        return None
    today, day = at.astimezone(LONDON).date(), due_at.astimezone(LONDON).date()
    return working_days_between(today, day, frozenset(referral.policy.closures))


def _people(participants: Collection[str], called: Called, *, conflict: bool) -> str:
    """By name; else by id and side: h1, the person harmed. A partner who sent the referral has no side."""
    sides = _SIDES | {"h": "a party", "r": "a party"} if conflict else _SIDES

    def say(who: str) -> str:
        if not _is_participant(who):
            return called.colleague(who)
        return called.people.get(who) or f"{who}, {sides[who[0]]},"

    return " and ".join(map(say, participants))


def _is_participant(who: str) -> bool:
    return who[0] in _SIDES and who[1:].isdecimal()
