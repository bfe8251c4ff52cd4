"""The figures: how far referrals came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.common import JsonOption, out, print_json, room, run, words
from schemas.areas import Area
from schemas.vocabulary import Source

if TYPE_CHECKING:
    from service.referrals import Referrals
    from stores.figures import Funnel

app = room()


@app.command("funnel")
def funnel_command(
    area: Annotated[Area | None, typer.Option("--area", help="Only this area.")] = None,
    source: Annotated[Source | None, typer.Option("--source", help="Only what these sent.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count how far referrals came, from the event log, each figure with the rule it is counted by.

    A step that was taken back does not count; an erased referral does.

    Example: rj funnel --area durham --source court
    """

    async def work(referrals: Referrals) -> Funnel:
        from stores.figures import funnel

        return await funnel(referrals.pool, area=area, source=source)

    counted = run(work, temporal=False)
    if as_json:
        print_json(counted.model_dump(mode="json"))
        return
    figures = Table(box=None, pad_edge=False)
    figures.add_column("figure")
    figures.add_column("count", justify="right")
    figures.add_column("what counts; referrals, unless it says items")
    for figure in counted.figures:
        figures.add_row(words(figure.name), str(figure.count), figure.rule)
    out.print(figures)
    if counted.closures:
        from stores.figures import CLOSURES_RULE

        closures = Table(box=None, pad_edge=False, title=CLOSURES_RULE, title_justify="left")
        for heading in ("closed for", "having left"):
            closures.add_column(heading)
        closures.add_column("count", justify="right")
        for each in counted.closures:
            closures.add_row(words(each.reason), words(each.stage), str(each.count))
        out.print()
        out.print(closures)
