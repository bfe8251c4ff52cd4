"""The figures: how far referrals came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, JsonOption
from cli.common import command_group, print_json, print_table, run
from schemas.vocabulary import Source
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from reports.funnel import Funnel
    from runtime.referrals import Referrals

app = command_group()


@app.command("funnel")
def funnel_command(
    area: AreaOption = None,
    source: Annotated[Source | None, typer.Option("--source", help="Only what these sent.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count how far referrals came, from the event log, each figure with the rule it is counted by.

    A step that was taken back does not count; an erased referral does. What another area took over counts in each area
    for what happened there.

    Example: rj funnel --area durham --source court
    """

    async def work(referrals: Referrals) -> Funnel:
        from reports.funnel import funnel

        return await funnel(referrals.pool, areas=[area] if area else None, source=source)

    counted = run(work, temporal=False)
    if as_json:
        print_json(counted.model_dump(mode="json"))
        return
    figures = [(in_words(each.name), str(each.count), each.rule) for each in counted.figures]
    print_table([("figure", "count", "what counts: referrals, unless it says items"), *figures])
    if counted.closures:
        from reports.funnel import CLOSURES_RULE

        typer.echo(f"\n{CLOSURES_RULE}")
        closures = [
            (in_words(each.reason), in_words(each.stage), str(each.count)) for each in counted.closures
        ]
        print_table([("closed for", "having left", "count"), *closures])
