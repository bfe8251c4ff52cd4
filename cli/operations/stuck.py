"""`rj stuck`: what does not go on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.arguments import JsonOption
from cli.common import command_group, plain, print_json, run, when
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from runtime.findings import Stuck
    from runtime.referrals import Referrals

app = command_group()


@app.command("stuck")
def stuck_command(as_json: JsonOption = False) -> None:
    """Say what does not go on by itself, what that means, and what to do about it.

    Example: rj stuck
    """

    async def work(referrals: Referrals) -> list[Stuck]:
        from operations.stuck import stuck

        return await stuck(referrals.client, referrals.pool)

    found = run(work)
    if as_json:
        from dataclasses import asdict

        print_json([asdict(each) for each in found])
        return
    if not found:
        typer.echo("Nothing is stuck.")
        return
    for each in found:
        since = f" since {when(each.since)}" if each.since else ""
        typer.echo(plain(f"{each.subject} ({in_words(each.kind)}{since})"))
        typer.echo(plain(f"  {each.said}"))
        typer.echo(plain(f"  → {each.remedy}"))
