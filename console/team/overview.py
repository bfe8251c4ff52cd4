"""The team's page: how much there is, what waits for a sign-off, and who has how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from starlette.responses import Response

from casework.referral_lists import ListFilters
from casework.team.overview import SIGN_OFFS_READ, Load, TeamOverview, team_overview
from casework.words import area_in_words
from console.addresses import read_area
from console.asked import Asked
from console.work.referrals import address_of
from schemas.areas import Area

_WIDEST, _NARROWEST = 160, 3


class Tile(NamedTuple):
    """A number with where it leads.

    Attributes:
        presses: whether it is shown as something that presses, where it is not nought.
    """

    number: int
    label: str
    address: str
    presses: bool = False


class Bar(NamedTuple):
    """How many of a person's referrals, beside the most that anybody has.

    Attributes:
        pixels: how wide it is drawn.
    """

    number: int
    pixels: int


class Row(NamedTuple):
    """A person's workload, as it is drawn."""

    load: Load
    open: Bar
    overdue: Bar


async def team(asked: Asked) -> Response:
    """Show the team's work."""
    area = read_area(asked.request.query_params)
    found = await team_overview(asked.session, area=area, limit=SIGN_OFFS_READ)
    return asked.show(
        "team/team.html",
        overview=found,
        area=area,
        heading=heading(found.areas),
        tiles=tuple(_tiles(found, area)),
        rows=rows(found.workload),
        done=asked.request.query_params.get("done"),
    )


def heading(areas: Sequence[Area]) -> str:
    """What the team of some areas is called: Durham team; Durham and Kent teams."""
    names = [area_in_words(each) for each in areas]
    if len(names) == 1:
        return f"{names[0]} team"
    return f"{', '.join(names[:-1])} and {names[-1]} teams" if len(names) <= 3 else "Teams"


def rows(workload: Sequence[Load]) -> list[Row]:
    """The workload, as it is drawn: whose referrals are nobody's last."""
    most = max((each.open for each in workload), default=0) or 1

    def bar(count: int) -> Bar:
        return Bar(count, max(_NARROWEST, round(_WIDEST * count / most)))

    drawn = [Row(each, bar(each.open), bar(each.overdue)) for each in workload]
    return sorted(drawn, key=lambda each: each.load.staff is None)


def _tiles(found: TeamOverview, area: Area | None) -> Iterator[Tile]:
    def of(mark: str | None = None) -> str:
        return address_of(ListFilters.model_validate({"area": area} | ({mark: True} if mark else {})))

    within = f"?area={area}" if area else ""
    counts = found.counts
    yield Tile(counts.past_due, "overdue", of("past_due"), presses=True)
    yield Tile(counts.escalations, "escalated to me", f"/team/escalations{within}", presses=True)
    waiting = len(found.sign_offs.items)
    yield Tile(
        waiting,
        "wait for my sign-off" if waiting != 1 else "waits for my sign-off",
        f"/team/sign-offs{within}",
    )
    yield Tile(counts.unallocated, "nobody's yet", of("unallocated"))
    if counts.safeguarding:
        yield Tile(counts.safeguarding, "safeguarding", of("safeguarding"), presses=True)
    yield Tile(counts.on_hold, "on hold", of("on_hold"))
    yield Tile(counts.inactive, "stuck", of("inactive"))
    yield Tile(counts.open, "open", of())
