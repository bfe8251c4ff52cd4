"""The area that an address names."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException

from schemas.areas import Area


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
