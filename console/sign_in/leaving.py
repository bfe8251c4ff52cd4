"""Signing out, and hiding names from who looks over a shoulder."""

from __future__ import annotations

from starlette.responses import Response

from casework.signing_in.sessions import end_session
from casework.signing_in.sessions import hide_names as keep_hidden
from console.asked import Asked
from console.security.cookies import take_away
from console.sign_in.welcome import page_of_ours


async def sign_out(asked: Asked) -> Response:
    """End the session, and have the browser forget all it keeps of us."""
    await end_session(asked.session, asked.web.id)
    answer = asked.redirect("/sign-in")
    take_away(answer)
    return answer


async def hide_names(asked: Asked) -> Response:
    """Hide names for the rest of the session, or show them again, and go back to the page."""
    await keep_hidden(asked.session, asked.web.id, hidden=not asked.names_hidden)
    return asked.redirect(page_of_ours(asked.posted_text("back")))
