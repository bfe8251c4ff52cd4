"""The lists behind the team's numbers that are not of referrals: escalations and sign-offs."""

from __future__ import annotations

from starlette.responses import Response

from casework.staff import colleagues
from casework.team.overview import escalated_to_me, sign_offs_for_me
from console.addresses import read_area
from console.asked import Asked

_SHOWN = 25


async def escalations(asked: Asked) -> Response:
    """Show the missed deadlines that were escalated to who asks."""
    area = read_area(asked.request.query_params)
    found = await escalated_to_me(asked.session, area=area, limit=_SHOWN)
    people = {each.id: each for each in await colleagues(asked.session)}
    return asked.show("team/escalations.html", found=found, people=people)


async def sign_offs(asked: Asked) -> Response:
    """Show what waits for a sign-off of who asks."""
    area = read_area(asked.request.query_params)
    found = await sign_offs_for_me(asked.session, area=area)
    people = {each.id: each for each in await colleagues(asked.session)}
    return asked.show("team/sign_offs.html", found=found, people=people)
