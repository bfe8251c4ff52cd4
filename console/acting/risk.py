"""The page on which the risk about a person, or between the two, is assessed."""

from __future__ import annotations

from starlette.responses import Response

from console.acting.steps import show, step_at
from console.asked import Asked

PAIR = "pair"
"""Stands in the address in the place of a person, where the pair is assessed."""


async def assess_risk(asked: Asked) -> Response:
    """Show the assessment as the person left it, with the round before beside it."""
    named = asked.request.path_params
    about = {} if named["participant"] == PAIR else {"about": named["participant"]}
    return await show(asked, step_at(named["reference"], "record_risk_assessment", about))
