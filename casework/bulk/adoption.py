"""Having all open referrals of one's areas adopt the policy in force, and following how far that has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from temporalio.client import (
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.adoption import AdoptionTally, PolicyAdoption
from casework.access import What, areas_to_see, require_access
from casework.bulk.following import Seen, follow, look
from casework.session import Session
from lifecycle import Refused
from lifecycle.rules import SUPERVISORS
from runtime.referrals import TemporalUnreachable
from schemas.areas import Area
from schemas.base import Model
from schemas.policy import Policy
from stores import open_referrals
from workflows.adoption import AdoptionInput, AdoptionProgress, AdoptPolicyWorkflow, adoption_workflow_id
from workflows.ids import SERVICE_QUEUE

__all__ = [
    "AdoptionProgress",
    "AdoptionProspect",
    "AdoptionTally",
    "PolicyAdoption",
    "VersionKept",
    "adopt_in_areas",
    "adoption_prospect",
    "adoption_seen",
    "begin_adoption",
    "policy_in_force",
    "versions",
    "versions_kept",
]


_WHAT = "adoption"


class AdoptionProspect(Model):
    """What an adoption would reach.

    Attributes:
        asked: the order, to be begun by :func:`adopt_in_areas`.
        by_area: how many open referrals there are in each area.
    """

    asked: PolicyAdoption
    by_area: dict[Area, int]

    @property
    def count(self) -> int:
        """How many referrals it would reach."""
        return sum(self.by_area.values())


def policy_in_force(session: Session, area: Area) -> Policy:
    """What new referrals of an area of the person's are opened under.

    Raises:
        Refused: it is not an area of theirs.
    """
    areas_to_see(session.member, What.CASELOAD, area)
    return session.referrals.policies.of(area)


async def versions(session: Session, reference: str) -> tuple[str, str]:
    """The policy versions of a referral: the one that it keeps, and the one that is in force for its area.

    Raises:
        Refused: the referral is unknown, or not theirs to see.
    """
    await require_access(session, What.CASELOAD, reference)
    referral = (await session.referrals.recorded(reference)).referral
    return referral.policy.version, session.referrals.policies.of(referral.area).version


async def adoption_prospect(session: Session, area: Area | None) -> AdoptionProspect:
    """Look what an adoption would reach, before it is begun.

    Args:
        area: only the referrals of this area; None: of all areas of the person.

    Raises:
        Refused: the person may not adopt a policy, or does not work in the area.
    """
    member = session.member
    if member.role not in SUPERVISORS:
        raise Refused("not_your_role", "A policy is adopted by supervisors and service managers.", "as")
    if area is not None and area not in member.areas:
        raise Refused("staff_other_area", f"{member.id} does not work in {area}.", "as")
    areas = member.areas if area is None else (area,)
    policies = session.referrals.policies
    asked = PolicyAdoption(
        area=area,
        versions={each: policies.of(each).version for each in areas},
        asked_by=member.id,
        run=uuid4(),
    )
    by_area = await open_referrals.open_by_area(session.referrals.pool)
    return AdoptionProspect(
        asked=asked, by_area={each: count for each, count in by_area.items() if each in areas}
    )


async def adopt_in_areas(
    session: Session, asked: PolicyAdoption, on_progress: Callable[[AdoptionProgress | None], None]
) -> AdoptionTally:
    """Begin an adoption, or find the one that runs already, and follow it to its end.

    It goes on by itself when nobody follows it any more.

    Args:
        asked: the order; see :func:`adoption_prospect`.
        on_progress: called with how far it has come, again and again; with None where no worker answers.

    Raises:
        BulkWorkFailed: it ended by a fault of ours, or somebody ended it.
        TemporalUnreachable: Temporal does not answer.
    """

    async def start() -> WorkflowHandle[AdoptPolicyWorkflow, AdoptionTally]:
        return await _start(session, asked)

    return await follow(start, AdoptPolicyWorkflow.progress, on_progress, what=_WHAT)


async def begin_adoption(session: Session, area: Area | None) -> None:
    """Begin an adoption, or leave the one that runs already to go on; see :func:`adoption_seen`.

    Raises:
        Refused: see :func:`adoption_prospect`.
        TemporalUnreachable: Temporal does not answer.
    """
    expected = await adoption_prospect(session, area)
    try:
        await _start(session, expected.asked)
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


async def adoption_seen(session: Session, area: Area | None) -> Seen[AdoptionProgress, AdoptionTally] | None:
    """How far the last adoption has come that the person began; None where none is known.

    Args:
        area: of this area; None: of all of theirs.

    Raises:
        Refused: they may not adopt a policy.
        BulkWorkFailed: it ended by a fault of ours, or somebody ended it.
        TemporalUnreachable: Temporal does not answer.
    """
    expected = await adoption_prospect(session, area)
    handle = session.referrals.client.get_workflow_handle_for(
        AdoptPolicyWorkflow.run, adoption_workflow_id(expected.asked)
    )
    return await look(handle, AdoptPolicyWorkflow.progress, what=_WHAT)


async def _start(
    session: Session, asked: PolicyAdoption
) -> WorkflowHandle[AdoptPolicyWorkflow, AdoptionTally]:
    return await session.referrals.client.start_workflow(
        AdoptPolicyWorkflow.run,
        AdoptionInput(asked=asked),
        id=adoption_workflow_id(asked),
        task_queue=SERVICE_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


class VersionKept(Model):
    """How many open referrals of an area keep a version of the policy.

    Attributes:
        in_force: whether it is what new referrals of the area are opened under.
    """

    area: Area
    name: str
    version: str
    referrals: int
    in_force: bool


async def versions_kept(session: Session, area: Area | None = None) -> list[VersionKept]:
    """Which versions of the policy the open referrals of the person's areas keep, by area, most first.

    Raises:
        Refused: it is not theirs to see.
    """
    areas = areas_to_see(session.member, What.CASELOAD, area)
    policies = session.referrals.policies
    counted: Counter[tuple[Area, str, str]] = Counter()
    for each in await open_referrals.policies_kept(session.referrals.pool.within(areas), areas):
        counted[each.area, each.policy.name, each.policy.version] += each.referrals
    found = [
        VersionKept(
            area=where,
            name=name,
            version=version,
            referrals=count,
            in_force=version == policies.of(where).version,
        )
        for (where, name, version), count in counted.items()
    ]
    return sorted(found, key=lambda each: (each.area, -each.referrals, each.version))
