"""My work: what to do next, soonest first."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.worklist.items import Group
from casework.worklist.worklist import parts_with_names
from console.acting.begun import begun_by
from console.addresses import read_page
from console.asked import Asked
from console.work.rows import overview, rows_of

HEADINGS = {
    Group.AT_ONCE: "At once",
    Group.OVERDUE: "Overdue",
    Group.TODAY: "Today",
    Group.THIS_WEEK: "This week",
    Group.NEXT_STEPS: "Next steps",
    Group.WAITING: "Waiting for somebody else",
    Group.LATER: "Later",
}
"""The parts of the page, in the order in which they stand."""

_SHOWN = 30
_AT_LEAST = 4
_PAGE = 100


async def my_work(asked: Asked) -> Response:
    """Show the worklist in its parts, of the later ones only the first lines; or one part of it, page by page."""
    part, page = _part(asked.request.query_params.get("part")), read_page(asked.request.query_params)
    now = asked.console.now()
    here = range((page - 1) * _PAGE, page * _PAGE)

    def choose(counts: Mapping[Group, int]) -> Mapping[Group, range]:
        return (
            _shares(counts) if part is None else {each: here if each is part else range(0) for each in Group}
        )

    found = await parts_with_names(asked.session, now, choose, names=not asked.names_hidden)
    return asked.show(
        "work/my_work.html",
        overview=overview(*(found[each].number for each in (Group.OVERDUE, Group.TODAY, Group.AT_ONCE))),
        parts=[
            (
                group,
                heading,
                [*rows_of(found[group].items, now)],
                found[group].number - len(found[group].items) - (here.start if part else 0),
            )
            for group, heading in HEADINGS.items()
            if found[group].items
        ],
        part=part,
        page=page,
        begun=[] if part else await begun_by(asked),
        everything=any(each.number for each in found.values()),
        badges={"/my-work": found[Group.OVERDUE].number},
    )


def _shares(counts: Mapping[Group, int]) -> Mapping[Group, range]:
    """Which are shown of each part: of the first parts all that there is room for, of each at least a few."""
    left, shares = _SHOWN, {}
    for group in HEADINGS:
        share = min(counts[group], max(left, _AT_LEAST))
        shares[group] = range(share)
        left -= share
    return shares


def _part(said: str | None) -> Group | None:
    if said is None:
        return None
    try:
        return Group(said)
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"Part: is none of {', '.join(HEADINGS)}."
        ) from None
