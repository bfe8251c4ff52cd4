"""The referrals of a person's areas, by filter; for a partner, the status of what they sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.names import names_in_lists
from casework.referral_lists import ListFilters, ReferralLine, list_referrals, offered, sent, transferred
from casework.staff import colleagues
from casework.team.export import Format
from casework.team.saved_views import LONGEST_NAME, saved_views
from console.asked import Asked
from console.navigation import SUPERVISORS, WORKERS
from schemas.people import Role, Staff
from schemas.vocabulary import Source, Stage
from schemas.vocabulary.words import in_words

_PAGE = 30
_SENT = 300
_YES = "yes"
_VALUES = ("area", "stage", "caseworker", "source", "due_within_days", "after")
_MARKS = {
    "overdue": "Overdue",
    "unallocated": "Nobody's yet",
    "stuck": "Nothing happens",
    "on_hold": "On hold",
    "safeguarding": "Safeguarding concern",
    "sensitive": "Sensitive",
}
# A deadline that is past shows in the list; nothing happening and no case supervision are lists of their own.
_FIELDS = {name: name for name in _MARKS} | {"overdue": "past_due", "stuck": "inactive"}
_STATUS = {
    "received": "We have it, and nobody works on it yet",
    "in_hand": "We are working on it",
    "closed": "Closed",
}
"""To who sent it; neither its stage, nor why it ended."""


class View(NamedTuple):
    """A list that is chosen with one click."""

    name: str
    address: str
    here: bool


async def referrals(asked: Asked) -> Response:
    """Show the list that the address names."""
    query = asked.request.query_params
    if asked.session.member.role is Role.PARTNER:
        return await _sent(asked)
    if query.get("list") == "offered":
        return asked.show("work/offered.html", found=await offered(asked.session), views=_views(asked))
    if query.get("list") == "taken-over":
        found = await transferred(asked.session, limit=_SENT)
        return asked.show("work/taken_over.html", found=found, views=_views(asked))
    filters = read_filters(query)
    people = {each.id: each for each in await colleagues(asked.session)}
    if filters.caseworker is not None and filters.caseworker not in people:
        raise _unreadable("caseworker")
    found_here = await list_referrals(asked.session, filters)
    shown = [each.reference for each in found_here.lines]
    names = {} if asked.names_hidden else await names_in_lists(asked.session, shown)
    return asked.show(
        "work/referrals.html",
        lines=found_here.lines,
        people=people,
        names={reference: _two_sides(called) for reference, called in names.items()},
        called=names,
        marks={each.reference: [*_marks(each)] for each in found_here.lines},
        filters=filters,
        choices=_choices(asked, people),
        boxes=_MARKS,
        said=dict(_said(filters)),
        kept=[(each, address_of(each.filters)) for each in await saved_views(asked.session)],
        longest_name=LONGEST_NAME,
        exports=_exports(asked, filters),
        chosen=[*_chosen(filters, people)],
        next_page=address_of(filters, after=found_here.next_page) if found_here.next_page else None,
        first_page=address_of(filters) if filters.after else None,
        views=_views(asked),
    )


async def _sent(asked: Asked) -> Response:
    found = await sent(asked.session, limit=_SENT)
    return asked.show("work/sent.html", found=found, words=_STATUS)


def read_filters(query: Mapping[str, str]) -> ListFilters:
    """The filters that an address names. Raises HTTPException where one of them is none."""
    values: dict[str, object] = {name: query[name] for name in _VALUES if query.get(name)}
    values |= {field: True for name, field in _FIELDS.items() if query.get(name) == _YES}
    try:
        return ListFilters.model_validate(values | {"limit": _PAGE})
    except ValidationError as error:
        raise _unreadable(str(error.errors()[0]["loc"][0])) from None


def address_of(filters: ListFilters, *, without: str | None = None, after: str | None = None) -> str:
    """The address of a list from its first page on, or from a place in it.

    Args:
        without: the name of a filter that it is not to have.
    """
    said = {name: value for name, value in _said(filters) if name != without}
    if after is not None:
        said["after"] = after
    return f"/referrals?{urlencode(said)}" if said else "/referrals"


def _said(filters: ListFilters) -> Iterator[tuple[str, str]]:
    for name in _VALUES:
        value = getattr(filters, name)
        if value is not None and name != "after":
            yield name, str(value)
    yield from ((name, _YES) for name, field in _FIELDS.items() if getattr(filters, field))


def _chosen(filters: ListFilters, people: Mapping[str, Staff]) -> Iterator[tuple[str, str, str]]:
    """Of each filter that was chosen, its name, its value where it has one, and the address without it."""
    for name, value in _said(filters):
        said = "" if name in _MARKS else value
        if name == "caseworker":
            said = people[value].name or value
        yield name, said, address_of(filters, without=name)


def _choices(asked: Asked, people: Mapping[str, Staff]) -> dict[str, Sequence[tuple[str, str]]]:
    """What each filter may be, by its name: its value and how it is said."""
    workers = [each for each in people.values() if each.active and each.role in WORKERS]
    areas = asked.session.member.areas
    return {
        "stage": [(each, in_words(each)) for each in Stage],
        "caseworker": [(each.id, each.name or each.id) for each in workers],
        "source": [(each, in_words(each)) for each in Source],
        **({"area": [(each, each) for each in areas]} if len(areas) > 1 else {}),
    }


def _two_sides(called: Mapping[str, str]) -> str:
    """Who was harmed and who is responsible: June I., Hana K. and Adam O."""
    names = [name for who, name in called.items() if who[0] in "hr"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _marks(line: ReferralLine) -> Iterator[tuple[str, str]]:
    """What is to be seen of a referral at once, in words and with its colour."""
    if line.safeguarding:
        yield "Safeguarding", "red"
    if line.on_hold:
        yield "On hold", "purple"
    if line.sensitive:
        yield "Sensitive", "purple"
    if line.inactive:
        yield "Nothing happens", "yellow"


def _exports(asked: Asked, filters: ListFilters) -> dict[str, str]:
    """Where the list is taken away as a file, by the kind of file; for who may."""
    if asked.session.member.role not in SUPERVISORS:
        return {}
    said = dict(_said(filters))
    return {kind: f"/lists/export?{urlencode(said | {'kind': kind})}" for kind in Format}


def _views(asked: Asked) -> list[View]:
    me = asked.session.member
    ours = [
        ("All open", "/referrals"),
        ("Mine", address_of(ListFilters(caseworker=me.id))),
        ("Overdue", address_of(ListFilters(past_due=True))),
        ("On hold", address_of(ListFilters(on_hold=True))),
        ("Closed", address_of(ListFilters(stage=Stage.CLOSED))),
    ]
    if me.role in SUPERVISORS:
        ours += [
            ("Offered to us", "/referrals?list=offered"),
            ("Taken over by others", "/referrals?list=taken-over"),
        ]
    url = asked.request.url
    here = f"{url.path}?{url.query}" if url.query else url.path
    return [View(name, address, address == here) for name, address in ours]


def _unreadable(name: str) -> HTTPException:
    accepted = {
        "due_within_days": "a number of days from 0 to 3650 is accepted",
        "after": "go to the first page of the list, and on from there",
    }.get(name, "choose one of those on the page")
    return HTTPException(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{name.replace('_', ' ').capitalize()}: {accepted}."
    )
