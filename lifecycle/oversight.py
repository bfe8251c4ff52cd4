"""Sign-offs and overrides: decisions that need a second person."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifecycle.clocks import Clock, clocks
from lifecycle.core import OPEN_STAGES, SUPERVISORS, apply, event_from, gate, rule
from lifecycle.refusal import Refused
from lifecycle.stages.closing import check_closure
from lifecycle.stages.risk_assessment import events_after_verdict, harmed_still_consent
from schemas.base import Model
from schemas.commands import DecideSignOff, OverrideGate
from schemas.events import Event, GateOverridden, Recorded, ReferralClosed, SignedOff, SignOffRequested
from schemas.people import Actor
from schemas.policy import DeadlineName
from schemas.referral import Referral, SignOff, SignOffRequest
from schemas.vocabulary import OverridableGate, Purpose, SignOffSubject, Stage

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
            made |= _run_by(referral)
    return frozenset(made)


def authors_of_what_is_signed_off(referral: Referral, command: Model) -> frozenset[str]:
    """The authors of what a command signs off or overrides; empty for any other command."""
    match command:
        case DecideSignOff(subject=subject):
            return _authors_of(referral, subject)
        case OverrideGate(gate=name) if name in set(OverridableGate):
            return _overridden_work_of(referral, OverridableGate(name))
        case _:
            return frozenset()


def _overridden_work_of(referral: Referral, name: OverridableGate) -> frozenset[str]:
    made = _authors_of(referral, _REPLACES.get(name))
    if name is OverridableGate.RISK_SIGN_OFF:
        return made
    return made | _run_by(referral) | {each for each in (referral.caseworker,) if each}


def _authors_of(referral: Referral, subject: SignOffSubject | None) -> frozenset[str]:
    waiting = [each for each in referral.sign_off_requests if each.subject is subject]
    return frozenset(who for each in waiting for who in authors(referral, each))


def made_by_an_author(actor: Actor, made: frozenset[str], at: datetime) -> bool:
    """Whether an author of what they would sign off gave them their role within the last day."""
    return actor.role_by in made and actor.role_since is not None and at - actor.role_since < NEW_FOR


def _run_by(referral: Referral) -> frozenset[str]:
    return frozenset(each for each in (referral.facilitator, referral.co_facilitator) if each)


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


def overridable_now(referral: Referral, actor: Actor, at: datetime) -> tuple[OverridableGate, ...]:
    """The gates that this person could override in the present state, in a stable order."""
    possible: set[OverridableGate] = set()
    requests = {each.subject: each for each in referral.sign_off_requests}
    own = _run_by(referral) | {referral.caseworker}
    risk = requests.get(SignOffSubject.RISK_ASSESSMENT)
    if (
        risk
        and actor.id not in authors(referral, risk)
        and harmed_still_consent.lacks(referral, actor, at) is None
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
        if each in possible
        and each in referral.policy.overridable
        and each not in referral.overrides
        and not made_by_an_author(actor, _overridden_work_of(referral, each), at)
    )


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
    request = next((each for each in referral.sign_off_requests if each.subject is command.subject), None)
    if request is None:
        waiting = ", ".join(each.subject for each in referral.sign_off_requests)
        raise Refused(
            "nothing_to_sign_off", f"This is not waiting for a sign-off; waiting: {waiting}.", "subject"
        )
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
            "The referral would move on; end the hold or the safeguarding freeze first.",
            "approved",
        )
    if onward:
        harmed_still_consent.check(referral, actor, at)
    if command.approved and request.closure_reason is not None:
        # The referral may have changed since the sign-off was requested.
        check_closure(referral, request.closure_reason, field="approved")
    yield event_from(SignedOff, command)
    if onward:
        yield from events_after_verdict(referral)
    elif command.approved and request.closure_reason is not None:
        yield ReferralClosed(reason=request.closure_reason, stage=referral.stage)


@rule(
    OverrideGate,
    stages=[Stage.RISK_ASSESSMENT, Stage.PREPARATION, Stage.CONFERENCE],
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
    chosen = next((each for each in possible if each == command.gate), None)
    if chosen is None:
        raise Refused("gate_not_overridable", f"You may override now: {', '.join(possible)}.", "gate")
    yield GateOverridden(gate=chosen, reason=command.reason)
    if chosen is OverridableGate.RISK_SIGN_OFF:
        yield from events_after_verdict(referral)


@apply.register
def apply_sign_off_requested(event: SignOffRequested, referral: Referral, recorded: Recorded) -> Referral:
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
def apply_signed_off(event: SignedOff, referral: Referral, recorded: Recorded) -> Referral:
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
def apply_gate_overridden(event: GateOverridden, referral: Referral, recorded: Recorded) -> Referral:
    replaces = _REPLACES.get(event.gate)
    return referral.model_copy(
        update={
            "overrides": (*referral.overrides, event.gate),
            "sign_off_requests": tuple(
                each for each in referral.sign_off_requests if each.subject is not replaces
            ),
        }
    )


@clocks
def _clocks(referral: Referral) -> Iterator[Clock]:
    for request in referral.sign_off_requests:
        yield Clock(DeadlineName.SIGN_OFF, request.subject, started_at=request.requested_at)
