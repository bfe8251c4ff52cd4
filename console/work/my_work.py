"""My work: what to do next, soonest first."""

from __future__ import annotations

from starlette.responses import Response

from casework.worklist.items import Group
from casework.worklist.worklist import worklist
from console.asked import Asked


async def my_work(asked: Asked) -> Response:
    """Show the worklist in its groups."""
    found = await worklist(asked.session)
    groups = [(group, found.of(group)) for group in Group]
    return asked.show("work/my_work.html", worklist=found, groups=[each for each in groups if each[1]])
