"""What a second pair of eyes is for: sign-offs, overrides, safeguarding; and pausing, closing and reopening."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.clocks import Clock, clocks
from lifecycle.core import ENTRY_GATES, OPEN_STAGES, SUPERVISORS, WORKERS, apply, gate, rule, told
from lifecycle.refusal import Refused
from lifecycle.risk_assessment import goes_on, risk_sign_off_waits
from lifecycle.victim_contact import unreachable
from lifecycle.working_time import LONDON, at_day_start
from schemas import commands
from schemas.commands import (
    Close,
    DecideSignOff,
    LiftSafeguarding,
    OverrideGate,
    RaiseSafeguarding,
    Reopen,
    Resume,
)
from schemas.events import (
    Event,
    GateOverridden,
    PutOnHold,
    Recorded,
    ReferralClosed,
    ReferralReopened,
    Resumed,
    SafeguardingLifted,
    SafeguardingRaised,
    SignedOff,
    SignOffRequested,
    StageEntered,
)
from schemas.people import Actor, Role
from schemas.policy import DeadlineName
from schemas.referral import Frozen, Hold, Referral, Risk, Safeguarding, SignOff, SignOffRequest
from schemas.vocabulary import (
    ClosureReason,
    OverridableGate,
    ParticipantRole,
    Purpose,
    SignOffSubject,
    Stage,
)

# Closing so is a judgement about somebody's reach or safety; a second person makes it too.
CLOSURES_TO_SIGN_OFF = frozenset(
    {
        ClosureReason.HARMED_NOT_CONTACTABLE,
        ClosureReason.RESPONSIBLE_NOT_CONTACTABLE,
        ClosureReason.RISK_UNSAFE,
        ClosureReason.RISK_SAFEGUARDING,
    }
)
_UNREACHABLE = {
    ClosureReason.HARMED_NOT_CONTACTABLE: ParticipantRole.HARMED,
    ClosureReason.RESPONSIBLE_NOT_CONTACTABLE: ParticipantRole.RESPONSIBLE,
}


def authors(referral: Referral, request: SignOffRequest) -> frozenset[str]:
    """Who made what is to be signed off, and so may not sign it off."""
    made = {request.requested_by}
    if request.subject is SignOffSubject.RISK_ASSESSMENT:
        made |= set(referral.risk.authors)
    return frozenset(made)


@gate("nothing_to_sign_off", "Something must wait for a sign-off that is not your own work")
def another_persons_work_waits(referral: Referral, actor: Actor, at: datetime) -> str | None:
    waits = any(actor.id not in authors(referral, request) for request in referral.sign_off_requests)
    return None if waits else ""


@gate(
    "nothing_to_override",
    "There must be a gate that you may override: not your own work, and allowed by the policy",
)
def gate_to_override(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if overridable_now(referral, actor) else ""


@gate("no_safeguarding", "A safeguarding concern must be open, and raised by somebody else")
def safeguarding_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.safeguarding and referral.safeguarding.raised_by != actor.id else ""


@gate("safeguarding_open", "A safeguarding concern is open already; add a note instead")
def no_safeguarding_yet(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.safeguarding else None


@gate("already_on_hold", "The referral is on hold already; resume it first")
def not_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.hold else None


@gate("not_on_hold", "The referral must be on hold")
def is_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.hold else ""


@gate("closed_by_you", "A referral is reopened by somebody other than who closed it")
def closed_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closed_by == actor.id else None


@gate("erased", "The personal data of this referral were erased; open a new one")
def not_erased(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closure_reason is ClosureReason.ERASED else None


def overridable_now(referral: Referral, actor: Actor) -> tuple[OverridableGate, ...]:
    """The gates that this person could override in the present state, in a stable order."""
    possible: set[OverridableGate] = set()
    if risk_sign_off_waits(referral) and actor.id not in referral.risk.authors:
        possible.add(OverridableGate.RISK_SIGN_OFF)
    if referral.stage in (Stage.PREPARATION, Stage.CONFERENCE):
        asked_by = {
            each.requested_by
            for each in referral.sign_off_requests
            if each.subject is SignOffSubject.READINESS
        }
        if referral.stage is Stage.PREPARATION and actor.id not in asked_by | {referral.facilitator}:
            possible.add(OverridableGate.READINESS_SIGN_OFF)
        possible |= {
            OverridableGate.RISK_RECONFIRMATION,
            OverridableGate.ADVANCED_PRACTITIONER,
            OverridableGate.CONFIRMATIONS,
        }
    return tuple(
        each
        for each in OverridableGate
        if each in possible and each in referral.policy.overridable and each not in referral.overrides
    )


@rule(
    DecideSignOff,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[another_persons_work_waits],
    on_hold=True,
    in_safeguarding=True,
)
def _(referral: Referral, command: DecideSignOff, actor: Actor, at: datetime) -> Iterator[Event]:
    request = next((each for each in referral.sign_off_requests if each.subject is command.subject), None)
    if request is None:
        waiting = ", ".join(each.subject for each in referral.sign_off_requests)
        raise Refused(
            "nothing_to_sign_off", f"This does not wait for a sign-off; waiting: {waiting}.", "subject"
        )
    if actor.id in authors(referral, request):
        raise Refused("own_work", "Nobody signs off their own work; another supervisor must.", "subject")
    if not command.approved and not command.reason:
        raise Refused("reason_missing", "Say why it is not approved.", "reason")
    onward = command.approved and command.subject is SignOffSubject.RISK_ASSESSMENT
    if onward and (referral.hold or referral.safeguarding):
        raise Refused(
            "on_hold",
            "The referral would move on; end the hold or the safeguarding freeze first.",
            "approved",
        )
    yield told(SignedOff, command)
    if onward:
        yield from goes_on(referral)
    elif command.approved and request.closure_reason is not None:
        yield ReferralClosed(reason=request.closure_reason, stage=referral.stage)


@rule(OverrideGate, stages=OPEN_STAGES, roles=SUPERVISORS, gates=[gate_to_override])
def _(referral: Referral, command: OverrideGate, actor: Actor, at: datetime) -> Iterator[Event]:
    possible = overridable_now(referral, actor)
    if command.gate in set(Purpose) or "consent" in command.gate:
        raise Refused("consent_cannot_be_overridden", "No override replaces a missing consent.", "gate")
    chosen = next((each for each in possible if each == command.gate), None)
    if chosen is None:
        raise Refused("gate_not_overridable", f"You may override now: {', '.join(possible)}.", "gate")
    yield GateOverridden(gate=chosen, reason=command.reason)
    if chosen is OverridableGate.RISK_SIGN_OFF:
        yield from goes_on(referral)


@rule(
    RaiseSafeguarding,
    stages=OPEN_STAGES,
    roles=WORKERS | {Role.PARTNER},
    gates=[no_safeguarding_yet],
    on_hold=True,
    in_safeguarding=True,
)
def _(referral: Referral, command: RaiseSafeguarding, actor: Actor, at: datetime) -> Iterator[Event]:
    yield told(SafeguardingRaised, command)


@rule(
    LiftSafeguarding,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[safeguarding_by_another],
    on_hold=True,
    in_safeguarding=True,
)
def _(referral: Referral, command: LiftSafeguarding, actor: Actor, at: datetime) -> Iterator[Event]:
    yield told(SafeguardingLifted, command)


@rule(commands.Hold, stages=OPEN_STAGES, gates=[not_on_hold], on_hold=True, in_safeguarding=True)
def _(referral: Referral, command: commands.Hold, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.review_on <= at.astimezone(LONDON).date():
        raise Refused("not_later", "The review of a hold lies in the future.", "review_on")
    yield told(PutOnHold, command)


@rule(Resume, stages=OPEN_STAGES, gates=[is_on_hold], on_hold=True, in_safeguarding=True)
def _(referral: Referral, command: Resume, actor: Actor, at: datetime) -> Iterator[Event]:
    yield Resumed()


@rule(Close, stages=OPEN_STAGES, on_hold=True, in_safeguarding=True)
def _(referral: Referral, command: Close, actor: Actor, at: datetime) -> Iterator[Event]:
    _check_closure(referral, command.reason)
    if command.reason not in CLOSURES_TO_SIGN_OFF:
        yield ReferralClosed(reason=command.reason, stage=referral.stage, note=command.note)
        return
    if any(each.subject is SignOffSubject.CLOSURE for each in referral.sign_off_requests):
        raise Refused("sign_off_waiting", "A closure waits for a supervisor's sign-off already.", "reason")
    yield SignOffRequested(subject=SignOffSubject.CLOSURE, closure_reason=command.reason)


def _check_closure(referral: Referral, reason: ClosureReason) -> None:
    if reason in _UNREACHABLE:
        people = referral.taking_part(_UNREACHABLE[reason])
        wanted = referral.policy.unreachable
        if any(unreachable(referral, person) is None for person in people):
            raise Refused(
                "not_tried_enough",
                f"Closing as not contactable needs {wanted.attempts} attempts on {wanted.channels} channels "
                "for each person, none of whom was reached.",
                "reason",
            )
    if reason is ClosureReason.SERVICE_DUPLICATE and not referral.duplicate_of:
        raise Refused(
            "duplicate_unknown",
            "Say first, by the duplicate check, which referral it is the same as.",
            "reason",
        )
    if referral.held and not reason.completed and reason is not ClosureReason.ERASED:
        raise Refused(
            "activity_was_held", "An activity was held: close as completed or partly held.", "reason"
        )
    if reason.completed and reason not in (fitting := _completed_reasons(referral)):
        accepted = ", ".join(fitting) or "none, since no activity was held"
        raise Refused(
            "reason_does_not_fit", f"This does not fit what was held; accepted: {accepted}.", "reason"
        )


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
    in_safeguarding=True,
)
def _(referral: Referral, command: Reopen, actor: Actor, at: datetime) -> Iterator[Event]:
    left = referral.closed_from or Stage.RECEIVED
    yield ReferralReopened(
        stage=left if _may_be_in(referral, left, actor, at) else Stage.VICTIM_CONTACT, reason=command.reason
    )


def _may_be_in(referral: Referral, stage: Stage, actor: Actor, at: datetime) -> bool:
    # Consent is a standing condition: where it is gone, a reopened referral begins again with the person harmed.
    needs = ENTRY_GATES.get(Stage.PREPARATION if stage is Stage.FOLLOW_UP else stage, ())
    return all(each.lacks(referral, actor, at) is None for each in needs)


@apply.register
def _(event: StageEntered, referral: Referral, recorded: Recorded) -> Referral:
    changes: dict[str, object] = {"stage": event.stage, "stage_entered_at": recorded.at}
    if event.stage in (Stage.RISK_ASSESSMENT, Stage.VICTIM_CONTACT):
        # A new round: what was assessed, signed off and booked before does not count in it.
        changes |= {"risk": Risk(), "sign_offs": (), "overrides": (), "activity": None}
        changes["sign_off_requests"] = tuple(
            each for each in referral.sign_off_requests if each.subject is SignOffSubject.CLOSURE
        )
    elif event.stage is Stage.PREPARATION:
        changes |= {"sign_offs": (), "overrides": (), "activity": None}
    return referral.model_copy(update=changes)


@apply.register
def _(event: SignOffRequested, referral: Referral, recorded: Recorded) -> Referral:
    request = SignOffRequest(
        subject=event.subject,
        requested_by=recorded.actor,
        requested_at=recorded.at,
        closure_reason=event.closure_reason,
    )
    return referral.model_copy(update={"sign_off_requests": (*referral.sign_off_requests, request)})


@apply.register
def _(event: SignedOff, referral: Referral, recorded: Recorded) -> Referral:
    changes: dict[str, object] = {
        "sign_off_requests": tuple(
            each for each in referral.sign_off_requests if each.subject is not event.subject
        )
    }
    if event.approved:
        sign_off = SignOff(subject=event.subject, by=recorded.actor, at=recorded.at)
        changes["sign_offs"] = (*referral.sign_offs, sign_off)
    elif event.subject is SignOffSubject.RISK_ASSESSMENT:
        changes["risk"] = referral.risk.model_copy(update={"verdict": None})
    return referral.model_copy(update=changes)


@apply.register
def _(event: GateOverridden, referral: Referral, recorded: Recorded) -> Referral:
    replaces = {
        OverridableGate.RISK_SIGN_OFF: SignOffSubject.RISK_ASSESSMENT,
        OverridableGate.READINESS_SIGN_OFF: SignOffSubject.READINESS,
    }.get(event.gate)
    return referral.model_copy(
        update={
            "overrides": (*referral.overrides, event.gate),
            "sign_off_requests": tuple(
                each for each in referral.sign_off_requests if each.subject is not replaces
            ),
        }
    )


@apply.register
def _(event: SafeguardingRaised, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={"safeguarding": Safeguarding(since=recorded.at, raised_by=recorded.actor)}
    )


@apply.register
def _(event: SafeguardingLifted, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"safeguarding": None})


@apply.register
def _(event: PutOnHold, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"hold": Hold(since=recorded.at, review_on=event.review_on)})


@apply.register
def _(event: Resumed, referral: Referral, recorded: Recorded) -> Referral:
    return _end_hold(referral, recorded.at)


@apply.register
def _(event: ReferralClosed, referral: Referral, recorded: Recorded) -> Referral:
    return _end_hold(referral, recorded.at).model_copy(
        update={
            "stage": Stage.CLOSED,
            "stage_entered_at": recorded.at,
            "closed_at": recorded.at,
            "closed_by": recorded.actor,
            "closure_reason": event.reason,
            "closed_from": event.stage,
            "sign_off_requests": (),
            "activity": None,
        }
    )


@apply.register
def _(event: ReferralReopened, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(
        update={
            "stage": event.stage,
            "stage_entered_at": recorded.at,
            "closed_at": None,
            "closed_by": None,
            "closure_reason": None,
            "closed_from": None,
        }
    )


def _end_hold(referral: Referral, at: datetime) -> Referral:
    if referral.hold is None:
        return referral
    pause = Frozen(since=referral.hold.since, until=at)
    return referral.model_copy(update={"hold": None, "frozen": (*referral.frozen, pause)})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for request in referral.sign_off_requests:
        yield Clock(DeadlineName.SIGN_OFF, request.subject, started_at=request.requested_at)
    if referral.hold is not None:
        review = at_day_start(referral.hold.review_on)
        yield Clock(DeadlineName.HOLD_REVIEW, falls_on=review, pausable=False)
