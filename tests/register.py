"""People whom tests enter into the register, as a service manager would."""

from __future__ import annotations

from schemas.people import Role, Staff
from stores import register, staff
from stores.database import Pool, connect
from stores.keys.referral_keys import KeyStore
from stores.register import Kind


async def enter(pool: Pool, keys: KeyStore, *members: Staff) -> None:
    """Enter or change people, each by a service manager of their area, else by the tests' own, sm-1; where it takes
    two, another confirms it."""
    for member in members:
        managers = await _managers(pool, member)
        kind = await register.enter(pool, keys, member, managers[0])
        if kind is Kind.PROPOSED:
            # Of two, who ceases to be one agrees.
            await register.confirm(pool, keys, member.id, [*managers, member.id][1])


async def long_in_office(owner_url: str, manager: str) -> None:
    """Have a service manager been one for longer than a day, so that other tests enter supervisors in the same area."""
    owner = await connect(owner_url)
    await owner.execute("UPDATE staff SET role_since = role_since - interval '2 days' WHERE id = $1", manager)
    await owner.close()


async def _managers(pool: Pool, member: Staff) -> list[str]:
    everybody = await staff.list_staff(pool, role=Role.SERVICE_MANAGER)
    others = [each for each in everybody if each.active and each.id != member.id]
    known = await staff.get(pool, member.id)
    areas = {*member.areas, *(known.areas if known else ())}
    theirs = [each.id for each in others if areas & set(each.areas)]
    return theirs or ["sm-1"]
