"""The engine on real figures: the published pre-sentence pathfinder, driven through it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    Exit,
    JsonOption,
    as_staff_id,
    command_group,
    fail,
    print_json,
    print_table,
    progress,
    run,
    words,
)

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from simulation.pathfinder import Driven

app = command_group()
demo = command_group("Try the engine on figures that were published.")
app.add_typer(demo, name="demo")


@demo.command("pathfinder")
def pathfinder_command(
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Of the published referrals.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other referrals.")] = 1,
    staff: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="STAFF",
            parser=as_staff_id,
            help="The service manager who enters the invented people, where there is one already.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Drive the pre-sentence pathfinder through real commands and print its published figures beside the counted.

    No case was published: the referrals are synthesised, their totals are pinned to the published ones. It may be
    stopped and run again, and a larger share goes on from a smaller. Ends with 3 where a row differs.

    The referrals are written where `rj` works, with eight invented members of staff, and stay there: use a data folder
    of its own for it, not a service's.

    Example: RJ_DATA=.rj-pathfinder rj up; then RJ_DATA=.rj-pathfinder rj demo pathfinder --share 0.1
    """

    async def work(referrals: Referrals) -> Driven:
        from simulation.pathfinder import drive, synthesise

        with progress() as bar:
            task = bar.add_task("Pathfinder", total=len(synthesise(share, seed)))
            return await drive(referrals, share, seed, lambda: bar.advance(task), staff)

    driven = run(work)
    if as_json:
        rows = [{**asdict(row), "equal": row.equal} for row in driven.rows]
        print_json({"share": share, "seed": seed, "steps": driven.steps, "rows": rows})
    else:
        _print(driven, share)
    if not all(row.equal for row in driven.rows):
        fail(Exit.REFUSED, "The counted figures are not the published ones.")


def _print(driven: Driven, share: float) -> None:
    from simulation.pathfinder import published

    rows = [
        (words(row.row), str(row.published), str(row.counted), "yes" if row.equal else "NO", row.rule)
        for row in driven.rows
    ]
    print_table([("row", "published", "counted", "equal", "what was counted"), *rows])
    scaled = "" if share == 1 else f" Published: {share:.1%} of each row, rounded."
    typer.echo(
        f"\n{driven.referrals} synthesised referrals, {driven.steps} steps taken now; counted from the event log."
        f"{scaled}\n{published().source}"
    )
