"""Keeping what somebody writes as they write it: what our script sends while a form is filled in."""

from __future__ import annotations

from starlette.responses import Response

from console.acting.filling import sent
from console.acting.steps import follows, save, step_of, view_of
from console.asked import Asked


async def save_draft(asked: Asked) -> Response:
    """Keep what is written so far, and answer with what would follow from it."""
    step = step_of(asked)
    filled = await save(asked, step, sent(asked.posted))
    view = await view_of(asked, step)
    return asked.show(
        "acting/saved.html",
        filled=filled,
        follows=None if view.missing else await follows(asked, step, view, filled),
    )
