"""How a way of reaching people fails: for now, or for good. Every channel says it in these words."""

from __future__ import annotations

import asyncio
from datetime import timedelta

TURN_WITHIN = timedelta(seconds=20)
"""How long a message may wait for others that leave by the same channel. Two questions of 30 seconds, each after its
turn, fit into the two minutes of one try.
"""


class ChannelAway(Exception):
    """The channel does not take the message now; trying again later is right.

    The message is one sentence with the reason, without any address or content.

    Attributes:
        retry_after: how long the channel asks to be left alone; None where it does not say.
        uncertain: no answer came, so the message may have been taken all the same; what is sent again bears the same
            reference. Otherwise it was not taken.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.uncertain = uncertain


class ChannelRefused(Exception):
    """The channel will never take this message to this address: the next channel's turn.

    The message is one sentence with the reason, without any address or content.
    """


async def take_turn(turns: asyncio.Semaphore) -> None:
    """Wait until others are done. Who took a turn gives it back, with `turns.release()`.

    Raises ChannelAway: there was none within TURN_WITHIN, and nothing was asked of the channel.
    """
    try:
        async with asyncio.timeout(TURN_WITHIN.total_seconds()):
            await turns.acquire()
    except TimeoutError:
        raise ChannelAway("Too many other messages are leaving by this channel at the moment.") from None
