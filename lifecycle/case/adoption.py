"""Policies: a referral keeps the version it was opened under until a supervisor adopts a later one."""

from datetime import datetime

from lifecycle.refusal import Refused
from lifecycle.rules import OPEN_STAGES, RULES, SUPERVISORS, rule
from lifecycle.state import apply
from schemas.commands import AdoptPolicy
from schemas.events import Event, PolicyAdopted, Recorded
from schemas.people import Actor
from schemas.policy import Policy
from schemas.referral import Referral


@rule(AdoptPolicy, stages=OPEN_STAGES, roles=SUPERVISORS, on_hold=True, in_safeguarding=True)
def decide_adopt_policy(
    referral: Referral, command: AdoptPolicy, actor: Actor, at: datetime
) -> tuple[Event, ...]:
    # The state does not hold the service's current policy; adopt() is given it.
    return ()


def adopt(
    referral: Referral, policy: Policy, command: AdoptPolicy, actor: Actor, at: datetime
) -> tuple[PolicyAdopted]:
    """The events that follow when a referral adopts the service's current policy.

    Args:
        referral: the state before.
        policy: the service's current policy for the referral's area.
        command: names the version, so that nobody adopts one they have not read.
        actor: who asks.
        at: now, aware.

    Raises:
        Refused: the policy may not be adopted, is not the version named, or is already the referral's.
    """
    RULES[AdoptPolicy].check(referral, actor, at)
    if command.version != policy.version:
        raise Refused(
            "other_policy",
            f"The workers serve version {policy.version} of {policy.name}; restart them with the version you mean.",
            "version",
        )
    if policy == referral.policy:
        raise Refused("same_policy", f"The referral already has version {policy.version}.", "version")
    return (PolicyAdopted(was=referral.policy.version, version=policy.version, policy=policy),)


@apply.register
def apply_policy_adopted(event: PolicyAdopted, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"policy": event.policy})
