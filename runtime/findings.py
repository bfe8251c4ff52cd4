"""What checks of an installation and its workflows found, in words for its operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    NOTE = "note"
    """Referrals can be opened, but somebody should look at this."""
    BLOCKED = "blocked"
    """Referrals can be opened, but some cannot go on until this is fixed."""
    SETUP = "setup"
    """No referral can be opened: a setting or an entry in the register is wrong or missing."""
    SERVER = "server"
    """No referral can be opened: a server is missing or not as required."""
    UNKNOWN = "unknown"
    """Cannot be checked until something else is fixed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name.
        said: what was found, one sentence.
        remedy: what to do; None where nothing is needed.
    """

    check: str
    severity: Severity
    said: str
    remedy: str | None = None


class Kind(StrEnum):
    """How something is stuck."""

    FAILING = "failing"
    """Temporal reports that its workflow tasks keep failing."""
    NO_WORKFLOW = "no_workflow"
    """The referral is open and has no running workflow."""
    FOREIGN = "foreign"
    """A workflow or schedule that uses our names or queues and is not ours."""
    SQUATTED = "squatted"
    """The id of one of our workflows is used by one that somebody else started."""
    BEHIND = "behind"
    """Somebody reset its workflow, which does not know all that was recorded."""
    SCHEDULE = "schedule"
    """One of our schedules is gone, paused or changed."""
    MESSAGE_WAITS = "message_waits"
    """The message has been pending for too long."""


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
    """A name that a stranger chose, made safe to show, log and send."""
    kept = "".join(each if each.isascii() and each.isprintable() and each != "'" else "?" for each in text)
    return kept if len(kept) <= 80 else f"{kept[:77]}..."
