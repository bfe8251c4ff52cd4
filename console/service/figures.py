"""The figures, each with its rule."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.addresses import read_area
from console.asked import Asked
from reports.figures_seen import CLOSURES_RULE, SMALLEST, Period, figures_seen, periods
from schemas.areas import LONDON


async def figures(asked: Asked) -> Response:
    """Show how far referrals came."""
    known = {each.key: each for each in periods(asked.console.now().astimezone(LONDON).date())}
    area, period = read_area(asked.request.query_params), _period(asked, known)
    member = asked.session.member
    at, found = await asked.console.kept.get(
        ("figures", member.role, member.areas, area, period),
        asked.console.now(),
        lambda: figures_seen(asked.session, period, area),
    )
    return asked.show(
        "service/figures.html",
        found=found,
        counted_at=at,
        area=area,
        period=period,
        periods=tuple(known.values()),
        smallest=SMALLEST,
        closures_rule=CLOSURES_RULE,
        most=max((each.count or 0 for each in found.figures), default=0) or 1,
    )


def _period(asked: Asked, known: dict[str, Period]) -> Period:
    wanted = asked.request.query_params.get("period") or "all"
    if wanted not in known:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "Period: choose one of those on the page.")
    return known[wanted]
