"""What of the staff register takes a second service manager, and its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    AsOption,
    JsonOption,
    StaffArgument,
    as_staff_id,
    plain,
    print_json,
    print_table,
    room,
    run,
    when,
    words,
)

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from schemas.people import Staff
    from stores.database import Pool
    from stores.register import Entry

app = room()


@app.command("confirm")
def confirm_command(staff_id: StaffArgument, staff: AsOption) -> None:
    """Agree, as the second service manager, to what another proposed of somebody. `rj staff proposals` lists it.

    Who ceases to be a service manager may agree to that themself. Where only they could, who proposed it confirms it
    alone after a week.

    Example: rj staff confirm sm-3 --as sm-2
    """

    async def work(referrals: Referrals) -> tuple[Staff, list[str]]:
        from stores import register

        member = await register.confirm(referrals.pool, referrals.keys, staff_id, staff)
        return member, await left_behind_by(referrals.pool, member)

    member, left_behind = run(work, temporal=False)
    typer.echo(f"Confirmed: {_as_proposed(member)}")
    for sentence in left_behind:
        typer.echo(sentence)


@app.command("decline")
def decline_command(staff_id: StaffArgument, staff: AsOption) -> None:
    """Let what was proposed of somebody come to nothing.

    Example: rj staff decline sm-3 --as sm-2
    """

    async def work(referrals: Referrals) -> None:
        from stores import register

        await register.decline(referrals.pool, referrals.keys, staff_id, staff)

    run(work, temporal=False)
    typer.echo(f"Declined: {staff_id} stays as they were.")


@app.command("proposals")
def proposals_command(staff: AsOption, as_json: JsonOption = False) -> None:
    """List what waits for a second service manager, oldest first.

    Example: rj staff proposals --as sm-2
    """

    async def work(referrals: Referrals) -> list[Entry]:
        from casework.access import register_log_for
        from stores.logs import staff_log

        return register_log_for(await referrals.member(staff), await staff_log.proposals(referrals.pool))

    found = run(work, temporal=False)
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
    return f"{member.id}, {words(member.role)} in {', '.join(member.areas)}{inactive}"


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

    async def work(referrals: Referrals) -> list[Entry]:
        from casework.access import register_log_for
        from stores.logs import staff_log

        return register_log_for(await referrals.member(staff), await staff_log.read(referrals.pool, of=of))

    found = run(work, temporal=False)
    if as_json:
        left_out = {"before": {"name", "email"}, "after": {"name", "email"}}
        print_json([each.model_dump(mode="json", exclude=left_out) for each in found])
        return
    from cli.staff_words import in_words

    for each in found:
        typer.echo(f"{each.sequence:>4}  {when(each.at)}  {each.actor}: {plain(in_words(each))}")
    if not found:
        typer.echo("There is nothing.")


async def left_behind_by(pool: Pool, member: Staff) -> list[str]:
    """What somebody has in hand in areas where they do not work on referrals now, and how to give it on."""
    from lifecycle.core import WORKERS
    from stores import supervision

    works_in = member.areas if member.active and member.role in WORKERS else ()
    owned = await supervision.owned_by_area(pool, member.id)
    facilitated = await supervision.facilitated(pool, member.id)
    return [
        *(
            f"{member.id} still has {count} open referral{'s' * (count != 1)} in {area}: "
            f"rj reassign --from {member.id} --to STAFF --area {area} --as STAFF"
            for area, count in owned.items()
            if area not in works_in
        ),
        *(
            f"{member.id} still facilitates {reference}: "
            f"rj do {reference} assign_facilitators --set facilitator=STAFF --as STAFF, and say anew who co-facilitates"
            for reference, area in facilitated
            if area not in works_in
        ),
    ]
