"""Seeing to it that there is an anchor of every day, and one after each erasure, where this process keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stores.anchors import AnchorProblem, Anchors, LogsLost

EVERY = timedelta(days=1)


class Anchoring:
    """The duty of a serving process; several do it together, and one of them makes each anchor."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors

    async def keep(self) -> str | None:
        """Make an anchor where the last is a day old, and copy what the others made; what is wrong, in a sentence."""
        try:
            if await self._anchors.due(datetime.now(UTC) - EVERY):
                await self._anchors.make()
            else:
                await self._anchors.keep()
        except (AnchorProblem, LogsLost) as problem:
            return str(problem)
        return None
