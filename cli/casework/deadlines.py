"""The deadlines of a referral: why each is when it is, moving one, and standing still."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import typer

from cli.arguments import AsOption, JsonOption, ReferenceArgument
from cli.casework.referrals import do_command
from cli.common import command_group, guarded, plain, print_json, run_as, when

if TYPE_CHECKING:
    from casework.referral.deadlines import DeadlineChange, Deadlines
    from casework.session import Session

app = command_group()


def _as_day(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter("there is no such day") from None
    raise typer.BadParameter("write the day as year-month-day, such as 2026-11-26")


def _as_until(text: str) -> datetime:
    from pydantic import TypeAdapter, ValidationError

    from casework.referral.deadlines import end_of_day
    from cli.failures import sentences
    from schemas.base import Moment

    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return end_of_day(_as_day(text))
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

    async def work(session: Session) -> Deadlines:
        from casework.referral.deadlines import explain

        return await explain(session, reference, now)

    now = datetime.now(UTC)
    found = run_as(staff, work, temporal=False)
    from cli.explaining import lines

    if as_json:
        print_json(
            {
                "reference": found.reference,
                "source": "log",
                "policy": {"name": found.policy_name, "version": found.policy_version},
                "closed": found.closed,
                "on_hold": found.held_since is not None,
                "deadlines": [each.model_dump(mode="json") for each in found.deadlines],
            }
        )
        return
    if found.closed:
        typer.echo(f"{found.reference} is closed; it has no deadlines.")
        return
    policy = plain(f"{found.policy_name}, version {found.policy_version}")
    typer.echo(f"{found.reference}: {len(found.deadlines)} by the policy that it keeps ({policy}).")
    if found.held_since:
        typer.echo(f"On hold since {when(found.held_since)}: what a hold stops waits for a resume.")
    for each in found.deadlines:
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

    async def work(session: Session) -> tuple[DeadlineChange, ...]:
        from casework.referral.deadlines import changes_by

        return await changes_by(session, reference, once)

    changes = run_as(staff, work, temporal=False)
    from casework.words import deadline_change

    for each in changes:
        typer.echo(plain(deadline_change(each.key, each.change, each.due_at, each.was_due_at)))
