"""The invented people as whom a demo is entered without a password."""

from __future__ import annotations

from runtime.referrals import Referrals
from schemas.people import Role, Staff
from stores import staff

_SURNAME = "Invented"
_ROLES = tuple(Role)


async def demo_people(referrals: Referrals) -> list[Staff]:
    """The active people of the register who are invented: those whose surname says so.

    First those of the demo's own caseload, by role; then those of invented years, whose ids begin with their area.
    """
    found = await staff.list_staff(referrals.pool.nowhere)
    invented = [each for each in found if each.active and (each.name or "").endswith(_SURNAME)]
    return sorted(invented, key=lambda each: (of_a_year(each), _ROLES.index(each.role), each.id))


def of_a_year(member: Staff) -> bool:
    """Whether somebody invented belongs to an invented year, and not to the demo's own caseload."""
    return member.id.startswith(f"{member.areas[0]}-")
