"""The filters of a list, as its address has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from casework.referral_lists import ListFilters
from schemas.areas import Area

LIST = "/team/referrals"

MARKS: Mapping[str, str] = {
    "overdue": "past_due",
    "unallocated": "unallocated",
    "on_hold": "on_hold",
    "stuck": "inactive",
    "safeguarding": "safeguarding",
    "sensitive": "sensitive",
}
"""By the name in an address, the filter that keeps only such."""

HEADINGS: Mapping[str, str] = {
    "overdue": "Overdue referrals",
    "unallocated": "Referrals that are nobody's yet",
    "on_hold": "Referrals on hold",
    "stuck": "Referrals on which nothing happens",
    "safeguarding": "Referrals with a safeguarding concern",
    "sensitive": "Sensitive cases",
}
"""Of a list that has this filter and no other."""

_VALUES = ("area", "stage", "caseworker", "due_within_days")
_AT_FIRST, _MOST = 50, 1000
_YES = "yes"


class Chosen(NamedTuple):
    """A filter that was chosen: what it is called in an address, and what it is."""

    name: str
    value: str


def read_filters(asked: Mapping[str, str]) -> ListFilters:
    """The filters that an address or a form names.

    Raises:
        HTTPException: one of them is none.
    """
    values: dict[str, object] = {name: asked[name] for name in _VALUES if asked.get(name)}
    values |= {filters: True for name, filters in MARKS.items() if asked.get(name) == _YES}
    shown = asked.get("show", "")
    values["limit"] = (
        min(int(shown), _MOST) if shown.isascii() and shown.isdigit() and int(shown) else _AT_FIRST
    )
    try:
        return ListFilters.model_validate(values)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        accepted = (
            "a number of days from 0 to 3650" if field == "due_within_days" else "one of those on the page"
        )
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"{field.replace('_', ' ').capitalize()}: choose {accepted}."
        ) from None


def read_area(asked: Mapping[str, str]) -> Area | None:
    """The area that an address names; None where it names none. Raises HTTPException where there is no such area."""
    return read_filters({"area": asked.get("area", "")}).area


def chosen(filters: ListFilters) -> Iterator[Chosen]:
    """The filters that were chosen, by their names in an address."""
    for name in _VALUES:
        value = getattr(filters, name)
        if value is not None:
            yield Chosen(name, str(value))
    for name, mark in MARKS.items():
        if getattr(filters, mark):
            yield Chosen(name, _YES)


def address_of_list(filters: ListFilters, *, without: str | None = None, **more: str) -> str:
    """The address of a list.

    Args:
        without: the name of a filter that it is not to have.
        more: what else stands in it.
    """
    query = urlencode({each.name: each.value for each in chosen(filters) if each.name != without} | more)
    return f"{LIST}?{query}" if query else LIST


def heading_of(filters: ListFilters) -> str:
    """What a list is called."""
    marks = [each.name for each in chosen(filters) if each.name in MARKS]
    if len(marks) == 1:
        return HEADINGS[marks[0]]
    return "Closed referrals" if filters.stage == "closed" else "Open referrals"


def more_to_show(filters: ListFilters) -> str | None:
    """How many more lines a longer list would have, for its address; None where it is as long as it gets."""
    return str(min(filters.limit * 4, _MOST)) if filters.limit < _MOST else None
