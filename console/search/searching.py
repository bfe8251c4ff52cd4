"""One box that understands references, names, days and numbers. What was typed is posted, so that no address has it."""

from __future__ import annotations

from starlette.responses import Response

from casework.failures import Refused
from casework.searching.search import search
from casework.staff import colleagues
from console.asked import Asked
from schemas.people import Role

_MOST = 50


async def search_page(asked: Asked) -> Response:
    """Ask for what to search, and show what was found."""
    text = asked.posted_text("text")
    partner = asked.session.member.role is Role.PARTNER
    if asked.request.method != "POST":
        return asked.show("search/search.html", text="", partner=partner)
    try:
        found = await search(asked.session, text, limit=_MOST, names=not asked.names_hidden)
    except Refused as refused:
        if refused.field != "text":
            raise
        return asked.show(
            "search/search.html", status=422, text=text, partner=partner, problem=refused.message
        )
    team = [] if partner else await colleagues(asked.session)
    return asked.show(
        "search/search.html",
        text=text,
        partner=partner,
        found=found,
        most=_MOST,
        colleagues={each.id: each.name or each.id for each in team},
    )
