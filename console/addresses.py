"""What an address or a form names, such as an area, a colleague or a day; and the address of a step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from starlette.exceptions import HTTPException

from casework.staff import colleagues
from console.asked import Asked
from schemas.areas import Area
from schemas.people import STAFF_ID, Staff
from schemas.reading.reference import parse_reference


def read_area(asked: Mapping[str, str]) -> Area | None:
    """The area that an address names; None where it names none. Raises HTTPException where there is no such area."""
    said = asked.get("area", "")
    if not said:
        return None
    try:
        return Area(said)
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Area: choose one of those on the page."
        ) from None


def read_page(asked: Mapping[str, str]) -> int:
    """The page of a long list that an address names, from 1, which it is where it names none. Raises HTTPException."""
    said = asked.get("page", "1")
    if not re.fullmatch(r"[1-9]\d{0,3}", said, re.ASCII):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "Page: give a whole number from 1 to 9999.")
    return int(said)


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
    return as_reference(asked.request.path_params["reference"])


def as_reference(typed: str) -> str:
    """The reference that stands in an address. Raises HTTPException where it is none."""
    try:
        return parse_reference(typed)
    except ValueError as wrong:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"The reference in the address is {wrong}.") from None


def as_id(text: str) -> UUID:
    """The id that a form or an address carries unseen. Raises HTTPException where it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The form is not complete. Open the page again and send it from there.",
        ) from None


def day_of(parts: Mapping[str, str]) -> date | None:
    """The day that the three fields of a form give: day, month and year; None where they give none."""
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts.values()):
        return None
    try:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None


def step_address(reference: str, kind: str, fields: Mapping[str, str], below: str = "") -> str:
    """The address of the form of a step, or of a page below it, filled in with what is known of the fields."""
    query = f"?{urlencode(fields)}" if fields else ""
    return f"/referrals/{reference}/steps/{kind}{below}{query}"
