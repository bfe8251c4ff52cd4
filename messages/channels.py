"""The two ways in which every channel fails: for now, or permanently."""

from __future__ import annotations

import asyncio
from datetime import timedelta

TURN_WITHIN = timedelta(seconds=20)
"""How long a message may wait for others on the same channel. Two requests of 30 seconds, each after such a wait, fit
into the two minutes of one attempt.
"""


class ChannelAway(Exception):
    """The channel does not accept the message now; retry later.

    The message is one sentence with the reason, without any address or content.

    Attributes:
        retry_after: how long to wait before the next request; None where the channel does not say.
        uncertain: no answer came, so the message may have been accepted; a retry has the same reference. False: it was
            not accepted.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.uncertain = uncertain


class ChannelRefused(Exception):
    """The channel will never accept this message to this address: try the next channel.

    The message is one sentence with the reason, without any address or content.
    """


async def take_turn(turns: asyncio.Semaphore) -> None:
    """Acquire one of the channel's turns; release it with `turns.release()`.

    Raises ChannelAway where there was none within TURN_WITHIN; nothing was sent then.
    """
    try:
        async with asyncio.timeout(TURN_WITHIN.total_seconds()):
            await turns.acquire()
    except TimeoutError:
        raise ChannelAway("Too many other messages are being sent by this channel at the moment.") from None
