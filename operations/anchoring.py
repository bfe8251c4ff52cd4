"""Seeing to it that there is an anchor of every day, and one after each erasure, where this process keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from messages.channels import ChannelAway, ChannelRefused
from runtime.alerts import Send
from stores.logs.anchors import AnchorProblem, Anchors, LogsLost

EVERY = timedelta(days=1)


class Anchoring:
    """The periodic task of a serving process; several do it together, and one of them makes each anchor.

    Args:
        anchors: where they are kept.
        send: mails each that is made here to who is told of alerts; None where nobody is.
    """

    def __init__(self, anchors: Anchors, send: Send | None) -> None:
        self._anchors = anchors
        self._send = send

    async def keep(self) -> str | None:
        """Make an anchor where the last is a day old, and copy what the others made; what is wrong, in a sentence."""
        try:
            if not await self._anchors.due(datetime.now(UTC) - EVERY):
                await self._anchors.keep()
                return None
            made = await self._anchors.make()
            if self._send is not None:
                await self._send(f"Anchor {made.number}", await self._anchors.document(made.number))
        except (AnchorProblem, LogsLost) as problem:
            return str(problem)
        except (ChannelAway, ChannelRefused):
            return "The newest anchor could not be sent by e-mail; it lies in the folder of anchors."
        return None
