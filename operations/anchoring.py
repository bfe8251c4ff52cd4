"""Seeing to it that there is an anchor of every day, and one after each erasure, where this process keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from messages.channels import ChannelAway, ChannelRefused
from runtime.alerts import Send
from runtime.referrals import Referrals
from stores.logs.anchors import PUBLIC_KEY, Anchor, AnchorProblem, Anchors, LogsLost, check

__all__ = ["Anchor", "AnchorProblem", "Anchoring", "Anchors", "anchors_in", "check_folder"]

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


def anchors_in(referrals: Referrals, folder: Path) -> Anchors:
    """The anchors of this installation, kept in a folder."""
    return Anchors(referrals.pool, referrals.keys, folder)


def check_folder(folder: Path, public: str | None) -> list[Anchor]:
    """The anchors in a folder, checked without the database and without any secret.

    Args:
        public: the public key, one line of base64; None: the one that lies in the folder.

    Raises:
        AnchorProblem: one is not signed by that key, or does not follow the one before.
        OSError: the folder cannot be read.
    """
    key = public or (folder / PUBLIC_KEY).read_text()
    return check([path.read_text() for path in sorted(folder.glob("*.anchor"))], key)
