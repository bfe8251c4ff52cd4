"""The page on which the risk about a person, or between the two, is assessed."""

from __future__ import annotations

from starlette.responses import Response

from console.acting.steps import show, step_at
from console.asked import Asked
from console.referral.looking import of_referral

PAIR = "pair"
"""Stands in the address in the place of a person, where the pair is assessed."""


@of_referral
async def assess_risk(asked: Asked, reference: str) -> Response:
    """Show the assessment as the person left it, with the round before beside it."""
    participant = asked.request.path_params["participant"]
    about = {} if participant == PAIR else {"about": participant}
    return await show(asked, step_at(reference, "record_risk_assessment", about))
