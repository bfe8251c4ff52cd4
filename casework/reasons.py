"""Why somebody looks at a sensitive case on which others work: what is accepted, and for how long it holds."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import datetime, timedelta

from casework.session import Session, WayIn
from lifecycle import Refused
from schemas.access import LONGEST_REASON
from stores.logs import access_log

HOLDS = timedelta(minutes=30)
"""How long a reason that was given in the console holds after the last look for which it was given: as long as a
session without use. Each look is recorded with it; the supervisor is told once."""

# Of which a reason has more, in whatever script.
_FEWEST_LETTERS = 3
_HOW_TO_SAY_WHY = {
    WayIn.COMMAND_LINE: " Say why with --reason -, which asks for it, or reads the standard input.",
}


def reason_of(session: Session) -> str | None:
    """The reason that somebody gave; None where they gave none.

    Raises:
        Refused: it says nothing, or too much.
    """
    said = (session.reason or "").strip()
    if said and sum(unicodedata.category(each).startswith("L") for each in said) < _FEWEST_LETTERS:
        raise Refused("reason_says_nothing", "The reason says nothing; say why you look, in words.", "reason")
    if len(said) > LONGEST_REASON:
        raise Refused(
            "reason_too_long",
            f"The reason has {len(said)} characters; at most {LONGEST_REASON} are accepted.",
            "reason",
        )
    return said or None


async def with_reason(session: Session, reference: str, now: datetime) -> tuple[Session, bool]:
    """The session with a reason to look at a referral, and whether it was given before and told of then.

    Args:
        now: by the clock of PostgreSQL, UTC.

    Raises:
        Refused: they have to say why.
    """
    if reason_of(session) is not None:
        return session, False
    earlier = None
    if session.way_in is WayIn.CONSOLE:
        earlier = await access_log.reason_given(
            session.referrals.pool, session.referrals.keys, reference, session.member.id, now - HOLDS
        )
    if earlier is None:
        raise Refused(
            "reason_needed",
            f"{reference} is a sensitive case, on which others work. Who must look at it all the same says why; "
            "that is recorded, and its supervisor is told." + _HOW_TO_SAY_WHY.get(session.way_in, ""),
            "reason",
        )
    return dataclasses.replace(session, reason=earlier), True
