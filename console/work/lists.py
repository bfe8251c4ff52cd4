"""What is done with a list of referrals: keeping it under a name, and taking it away as a file."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.team.export import Format, export_list
from casework.team.saved_views import keep_view, remove_view
from console.asked import Asked
from console.work.referrals import address_of, read_filters

_KINDS = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def keep(asked: Asked) -> Response:
    """Keep the list that was looked at under a name."""
    filters = read_filters({name: asked.posted_text(name) for name in asked.posted})
    await keep_view(asked.session, asked.posted_text("name"), filters)
    return asked.redirect(address_of(filters))


async def remove(asked: Asked) -> Response:
    """Keep a list no longer."""
    number = asked.posted_text("view")
    if number.isascii() and number.isdigit() and len(number) < 19:
        await remove_view(asked.session, int(number))
    return asked.redirect("/referrals")


async def export(asked: Asked) -> Response:
    """Send a list as a file, without anything about a person."""
    query = asked.request.query_params
    try:
        kind = Format(query.get("kind", ""))
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Choose csv or xlsx as the kind of file."
        ) from None
    content = await export_list(asked.session, read_filters(query), kind)
    name = f"referrals-{asked.console.now():%Y-%m-%d}.{kind}"
    return Response(
        content, media_type=_KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
