"""How a way of reaching people fails: for now, or for good. Every channel says it in these words."""

from __future__ import annotations

from datetime import timedelta


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
