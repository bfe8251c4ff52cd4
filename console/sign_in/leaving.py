"""Signing out, and hiding names from who looks over a shoulder."""

from __future__ import annotations

from starlette.responses import Response

from casework.signing_in.kept_forms import drop_typed
from casework.signing_in.sessions import end_session
from casework.signing_in.sessions import hide_names as keep_hidden
from console.asked import Asked, Visit
from console.security.cookies import take_away
from console.sign_in.welcome import page_of_ours
from schemas.web import SignedInBy


async def sign_out(asked: Asked) -> Response:
    """End the session, and have the browser forget all it keeps of us."""
    await end_session(asked.session, asked.web.id)
    there_too = asked.web.how is SignedInBy.PROVIDER
    answer = asked.redirect("/signed-out?there=1" if there_too else "/signed-out")
    take_away(answer)
    return answer


async def signed_out(visit: Visit) -> Response:
    """Say that somebody is signed out, and lead who came from the provider back there, to be signed out as well.

    A form may lead to no other host (Content-Security-Policy, form-action), so that this page does.
    """
    provider = visit.console.provider
    there = "there" in visit.request.query_params and provider is not None
    address = await provider.sign_out_address() if there and provider is not None else None
    answer = visit.show("sign_in/signed_out.html", provider=address)
    if address is not None:
        answer.headers["Refresh"] = f"0; url={address}"
    return answer


async def hide_names(asked: Asked) -> Response:
    """Hide names for the rest of the session, or show them again, and go back to the page."""
    await keep_hidden(asked.session, asked.web.id, hidden=not asked.names_hidden)
    return asked.redirect(page_of_ours(asked.posted_text("back")))


async def discard_typed(asked: Asked) -> Response:
    """Drop what was typed when a session ran out, and go back to the page."""
    back = page_of_ours(asked.posted_text("back"))
    await drop_typed(asked.session, back)
    return asked.redirect(back)
