"""The engine on invented people: the published pre-sentence pathfinder, and a year of a service."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import JsonOption, as_area, as_staff_id
from cli.common import (
    Exit,
    command_group,
    fail,
    guarded,
    print_json,
    print_table,
    progress,
    run,
    settings_in_use,
)
from schemas.areas import Area
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from simulation.pathfinder import Driven
    from simulation.year.filling import Filled

app = command_group()
demo = command_group("Try the engine on invented people.")
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


@demo.command("year")
def year_command(
    referrals_: Annotated[
        int,
        typer.Option("--referrals", min=1, max=100_000, help="How many arrive in the year, in all areas."),
    ] = 600,
    areas: Annotated[
        list[Area] | None,
        typer.Option(
            "--area", metavar="AREA", parser=as_area, help="A police area; may be given again. Else durham."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another year.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Fill a service with an invented year that ends now; its open referrals live on from there.

    Each referral is lived through by the real rules in virtual time: by people who answer, workers with hours and
    leave, and its own deadlines. Where there are several areas, some referrals go from one to another. The same seed
    makes the same choices. Run again, it goes on where it was stopped, or says that the year is there.

    It is refused where anybody in the staff register is real, and needs the owner of the database, as `rj up` has it.

    Example: RJ_DATA=.rj-year rj up; then RJ_DATA=.rj-year rj demo year --referrals 200; then rj work --as durham-su-1
    """
    owner_url = guarded(settings_in_use).database_owner_url
    if owner_url is None:
        fail(
            Exit.REFUSED,
            "Only the owner of the database writes a whole year: name it in RJ_DATABASE_OWNER_URL, "
            "or use a service that `rj up` runs.",
        )
    chosen = list(dict.fromkeys(areas or [Area.DURHAM]))

    async def work(referrals: Referrals) -> list[Filled]:
        from simulation.year.filling import fill

        found = []
        with progress() as bar:
            for place, area in enumerate(chosen):
                count = (referrals_ + place) // len(chosen)
                if count:
                    advance = partial(bar.advance, bar.add_task(f"A year of {area}", total=count))
                    others = [each for each in chosen if each is not area]
                    year = fill(referrals, owner_url, area, count, seed, advance, others=others)
                    found.append(await year)
        return found

    _print_year(run(work), chosen, as_json=as_json)


def _print_year(filled: list[Filled], areas: list[Area], *, as_json: bool) -> None:
    written, opened = sum(each.written for each in filled), sum(each.open for each in filled)
    waiting = sum(each.not_started for each in filled)
    if as_json:
        print_json({"areas": areas, "written": written, "open": opened, "not_started": waiting})
        return
    if not written:
        typer.echo("The year is there already; nothing was written.")
    else:
        typer.echo(f"{written} invented referrals were written; {opened} of them are open and live on.")
    if waiting:
        typer.echo(f"{waiting} have no workflow yet: the worker starts them when Temporal answers.")
    who = ", ".join(f"{areas[0]}-{each}" for each in ("cw-1", "fa-1", "su-1", "sm-1"))
    typer.echo(f"Look as one of its invented staff: {who}; `rj staff list --as {areas[0]}-su-1` names all.")


def _print(driven: Driven, share: float) -> None:
    from simulation.pathfinder import published

    rows = [
        (in_words(row.row), str(row.published), str(row.counted), "yes" if row.equal else "NO", row.rule)
        for row in driven.rows
    ]
    print_table([("row", "published", "counted", "equal", "what was counted"), *rows])
    scaled = "" if share == 1 else f" Published: {share:.1%} of each row, rounded."
    typer.echo(
        f"\n{driven.referrals} synthesised referrals, {driven.steps} steps taken now; counted from the event log."
        f"{scaled}\n{published().source}"
    )
