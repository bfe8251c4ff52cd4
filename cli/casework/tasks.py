"""What people have to tell somebody themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    AreaOption,
    AsOption,
    JsonOption,
    as_staff_id,
    print_json,
    print_table,
    room,
    run,
    when,
)

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from stores.tasks import OpenTask

app = room()


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

    async def work(referrals: Referrals) -> list[OpenTask]:
        from casework.access import What, areas_to_see
        from stores.tasks import open_tasks

        areas = areas_to_see(await referrals.member(staff), What.CASELOAD, area)
        if caseworker is not None:
            await referrals.registered(caseworker, "caseworker")
        return await open_tasks(
            referrals.pool.within(areas),
            areas=areas,
            caseworkers=[caseworker] if caseworker is not None else None,
            limit=limit + 1,
        )

    found = run(work, temporal=False)
    shown = found[:limit]
    if as_json:
        print_json([each.model_dump(mode="json") for each in shown])
        return
    if not shown:
        typer.echo("There is nothing that you have to tell anybody yourself.")
        return
    print_table(
        [
            ("REFERENCE", "CASEWORKER", "TASK", "TELL", "WHAT", "SINCE"),
            *map(_row, shown),
        ]
    )
    typer.echo(
        "Only if it is safe. Then: rj do REFERENCE complete_task --set task=TASK --set result=passed_on --as YOU"
    )
    if len(found) > limit:
        typer.echo(f"There are more than {limit}; --limit shows more.", err=True)


def _row(task: OpenTask) -> tuple[str, ...]:
    from messages.notice_facts import template_in_words

    return (
        task.reference,
        task.caseworker or "-",
        task.id,
        task.to,
        template_in_words(task.template) + (f" ({when(task.starts_at)})" if task.starts_at else ""),
        when(task.since) + (", safeguarding" if task.safeguarding else ""),
    )
