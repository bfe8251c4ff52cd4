"""The policy in force adopted for all referrals of an area, page by page, whatever process dies meanwhile."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.adoption import AdoptionPage, AdoptionTally, PolicyAdoption, PolicyAdoptions
    from schemas.base import Model
    from workflows.faults import FAULTS

# A try that says nothing for so long has lost its worker: ten referrals are asked at once, each within 20 seconds.
_HEARD_WITHIN = timedelta(minutes=1)
_TRY_FOR = timedelta(minutes=10)

# While Temporal or PostgreSQL is away it waits, and goes on by itself.
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=FAULTS,
)


def adoption_workflow_id(asked: PolicyAdoption) -> str:
    """Its id: it runs once at a time for a person and what they ask for. The installation's key seals it."""
    return f"service/adopt-policy/{asked.asked_by}/{asked.scope}"


class AdoptionProgress(Model):
    """How far it has come."""

    run: UUID
    versions: tuple[str, ...]
    total: int
    tally: AdoptionTally


class AdoptionInput(Model):
    """What it starts with: the order, and what a run before this one came to."""

    asked: PolicyAdoption
    after: str = ""
    tally: AdoptionTally = AdoptionTally()


@workflow.defn
class AdoptPolicyWorkflow:
    """Has each open referral adopt the policy. Each is an ordinary step under an id of its own, taken once."""

    @workflow.init
    def __init__(self, start: AdoptionInput) -> None:
        self._asked = start.asked
        self._tally = start.tally
        self._total = start.tally.done

    @workflow.run
    async def run(self, start: AdoptionInput) -> AdoptionTally:
        """Until there is none left; what is refused keeps the policy it had, and is named."""
        after = start.after
        while (page := await self._find(after)).referrals:
            self._total = self._tally.done + page.remaining
            self._tally += await workflow.execute_activity_method(
                PolicyAdoptions.adopt_policies,
                args=[self._asked, page.referrals],
                start_to_close_timeout=_TRY_FOR,
                heartbeat_timeout=_HEARD_WITHIN,
                retry_policy=_RETRY,
            )
            after = page.referrals[-1][0]
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(AdoptionInput(asked=self._asked, after=after, tally=self._tally))
        return self._tally

    @workflow.query
    def progress(self) -> AdoptionProgress:
        """How far it has come, page by page; the total is known once the first page was read."""
        return AdoptionProgress(
            run=self._asked.run,
            versions=tuple(sorted(set(self._asked.versions.values()))),
            total=self._total,
            tally=self._tally,
        )

    async def _find(self, after: str) -> AdoptionPage:
        return await workflow.execute_activity_method(
            PolicyAdoptions.find_referrals_to_adopt,
            args=[self._asked, after],
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_RETRY,
        )
