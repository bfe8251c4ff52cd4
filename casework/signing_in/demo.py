"""The invented people as whom a demo is entered without a password."""

from __future__ import annotations

from runtime.referrals import Referrals
from schemas.people import Staff
from stores import staff

_SURNAME = "Invented"


async def demo_people(referrals: Referrals) -> list[Staff]:
    """The active people of the register who are invented: those whose surname says so. By their first area, then id."""
    found = await staff.list_staff(referrals.pool.nowhere)
    invented = [each for each in found if each.active and (each.name or "").endswith(_SURNAME)]
    return sorted(invented, key=lambda each: (each.areas[0], each.id))
