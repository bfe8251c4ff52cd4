"""Giving all the referrals of one caseworker to another."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, AsOption, JsonOption, as_staff_id
from cli.common import BadInput, Exit, command_group, fail, guarded, print_json, print_table, run_as, when
from schemas.vocabulary import Stage

if TYPE_CHECKING:
    from casework.bulk.reassignment import HowFar, Order, Prospect, Result
    from casework.session import Session

app = command_group()


@app.command("reassign")
def reassign_command(
    giver: Annotated[
        str,
        typer.Option("--from", metavar="STAFF", parser=as_staff_id, help="The caseworker who has them."),
    ],
    taker: Annotated[
        str, typer.Option("--to", metavar="STAFF", parser=as_staff_id, help="Who is to have them.")
    ],
    staff: AsOption,
    area: AreaOption = None,
    stage: Annotated[Stage | None, typer.Option(help="Only those in this stage.")] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|-", help="Why, in words. It is sealed. - asks for it, or reads standard input."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Give the open referrals of one caseworker to another. It goes on by itself, whatever is stopped meanwhile.

    Each is an ordinary step, recorded under your name. Ends with 3 where some were refused; those stay as they were.

    Example: rj reassign --from cw-1 --to cw-2 --reason - --as su-1
    """

    def order() -> Order:
        from casework.bulk.reassignment import Order
        from cli.free_text import ASKED_FOR, asked_for, warn_of_onlookers
        from cli.reading import refuse_unprintable

        why = asked_for("reason") if reason == ASKED_FOR else reason
        refuse_unprintable(why, "reason")
        warn_of_onlookers(["reason"] if reason not in (None, ASKED_FOR) else [])
        return Order(giver=giver, taker=taker, area=area, stage=stage, reason=why)

    async def look(session: Session) -> Prospect:
        from casework.bulk.reassignment import prospect

        return await prospect(session, ordered)

    ordered = guarded(order)
    expected = run_as(staff, look)
    result = None
    if expected.underway or expected.count:
        # Asked outside of the event loop, which a thread that waits for an answer would keep from ending.
        guarded(lambda: _ask(ordered, expected, yes))
        result = run_as(staff, lambda session: _follow(session, ordered))
    if as_json:
        from casework.bulk.reassignment import Result

        print_json((result or Result()).model_dump(mode="json"))
    elif result is None or not result.done:
        typer.echo(f"{giver} has no such open referral: there is nothing to reassign.")
    else:
        _tell(result, giver, taker)
    if result and result.refused:
        fail(Exit.REFUSED, f"{result.refused} of {result.done} stayed as they were.")


def _ask(ordered: Order, expected: Prospect, yes: bool) -> None:
    if expected.underway:
        return
    if expected.absent_until:
        typer.echo(f"{ordered.taker} is away until {when(expected.absent_until)}.", err=True)
    for area, count in expected.elsewhere.items():
        typer.echo(f"{count} in {area} will be refused: {ordered.taker} does not work there.", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("--yes: is needed where nobody can be asked.")
    what = f"{expected.count} open referral{'s' * (expected.count != 1)}"
    if not typer.confirm(f"Give {what} of {ordered.giver} to {ordered.taker}?", err=True):
        raise BadInput("Nothing was reassigned.")


async def _follow(session: Session, ordered: Order) -> Result:
    from casework.bulk.reassignment import reassign
    from cli.following import Shown, follow_on_a_bar

    def shown(come: HowFar) -> Shown:
        remark = None if come.own else f"Following the one that {come.asked_by} has begun already."
        return Shown(come.so_far.done, come.total or None, remark)

    return await follow_on_a_bar("Reassigning", None, shown, lambda show: reassign(session, ordered, show))


def _tell(result: Result, giver: str, taker: str) -> None:
    typer.echo(f"Reassigned from {giver} to {taker}: {result.moved}.")
    if result.already:
        typer.echo(f"{taker} had already: {result.already}.")
    if not result.refused:
        return
    typer.echo(f"Refused: {result.refused}.")
    print_table([(f"  {each.reference}", each.message) for each in result.named])
    if result.refused > len(result.named):
        typer.echo(f"  and {result.refused - len(result.named)} more")
