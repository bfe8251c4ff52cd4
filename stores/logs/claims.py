"""What a step claims of those whom it names, against the staff register."""

from __future__ import annotations

from lifecycle import Refused
from schemas.steps import Request
from stores.database import Pool

_PROBLEMS = {
    "staff_unknown": "is not in the staff register",
    "staff_inactive": "is no longer active",
    "staff_other_role": "does not have the role that was claimed",
    "staff_other_area": "does not work in this referral's area",
    "staff_not_advanced": "is not an advanced practitioner in the staff register",
    "area_without_supervisor": "has no supervisor or service manager who could answer the offer",
    "staff_made_by_author": "was given the role less than a day ago by an author of what is to be signed off",
}


async def check_named(pool: Pool, request: Request) -> None:
    """Look whether those whom a command names are as the register has them, without recording anything.

    Raises:
        Refused: somebody is not; with the same words the step is refused.
    """
    advanced = advanced_in(request)
    for who in named_in(request):
        code = await pool.nowhere.fetchval(
            "SELECT staff_problem($1, NULL, $2, $3)", who, request.actor.area, who == advanced
        )
        if code is not None:
            raise not_as_claimed(code, who, request)


def not_as_claimed(code: str, who: str, request: Request) -> Refused:
    """The refusal of a step, by what the database says of somebody whom it names."""
    field = "area" if code == "area_without_supervisor" else "caseworker"
    return Refused(code, f"{who} {_PROBLEMS[code]}.", None if who == request.actor.id else field)


def named_in(request: Request) -> list[str]:
    """The colleagues whom a command names."""
    fields = ("caseworker", "facilitator", "co_facilitator")
    named = (getattr(request.command, field, None) for field in fields)
    return [who for who in named if who is not None]


def advanced_in(request: Request) -> str | None:
    """Whom a command claims to be an advanced practitioner; None: nobody."""
    claimed = getattr(request.command, "advanced_practitioner", False)
    return getattr(request.command, "facilitator", None) if claimed else None
