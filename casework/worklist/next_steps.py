"""Which step a referral waits for: what opens each gate that is shut on the way on.

Nothing here opens what is sealed, and no word of it says more of a person than their side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from casework.worklist.answers import ANSWERS, DUPLICATE_CHECK, WHOM, Answer
from lifecycle.activities.state import ACTIVITY_STAGES, people_of, several, to_come
from lifecycle.gates import AnyGate, Gate
from lifecycle.people.consents import both_sides, committed_harmed, committed_responsible, in_force
from lifecycle.refusal import Refused
from lifecycle.rules import RULES
from lifecycle.stages.victim_contact import asked_for
from schemas.activity import Activity
from schemas.areas import LONDON
from schemas.commands import COMMANDS
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Participant, Referral
from schemas.vocabulary import (
    ActivityState,
    ConsentForm,
    ContactOutcome,
    Initiator,
    Interest,
    ParticipantRole,
    Purpose,
    Stage,
)
from schemas.vocabulary.words import in_words

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
_GOALS_OF_ACTIVITIES = {
    ActivityState.IN_PREPARATION: "book_activity",
    ActivityState.BOOKED: "record_activity_held",
    ActivityState.STOPPED: "return_to_preparation",
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
    "return_to_preparation": Answer("Go back to preparation", "return_to_preparation"),
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
    "not_prepared": Answer("Book a meeting to prepare {who}", "book_preparation_meeting", fields=WHOM),
    # Whether somebody is in prison is sealed; that it is asked for would say so.
    "confirmations_missing": None,
    "readiness_not_signed_off": _GO_ON["request_readiness_sign_off"],
    "risk_confirmation_old": Answer("Confirm that the risk stands as assessed", "reconfirm_risk"),
    "nothing_booked": None,
    # What kind of case it is stands sealed.
    "offender_initiated_refused": None,
    "not_offender_initiated": None,
    "attending_consent_missing": None,
    # What is to be done with each communication is said of each.
    "nothing_handed_over": None,
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
    activity: Activity | None = None
    """The activity that it is about, where there are several."""


def goal_of(referral: Referral) -> str:
    """The kind of the command that leads a referral on from where it stands."""
    by_responsible = referral.initiator is Initiator.PERSON_RESPONSIBLE
    if referral.stage is Stage.OFFENDER_CONSENT and by_responsible and referral.risk.verdict is None:
        return "begin_victim_contact"
    return _GOALS[referral.stage]


def gates_of(kind: str) -> tuple[AnyGate, ...]:
    """Every gate of a command, and for booking those of asking that readiness be signed off before it."""
    rule = RULES[COMMANDS[kind]]
    before = RULES[COMMANDS["request_readiness_sign_off"]].gates if kind == "book_activity" else ()
    found = dict.fromkeys((*rule.all_gates, *before))
    return tuple(each for each in found if each.code not in _NOT_ON_THE_WAY)


def next_step(referral: Referral, actor: Actor, at: datetime) -> Step | None:
    """What comes first on an open referral that waits for no sign-off; None where that is for somebody else to say."""
    return next(iter(next_steps(referral, actor, at)), None)


def next_steps(referral: Referral, actor: Actor, at: datetime) -> Iterator[Step]:
    """What comes next on an open referral that waits for no sign-off, of each activity that is still to come; nothing
    where that is for somebody else to say.

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
        yield reached
        return
    coming = to_come(referral) if referral.stage in ACTIVITY_STAGES else ()
    for activity in coming:
        step = _towards(referral, _GOALS_OF_ACTIVITIES[activity.state], activity, actor, at)
        if step is not None:
            yield _of_one_of_several(referral, step, activity)
    if not coming:
        step = _towards(referral, goal_of(referral), None, actor, at)
        if step is not None:
            yield step


def _towards(
    referral: Referral, goal: str, activity: Activity | None, actor: Actor, at: datetime
) -> Step | None:
    """What opens the first gate that is shut on the way to a goal; the goal itself where none is."""
    shut = {each.code for each in gates_of(goal) if is_shut(each, referral, activity, actor, at)}
    for code, answer in _OPENS.items():
        if code in shut:
            return _opening(referral, activity, code, answer)
    return Step(_GO_ON[goal])


def missing_for(referral: Referral, activity: Activity, actor: Actor, at: datetime) -> tuple[Refused, ...]:
    """What an activity that is to come lacks for its next step, as the rules say it; nothing, for any other."""
    goal = _GOALS_OF_ACTIVITIES.get(activity.state)
    if goal is None:
        return ()
    found = (
        each.refusal(referral, actor, at)
        if isinstance(each, Gate)
        else each.refusal(referral, activity, actor, at)
        for each in gates_of(goal)
    )
    return tuple(each for each in found if each is not None)


def is_shut(gate: AnyGate, referral: Referral, activity: Activity | None, actor: Actor, at: datetime) -> bool:
    """Whether a gate is shut; one about an activity is not where there is none."""
    if isinstance(gate, Gate):
        return gate.lacks(referral, actor, at) is not None
    return activity is not None and gate.lacks(referral, activity, actor, at) is not None


def _of_one_of_several(referral: Referral, step: Step, activity: Activity) -> Step:
    """A step as it stands beside those of other activities: it says which activity it is about."""
    if not several(referral):
        return step
    answer = step.answer
    if "activity" in COMMANDS[answer.kind].model_fields:
        fields = {**answer.fields, "activity": activity.id}
        answer = replace(answer, verb=f"{answer.verb} ({{which}})", fields=fields)
    return Step(answer, step.participant, activity)


def _contact(referral: Referral, side: ParticipantRole) -> Step | None:
    """With whom of a side to speak next: reached, informed, asked, and for the person responsible the facts."""
    there = referral.taking_part(side)
    for person in asked_for(referral, side):
        # Who asked on somebody's behalf gave the way to them, and waits to be called.
        reached = any(each.outcome is ContactOutcome.REACHED for each in person.attempts)
        if not reached and not any(each.attempts for each in there):
            return Step(_reach(person), person)
    for person in there:
        if person.informed_at is None:
            if any(each.outcome is ContactOutcome.REACHED for each in person.attempts):
                told = Answer(
                    "Tell {who} what restorative justice is and what they can choose",
                    "record_information_given",
                    "They were reached and not informed yet.",
                    WHOM,
                )
                return Step(told, person)
            return Step(_reach(person), person)
        if person.interest is None:
            ask = Answer(
                "Ask {who} whether they want to take part",
                "record_interest",
                "They are informed and have not said.",
                WHOM,
            )
            return Step(ask, person)
        if person.interest is Interest.UNDECIDED:
            return Step(ANSWERS[DeadlineName.THINKING_TIME], person)
        asked_for_facts = side is ParticipantRole.RESPONSIBLE and not referral.conflict
        if asked_for_facts and person.acknowledges is None:
            facts = Answer(
                "Ask {who} whether they acknowledge the basic facts",
                "record_acknowledgement",
                "Without that it goes no further.",
                WHOM,
            )
            return Step(facts, person)
    return None


def _reach(person: Participant) -> Answer:
    if not person.attempts:
        return Answer("Try to reach {who}", "record_contact_attempt", "Nobody has tried yet.", WHOM)
    last, times = person.attempts[-1], len(person.attempts)
    often = {1: "once", 2: "twice"}.get(times, f"{times} times")
    tried = f"Tried {often}, {'last ' if times > 1 else ''}on {last.made_at.astimezone(LONDON):%a %-d %b}"
    by = in_words(last.channel)
    return Answer("Try again to reach {who}", "record_contact_attempt", f"{tried} by {by}.", WHOM)


def _opening(referral: Referral, activity: Activity | None, code: str, answer: Answer | None) -> Step | None:
    there = people_of(referral, activity) if activity else None
    if code in _PURPOSES:
        people, purposes = _PURPOSES[code]
        if code == "method_consent_missing" and activity is not None and activity.method is not None:
            purposes = (activity.method.purpose,)
        form = ConsentForm.WRITTEN if code == "responsible_consent_missing" else None
        for person in people(referral):
            for purpose in purposes:
                if (there is None or person in there) and not in_force(referral, person, purpose, form):
                    return Step(_consent(purpose), person)
        return None
    if answer is None:
        return None
    if code == "not_prepared" and activity is not None:
        unprepared = [each for each in there or () if activity.part(each.id).prepared_on is None]
        return Step(answer, unprepared[0]) if unprepared else None
    return Step(answer)


def _consent(purpose: Purpose) -> Answer:
    return Answer(
        f"Get the consent of {{who}} to {_CONSENTS[purpose]}",
        "give_consent",
        "Without it the referral goes no further.",
        {**WHOM, "purpose": purpose},
        asks=("agencies",) if purpose is Purpose.SHARE_RISK_INFORMATION else (),
    )


_CONSENTS = {
    Purpose.TAKE_PART: "take part",
    Purpose.SHARE_RISK_INFORMATION: "share what is known of the risk",
    Purpose.METHOD_DIRECT: "meet face to face",
    Purpose.METHOD_VIDEO: "meet by video",
    Purpose.METHOD_INDIRECT: "communicate without meeting",
}
