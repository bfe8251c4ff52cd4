"""`rj reconcile`: putting Temporal right from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import JsonOption, as_reference
from cli.common import BadInput, Exit, command_group, fail, guarded, print_json, progress, run

if TYPE_CHECKING:
    from operations.reconciling import Reconciled
    from runtime.referrals import Referrals

app = command_group()

_SAID = {
    "as_it_should_be": "as it should be",
    "started": "had no workflow; one was started from the log",
    "replaced": "was not as this service made it; it was ended and made anew",
    "ended": "something under its name was not this service's, and was ended",
    "told": "its workflow was behind the log and reads it now",
    "log_is_older": "its workflow knows more than the log: restore the newer database",
    "silent": "its workflow does not answer: see the worker's log",
}


@app.command("reconcile")
def reconcile_command(
    reference: Annotated[
        str | None, typer.Argument(metavar="REFERENCE", parser=as_reference, help="One referral.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All that are open, and whatever passes for one.")
    ] = False,
    trial: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put Temporal right from the log, after somebody meddled with it or it was restored from an older copy.

    Ends what passes for the workflow of a referral or of one of its messages and is not this service's, starts the
    workflow of an open referral or a message under way that has none, and has one that is behind the log read it. With
    --all the schedules are made anew where they are gone, changed or paused. Nothing that is recorded changes; safe to
    run again. Ends with 3 where something is left that it cannot mend.

    Example: rj reconcile --all
    """

    async def work(referrals: Referrals) -> list[Reconciled]:
        from operations.reconciling import reconcile

        with progress() as bar:
            task = bar.add_task("Reconciling", total=None)
            return await reconcile(
                referrals,
                reference,
                lambda done, total: bar.update(task, completed=done, total=total),
                trial=trial,
            )

    guarded(lambda: _one_or_all(reference, every))
    found = run(work)
    if as_json:
        from dataclasses import asdict

        print_json([asdict(each) for each in found])
    else:
        if trial:
            typer.echo("A trial: this is what would be done.")
        for each in found:
            if reference or each.done != "as_it_should_be" or each.messages:
                messages = f"; messages started anew: {each.messages}" if each.messages else ""
                typer.echo(f"{each.reference}: {_SAID[each.done]}{messages}")
        if not reference:
            fine = sum(each.done == "as_it_should_be" and not each.messages for each in found)
            typer.echo(f"As they should be: {fine} of {len(found)}.")
    if left := [each for each in found if each.done in ("log_is_older", "silent")]:
        fail(Exit.REFUSED, f"{len(left)} could not be put right: {left[0].reference} the first.")


def _one_or_all(reference: str | None, every: bool) -> None:
    if (reference is None) != every:
        raise BadInput("Name one REFERENCE, or give --all.")
