"""What a second pair of eyes is for: sign-offs, overrides, safeguarding; and pausing, closing and reopening."""

from collections.abc import Iterator
from datetime import datetime

from lifecycle.clocks import Clock, clocks
from lifecycle.consents import TWO_SIDES
from lifecycle.core import (
    ENTRY_GATES,
    OPEN_STAGES,
    SUPERVISORS,
    WORKERS,
    Gate,
    apply,
    change_participant,
    gate,
    rule,
    told,
)
from lifecycle.leaving import CLOSES_AS
from lifecycle.refusal import Refused
from lifecycle.risk_assessment import goes_on, harmed_stand_by_it
from lifecycle.victim_contact import COMES_BACK, unreachable
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
    ParticipationEnded,
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
    Initiator,
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
# Reasons that say that the last of a side left, with the side and how.
_LEAVING = {closes_as: key for key, closes_as in CLOSES_AS.items()}
_NEW_ROUND = frozenset({Stage.RISK_ASSESSMENT, Stage.VICTIM_CONTACT})
_UNREACHABLE = {
    ClosureReason.HARMED_NOT_CONTACTABLE: ParticipantRole.HARMED,
    ClosureReason.RESPONSIBLE_NOT_CONTACTABLE: ParticipantRole.RESPONSIBLE,
}


def authors(referral: Referral, request: SignOffRequest) -> frozenset[str]:
    """Who made what is to be signed off, and so may not sign it off."""
    made = {request.requested_by}
    match request.subject:
        case SignOffSubject.RISK_ASSESSMENT:
            made |= set(referral.risk.authors)
        case SignOffSubject.READINESS:
            made |= _run_by(referral)
    return frozenset(made)


def _run_by(referral: Referral) -> frozenset[str]:
    return frozenset(each for each in (referral.facilitator, referral.co_facilitator) if each)


@gate("nothing_to_sign_off", "Something must wait for a sign-off that is not your own work")
def another_persons_work_waits(referral: Referral, actor: Actor, at: datetime) -> str | None:
    waits = any(actor.id not in authors(referral, request) for request in referral.sign_off_requests)
    return None if waits else ""


@gate(
    "nothing_to_override",
    "There must be a gate that you may override: not your own work, and allowed by the policy",
)
def gate_to_override(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if overridable_now(referral, actor, at) else ""


@gate("no_safeguarding", "A safeguarding concern must be open, and raised by somebody else")
def safeguarding_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.safeguarding and referral.safeguarding.raised_by != actor.id else ""


@gate("safeguarding_open", "No safeguarding concern may be open already; add a note instead")
def no_safeguarding_yet(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.safeguarding else None


@gate("already_on_hold", "The referral must not be on hold already; resume it first")
def not_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.hold else None


@gate("not_on_hold", "The referral must be on hold")
def is_on_hold(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if referral.hold else ""


@gate("closed_by_you", "A referral must be reopened by somebody other than who closed it")
def closed_by_another(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closed_by == actor.id else None


@gate("erased", "The personal data of this referral must not have been erased; open a new one")
def not_erased(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return "" if referral.closure_reason is ClosureReason.ERASED else None


def overridable_now(referral: Referral, actor: Actor, at: datetime) -> tuple[OverridableGate, ...]:
    """The gates that this person could override in the present state, in a stable order."""
    possible: set[OverridableGate] = set()
    requests = {each.subject: each for each in referral.sign_off_requests}
    own = _run_by(referral) | {referral.caseworker}
    risk = requests.get(SignOffSubject.RISK_ASSESSMENT)
    if (
        risk
        and actor.id not in authors(referral, risk)
        and harmed_stand_by_it.lacks(referral, actor, at) is None
    ):
        possible.add(OverridableGate.RISK_SIGN_OFF)
    if referral.stage in (Stage.PREPARATION, Stage.CONFERENCE) and actor.id not in own:
        possible |= {OverridableGate.RISK_RECONFIRMATION, OverridableGate.ADVANCED_PRACTITIONER}
    if referral.stage is Stage.PREPARATION and actor.id not in own:
        possible.add(OverridableGate.CONFIRMATIONS)
        readiness = requests.get(SignOffSubject.READINESS)
        if readiness is None or readiness.requested_by != actor.id:
            possible.add(OverridableGate.READINESS_SIGN_OFF)
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
    may_lead_to=[Stage.OFFENDER_CONSENT, Stage.CLOSED],
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
    if onward:
        harmed_stand_by_it.check(referral, actor, at)
    if command.approved and request.closure_reason is not None:
        # Much may have happened since it was asked.
        _check_closure(referral, request.closure_reason, field="approved")
    yield told(SignedOff, command)
    if onward:
        yield from goes_on(referral)
    elif command.approved and request.closure_reason is not None:
        yield ReferralClosed(reason=request.closure_reason, stage=referral.stage)


@rule(
    OverrideGate,
    stages=[Stage.RISK_ASSESSMENT, Stage.PREPARATION, Stage.CONFERENCE],
    roles=SUPERVISORS,
    gates=[gate_to_override],
    may_lead_to=[Stage.OFFENDER_CONSENT],
)
def _(referral: Referral, command: OverrideGate, actor: Actor, at: datetime) -> Iterator[Event]:
    possible = overridable_now(referral, actor, at)
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


@rule(Close, stages=OPEN_STAGES, may_lead_to=[Stage.CLOSED], on_hold=True, in_safeguarding=True)
def _(referral: Referral, command: Close, actor: Actor, at: datetime) -> Iterator[Event]:
    if command.reason is ClosureReason.ERASED and actor.role not in SUPERVISORS:
        raise Refused("not_your_role", "Only a supervisor closes a referral for erasure.", "reason")
    _check_closure(referral, command.reason)
    if command.reason not in CLOSURES_TO_SIGN_OFF:
        # A reason that is a person's leaving ends their part too, and with it what they consented to.
        role, ended = _LEAVING.get(command.reason, (None, None))
        for person in referral.participants:
            if ended is not None and person.role is role and person.active:
                yield ParticipationEnded(participant=person.id, reason=ended)
        yield ReferralClosed(reason=command.reason, stage=referral.stage, note=command.note)
        return
    if any(each.subject is SignOffSubject.CLOSURE for each in referral.sign_off_requests):
        raise Refused("sign_off_waiting", "A closure waits for a supervisor's sign-off already.", "reason")
    yield SignOffRequested(subject=SignOffSubject.CLOSURE, closure_reason=command.reason, note=command.note)


def _check_closure(referral: Referral, reason: ClosureReason, field: str = "reason") -> None:
    if reason in _UNREACHABLE:
        people = referral.taking_part(_UNREACHABLE[reason])
        wanted = referral.policy.unreachable
        if any(unreachable(referral, person) is None for person in people):
            raise Refused(
                "not_tried_enough",
                f"Closing as not contactable needs {wanted.attempts} attempts on {wanted.channels} channels "
                "for each person since they were last heard of.",
                field,
            )
    if reason is ClosureReason.SERVICE_DUPLICATE and not referral.duplicate_of:
        raise Refused(
            "duplicate_unknown",
            "Say first, by the duplicate check, which referral it is the same as.",
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
def _(referral: Referral, command: Reopen, actor: Actor, at: datetime) -> Iterator[Event]:
    left = referral.closed_from or Stage.RECEIVED
    by_responsible = referral.initiator is Initiator.PERSON_RESPONSIBLE
    # Consent is a standing condition: where it is gone, a reopened referral begins again with who is asked first.
    beginning = Stage.OFFENDER_CONSENT if by_responsible else Stage.VICTIM_CONTACT
    may_stay = all(each.lacks(referral, actor, at) is None for each in _needs(referral, left))
    yield ReferralReopened(stage=left if may_stay else beginning, reason=command.reason)


def _needs(referral: Referral, stage: Stage) -> tuple[Gate, ...]:
    match stage:
        case Stage.OFFENDER_CONSENT if referral.risk.verdict is not None:
            return ENTRY_GATES[Stage.RISK_ASSESSMENT]
        case Stage.FOLLOW_UP:
            return ENTRY_GATES[Stage.PREPARATION]
        case _:
            return ENTRY_GATES.get(stage, ())


@apply.register
def _(event: StageEntered, referral: Referral, recorded: Recorded) -> Referral:
    return _enter(referral, event.stage, recorded.at, new_round=event.stage in _NEW_ROUND)


def _enter(referral: Referral, stage: Stage, at: datetime, *, new_round: bool) -> Referral:
    changes: dict[str, object] = {
        "stage": stage,
        "stage_entered_at": at,
        # An extension is for the clock that ran, not for one of the same name in another stage.
        "extensions": {
            key: until
            for key, until in referral.extensions.items()
            if key.startswith(DeadlineName.AGREEMENT_ITEM)
        },
    }
    if new_round:
        # What was assessed, signed off and booked before does not count in it.
        changes |= {"risk": Risk(), "sign_offs": (), "overrides": (), "activity": None}
        changes["sign_off_requests"] = tuple(
            each for each in referral.sign_off_requests if each.subject is SignOffSubject.CLOSURE
        )
    elif stage is Stage.PREPARATION:
        changes |= {"sign_offs": (), "overrides": (), "activity": None}
    elif stage is Stage.CONFERENCE:
        # That the activity could be booked without it does not mean that it may begin without it.
        changes["overrides"] = tuple(
            each for each in referral.overrides if each is not OverridableGate.RISK_RECONFIRMATION
        )
    return referral.model_copy(update=changes)


@apply.register
def _(event: SignOffRequested, referral: Referral, recorded: Recorded) -> Referral:
    request = SignOffRequest(
        subject=event.subject,
        requested_by=recorded.actor,
        requested_at=recorded.at,
        closure_reason=event.closure_reason,
    )
    clock = f"{DeadlineName.SIGN_OFF}/{event.subject}"
    return referral.model_copy(
        update={
            "sign_off_requests": (*referral.sign_off_requests, request),
            "extensions": {key: until for key, until in referral.extensions.items() if key != clock},
        }
    )


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
    new_round = event.stage in _NEW_ROUND or event.stage is not referral.closed_from
    reopened = _with_somebody_on_each_side(referral)
    if referral.closed_at is not None:
        reopened = _stood_still(reopened, referral.closed_at, recorded.at)
    return _enter(reopened, event.stage, recorded.at, new_round=new_round).model_copy(
        update={"closed_at": None, "closed_by": None, "closure_reason": None, "closed_from": None}
    )


def _with_somebody_on_each_side(referral: Referral) -> Referral:
    # Who was the last of a side and left comes back with the referral, having said and agreed to nothing yet.
    for role in TWO_SIDES:
        side = [person for person in referral.participants if person.role is role]
        if side and not any(person.active for person in side):
            last = max(side, key=lambda person: person.ended_at or referral.received_at)
            referral = change_participant(referral, last.id, **COMES_BACK, interest=None, interest_at=None)
    return referral


def _end_hold(referral: Referral, at: datetime) -> Referral:
    if referral.hold is None:
        return referral
    resumed = _stood_still(referral, referral.hold.since, at)
    review = DeadlineName.HOLD_REVIEW
    extensions = {key: until for key, until in resumed.extensions.items() if key != review}
    return resumed.model_copy(update={"hold": None, "extensions": extensions})


def _stood_still(referral: Referral, since: datetime, until: datetime) -> Referral:
    pause = Frozen(since=since, until=until)
    extensions = {
        key: moved + pause.length
        if moved > since and not key.startswith(DeadlineName.AGREEMENT_ITEM)
        else moved
        for key, moved in referral.extensions.items()
    }
    return referral.model_copy(update={"frozen": (*referral.frozen, pause), "extensions": extensions})


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for request in referral.sign_off_requests:
        yield Clock(DeadlineName.SIGN_OFF, request.subject, started_at=request.requested_at)
    if referral.hold is not None:
        review = at_day_start(referral.hold.review_on)
        yield Clock(DeadlineName.HOLD_REVIEW, falls_on=review)
