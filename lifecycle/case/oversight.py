"""Sign-offs and overrides: decisions that need a second person."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from lifecycle.activities.state import (
    ACTIVITY_STAGES,
    activity_of,
    change_activity,
    described,
    facilitators_of,
    to_come,
)
from lifecycle.gates import gate
from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, SUPERVISORS, rule
from lifecycle.stages.closing import check_closure
from lifecycle.stages.risk_assessment import events_after_verdict, harmed_still_consent
from lifecycle.state import apply, event_from
from lifecycle.timing.clocks import Clock, clocks
from schemas.activity import Activity
from schemas.base import FIRST_ACTIVITY, Model
from schemas.commands import DecideSignOff, OverrideGate
from schemas.events import Event, GateOverridden, Recorded, ReferralClosed, SignedOff, SignOffRequested
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Referral, SignOff, SignOffRequest
from schemas.vocabulary import ActivityState, OverridableGate, Purpose, SignOffSubject, Stage

# The sign-offs that an override replaces.
_REPLACES = {
    OverridableGate.RISK_SIGN_OFF: SignOffSubject.RISK_ASSESSMENT,
    OverridableGate.READINESS_SIGN_OFF: SignOffSubject.READINESS,
}

NEW_FOR = timedelta(days=1)
"""For this long after being given the role, a person may not sign off the work of whoever gave it to them."""


def authors(referral: Referral, request: SignOffRequest) -> frozenset[str]:
    """The authors of what is to be signed off, who may not sign it off."""
    made = {request.requested_by}
    match request.subject:
        case SignOffSubject.RISK_ASSESSMENT:
            made |= set(referral.risk.authors)
        case SignOffSubject.READINESS:
            made |= _run_by(referral, activity_of(referral, request.activity))
    return frozenset(made)


def authors_of_what_is_signed_off(referral: Referral, command: Model) -> frozenset[str]:
    """The authors of what a command signs off or overrides; empty for any other command."""
    match command:
        case DecideSignOff(subject=subject, activity=activity):
            return _authors_of(referral, subject, activity)
        case OverrideGate(gate=name, activity=activity) if name in set(OverridableGate):
            return _overridden_work_of(referral, OverridableGate(name), activity)
        case _:
            return frozenset()


def _overridden_work_of(
    referral: Referral, name: OverridableGate, activity: str | None = None
) -> frozenset[str]:
    made = _authors_of(referral, _REPLACES.get(name), activity)
    if name is OverridableGate.RISK_SIGN_OFF:
        return made
    run_by = [
        who for each in to_come(referral) if activity in (None, each.id) for who in _run_by(referral, each)
    ]
    return made | frozenset(run_by) | {each for each in (referral.caseworker,) if each}


def _authors_of(
    referral: Referral, subject: SignOffSubject | None, activity: str | None = None
) -> frozenset[str]:
    waiting = [
        each
        for each in referral.sign_off_requests
        if each.subject is subject and (activity is None or each.activity in (None, activity))
    ]
    return frozenset(who for each in waiting for who in authors(referral, each))


def made_by_an_author(actor: Actor, made: frozenset[str], at: datetime) -> bool:
    """Whether an author of what they would sign off gave them their role within the last day."""
    return actor.role_by in made and actor.role_since is not None and at - actor.role_since < NEW_FOR


def _run_by(referral: Referral, activity: Activity) -> frozenset[str]:
    facilitator, co_facilitator, _ = facilitators_of(referral, activity)
    return frozenset(each for each in (facilitator, co_facilitator) if each)


@gate("nothing_to_sign_off", "A sign-off must be waiting for work that is not your own")
def another_persons_work_waits(referral: Referral, actor: Actor, at: datetime) -> str | None:
    waits = any(actor.id not in authors(referral, request) for request in referral.sign_off_requests)
    return None if waits else ""


@gate("too_new", "Nobody may sign off the work of whoever made them a supervisor less than a day ago")
def not_made_by_its_author(referral: Referral, actor: Actor, at: datetime) -> str | None:
    others = [request for request in referral.sign_off_requests if actor.id not in authors(referral, request)]
    waits = not others or any(not made_by_an_author(actor, authors(referral, each), at) for each in others)
    return None if waits else ""


@gate(
    "nothing_to_override",
    "There must be a gate that you may override: not your own work, and allowed by the policy",
)
def gate_to_override(referral: Referral, actor: Actor, at: datetime) -> str | None:
    return None if overridable_now(referral, actor, at) else ""


class Overridable(NamedTuple):
    """A gate that somebody could override, and of which activity."""

    gate: OverridableGate
    activity: Activity | None


def overridable_now(referral: Referral, actor: Actor, at: datetime) -> tuple[Overridable, ...]:
    """The gates that this person could override in the present state, in a stable order."""
    found = [*_of_referral(referral, actor, at)]
    if referral.stage in ACTIVITY_STAGES:
        for activity in to_come(referral):
            found += [Overridable(each, activity) for each in _of_activity(referral, activity, actor)]
    return tuple(
        each
        for each in sorted(found, key=lambda each: list(OverridableGate).index(each.gate))
        if each.gate in referral.policy.overridable
        and each.gate not in (each.activity or referral).overrides
        and not made_by_an_author(actor, _work_behind(referral, each), at)
    )


def _work_behind(referral: Referral, possible: Overridable) -> frozenset[str]:
    activity = possible.activity.id if possible.activity else None
    return _overridden_work_of(referral, possible.gate, activity)


def _of_referral(referral: Referral, actor: Actor, at: datetime) -> Iterator[Overridable]:
    waiting = [each for each in referral.sign_off_requests if each.subject is SignOffSubject.RISK_ASSESSMENT]
    if (
        waiting
        and actor.id not in authors(referral, waiting[0])
        and harmed_still_consent.lacks(referral, actor, at) is None
    ):
        yield Overridable(OverridableGate.RISK_SIGN_OFF, None)


def _of_activity(referral: Referral, activity: Activity, actor: Actor) -> Iterator[OverridableGate]:
    if actor.id in _run_by(referral, activity) | {referral.caseworker}:
        return
    yield from (OverridableGate.RISK_RECONFIRMATION, OverridableGate.ADVANCED_PRACTITIONER)
    if activity.state is not ActivityState.IN_PREPARATION:
        return
    yield OverridableGate.CONFIRMATIONS
    asked_by = {
        each.requested_by
        for each in referral.sign_off_requests
        if each.subject is SignOffSubject.READINESS and each.activity == activity.id
    }
    if actor.id not in asked_by:
        yield OverridableGate.READINESS_SIGN_OFF


@rule(
    DecideSignOff,
    stages=OPEN_STAGES,
    roles=SUPERVISORS,
    gates=[another_persons_work_waits, not_made_by_its_author],
    may_lead_to=[Stage.OFFENDER_CONSENT, Stage.CLOSED],
    on_hold=True,
    in_safeguarding=True,
)
def decide_decide_sign_off(
    referral: Referral, command: DecideSignOff, actor: Actor, at: datetime
) -> Iterator[Event]:
    request = _request_meant(referral, command)
    if actor.id in authors(referral, request):
        raise Refused("own_work", "Nobody may sign off their own work; another supervisor must.", "subject")
    if made_by_an_author(actor, authors(referral, request), at):
        raise Refused(
            "too_new",
            f"{actor.role_by} made this and made you a supervisor less than a day ago; another supervisor must.",
            "subject",
        )
    if not command.approved and not command.reason:
        raise Refused("reason_missing", "Say why it is not approved.", "reason")
    onward = command.approved and command.subject is SignOffSubject.RISK_ASSESSMENT
    if onward and (referral.hold or referral.safeguarding):
        raise Refused(
            "on_hold",
            "The referral would move on; end the hold or lift the safeguarding concern first.",
            "approved",
        )
    if onward:
        harmed_still_consent.check(referral, actor, at)
    if command.approved and request.closure_reason is not None:
        # The referral may have changed since the sign-off was requested.
        check_closure(referral, request.closure_reason, field="approved")
    yield event_from(SignedOff, command, activity=request.activity)
    if onward:
        yield from events_after_verdict(referral)
    elif command.approved and request.closure_reason is not None:
        yield ReferralClosed(reason=request.closure_reason, stage=referral.stage)


def _request_meant(referral: Referral, command: DecideSignOff) -> SignOffRequest:
    """The request that a decision is about.

    Raises:
        Refused: there is none, or there are several and it does not say which.
    """
    asked = [each for each in referral.sign_off_requests if each.subject is command.subject]
    if command.activity is not None and command.subject is SignOffSubject.READINESS:
        asked = [each for each in asked if each.activity == command.activity]
    if not asked:
        waiting = ", ".join(each.about for each in referral.sign_off_requests)
        raise Refused(
            "nothing_to_sign_off", f"This is not waiting for a sign-off; waiting: {waiting}.", "subject"
        )
    if len(asked) > 1:
        listed = ", ".join(described(activity_of(referral, each.activity)) for each in asked)
        raise Refused("activity_missing", f"Say which activity: {listed}.", "activity")
    return asked[0]


@rule(
    OverrideGate,
    stages=[Stage.RISK_ASSESSMENT, *ACTIVITY_STAGES],
    roles=SUPERVISORS,
    gates=[gate_to_override],
    may_lead_to=[Stage.OFFENDER_CONSENT],
)
def decide_override_gate(
    referral: Referral, command: OverrideGate, actor: Actor, at: datetime
) -> Iterator[Event]:
    possible = overridable_now(referral, actor, at)
    if command.gate in set(Purpose) or "consent" in command.gate:
        raise Refused("consent_cannot_be_overridden", "No override replaces a missing consent.", "gate")
    chosen = [each for each in possible if each.gate == command.gate]
    if not chosen:
        listed = ", ".join(dict.fromkeys(each.gate for each in possible))
        raise Refused("gate_not_overridable", f"You may override now: {listed}.", "gate")
    if command.activity is not None and command.gate != OverridableGate.RISK_SIGN_OFF:
        chosen = [each for each in chosen if each.activity and each.activity.id == command.activity]
    if len(chosen) != 1:
        about = (each.activity for each in possible if each.gate == command.gate)
        listed = ", ".join(described(each) for each in about if each)
        raise Refused("activity_missing", f"Say which activity: {listed}.", "activity")
    gate, activity = chosen[0]
    yield GateOverridden(gate=gate, reason=command.reason, activity=activity.id if activity else None)
    if gate is OverridableGate.RISK_SIGN_OFF:
        yield from events_after_verdict(referral)


@apply.register
def apply_sign_off_requested(event: SignOffRequested, referral: Referral, recorded: Recorded) -> Referral:
    request = SignOffRequest(
        subject=event.subject,
        activity=_readiness_of(event.subject, event.activity),
        requested_by=recorded.actor,
        requested_at=recorded.at,
        closure_reason=event.closure_reason,
    )
    clock = f"{DeadlineName.SIGN_OFF}/{request.about}"
    return referral.model_copy(
        update={
            "sign_off_requests": (*referral.sign_off_requests, request),
            "extensions": {key: until for key, until in referral.extensions.items() if key != clock},
        }
    )


def _readiness_of(subject: SignOffSubject, activity: str | None) -> str | None:
    return (activity or FIRST_ACTIVITY) if subject is SignOffSubject.READINESS else None


@apply.register
def apply_signed_off(event: SignedOff, referral: Referral, recorded: Recorded) -> Referral:
    activity = _readiness_of(event.subject, event.activity)
    changes: dict[str, object] = {
        "sign_off_requests": tuple(
            each
            for each in referral.sign_off_requests
            if (each.subject, each.activity) != (event.subject, activity)
        )
    }
    if event.approved:
        sign_off = SignOff(subject=event.subject, activity=activity, by=recorded.actor, at=recorded.at)
        changes["sign_offs"] = (*referral.sign_offs, sign_off)
    elif event.subject is SignOffSubject.RISK_ASSESSMENT:
        changes["risk"] = referral.risk.model_copy(update={"verdict": None})
    return referral.model_copy(update=changes)


@apply.register
def apply_gate_overridden(event: GateOverridden, referral: Referral, recorded: Recorded) -> Referral:
    replaces = _REPLACES.get(event.gate)
    about = _readiness_of(replaces, event.activity) if replaces else None
    left = tuple(
        each for each in referral.sign_off_requests if (each.subject, each.activity) != (replaces, about)
    )
    referral = referral.model_copy(update={"sign_off_requests": left})
    if event.gate is OverridableGate.RISK_SIGN_OFF:
        return referral.model_copy(update={"overrides": (*referral.overrides, event.gate)})
    overrides = (*activity_of(referral, event.activity).overrides, event.gate)
    return change_activity(referral, event.activity, overrides=overrides)


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for request in referral.sign_off_requests:
        yield Clock(DeadlineName.SIGN_OFF, request.about, started_at=request.requested_at)
