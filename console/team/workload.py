"""Who has how much, and who stands in for whom."""

from __future__ import annotations

from starlette.responses import Response

from casework.staff import colleagues
from casework.team.workload import workload as workload_of
from console.addresses import read_area
from console.asked import Asked
from console.navigation import WORKERS
from console.team.overview import rows


async def workload(asked: Asked) -> Response:
    """Show the workload of the areas with who is away, and what may be done about both."""
    area = read_area(asked.request.query_params)
    people = {each.id: each for each in await colleagues(asked.session)}
    found = await workload_of(asked.session, area=area)
    now = asked.console.now()
    there = [each for each in people.values() if each.active and each.role in WORKERS]
    if area is not None:
        there = [each for each in there if area in each.areas]
    return asked.show(
        "team/workload.html",
        area=area,
        rows=rows(found),
        people=people,
        away=[each for each in there if each.absent(now)],
        present=[each for each in there if not each.absent(now)],
        done=asked.request.query_params.get("done"),
    )
