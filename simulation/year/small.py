"""The small invented year that the demo has, so that every list, stage and figure has something to show."""

from __future__ import annotations

from lifecycle import Refused
from runtime.referrals import Referrals
from schemas.areas import Area
from simulation.year.filling import fill

AREA = Area.CLEVELAND
"""Where the demo's other referrals are not, so that their lists stay as short as they are."""

_OTHER = Area.NORTHUMBRIA
"""To which some of them go."""

_REFERRALS = 60
_SEED = 1


async def enter_small_year(referrals: Referrals, owner_url: str | None) -> str:
    """Enter the small year, if it is not there yet, and return a sentence that says what was entered."""
    if owner_url is None:
        return "The invented year is left out: RJ_DATABASE_OWNER_URL does not name the owner of the database."
    try:
        filled = await fill(referrals, owner_url, AREA, _REFERRALS, _SEED, others=[_OTHER])
    except Refused as refused:
        return f"The invented year is left out. {refused.message}"
    if not filled.written:
        return f"The invented year of {AREA} is there already."
    return (
        f"A year of {AREA}: {filled.written} invented referrals, {filled.open} of them open; "
        f"look as {AREA}-su-1 or {AREA}-cw-1."
    )
