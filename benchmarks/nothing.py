"""The measure that a step is held against: an update that does nothing, on the same servers, through the same codec."""

from __future__ import annotations

from temporalio import workflow

TASK_QUEUE = "benchmark"


@workflow.defn
class NothingWorkflow:
    """Answers what it is told and keeps nothing. Never in production: it exists for this benchmark only."""

    @workflow.run
    async def run(self) -> None:
        """Wait for ever."""
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def nothing(self, word: str) -> str:
        """The word again: one small payload in, one out, no activity, no validator."""
        return word
