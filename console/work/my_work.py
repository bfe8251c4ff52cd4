"""My work: what to do next, soonest first."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.worklist.items import Group
from casework.worklist.worklist import worklist_with_names
from console.acting.begun import begun_by
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
_SHOWN_OF_ONE = 300


async def my_work(asked: Asked) -> Response:
    """Show the worklist in its parts; or one part, with more of it."""
    part = _part(asked.request.query_params.get("part"))
    now = asked.console.now()
    most = _SHOWN_OF_ONE if part else _SHOWN
    found = await worklist_with_names(asked.session, now, names=not asked.names_hidden, most=most)
    counts = {group: len(found.of(group)) for group in HEADINGS}
    return asked.show(
        "work/my_work.html",
        overview=overview(counts[Group.OVERDUE], counts[Group.TODAY], counts[Group.AT_ONCE]),
        parts=[
            (group, heading, [*rows_of(found.of(group)[:most], now)], counts[group] - most)
            for group, heading in HEADINGS.items()
            if counts[group] and part in (None, group)
        ],
        part=part,
        begun=[] if part else await begun_by(asked),
        everything=sum(counts.values()),
        badges={"/my-work": counts[Group.OVERDUE]},
    )


def _part(said: str | None) -> Group | None:
    if said is None:
        return None
    try:
        return Group(said)
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"Part: is none of {', '.join(HEADINGS)}."
        ) from None
