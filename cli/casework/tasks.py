"""What people have to tell somebody themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, AsOption, JsonOption, as_staff_id
from cli.common import command_group, print_json, print_table, run_as, when

if TYPE_CHECKING:
    from casework.listing import Listed
    from casework.session import Session
    from casework.tasks import Task

app = command_group()


@app.command("tasks")
def tasks_command(
    staff: AsOption,
    area: AreaOption = None,
    caseworker: Annotated[
        str | None, typer.Option(metavar="STAFF", parser=as_staff_id, help="Of this caseworker only.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the messages that could not be sent safely, so that somebody has to tell the person; oldest first.

    Each waits, on a closed referral too, until it is said what became of it. Why it was not sent stands in the inbox
    and in the timeline of who works with the referral.

    Example: rj tasks --caseworker cw-1 --as cw-1
    """

    async def work(session: Session) -> Listed[Task]:
        from casework.tasks import open_tasks

        return await open_tasks(session, area=area, caseworker=caseworker, limit=limit)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found.items])
        return
    if not found.items:
        typer.echo("There is nothing that you have to tell anybody yourself.")
        return
    print_table(
        [
            ("REFERENCE", "CASEWORKER", "TASK", "TELL", "WHAT", "SINCE"),
            *map(_row, found.items),
        ]
    )
    typer.echo(
        "Only if it is safe. Then: rj do REFERENCE complete_task --set task=TASK --set result=passed_on --as YOU"
    )
    if found.more:
        typer.echo(f"There are more than {limit}; --limit shows more.", err=True)


def _row(task: Task) -> tuple[str, ...]:
    return (
        task.reference,
        task.caseworker or "-",
        task.id,
        task.to,
        task.what + (f" ({when(task.starts_at)})" if task.starts_at else ""),
        when(task.since) + (", safeguarding" if task.safeguarding else ""),
    )
