"""Policies: a referral keeps the one that it was opened under until a supervisor adopts what is settled since."""

from datetime import datetime

from lifecycle.core import OPEN_STAGES, RULES, SUPERVISORS, apply, rule
from lifecycle.refusal import Refused
from schemas.commands import AdoptPolicy
from schemas.events import Event, PolicyAdopted, Recorded
from schemas.people import Actor
from schemas.policy import Policy
from schemas.referral import Referral


@rule(AdoptPolicy, stages=OPEN_STAGES, roles=SUPERVISORS, on_hold=True, in_safeguarding=True)
def decide_adopt_policy(
    referral: Referral, command: AdoptPolicy, actor: Actor, at: datetime
) -> tuple[Event, ...]:
    # The state does not know what the service has settled since; adopt() does.
    return ()


def adopt(
    referral: Referral, policy: Policy, command: AdoptPolicy, actor: Actor, at: datetime
) -> tuple[PolicyAdopted]:
    """What happens when a referral goes on under the policy that the service has now.

    Args:
        referral: the state before.
        policy: what the service has settled for the referral's area.
        command: which version is meant, so that nobody adopts another than they have read.
        actor: who asks.
        at: now, aware.

    Raises:
        Refused: it may not be adopted, is another version, or is what the referral has already.
    """
    RULES[AdoptPolicy].check(referral, actor, at)
    if command.version != policy.version:
        raise Refused(
            "other_policy",
            f"The workers serve version {policy.version} of {policy.name}; restart them with the one that you mean.",
            "version",
        )
    if policy == referral.policy:
        raise Refused("same_policy", f"The referral has version {policy.version} already.", "version")
    return (PolicyAdopted(was=referral.policy.version, version=policy.version, policy=policy),)


@apply.register
def apply_policy_adopted(event: PolicyAdopted, referral: Referral, recorded: Recorded) -> Referral:
    return referral.model_copy(update={"policy": event.policy})
