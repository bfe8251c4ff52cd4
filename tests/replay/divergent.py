"""Referral workflows with the faults that replaying must notice."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from lifecycle import deadlines
    from schemas.steps import Receipt, ReferralInput, Request
    from workflows.referral import ReferralWorkflow


@workflow.defn(name="ReferralWorkflow")
class Divergent(ReferralWorkflow):
    """Begins with a timer that no history has."""

    @workflow.init
    def __init__(self, start: ReferralInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ReferralInput) -> str:
        """Wait a day, then go on as ever."""
        await workflow.sleep(timedelta(days=1))
        return await super().run(start)


@workflow.defn(name="ReferralWorkflow")
class Careless(ReferralWorkflow):
    """Runs a rule where it is replayed, so that a change of the rules breaks the referrals in flight."""

    @workflow.init
    def __init__(self, start: ReferralInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ReferralInput) -> str:
        """As ever."""
        return await super().run(start)

    async def _take_step(self, request: Request | RawValue) -> Receipt:
        if self._referral is not None:
            deadlines(self._referral)
        return await super()._take_step(request)
