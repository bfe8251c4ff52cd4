"""Entering invented people into a register: for the demo, the pathfinder and the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

from lifecycle import Refused
from schemas.people import Role, Staff
from stores import register, staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore


async def enter_missing(pool: Pool, keys: KeyStore, members: Sequence[Staff], by: str | None = None) -> None:
    """Enter those who are not in the register yet.

    Args:
        members: the invented people. A service manager among them is entered only as the first there is.
        by: the service manager who enters them. None: the one among them, who is the first there is.

    Raises:
        Refused: there are service managers, and it was not said who enters them; or that one may not.
    """
    known = {each.id: each for each in await staff.list_staff(pool)}
    missing = [member for member in members if member.id not in known]
    if not missing:
        return
    if by is None:
        manager = next(each for each in members if each.role is Role.SERVICE_MANAGER)
        by = manager.id
        if by not in known:
            if any(each.role is Role.SERVICE_MANAGER and each.active for each in known.values()):
                raise Refused(
                    "as_missing", "Say with --as which service manager enters the invented people.", "as"
                )
            await register.enter_first(pool, keys, manager)
    for member in missing:
        if member.role is not Role.SERVICE_MANAGER:
            await register.enter(pool, keys, member, by)
