"""Who is signed in to the console, and since when."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.base import Model
from schemas.people import Staff

IDLE = timedelta(minutes=30)
"""After which a session without a request ends (OWASP: 15 to 30 minutes where the risk is high)."""

LONGEST = timedelta(hours=12)
"""After which a session ends in any case: longer than a working day, shorter than a night."""


class SignedInBy(StrEnum):
    """How somebody signed in."""

    DEMO = "demo"
    """As one of the demo's invented people, by a button."""
    PASSWORD = "password"  # noqa: S105 - the name of a way, no password
    """By password and second factor of an account of ours."""
    PROVIDER = "provider"
    """At the service's OpenID provider."""


class WebSession(Model):
    """A person signed in to the console in one browser.

    Attributes:
        id: by which its owner ends it; no secret.
        device: their browser and system, in a few words.
        seen_at: when it was last used, to the minute.
        names_hidden: whether names are hidden from who looks over a shoulder.
    """

    id: int
    how: SignedInBy
    device: str
    signed_in_at: AwareDatetime
    seen_at: AwareDatetime
    names_hidden: bool = False


class SignedIn(Model):
    """A session with its person, as the register knows them now."""

    web: WebSession
    member: Staff
