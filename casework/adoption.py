"""Having all open referrals of one's areas adopt the policy in force, and following how far that has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from temporalio.client import (
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.adoption import AdoptionTally, PolicyAdoption
from casework.access import What, require_access
from casework.session import Session
from lifecycle import Refused
from lifecycle.core import SUPERVISORS
from runtime.referrals import TemporalUnreachable
from runtime.sealing.places import PayloadRefused
from schemas.areas import Area
from schemas.base import Model
from stores import supervision
from workflows.adoption import AdoptionInput, AdoptionProgress, AdoptPolicyWorkflow, adoption_workflow_id
from workflows.ids import SERVICE_QUEUE

__all__ = [
    "AdoptionFailed",
    "AdoptionProgress",
    "AdoptionProspect",
    "AdoptionTally",
    "PolicyAdoption",
    "adopt_in_areas",
    "adoption_prospect",
    "versions",
]

_ASK_EVERY = 0.3
_QUERY_WITHIN = timedelta(seconds=3)
# While no worker runs, or Temporal is busy, there is no answer; it is asked again.
_NO_ANSWER = (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError, PayloadRefused)


class AdoptionFailed(Exception):
    """An adoption ended by a fault of ours. One sentence; what was adopted stays so."""


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
    by_area = await supervision.open_by_area(session.referrals.pool)
    return AdoptionProspect(
        asked=asked, by_area={each: count for each, count in by_area.items() if each in areas}
    )


async def adopt_in_areas(
    session: Session, asked: PolicyAdoption, on_progress: Callable[[AdoptionProgress | None], None]
) -> AdoptionTally:
    """Begin an adoption, or find the one that runs already, and follow it to its end.

    It goes on by itself when nobody follows it any more.

    Args:
        on_progress: told how far it has come, again and again; None where no worker says so.

    Raises:
        AdoptionFailed: it ended by a fault of ours, or somebody ended it.
        TemporalUnreachable: Temporal does not answer.
    """
    try:
        handle = await session.referrals.client.start_workflow(
            AdoptPolicyWorkflow.run,
            AdoptionInput(asked=asked),
            id=adoption_workflow_id(asked),
            task_queue=SERVICE_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        ended = asyncio.ensure_future(handle.result())
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=_ASK_EVERY)
                if not ended.done():
                    on_progress(await _ask(handle))
            return ended.result()
        finally:
            ended.cancel()
    except (WorkflowFailureError, PayloadRefused) as error:
        cause = error.cause if isinstance(error, WorkflowFailureError) else error
        raise AdoptionFailed(
            f"The adoption ended before its time ({type(cause).__name__}); the worker's log says why. "
            "What was adopted stays so; the same command again does the rest."
        ) from error
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal does not answer: {error.message}.") from error


async def _ask(handle: WorkflowHandle[AdoptPolicyWorkflow, AdoptionTally]) -> AdoptionProgress | None:
    try:
        return await handle.query(AdoptPolicyWorkflow.progress, rpc_timeout=_QUERY_WITHIN)
    except _NO_ANSWER:
        return None
