"""The lists that a person keeps under a name."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from casework.team.saved_views import keep_view, remove_view
from console.asked import Asked
from console.team.filters import LIST, address_of_list, read_filters


async def keep(asked: Asked) -> Response:
    """Keep the list that was looked at."""
    posted: Mapping[str, str] = {name: asked.posted_text(name) for name in asked.posted}
    filters = read_filters(posted)
    await keep_view(asked.session, posted.get("name", ""), filters)
    return asked.redirect(address_of_list(filters))


async def remove(asked: Asked) -> Response:
    """Keep a list no longer."""
    number = asked.posted_text("view")
    if number.isascii() and number.isdigit() and len(number) < 19:
        await remove_view(asked.session, int(number))
    return asked.redirect(LIST)
