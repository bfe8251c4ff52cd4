"""The base of every word here."""

import re
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from schemas.privacy import Sensitive


class Model(BaseModel):
    """Immutable; an unknown field is ignored, so that what was stored by a newer version still reads.

    At the doors (command line, HTTP, import) parsing forbids unknown fields. Errors never repeat the input.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


ParticipantId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{1,2}[0-9]{1,2}$"),
    Field(description="a participant's id within the referral, such as h1 (harmed) or r1 (responsible)"),
]

D = TypeVar("D", bound=date)

_WRITTEN_OUT = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
# Outside of these years a date is a slip of the keyboard, and reckoning with it would leave the calendar.
_YEARS = range(1900, 2200)


def _written_out(value: Any) -> Any:
    # A bare number would be read as seconds since 1970.
    if isinstance(value, int | float) or (isinstance(value, str) and not _WRITTEN_OUT.match(value)):
        raise ValueError("write the day as year-month-day, such as 2026-11-26")
    return value


def _within_years(value: D) -> D:
    if value.year not in _YEARS:
        raise ValueError(f"the year must lie between {_YEARS[0]} and {_YEARS[-1]}")
    return value


Day = Annotated[date, BeforeValidator(_written_out), AfterValidator(_within_years)]
"""A day in England and Wales."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_within_years)]
"""An instant, given with its offset."""

Note = Annotated[str | None, Sensitive, Field(max_length=4000, description="what staff wrote; sealed")]
