"""Commands that close a referral and reopen it."""

from typing import Literal

from schemas.base import Model, Note
from schemas.commands.texts import Why
from schemas.vocabulary import ClosureReason


class Close(Model):
    """Close the referral. Closing as unreachable or unsafe waits for a sign-off."""

    kind: Literal["close"] = "close"
    reason: ClosureReason
    note: Note = None


class Reopen(Model):
    """Reopen a closed referral in the stage it was closed in."""

    kind: Literal["reopen"] = "reopen"
    reason: Why
