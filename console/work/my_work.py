"""My work: what to do next, soonest first."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.worklist.items import Group
from casework.worklist.worklist import worklist_with_names
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
    places = range((page - 1) * _PAGE, page * _PAGE) if part else range(_SHOWN)
    found = await worklist_with_names(asked.session, now, names=not asked.names_hidden, shown=places)
    counts = {group: len(found.of(group)) for group in HEADINGS}
    shares = _shares(counts)
    shown = {each: places if part else range(shares[each]) for each in HEADINGS}
    return asked.show(
        "work/my_work.html",
        overview=overview(counts[Group.OVERDUE], counts[Group.TODAY], counts[Group.AT_ONCE]),
        parts=[
            (
                group,
                heading,
                [*rows_of(found.of(group)[shown[group].start : shown[group].stop], now)],
                counts[group] - shown[group].stop,
            )
            for group, heading in HEADINGS.items()
            if counts[group] > shown[group].start and part in (None, group)
        ],
        part=part,
        page=page,
        begun=[] if part else await begun_by(asked),
        everything=sum(counts.values()),
        badges={"/my-work": counts[Group.OVERDUE]},
    )


def _shares(counts: Mapping[Group, int]) -> dict[Group, int]:
    """How many of each part are shown: of the first parts all that there is room for, of each at least a few."""
    left, shares = _SHOWN, {}
    for group in HEADINGS:
        shares[group] = min(counts[group], max(left, _AT_LEAST))
        left -= shares[group]
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
