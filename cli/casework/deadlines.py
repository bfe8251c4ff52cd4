"""The deadlines of a referral: why each is when it is, moving one, and standing still."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import typer

from cli.casework.referrals import do_command
from cli.common import (
    AsOption,
    JsonOption,
    ReferenceArgument,
    guarded,
    plain,
    print_json,
    room,
    run,
    when,
)

if TYPE_CHECKING:
    from runtime.referrals import Referrals
    from schemas.events import Recorded
    from schemas.steps import Overview

app = room()


def _as_day(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter("there is no such day") from None
    raise typer.BadParameter("write the day as year-month-day, such as 2026-11-26")


def _as_until(text: str) -> datetime:
    from pydantic import TypeAdapter, ValidationError

    from cli.failures import sentences
    from lifecycle.working_time import at_day_end
    from schemas.base import Moment

    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return at_day_end(_as_day(text))
    try:
        return TypeAdapter[datetime](Moment).validate_python(text)
    except ValidationError as error:
        [(_, sentence)] = sentences(error)
        raise typer.BadParameter(f"{sentence}; or a day, which means 17:00") from error


ReasonOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT|-",
        help="Why, in words. It is sealed. - reads standard input; at a terminal you are asked for it.",
    ),
]
CommandIdOption = Annotated[
    UUID | None,
    typer.Option(metavar="UUID", help="Given twice, the step is taken once and answered the same."),
]


@app.command("deadlines")
def deadlines_command(reference: ReferenceArgument, staff: AsOption, as_json: JsonOption = False) -> None:
    """Explain every deadline of a referral: since when it runs, why it is due then, and what happens next.

    Example: rj deadlines RJ-7KQ4-M2X1 --as cw-1
    """

    async def work(referrals: Referrals) -> tuple[Overview, bool]:
        from casework.access import What, who_sees

        await who_sees(referrals, reference, staff, What.CASELOAD)
        return await referrals.overview(reference)

    overview, live = run(work, temporal=False)
    from cli.explaining import explained, lines

    now = datetime.now(UTC)
    referral = overview.referral
    found = explained(referral, now)
    if as_json:
        print_json(
            {
                "reference": referral.reference,
                "source": "workflow" if live else "log",
                "policy": {"name": referral.policy.name, "version": referral.policy.version},
                "closed": referral.closed,
                "on_hold": referral.hold is not None,
                "deadlines": [each.model_dump(mode="json") for each in found],
            }
        )
        return
    if referral.closed:
        typer.echo(f"{referral.reference} is closed; it has no deadlines.")
        return
    policy = plain(f"{referral.policy.name}, version {referral.policy.version}")
    typer.echo(f"{referral.reference}: {len(found)} by the policy that it keeps ({policy}).")
    if referral.hold:
        typer.echo(f"On hold since {when(referral.hold.since)}: what a hold stops waits for a resume.")
    for each in found:
        typer.echo("")
        for line in lines(each, now):
            typer.echo(plain(line))


@app.command("extend")
def extend_command(
    reference: ReferenceArgument,
    deadline: Annotated[
        str, typer.Argument(metavar="DEADLINE", help="Its key, as `rj deadlines` prints it.")
    ],
    until: Annotated[
        datetime,
        typer.Option(
            metavar="WHEN",
            parser=_as_until,
            help="A day, which means 17:00, or a time in London, such as 2026-11-26T14:00.",
        ),
    ],
    staff: AsOption,
    reason: ReasonOption = None,
    command_id: CommandIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a deadline later: the command extend_deadline.

    Example: rj extend RJ-7KQ4-M2X1 first_contact --until 2026-12-04 --reason - --as su-1
    """
    fields = [f"deadline={deadline}", f"until={until.isoformat()}", _reason(reason)]
    _take(reference, "extend_deadline", fields, staff, command_id, as_json=as_json)


@app.command("hold")
def hold_command(
    reference: ReferenceArgument,
    until: Annotated[
        date,
        typer.Option(
            metavar="DAY", parser=_as_day, help="When it is to be looked at again, such as 2026-12-04."
        ),
    ],
    staff: AsOption,
    reason: ReasonOption = None,
    command_id: CommandIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pause a referral; its clocks stand still until it is resumed: the command hold.

    Example: rj hold RJ-7KQ4-M2X1 --until 2026-12-04 --reason - --as cw-1
    """
    _take(
        reference,
        "hold",
        [f"review_on={until.isoformat()}", _reason(reason)],
        staff,
        command_id,
        as_json=as_json,
    )


@app.command("resume")
def resume_command(
    reference: ReferenceArgument,
    staff: AsOption,
    command_id: CommandIdOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a pause; the clocks go on where they stopped: the command resume.

    Example: rj resume RJ-7KQ4-M2X1 --as cw-1
    """
    _take(reference, "resume", [], staff, command_id, as_json=as_json)


def _reason(given: str | None) -> str:
    from cli.free_text import needed

    return f"reason={guarded(lambda: needed(given, '--reason'))}"


def _take(
    reference: str, command: str, fields: list[str], staff: str, command_id: UUID | None, *, as_json: bool
) -> None:
    once = command_id or uuid4()
    do_command(reference, command, staff, None, fields, once, as_json)
    if as_json:
        return

    async def work(referrals: Referrals) -> list[Recorded]:
        from stores.logs import event_log

        return await event_log.history(referrals.pool, referrals.keys, reference)

    for line in _moved(run(work, temporal=False), once):
        typer.echo(plain(line))


def _moved(history: list[Recorded], command_id: UUID) -> Iterator[str]:
    """What a step has done to the deadlines, by the log, so that it is said the same when it is asked again."""
    from cli.explaining import named
    from lifecycle import deadlines, fold
    from lifecycle.clocks import every_deadline, paused_deadlines

    taken = [each for each in history if each.command_id == command_id]
    before = fold(each for each in history if each.sequence < taken[0].sequence)
    after = fold(each for each in history if each.sequence <= taken[-1].sequence)
    was = {each.key: each.due_at for each in every_deadline(before)}
    runs_on = {each.key for each in deadlines(before)}
    for each in paused_deadlines(after):
        yield f"Stands still: {named(each.key)}"
    for each in deadlines(after):
        due = f"{named(each.key)}: due {when(each.due_at)}"
        earlier = was.get(each.key)
        if earlier is None:
            yield f"New: {due}"
        elif when(earlier) != when(each.due_at):
            yield f"Moved: {due} (was {when(earlier)})"
        elif each.key not in runs_on:
            yield f"Goes on: {due}"
