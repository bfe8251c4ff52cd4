"""Leaving at once, for who must not be seen here."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from casework.asking_to_be_called.unsent import drop_answers
from console.asked import Visit
from console.public.cookie import take_away, token_of

ELSEWHERE = "https://www.bbc.co.uk/weather"
"""Where somebody may well be who looks at a screen. It is the site that GOV.UK's pattern leads to."""


async def leave(visit: Visit) -> Response:
    """Drop what was answered, have the browser forget it, and lead to a page that tells nothing."""
    answer = RedirectResponse(ELSEWHERE, 303)
    take_away(answer)
    await drop_answers(visit.referrals, token_of(visit.request))
    return answer
