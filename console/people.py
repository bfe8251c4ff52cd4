"""Colleagues whom an address or a form names."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException

from casework.staff import colleagues
from console.asked import Asked
from schemas.people import STAFF_ID, Staff
from schemas.reading.reference import parse_reference


async def colleague(asked: Asked, name: str = "staff") -> Staff:
    """The member of staff whom the address names, in an area of who asks.

    Args:
        name: of the part of the address.

    Raises:
        HTTPException: there is nobody of that id there.
        Refused: the register is not theirs to see.
    """
    wanted = asked.request.path_params[name]
    if re.fullmatch(STAFF_ID, wanted):
        for each in await colleagues(asked.session):
            if each.id == wanted:
                return each
    raise HTTPException(HTTPStatus.NOT_FOUND, "Nobody of that id works in your areas.")


def reference_in(asked: Asked) -> str:
    """The reference that the address names. Raises HTTPException where it is none."""
    try:
        return parse_reference(asked.request.path_params["reference"])
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no referral of that reference.") from None
