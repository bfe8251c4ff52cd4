"""What a check of an installation found, in words for whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"
    """Referrals can be opened, but somebody should look at it."""
    BLOCKED = "blocked"
    """Referrals can be opened, but some cannot go on before somebody mends it."""
    SETUP = "setup"
    """No referral can be opened: something that people set or enter is wrong or missing."""
    SERVER = "server"
    """No referral can be opened: a server is missing, or not as it must be."""
    UNKNOWN = "unknown"
    """Cannot be checked before something else is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name.
        said: what was found, one sentence.
        remedy: what to do; None where nothing need be done.
    """

    check: str
    standing: Standing
    said: str
    remedy: str | None = None
