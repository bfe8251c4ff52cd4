"""What members of staff and partners were told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import AsOption, JsonOption
from cli.common import command_group, print_json, print_table, run_as, when

if TYPE_CHECKING:
    from casework.inbox import InboxMessage
    from casework.listing import Listed
    from casework.session import Session

app = command_group()


@app.command("inbox")
def inbox_command(
    staff: AsOption,
    everything: Annotated[bool, typer.Option("--all", help="Also what you have read before.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at the most.")] = 50,
    keep_unread: Annotated[
        bool, typer.Option("--keep-unread", help="Only look; they count as unread still.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what you were told and have not read, newest first; it counts as read from then on.

    What asked somebody to act is marked over where it no longer waits: done, moved, or past by closing.

    Example: rj inbox --as cw-1
    """

    async def work(session: Session) -> None:
        from casework.inbox import load_wording, mark_read, read_inbox
        from runtime.settings import Settings

        settings = Settings.load()
        wording = load_wording(settings.templates, console=settings.console_url)
        found = await read_inbox(session, wording, unread=not everything, limit=limit)
        if as_json:
            print_json([_as_json(each) for each in found.items])
        else:
            _print(found, everything=everything)
        # What nobody could see is not read.
        sys.stdout.flush()
        if not keep_unread:
            await mark_read(session, found.items)

    run_as(staff, work, temporal=False)


def _as_json(message: InboxMessage) -> dict[str, Any]:
    about = message.about.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return message.model_dump(mode="json") | {
        "at": message.at.isoformat(),
        "read_at": message.read_at.isoformat() if message.read_at else None,
        "about": about,
    }


def _print(found: Listed[InboxMessage], *, everything: bool) -> None:
    if not found.items:
        typer.echo("There is nothing." if everything else "There is nothing that you have not read.")
        return
    print_table([("WHEN", "", "WHAT"), *((when(each.at), _marks(each), each.says) for each in found.items)])
    if found.more:
        typer.echo(f"There is more; --limit shows more than {len(found.items)} at a time.")


def _marks(message: InboxMessage) -> str:
    marks = {"new": message.read_at is None, "over": message.still_open is False}
    return ", ".join(mark for mark, holds in marks.items() if holds)
