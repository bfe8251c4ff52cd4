"""Closing and reopening: which reasons fit, which need a sign-off, and the stage a referral reopens in."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.activities.communications import offers_ended
from lifecycle.activities.state import (
    ACTIVITY_STAGES,
    activity_of,
    prepared_anew,
    several,
    stopped,
    taken_up,
    without_meetings,
)
from lifecycle.gates import ActivityGate, AnyGate, Gate, gate
from lifecycle.people.consents import TWO_SIDES
from lifecycle.people.leaving import CLOSES_AS
from lifecycle.refusal import Refused
from lifecycle.rules import ENTRY_GATES, OPEN_STAGES, SUPERVISORS, rule
from lifecycle.stages.victim_contact import RESET_ON_RETURN, unreachable
from lifecycle.state import apply, change_participant
from lifecycle.timing.pauses import add_pause, end_hold
from schemas.activity import Activity
from schemas.commands import Close, Reopen
from schemas.events import (
    Event,
    ParticipationEnded,
    Recorded,
    ReferralClosed,
    ReferralReopened,
    SignOffRequested,
    StageEntered,
)
from schemas.people import Actor
from schemas.referral import Referral, Risk
from schemas.vocabulary import (
    ActivityState,
    ClosureReason,
    Initiator,
    OverridableGate,
    ParticipantRole,
    SignOffSubject,
    Stage,
)

# These reasons are a judgement about reachability or safety, so a second person must agree.
CLOSURES_TO_SIGN_OFF = frozenset(
    {
        ClosureReason.HARMED_NOT_CONTACTABLE,
        ClosureReason.RESPONSIBLE_NOT_CONTACTABLE,
        ClosureReason.RISK_UNSAFE,
        ClosureReason.RISK_SAFEGUARDING,
    }
)
# Reasons that mean that the last of a side left, with the side and its end reason.
_LEAVING = {closes_as: key for key, closes_as in CLOSES_AS.items()}
_NEW_ROUND = frozenset({Stage.RISK_ASSESSMENT, Stage.VICTIM_CONTACT})
_UNREACHABLE = {
    ClosureReason.HARMED_NOT_CONTACTABLE: ParticipantRole.HARMED,
    ClosureReason.RESPONSIBLE_NOT_CONTACTABLE: ParticipantRole.RESPONSIBLE,
}


@gate("closed_by_you", "A referral must be reopened by somebody other than the person who closed it")
def closed_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closed_by == actor.id else None


@gate("erased", "The personal data of this referral must not have been erased; open a new one")
def not_erased(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closure_reason is ClosureReason.ERASED else None


@rule(Close, stages=OPEN_STAGES, may_lead_to=[Stage.CLOSED], on_hold=True, in_safeguarding=True)
def decide_close(referral: Referral, command: Close, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.reason is ClosureReason.ERASED and actor.role not in SUPERVISORS:
        raise Refused("not_your_role", "Only a supervisor closes a referral for erasure.", "reason")
    check_closure(referral, command.reason)
    if command.reason not in CLOSURES_TO_SIGN_OFF:
        # A reason about a person leaving also ends their part, and with it their consents.
        role, ended = _LEAVING.get(command.reason, (None, None))
        for person in referral.participants:
            if ended is not None and person.role is role and person.active:
                yield ParticipationEnded(participant=person.id, reason=ended)
        yield ReferralClosed(reason=command.reason, stage=referral.stage, note=command.note)
        return
    if any(each.subject is SignOffSubject.CLOSURE for each in referral.sign_off_requests):
        raise Refused(
            "sign_off_waiting", "A closure is already waiting for a supervisor's sign-off.", "reason"
        )
    yield SignOffRequested(subject=SignOffSubject.CLOSURE, closure_reason=command.reason, note=command.note)


def check_closure(referral: Referral, reason: ClosureReason, field: str = "reason") -> None:
    """Raise Refused where the referral may not be closed for that reason; ``field`` is the field at fault."""
    if reason in _UNREACHABLE:
        people = referral.taking_part(_UNREACHABLE[reason])
        wanted = referral.policy.unreachable
        if any(unreachable(referral, person) is None for person in people):
            raise Refused(
                "not_tried_enough",
                f"Closing as not contactable needs {wanted.attempts} attempts on {wanted.channels} channels "
                "for each person since they were last heard from.",
                field,
            )
    if reason is ClosureReason.SERVICE_DUPLICATE and not referral.duplicate_of:
        raise Refused(
            "duplicate_unknown",
            "Record a duplicate check first that names the other referral.",
            field,
        )
    if referral.held and not reason.completed and reason is not ClosureReason.ERASED:
        raise Refused("activity_was_held", "An activity was held: close as completed or partly held.", field)
    if reason.completed and reason not in (fitting := _completed_reasons(referral)):
        accepted = ", ".join(fitting) or "none, since no activity was held"
        raise Refused("reason_does_not_fit", f"This does not fit what was held; accepted: {accepted}.", field)


def _completed_reasons(referral: Referral) -> tuple[ClosureReason, ...]:
    whole = [held for held in referral.held if not held.partly]
    if not whole:
        return (ClosureReason.PARTLY_HELD,) if referral.held else ()
    agreed = bool(referral.agreement)
    direct = any(held.method.direct for held in whole)
    match direct, agreed:
        case True, True:
            return (ClosureReason.COMPLETED_DIRECT_WITH_AGREEMENT,)
        case True, False:
            return (ClosureReason.COMPLETED_DIRECT_WITHOUT_AGREEMENT,)
        case False, True:
            return (ClosureReason.COMPLETED_INDIRECT_WITH_AGREEMENT,)
        case _:
            return (ClosureReason.COMPLETED_INDIRECT_WITHOUT_AGREEMENT,)


@rule(
    Reopen,
    stages=[Stage.CLOSED],
    roles=SUPERVISORS,
    gates=[not_erased, closed_by_another],
    may_lead_to=OPEN_STAGES,
    in_safeguarding=True,
)
def decide_reopen(referral: Referral, command: Reopen, actor: Actor, at: datetime) -> Iterator[Event]:
    left = referral.closed_from or Stage.RECEIVED
    by_responsible = referral.initiator is Initiator.PERSON_RESPONSIBLE
    # Consent must hold throughout: where it is gone, a reopened referral starts again with the side asked first.
    beginning = Stage.OFFENDER_CONSENT if by_responsible else Stage.VICTIM_CONTACT
    may_stay = _is_open(referral, _needs(referral, left), actor, at)
    yield ReferralReopened(stage=left if may_stay else beginning, reason=command.reason)


def _is_open(referral: Referral, gates: tuple[AnyGate, ...], actor: Actor, at: datetime) -> bool:
    """Whether gates are open, those about an activity for one of those that are still to come."""
    of_activity = [each for each in gates if isinstance(each, ActivityGate)]
    others = [each for each in gates if isinstance(each, Gate)]
    if any(each.lacks(referral, actor, at) is not None for each in others):
        return False
    there = [each for each in referral.activities if each.to_come] or [activity_of(referral, None)]
    return any(
        all(each.lacks(referral, activity, actor, at) is None for each in of_activity) for activity in there
    )


def _needs(referral: Referral, stage: Stage) -> tuple[AnyGate, ...]:
    match stage:
        case Stage.OFFENDER_CONSENT if referral.risk.verdict is not None:
            return ENTRY_GATES[Stage.RISK_ASSESSMENT]
        case Stage.FOLLOW_UP:
            return ENTRY_GATES[Stage.PREPARATION]
        case _:
            return ENTRY_GATES.get(stage, ())


@apply.register
def apply_stage_entered(event: StageEntered, referral: Referral, recorded: Recorded) -> Referral:
    return _enter(referral, event.stage, recorded.at, new_round=event.stage in _NEW_ROUND)


def _enter(referral: Referral, stage: Stage, at: datetime, *, new_round: bool) -> Referral:
    entered = referral.model_copy(update={"stage": stage, "stage_entered_at": at})
    if new_round:
        return _in_new_round(entered)
    if stage is Stage.CONFERENCE:
        return entered
    for activity in stopped(entered):
        entered = taken_up(entered, activity.id)
    return _begin_preparation(entered, referral.stage) if stage is Stage.PREPARATION else entered


def _in_new_round(referral: Referral) -> Referral:
    # Earlier assessments, sign-offs and bookings do not count in a new round.
    activities = tuple(
        each.model_copy(
            update={
                "overrides": (),
                "risk_confirmed_at": None,
                "booked": None,
                "state": ActivityState.IN_PREPARATION if each.to_come else each.state,
            }
        )
        for each in without_meetings(referral.activities)
    )
    closures = tuple(each for each in referral.sign_off_requests if each.subject is SignOffSubject.CLOSURE)
    return referral.model_copy(
        update={
            "risk": Risk(),
            "sign_offs": (),
            "overrides": (),
            "activities": activities,
            "communications": offers_ended(referral.communications, referral.stage_entered_at),
            "sign_off_requests": closures,
        }
    )


def _begin_preparation(referral: Referral, left: Stage) -> Referral:
    others = tuple(each for each in referral.sign_offs if each.subject is SignOffSubject.READINESS)
    referral = referral.model_copy(update={"sign_offs": others, "overrides": ()})
    for activity in referral.activities:
        if several(referral):
            # Between these stages, what is prepared again has an event that says so; the others keep their readiness.
            anew = activity.to_come and left not in ACTIVITY_STAGES
        else:
            # Logs of versions that knew one activity only do not say that it is prepared again.
            anew = activity.state is not ActivityState.ENDED and left is not Stage.PREPARATION
        if anew:
            referral = taken_up(referral, activity.id)
    return referral


@apply.register
def apply_referral_closed(event: ReferralClosed, referral: Referral, recorded: Recorded) -> Referral:
    return end_hold(referral, recorded.at).model_copy(
        update={
            "stage": Stage.CLOSED,
            "stage_entered_at": recorded.at,
            "closed_at": recorded.at,
            "closed_by": recorded.actor,
            "closure_reason": event.reason,
            "closed_from": event.stage,
            "sign_off_requests": (),
            "activities": tuple(
                each.model_copy(update={"booked": None, "state": ActivityState.STOPPED})
                if each.booked
                else each
                for each in without_meetings(referral.activities)
            ),
        }
    )


@apply.register
def apply_referral_reopened(event: ReferralReopened, referral: Referral, recorded: Recorded) -> Referral:
    new_round = event.stage in _NEW_ROUND or event.stage is not referral.closed_from
    reopened = _with_somebody_on_each_side(referral)
    if referral.closed_at is not None:
        reopened = add_pause(reopened, referral.closed_at, recorded.at, closed=True)
    entered = _enter(reopened, event.stage, recorded.at, new_round=new_round)
    return entered.model_copy(
        update={
            # An override from before covers no beginning after it.
            "activities": tuple(map(_without_override_of_old_risk, entered.activities)),
            "closed_at": None,
            "closed_by": None,
            "closure_reason": None,
            "closed_from": None,
            # Closing cleared the escalations; points that are still late are reached and raised again.
            "reached": (),
        }
    )


def _without_override_of_old_risk(activity: Activity) -> Activity:
    left = tuple(each for each in activity.overrides if each is not OverridableGate.RISK_RECONFIRMATION)
    return activity.model_copy(update={"overrides": left}) if activity.to_come else activity


def _with_somebody_on_each_side(referral: Referral) -> Referral:
    # The last person of a side to leave comes back with the referral; they have answered and agreed to nothing yet.
    for role in TWO_SIDES:
        side = [person for person in referral.participants if person.role is role]
        if side and not any(person.active for person in side):
            last = max(side, key=lambda person: person.ended_at or referral.received_at)
            referral = change_participant(
                prepared_anew(referral, last.id),
                last.id,
                **RESET_ON_RETURN,
                interest=None,
                interest_at=None,
            )
    return referral
