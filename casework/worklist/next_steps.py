"""Which step a referral waits for, in words and as a command: what ends each deadline, and what opens each shut gate.

Nothing here opens what is sealed, and no word of it says more of a person than their side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lifecycle.consents import both_sides, committed_harmed, committed_responsible, in_force
from lifecycle.core import RULES, Gate
from schemas.commands import COMMANDS
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    ConsentForm,
    ContactOutcome,
    Initiator,
    Interest,
    ParticipantRole,
    Purpose,
    Stage,
)


class Why(StrEnum):
    """Why somebody has something to do."""

    DEADLINE = "deadline"
    APPOINTMENT = "appointment"
    TASK = "task"
    """A message could not be sent: somebody has to be told."""
    SIGN_OFF = "sign_off"
    ESCALATED = "escalated"
    REVIEW = "review"
    """A review that only a supervisor may make."""
    ALLOCATION = "allocation"
    HOLD_REVIEW = "hold_review"
    AGREEMENT_ITEM = "agreement_item"
    COURT_DATE = "court_date"
    SAFEGUARDING = "safeguarding"
    NEXT_STEP = "next_step"
    """The referral goes no further without it, and no date is set."""
    WAITING = "waiting"
    """It waits for somebody else."""


@dataclass(frozen=True)
class Answer:
    """What answers something that waits.

    Attributes:
        verb: what to do, as a sentence without its full stop; {who}, {about} and the like are filled in.
        kind: of the command that records it.
        because: why now, as a sentence; filled in as well.
        fields: of the command, as far as they are known; filled in as well.
        asks: fields that only who does it knows, besides those that the command cannot do without.
        why: under which heading it comes.
    """

    verb: str
    kind: str
    because: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    why: Why = Why.DEADLINE

    def filled(self, words: Mapping[str, str]) -> Answer:
        """With these words in the places that are kept for them."""
        return Answer(
            self.verb.format_map(words),
            self.kind,
            self.because.format_map(words),
            {name: value.format_map(words) for name, value in self.fields.items()},
            self.asks,
            self.why,
        )


_WHOM = {"participant": "{participant}"}

ANSWERS: dict[DeadlineName, Answer] = {
    DeadlineName.ALLOCATION: Answer(
        "Allocate it to a caseworker",
        "allocate",
        "Nobody works on it yet; it came on {received}.",
        why=Why.ALLOCATION,
    ),
    DeadlineName.FIRST_CONTACT: Answer(
        "Try to reach {who} for the first time",
        "record_contact_attempt",
        "Nobody has tried yet; the referral came on {received}.",
        _WHOM,
    ),
    DeadlineName.UNREACHABLE_REVIEW: Answer(
        "Review whether to go on trying to reach {who}",
        "record_review",
        "They were tried as often as the policy asks.",
        {"subject": "unreachable_review", **_WHOM},
        why=Why.REVIEW,
    ),
    DeadlineName.THINKING_TIME: Answer(
        "Ask {who} whether they want to take part",
        "record_interest",
        "They asked for time to think.",
        _WHOM,
    ),
    DeadlineName.RISK_ASSESSMENT: Answer(
        "Give the verdict of the risk assessment",
        "record_risk_verdict",
        "The assessment began on {entered}.",
    ),
    DeadlineName.SIGN_OFF: Answer(
        "Read the {about} and sign it off, or say why not",
        "sign_off",
        "{asked_by} asked for it on {asked}.",
        {"subject": "{subject}"},
        why=Why.SIGN_OFF,
    ),
    DeadlineName.OFFENDER_DECISION: Answer(
        "Go on to preparation",
        "begin_preparation",
        "The person responsible has been asked since {entered}.",
    ),
    DeadlineName.PREPARATION_REVIEW: Answer(
        "Review what keeps the preparation from its end",
        "record_review",
        "It has been in preparation since {entered}.",
        {"subject": "preparation_review"},
        why=Why.REVIEW,
    ),
    DeadlineName.RISK_RECONFIRMATION: Answer(
        "Confirm that the risk stands as assessed",
        "reconfirm_risk",
        "Without it the activity on {due} may not go ahead.",
    ),
    DeadlineName.COURT_DATE: Answer(
        "Be ready for the hearing on {due}, then record what the court decided",
        "record_court_news",
        "A new date is recorded in the same way.",
        asks=("court_date",),
        why=Why.COURT_DATE,
    ),
    DeadlineName.CHECK_IN: Answer(
        "Check in with {who} after the activity",
        "record_follow_up",
        "It was held on {held}.",
        {**_WHOM, "contact": "check_in"},
    ),
    DeadlineName.SURVEY: Answer(
        "Ask {who} what they thought of the service",
        "record_survey",
        "The activity was held on {held}.",
        _WHOM,
        asks=("rating",),
    ),
    DeadlineName.FOLLOW_UP_SIX_WEEKS: Answer(
        "Ask {who} how things are, six weeks on",
        "record_follow_up",
        "The activity was held on {held}.",
        {**_WHOM, "contact": "six_weeks"},
    ),
    DeadlineName.FOLLOW_UP_THREE_MONTHS: Answer(
        "Ask {who} how things are, three months on",
        "record_follow_up",
        "The activity was held on {held}.",
        {**_WHOM, "contact": "three_months"},
    ),
    DeadlineName.AGREEMENT_ITEM: Answer(
        "Find out what became of item {about} of the agreement, undertaken by {who}",
        "settle_agreement_item",
        "It was to be done by {due}.",
        {"item": "{about}"},
        why=Why.AGREEMENT_ITEM,
    ),
    DeadlineName.INACTIVITY: Answer(
        "Ask {caseworker} what keeps it from going on",
        "record_review",
        "Nothing was recorded since {active}.",
        {"subject": "supervision"},
        why=Why.REVIEW,
    ),
    DeadlineName.HOLD_REVIEW: Answer(
        "Look at the hold, and end it if you can",
        "resume",
        "It has been on hold since {on_hold}.",
        why=Why.HOLD_REVIEW,
    ),
    DeadlineName.TASK: Answer(
        "Tell {who} yourself, if it is safe: {message}",
        "complete_task",
        "The message could not be sent.",
        {"task": "{about}"},
        why=Why.TASK,
    ),
}
"""What answers each deadline: `cli/explaining.py` says in words what ends it."""

DUPLICATE_CHECK = Answer(
    "Check whether the same request is here already, so that it can be allocated",
    "record_duplicate_check",
    "Nobody works on it yet; it came on {received}.",
    why=Why.ALLOCATION,
)
LIFT_SAFEGUARDING = Answer(
    "Look into the safeguarding concern, and lift the freeze when it is safe",
    "lift_safeguarding",
    "{asked_by} raised it on {asked}; nobody is contacted meanwhile.",
    why=Why.SAFEGUARDING,
)
REASSIGN = Answer(
    "Give it to another caseworker",
    "reassign",
    "{caseworker} does not work here any more.",
    why=Why.ALLOCATION,
)
RESUME_FIRST = Answer(
    "End the hold, so that this can be done: {verb}",
    "resume",
    "It has been on hold since {on_hold}. {because}",
)
COURT_DECIDED = Answer(
    "Record what the court decided",
    "record_court_news",
    "The hearing was set for {due}. A new date goes here; amend_referral says that sentence was passed.",
    asks=("court_date",),
    why=Why.COURT_DATE,
)
MEET = Answer(
    "Meet {who} to prepare them",
    "record_preparation_meeting",
    "The meeting is booked for {due}.",
    _WHOM,
    why=Why.APPOINTMENT,
)
HOLD_ACTIVITY = Answer(
    "{lead}",
    "record_activity_held",
    "It is booked for {due}.",
    why=Why.APPOINTMENT,
)

# The command that leads on from each stage; what is missing for it is what comes next.
_GOALS = {
    Stage.RECEIVED: "allocate",
    Stage.VICTIM_CONTACT: "begin_risk_assessment",
    Stage.RISK_ASSESSMENT: "record_risk_verdict",
    Stage.OFFENDER_CONSENT: "begin_preparation",
    Stage.PREPARATION: "book_activity",
    Stage.CONFERENCE: "record_activity_held",
    Stage.FOLLOW_UP: "close",
}
_GO_ON = {
    "allocate": ANSWERS[DeadlineName.ALLOCATION],
    "begin_risk_assessment": Answer("Begin the risk assessment", "begin_risk_assessment"),
    "record_risk_verdict": ANSWERS[DeadlineName.RISK_ASSESSMENT],
    "begin_preparation": Answer("Begin the preparation", "begin_preparation"),
    "begin_victim_contact": Answer("Go on to the person harmed", "begin_victim_contact"),
    "request_readiness_sign_off": Answer(
        "Ask a supervisor to sign the readiness off", "request_readiness_sign_off"
    ),
    "book_activity": Answer("Book the {activity}", "book_activity", fields={"attending": "{attending}"}),
    "record_activity_held": Answer("Record what became of the activity", "record_activity_held"),
    "close": Answer("Close it", "close"),
}

# What opens each gate on the way, in the order in which people work. A consent is asked of the first who lacks it, and
# preparation is begun with the first who had none.
_OPENS: dict[str, Answer | None] = {
    "duplicate_check_missing": DUPLICATE_CHECK,
    "nothing_assessed": Answer("Assess the risk", "record_risk_assessment"),
    "risk_not_assessed": None,
    "facts_not_acknowledged": None,
    "nobody_interested": None,
    "consent_missing": None,
    "harmed_consent_missing": None,
    "responsible_consent_missing": None,
    "facilitators_missing": Answer("Assign the facilitators", "assign_facilitators"),
    "method_missing": Answer("Choose the method with both sides", "choose_method"),
    "method_unsafe": Answer("Choose an indirect method: the risk allows no other", "choose_method"),
    "method_consent_missing": None,
    "not_prepared": Answer("Book a meeting to prepare {who}", "book_preparation_meeting", fields=_WHOM),
    # Whether somebody is in prison is sealed; that it is asked for would say so.
    "confirmations_missing": None,
    "readiness_not_signed_off": _GO_ON["request_readiness_sign_off"],
    "risk_confirmation_old": Answer("Confirm that the risk stands as assessed", "reconfirm_risk"),
    "nothing_booked": Answer("Go back to preparation", "return_to_preparation"),
    # What kind of case it is stands sealed.
    "offender_initiated_refused": None,
    "not_offender_initiated": None,
    "attending_consent_missing": None,
    "sign_off_waiting": None,
}
# Conditions of asking for the sign-off of readiness that are not conditions of booking.
_NOT_ON_THE_WAY = frozenset({"method_not_direct", "readiness_already_asked"})

_PURPOSES: dict[str, tuple[Callable[[Referral], Iterable[Participant]], tuple[Purpose, ...]]] = {
    "consent_missing": (committed_harmed, (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)),
    "harmed_consent_missing": (committed_harmed, (Purpose.TAKE_PART, Purpose.SHARE_RISK_INFORMATION)),
    "responsible_consent_missing": (committed_responsible, (Purpose.TAKE_PART,)),
    "method_consent_missing": (both_sides, ()),
}


@dataclass(frozen=True)
class Step:
    """What comes next on a referral, and with whom."""

    answer: Answer
    participant: Participant | None = None


def goal_of(referral: Referral) -> str:
    """The kind of the command that leads a referral on from where it stands."""
    by_responsible = referral.initiator is Initiator.PERSON_RESPONSIBLE
    if referral.stage is Stage.OFFENDER_CONSENT and by_responsible and referral.risk.verdict is None:
        return "begin_victim_contact"
    return _GOALS[referral.stage]


def gates_of(kind: str) -> tuple[Gate, ...]:
    """Every gate of a command, and for booking those of asking that readiness be signed off before it."""
    rule = RULES[COMMANDS[kind]]
    before = RULES[COMMANDS["request_readiness_sign_off"]].gates if kind == "book_activity" else ()
    found = dict.fromkeys((*rule.all_gates, *before))
    return tuple(each for each in found if each.code not in _NOT_ON_THE_WAY)


def next_step(referral: Referral, actor: Actor, at: datetime) -> Step | None:
    """What comes next on an open referral that waits for no sign-off; None where that is for somebody else to say.

    It is derived from the rules: the gates that are shut on the way on. What only the sealed part of a referral tells
    is not known here, so a step may still be refused with what it lacks.
    """
    sides = {
        Stage.VICTIM_CONTACT: ParticipantRole.HARMED,
        Stage.OFFENDER_CONSENT: ParticipantRole.RESPONSIBLE,
    }
    side = sides.get(referral.stage)
    reached = _contact(referral, side) if side else None
    if reached is not None:
        return reached
    goal = goal_of(referral)
    shut = {each.code for each in gates_of(goal) if each.lacks(referral, actor, at) is not None}
    for code, answer in _OPENS.items():
        if code in shut:
            return _opening(referral, code, answer)
    return Step(_GO_ON[goal])


def _contact(referral: Referral, side: ParticipantRole) -> Step | None:
    """With whom of a side to speak next: reached, informed, asked, and for the person responsible the facts."""
    for person in referral.taking_part(side):
        if person.informed_at is None:
            if any(each.outcome is ContactOutcome.REACHED for each in person.attempts):
                told = Answer(
                    "Tell {who} what restorative justice is and what they can choose",
                    "record_information_given",
                    "They were reached and not informed yet.",
                    _WHOM,
                )
                return Step(told, person)
            again = "again " if person.attempts else ""
            return Step(
                Answer(
                    f"Try {again}to reach {{who}}",
                    "record_contact_attempt",
                    "Nobody has reached them yet.",
                    _WHOM,
                ),
                person,
            )
        if person.interest is None:
            ask = Answer(
                "Ask {who} whether they want to take part",
                "record_interest",
                "They are informed and have not said.",
                _WHOM,
            )
            return Step(ask, person)
        if person.interest is Interest.UNDECIDED:
            return Step(ANSWERS[DeadlineName.THINKING_TIME], person)
        if side is ParticipantRole.RESPONSIBLE and person.acknowledges is None:
            facts = Answer(
                "Ask {who} whether they acknowledge the basic facts",
                "record_acknowledgement",
                "Without that it goes no further.",
                _WHOM,
            )
            return Step(facts, person)
    return None


def _opening(referral: Referral, code: str, answer: Answer | None) -> Step | None:
    if code in _PURPOSES:
        people, purposes = _PURPOSES[code]
        if code == "method_consent_missing" and referral.method is not None:
            purposes = (referral.method.purpose,)
        form = ConsentForm.WRITTEN if code == "responsible_consent_missing" else None
        for person in people(referral):
            for purpose in purposes:
                if not in_force(referral, person, purpose, form):
                    return Step(_consent(purpose), person)
        return None
    if answer is None:
        return None
    if code == "not_prepared":
        unprepared = [each for each in both_sides(referral) if each.prepared_on is None]
        return Step(answer, unprepared[0]) if unprepared else None
    return Step(answer)


def _consent(purpose: Purpose) -> Answer:
    return Answer(
        f"Get the consent of {{who}} to {_CONSENTS[purpose]}",
        "give_consent",
        "Without it the referral goes no further.",
        {**_WHOM, "purpose": purpose},
        asks=("agencies",) if purpose is Purpose.SHARE_RISK_INFORMATION else (),
    )


_CONSENTS = {
    Purpose.TAKE_PART: "take part",
    Purpose.SHARE_RISK_INFORMATION: "share what is known of the risk",
    Purpose.METHOD_DIRECT: "meet face to face",
    Purpose.METHOD_VIDEO: "meet by video",
    Purpose.METHOD_INDIRECT: "communicate without meeting",
}
