"""Inviting people of the staff register to sign in to the console."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AsOption, StaffArgument
from cli.common import command_group, run_as, settings_in_use, when

if TYPE_CHECKING:
    from casework.session import Session
    from casework.signing_in.inviting import Invited

app = command_group()


@app.command("invite")
def invite_command(
    staff_id: StaffArgument,
    staff: AsOption,
    show_link: Annotated[
        bool,
        typer.Option(
            "--show-link",
            help="Print the link here; whoever has it can sign in as them. Else it is only e-mailed.",
        ),
    ] = False,
) -> None:
    """Invite a person to choose a password and a second factor for the console, by a link that works once within 72
    hours; also when they have lost either. What they have stays until they have chosen anew.

    It is for service managers, in their areas.

    Example: rj staff invite cw-1 --as sm-1
    """

    async def work(session: Session) -> Invited:
        from casework.signing_in.inviting import invite

        return await invite(session, settings_in_use(), staff_id, datetime.now(UTC), link_is_shown=show_link)

    invited = run_as(staff, work, temporal=False)
    how = "by e-mail, at their address in the register" if invited.sent else "by the link below alone"
    typer.echo(f"Invited: {staff_id}, {how}. The link works once, until {when(invited.ends_at)}.")
    if show_link:
        typer.echo(invited.link)
