"""What of the staff register takes a second service manager, and its log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AsOption, JsonOption, StaffArgument, as_staff_id
from cli.common import command_group, plain, print_json, print_table, run_as, when
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.session import Session
    from casework.staff import Changed, Entry
    from schemas.people import Staff

app = command_group()


@app.command("confirm")
def confirm_command(staff_id: StaffArgument, staff: AsOption) -> None:
    """Agree, as the second service manager, to what another proposed of somebody. `rj staff proposals` lists it.

    Who ceases to be a service manager may agree to that themself. Where only they could, who proposed it confirms it
    alone after a week.

    Example: rj staff confirm sm-3 --as sm-2
    """

    async def work(session: Session) -> Changed:
        from casework.staff import confirm

        return await confirm(session, staff_id)

    changed = run_as(staff, work, temporal=False)
    typer.echo(f"Confirmed: {_as_proposed(changed.member)}")
    for sentence in still_in_hand(changed):
        typer.echo(sentence)


@app.command("decline")
def decline_command(staff_id: StaffArgument, staff: AsOption) -> None:
    """Let what was proposed of somebody come to nothing.

    Example: rj staff decline sm-3 --as sm-2
    """

    async def work(session: Session) -> None:
        from casework.staff import decline

        await decline(session, staff_id)

    run_as(staff, work, temporal=False)
    typer.echo(f"Declined: {staff_id} stays as they were.")


@app.command("proposals")
def proposals_command(staff: AsOption, as_json: JsonOption = False) -> None:
    """List what waits for a second service manager, oldest first.

    Example: rj staff proposals --as sm-2
    """

    async def work(session: Session) -> list[Entry]:
        from casework.staff import proposals

        return await proposals(session)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    if not found:
        typer.echo("Nothing waits.")
        return
    rows = [(when(each.at), each.actor, _as_proposed(each.after)) for each in found if each.after]
    print_table([("PROPOSED", "BY", "WHAT"), *rows])


def _as_proposed(member: Staff) -> str:
    inactive = "" if member.active else ", inactive"
    return f"{member.id}, {in_words(member.role)} in {', '.join(member.areas)}{inactive}"


@app.command("log")
def log_command(
    staff: AsOption,
    of: Annotated[
        str | None, typer.Option("--of", metavar="ID", parser=as_staff_id, help="About this person only.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print who changed the staff register, when, and what in it; oldest first. Names and addresses are left out.

    Example: rj staff log --of cw-1 --as sm-1
    """

    async def work(session: Session) -> list[Entry]:
        from casework.staff import register_log

        return await register_log(session, of=of)

    found = run_as(staff, work, temporal=False)
    if as_json:
        left_out = {"before": {"name", "email"}, "after": {"name", "email"}}
        print_json([each.model_dump(mode="json", exclude=left_out) for each in found])
        return
    from casework.words.register import change_in_words

    for each in found:
        typer.echo(f"{each.sequence:>4}  {when(each.at)}  {each.actor}: {plain(change_in_words(each))}")
    if not found:
        typer.echo("There is nothing.")


def still_in_hand(changed: Changed) -> Iterator[str]:
    """What somebody has in hand where they do not work on referrals any more, and how to give it on."""
    who = changed.member.id
    for area, count in changed.left_behind.owned.items():
        yield (
            f"{who} still has {count} open referral{'s' * (count != 1)} in {area}: "
            f"rj reassign --from {who} --to STAFF --area {area} --as STAFF"
        )
    for reference in changed.left_behind.facilitated:
        yield (
            f"{who} still facilitates {reference}: "
            f"rj do {reference} assign_facilitators --set facilitator=STAFF --as STAFF, and say anew who co-facilitates"
        )
