"""Correction: a new step takes a mistaken one back and names it. The log keeps both."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from lifecycle.people.consents import TWO_SIDES
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, RULES, SUPERVISORS, rule
from lifecycle.state import apply, fold
from schemas.base import FIRST_ACTIVITY
from schemas.commands import CorrectStep
from schemas.events import (
    ActivityAdjourned,
    ActivityBooked,
    ActivityEnded,
    ActivityHeld,
    ActivityPlanned,
    ActivityPostponed,
    ActivityStopped,
    ActivityTakenUp,
    AgreementMade,
    CommunicationDrafted,
    CommunicationHandedOver,
    CommunicationOffered,
    DeadlineReached,
    Event,
    FollowedUp,
    NoticeSettled,
    PolicyAdopted,
    Recorded,
    ReferralClosed,
    ReferralReceived,
    ReferralReopened,
    StageEntered,
    StepCorrected,
    SurveyAnswered,
    TransferAccepted,
    TransferOffered,
    TransferOfferWithdrawn,
    TransferRefused,
)
from schemas.people import Actor
from schemas.referral import Referral
from schemas.vocabulary import ActivityState, Stage

# These cannot be taken back: a referral entered in error is closed instead, a closed one reopened.
_FIXED = (
    ReferralReceived,
    ReferralClosed,
    ReferralReopened,
    StepCorrected,
    DeadlineReached,
    NoticeSettled,
    PolicyAdopted,
    TransferOffered,
    TransferAccepted,
    TransferRefused,
)


# The way of an activity, and what is recorded of it on the way.
_LEADS_AN_ACTIVITY_ON = (
    ActivityPlanned,
    ActivityBooked,
    ActivityAdjourned,
    ActivityPostponed,
    ActivityHeld,
    ActivityStopped,
    ActivityTakenUp,
    ActivityEnded,
)
_NEEDS_WHAT_LED_THERE = (
    *_LEADS_AN_ACTIVITY_ON,
    CommunicationOffered,
    CommunicationHandedOver,
    AgreementMade,
    FollowedUp,
    SurveyAnswered,
)


@rule(CorrectStep, stages=OPEN_STAGES, roles=SUPERVISORS, on_hold=True, in_safeguarding=True)
def decide_correct_step(
    referral: Referral, command: CorrectStep, actor: Actor, at: datetime
) -> tuple[Event, ...]:
    # The state does not hold the log; correct() checks what needs it.
    if command.step > referral.sequence:
        raise Refused("step_unknown", f"There is no such step; the last is {referral.sequence}.", "step")
    return ()


def correct(
    referral: Referral, history: Sequence[Recorded], command: CorrectStep, actor: Actor, at: datetime
) -> tuple[StepCorrected]:
    """The events that follow when a step is taken back: the referral becomes what it would be without it.

    Args:
        referral: the state before.
        history: the whole log of the referral.
        command: which step.
        actor: who corrects; never the author of the step.
        at: now, aware.

    Raises:
        Refused: the step may not be taken back, or later steps depend on it.
    """
    RULES[CorrectStep].check(referral, actor, at)
    refused = refusal_to_correct(history, command.step, actor)
    if refused is not None:
        raise refused
    gone = {*taken_back(history), command.step}
    remaining = [
        recorded
        for recorded in history
        if recorded.step not in gone and not isinstance(recorded.event, StepCorrected)
    ]
    # An offer to another area that a step ended does not come back with it: that area was told that it ended.
    becomes = fold(remaining).model_copy(
        update={"sequence": referral.sequence, "transfer_offer": referral.transfer_offer}
    )
    _check_without(referral, becomes)
    return (StepCorrected(corrects=command.step, reason=command.reason, becomes=becomes),)


def taken_back(history: Iterable[Recorded]) -> frozenset[int]:
    """The numbers of the steps that were taken back."""
    return frozenset(
        recorded.event.corrects for recorded in history if isinstance(recorded.event, StepCorrected)
    )


def refusal_to_correct(history: Sequence[Recorded], number: int, actor: Actor) -> Refused | None:
    """What is said where a step is not to be taken back by somebody, by the log alone; else None.

    Args:
        number: of the step.
    """
    step = [recorded for recorded in history if recorded.step == number]
    if not step or step[0].sequence != number:
        return Refused("step_unknown", "There is no such step; the timeline has their numbers.", "step")
    withdrawn = isinstance(step[0].event, TransferOfferWithdrawn)
    if withdrawn or any(isinstance(recorded.event, _FIXED) for recorded in step):
        return Refused(
            "step_is_final",
            "Receipt, closure, reopening, deadlines, transfers and corrections cannot be corrected: close, reopen or "
            "repeat.",
            "step",
        )
    gone = taken_back(history)
    if number in gone:
        return Refused("already_corrected", "This step has already been taken back.", "step")
    if step[0].actor == actor.id:
        return Refused("own_work", "Nobody corrects their own step; another supervisor must.", "step")
    later = [each for each in history if each.step > number and each.step not in gone]
    dependent = [each.step for each in later if any(_builds_on(each.event, one.event) for one in step)]
    if dependent:
        return Refused(
            "later_steps", f"Later steps depend on it; take back step {dependent[-1]} first.", "step"
        )
    return None


def _builds_on(later: Event, before: Event) -> bool:
    """Whether a later event makes no sense without an earlier one: a move of the referral after another, and what is
    recorded of an activity, a communication or a complaint after what it came from."""
    if isinstance(before, StageEntered) and isinstance(later, StageEntered | ReferralReopened):
        return True
    if _names_the_same(later, before, "communication") or _names_the_same(later, before, "complaint"):
        return True
    replies_to = later.reply_to if isinstance(later, CommunicationDrafted) else None
    if replies_to is not None and replies_to == getattr(before, "communication", None):
        return True
    if not isinstance(before, _LEADS_AN_ACTIVITY_ON) or not hasattr(later, "activity"):
        return False
    same = (later.activity or FIRST_ACTIVITY) == (before.activity or FIRST_ACTIVITY)
    # Without its plan, everybody would take part in what follows. While another activity is booked, no move of the
    # referral says that one was booked or held.
    return same and (isinstance(before, ActivityPlanned) or isinstance(later, _NEEDS_WHAT_LED_THERE))


def _names_the_same(later: Event, before: Event, field: str) -> bool:
    named = getattr(before, field, None)
    return named is not None and getattr(later, field, None) == named


def _check_without(referral: Referral, becomes: Referral) -> None:
    """Raise Refused where a referral could not be as it would be without a step.

    Args:
        referral: as it is.
        becomes: as it would be.
    """
    if _names_unknown_people(becomes):
        raise Refused(
            "later_steps",
            "Later steps name a person whom this one added; end their part instead.",
            "step",
        )
    if _is_where_its_activities_are(referral) and not _is_where_its_activities_are(becomes):
        raise Refused(
            "later_steps",
            "Without it the stage would not fit what is booked; postpone or stop an activity instead.",
            "step",
        )
    for role in TWO_SIDES:
        if not any(person.role is role and person.active for person in becomes.participants):
            raise Refused("side_missing", f"Without this step no {role} person would be left.", "step")


def _is_where_its_activities_are(referral: Referral) -> bool:
    """Whether it is in conference just while something is booked, or was stopped and waits for what comes next."""
    stopped = any(each.state is ActivityState.STOPPED for each in referral.activities)
    if referral.stage is Stage.CONFERENCE:
        return stopped or bool(referral.booked)
    return not referral.booked


def _names_unknown_people(referral: Referral) -> bool:
    known = {person.id for person in referral.participants}
    spoken_of = {consent.participant for consent in referral.consents}
    spoken_of |= {consent.by_guardian for consent in referral.consents if consent.by_guardian}
    spoken_of |= {person.accompanies for person in referral.participants if person.accompanies}
    spoken_of |= {each.about for each in referral.risk.assessments if each.about}
    spoken_of |= {item.by for item in referral.agreement}
    spoken_of |= {each.author for each in referral.communications}
    spoken_of |= {one.participant for each in referral.communications for one in each.recipients}
    for activity in referral.activities:
        spoken_of |= {*activity.taking_part, *(activity.booked.attending if activity.booked else ())}
    return not spoken_of <= known


@apply.register
def apply_step_corrected(event: StepCorrected, referral: Referral, recorded: Recorded) -> Referral:
    return event.becomes
