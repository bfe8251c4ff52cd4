"""Holiday cover: until when somebody is away, and who stands in."""

from __future__ import annotations

from starlette.responses import Response

from casework.staff import say_back
from console.absences import record_absence, show_absence
from console.addresses import colleague
from console.asked import Asked

_TEMPLATE = "team/absence.html"


async def absence(asked: Asked) -> Response:
    """Show until when somebody is away, and the form to say so."""
    return await show_absence(asked, _TEMPLATE, await colleague(asked))


async def say_absence(asked: Asked) -> Response:
    """Say that somebody is away, or back."""
    member = await colleague(asked)
    if asked.posted_text("back"):
        await say_back(asked.session, member.id)
    elif errors := await record_absence(asked, member.id):
        return await show_absence(asked, _TEMPLATE, member, errors)
    return asked.redirect(f"/team/workload?done={member.id}")
