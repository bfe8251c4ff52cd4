"""Who is signed in, by which way in, and the engine that they act through."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.referrals import Referrals
from schemas.access import WayIn
from schemas.people import Staff

__all__ = ["Session", "WayIn", "sign_in"]


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person at work. Every function of `casework` takes one first.

    Attributes:
        referrals: the connections, and the asking of workflows.
        member: the person, as the staff register knew them when they signed in. A step checks the register again.
        way_in: by which program they came; the access log names it.
        reason: why they look at what is not their own case, in their words, where they said so.
    """

    referrals: Referrals
    member: Staff
    way_in: WayIn
    reason: str | None = field(default=None, repr=False)


async def sign_in(
    referrals: Referrals, staff_id: str, way_in: WayIn, *, reason: str | None = None
) -> Session:
    """The session of an active member of staff.

    Raises:
        Refused: nobody of that id is in the register, or they are no longer active.
    """
    return Session(referrals, await referrals.member(staff_id), way_in, reason)
