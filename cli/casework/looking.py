"""Looking at referrals: lists, how one stands, and its timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, AsOption, JsonOption, ReasonOption, ReferenceArgument, as_staff_id
from cli.common import (
    BadInput,
    Exit,
    command_group,
    fail,
    guarded,
    plain,
    print_json,
    print_table,
    run_as,
    when,
)
from schemas.people import Role
from schemas.vocabulary import Stage
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.referral.timeline import Timeline
    from casework.referral.view import AnyView
    from casework.referral_lists import (
        OfferedLine,
        OfferedList,
        ReferralLine,
        ReferralList,
        SentList,
        SentOnList,
    )
    from casework.session import Session

app = command_group()


@app.command("list")
def list_command(
    staff: AsOption,
    area: AreaOption = None,
    stage: Annotated[
        Stage | None, typer.Option(help="In this stage only; closed ones are listed only when asked for.")
    ] = None,
    caseworker: Annotated[
        str | None, typer.Option(metavar="STAFF", parser=as_staff_id, help="Of this caseworker only.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only where a deadline has passed, inactivity too.")
    ] = False,
    on_hold: Annotated[bool, typer.Option("--on-hold", help="Only paused ones.")] = False,
    sensitive: Annotated[bool, typer.Option("--sensitive", help="Only sensitive cases.")] = False,
    safeguarding: Annotated[
        bool, typer.Option("--safeguarding", help="Only where a safeguarding concern is open.")
    ] = False,
    due_within: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=3650,
            metavar="DAYS",
            help="Only what is due by the end of the day that many days ahead, or overdue; 0 is today.",
        ),
    ] = None,
    offered: Annotated[
        bool,
        typer.Option("--offered", help="Only what other areas offer to yours; for supervisors."),
    ] = False,
    transferred: Annotated[
        bool,
        typer.Option(
            "--transferred", help="Only what other areas took over from yours, and when; for supervisors."
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the referrals of your areas, soonest due first. To a partner, the status of what they sent.

    Example: rj list --overdue --as cw-1
    """
    narrowed = (stage, caseworker, overdue, on_hold, sensitive, safeguarding)
    if (offered or transferred) and (any(narrowed) or due_within is not None or (offered and transferred)):
        fail(Exit.BAD_INPUT, "--offered and --transferred each go with --area and --limit alone.")

    async def work(session: Session) -> ReferralList | SentList | OfferedList | SentOnList:
        from casework import referral_lists as lists

        if offered:
            return await lists.offered(session, area=area)
        if transferred:
            return await lists.transferred(session, area=area, limit=limit)

        filters = lists.ListFilters(
            area=area,
            stage=stage,
            caseworker=caseworker,
            overdue=overdue,
            on_hold=on_hold,
            sensitive=sensitive,
            safeguarding=safeguarding,
            due_within_days=due_within,
            limit=limit,
        )
        if session.member.role is not Role.PARTNER:
            return await lists.list_referrals(session, filters)
        if filters.of_the_work:
            raise BadInput("--area and --limit alone are for partner agencies.")
        return await lists.sent(session, area=area, limit=limit)

    _print_list(run_as(staff, work, temporal=False), limit, as_json=as_json)


def _print_list(
    found: ReferralList | SentList | OfferedList | SentOnList, limit: int, *, as_json: bool
) -> None:
    from casework.referral_lists import OfferedList, ReferralList, SentOnList

    if as_json:
        print_json([line.model_dump(mode="json") for line in found.lines])
        return
    if not found.lines:
        typer.echo("No referral of your areas matches.")
    elif isinstance(found, ReferralList):
        heading = ("REFERENCE", "AREA", "STAGE", "CASEWORKER", "NEXT DEADLINE", "DUE", "")
        print_table([heading, *map(_row, found.lines)])
    elif isinstance(found, OfferedList):
        heading = ("REFERENCE", "FROM", "TO", "STAGE", "OFFENCE", "ANSWER DUE", "")
        print_table([heading, *map(_offered_row, found.lines)])
    elif isinstance(found, SentOnList):
        went = [(line.reference, line.left, line.area, when(line.at)) for line in found.lines]
        print_table([("REFERENCE", "FROM", "TO", "TAKEN OVER"), *went])
    else:
        rows = [(line.reference, line.area, in_words(line.status)) for line in found.lines]
        print_table([("REFERENCE", "AREA", "STATUS"), *rows])
    if not isinstance(found, OfferedList) and found.more:
        typer.echo(f"There are more than {limit}; --limit shows more.", err=True)


def _offered_row(line: OfferedLine) -> tuple[str, ...]:
    return (
        line.reference,
        line.area,
        line.offered_to,
        in_words(line.stage),
        in_words(line.offence),
        when(line.due_at) if line.due_at else "-",
        "sensitive" if line.sensitive else "",
    )


def _row(line: ReferralLine) -> tuple[str, ...]:
    marks = {
        "overdue": line.next_due_at is not None and line.next_due_at <= datetime.now(UTC),
        "inactive": line.inactive,
        "unsupervised": line.unsupervised,
        "on hold": line.on_hold,
        "safeguarding": line.safeguarding,
        "sensitive": line.sensitive,
    }
    return (
        line.reference,
        line.area,
        in_words(line.stage),
        line.caseworker or "-",
        in_words(line.next_deadline or "-"),
        when(line.next_due_at) if line.next_due_at else "-",
        ", ".join(mark for mark, holds in marks.items() if holds) or in_words(line.closure_reason or ""),
    )


@app.command("show")
def show_command(
    reference: ReferenceArgument,
    staff: AsOption,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask its workflow, and say where that does not answer; takes longer."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print how a referral stands now, without anything about a person. To the partner who sent it, its status.

    It is read from the log, the truth of record. With --live its workflow is asked; where that does not answer, the log
    is read all the same, and it is said.

    Example: rj show RJ-7KQ4-M2X1 --as cw-1
    """

    async def work(session: Session) -> AnyView:
        from casework.referral.view import view_referral

        return await view_referral(session, reference, live=live)

    view = run_as(staff, work, temporal=False)
    if as_json:
        print_json(view.for_script())
        return
    from cli.showing import view_lines

    for line in view_lines(view):
        typer.echo(plain(line))


@app.command("timeline")
def timeline_command(
    reference: ReferenceArgument,
    staff: AsOption,
    outline: Annotated[
        bool, typer.Option("--outline", help="Only what was done when and by whom; nothing about a person.")
    ] = False,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what happened on a referral, with the number of each step.

    With --outline it says nothing about a person: neither what they are like, nor their hours, dates, risks or scores.
    Of an erased referral nobody is shown more than the kinds of its steps.

    Example: rj timeline RJ-7KQ4-M2X1 --as cw-1
    """
    from cli.free_text import reason_given

    if outline and reason is not None:
        fail(Exit.BAD_INPUT, "--reason: is for the whole timeline; the outline needs none.")

    async def work(session: Session) -> Timeline:
        from casework.referral.timeline import read_timeline

        return await read_timeline(session, reference, outline=outline)

    timeline = run_as(staff, work, temporal=False, reason=guarded(lambda: reason_given(reason)))
    if as_json:
        print_json(timeline.for_script())
        return
    from cli.showing import timeline_lines

    for line in timeline_lines(timeline):
        typer.echo(plain(line))
