"""Making the index by which people are searched for anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.arguments import JsonOption
from cli.common import Exit, command_group, fail, print_json, progress, run

if TYPE_CHECKING:
    from operations.indexing import Indexed
    from runtime.referrals import Referrals

app = command_group()


@app.command("reindex")
def reindex_command(as_json: JsonOption = False) -> None:
    """Make the index anew by which `rj search` finds people, from the logs.

    It is needed once after an upgrade from a version without the index, and after data were restored from a backup.
    Steps go on meanwhile. May be stopped, and run again.

    Example: rj reindex
    """

    async def work(referrals: Referrals) -> Indexed:
        from operations.indexing import reindex

        with progress() as bar:
            task = bar.add_task("Indexing", total=None)
            return await reindex(referrals, lambda done, total: bar.update(task, completed=done, total=total))

    found = run(work, temporal=False)
    if as_json:
        print_json(found._asdict())
    else:
        many = "s" * (found.indexed != 1)
        typer.echo(f"Can be found: {found.indexed} referral{many}. Erased, and cannot: {found.erased}.")
    if found.unreadable:
        fail(
            Exit.REFUSED,
            f"{len(found.unreadable)} cannot be read, first {found.unreadable[0]}: `rj verify` says more.",
        )
