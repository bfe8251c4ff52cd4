"""What a check of an installation, or of what goes on in it, found; in words for whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
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
    severity: Severity
    said: str
    remedy: str | None = None


class Kind(StrEnum):
    """In which way something is stuck."""

    FAILING = "failing"
    """Temporal reports that its turns fail again and again."""
    NO_WORKFLOW = "no_workflow"
    """It is open, and nothing runs for it."""
    FOREIGN = "foreign"
    """A workflow or a schedule under our names or on our queues that is none of ours."""
    SQUATTED = "squatted"
    """The place of a workflow of ours is held by one that somebody else started."""
    BEHIND = "behind"
    """Somebody set its workflow back, and it does not know all that was recorded."""
    SCHEDULE = "schedule"
    """A schedule of ours is gone, paused or not as it should be."""
    MESSAGE_WAITS = "message_waits"
    """It is long on its way."""


@dataclass(frozen=True)
class Stuck:
    """One thing that is stuck.

    Attributes:
        subject: the id of its workflow, or of the schedule.
        since: when its workflow's run began or ended, or when the message was wanted; None: not known.
        said: what was found and what it means.
        remedy: what to do.
    """

    kind: Kind
    subject: str
    since: datetime | None
    said: str
    remedy: str


def shown(text: str) -> str:
    """A name that a stranger chose, fit to be shown, logged and sent."""
    kept = "".join(each if each.isascii() and each.isprintable() and each != "'" else "?" for each in text)
    return kept if len(kept) <= 80 else f"{kept[:77]}..."
