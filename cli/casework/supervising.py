"""The supervisor's questions: what was escalated, what waits for a sign-off, who has how much, what is stuck."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import (
    AreaOption,
    AsOption,
    Exit,
    JsonOption,
    due,
    fail,
    plain,
    print_json,
    print_table,
    room,
    run,
    when,
    words,
)
from schemas.areas import LONDON, Area
from schemas.policy import Rung

if TYPE_CHECKING:
    from runtime.findings import Stuck
    from runtime.referrals import Referrals
    from schemas.people import Staff
    from stores.supervision import Load, OpenEscalation, PastEscalation, WaitingSignOff

app = room()

LimitOption = Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")]

# How far back `--all` looks where nobody says.
_HISTORY = timedelta(days=90)


@app.command("escalations")
def escalations_command(
    staff: AsOption,
    area: AreaOption = None,
    rung: Annotated[Rung | None, typer.Option(help="On this rung of the ladder only.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were cleared as well, with the time that took.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DAY", help="With --all: raised since then; else 90 days."
        ),
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the missed deadlines that have climbed the ladder and still wait, oldest first.

    Example: rj escalations --rung service_manager --as su-1
    """
    if since and not everything:
        fail(Exit.BAD_INPUT, "--since: is for --all; without it only what still waits is listed.")
    if everything:
        _past_escalations(staff, area, rung, since, limit, as_json)
        return

    async def work(referrals: Referrals) -> list[OpenEscalation]:
        from stores.supervision import open_escalations

        areas = await _areas(referrals, staff, area)
        return await open_escalations(referrals.pool.within(areas), areas=areas, rung=rung, limit=limit + 1)

    found = run(work, temporal=False)
    shown = found[:limit]
    if as_json:
        print_json([each.model_dump(mode="json") for each in shown])
        return
    rows = [
        (
            each.reference,
            each.area,
            words(each.stage),
            each.caseworker or "-",
            each.deadline,
            f"{words(each.rung)} since {when(each.raised_at)}",
            "on hold" if each.on_hold else "",
        )
        for each in shown
    ]
    heading = ("REFERENCE", "AREA", "STAGE", "CASEWORKER", "DEADLINE", "ESCALATED TO", "")
    _table(heading, rows, "No escalation waits.", more=len(found) > limit)


async def _areas(referrals: Referrals, staff: str, area: Area | None) -> list[Area]:
    from casework.access import What, areas_to_see

    return areas_to_see(await referrals.member(staff), What.CASELOAD, area)


def _past_escalations(
    staff: str, area: Area | None, rung: Rung | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    begin = since.replace(tzinfo=LONDON) if since else datetime.now(UTC) - _HISTORY

    async def work(referrals: Referrals) -> list[PastEscalation]:
        from stores.supervision import escalation_history

        areas = await _areas(referrals, staff, area)
        return await escalation_history(
            referrals.pool.within(areas), areas=areas, rung=rung, since=begin, limit=limit + 1
        )

    found = run(work, temporal=False)
    shown = found[:limit]
    if as_json:
        print_json(
            [
                {
                    **each.model_dump(mode="json"),
                    "took_seconds": each.took.total_seconds() if each.took is not None else None,
                }
                for each in shown
            ]
        )
        return
    rows = [
        (
            each.reference,
            each.area,
            each.deadline,
            words(each.rung),
            when(each.raised_at),
            when(each.cleared_at) if each.cleared_at else "waits",
            _span(each.took) if each.took is not None else "",
        )
        for each in shown
    ]
    heading = ("REFERENCE", "AREA", "DEADLINE", "ESCALATED TO", "RAISED", "CLEARED", "AFTER")
    _table(heading, rows, f"None was raised since {when(begin)}.", more=len(found) > limit)


def _span(length: timedelta) -> str:
    """Elapsed time, days and hours where it is long, minutes where it is not."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h {minutes % 60} min"


@app.command("signoffs")
def signoffs_command(
    staff: AsOption,
    area: AreaOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that waits in your areas, whoever may give it.")
    ] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List what waits for a sign-off that you may give, oldest first: in your areas, and not your own work.

    Example: rj signoffs --as su-1
    """

    async def work(referrals: Referrals) -> list[WaitingSignOff]:
        from stores.supervision import for_them_to_sign_off, waiting_sign_offs

        areas = await _areas(referrals, staff, area)
        if everything:
            return await waiting_sign_offs(referrals.pool.within(areas), areas=areas, limit=limit + 1)
        member = _may_sign_off(await referrals.member(staff))
        waiting = await waiting_sign_offs(referrals.pool.within(areas), areas=areas, limit=None)
        now = datetime.now(UTC)
        return await for_them_to_sign_off(
            referrals.pool.within(areas), referrals.keys, member, waiting, limit=limit + 1, at=now
        )

    found = run(work, temporal=False)
    shown = found[:limit]
    if as_json:
        print_json([each.model_dump(mode="json") for each in shown])
        return
    whose = "" if everything else f" that {staff} may give"
    heading = ("REFERENCE", "AREA", "SIGN-OFF OF", "ASKED BY", "ASKED", "DUE", "")
    _table(heading, map(_sign_off, shown), f"No sign-off waits{whose}.", more=len(found) > limit)


def _may_sign_off(member: Staff) -> Staff:
    from lifecycle import Refused
    from lifecycle.core import SUPERVISORS

    if member.role not in SUPERVISORS:
        raise Refused(
            "not_your_role",
            "Sign-offs are given by supervisors and service managers; --all lists what waits.",
            "as",
        )
    return member


def _sign_off(each: WaitingSignOff) -> tuple[str, ...]:
    marks = {"on hold": each.on_hold, "safeguarding": each.safeguarding}
    return (
        each.reference,
        each.area,
        words(each.subject),
        each.requested_by,
        when(each.requested_at),
        due(each.due_at).removeprefix("due ") if each.due_at else "stands still",
        ", ".join(mark for mark, holds in marks.items() if holds),
    )


@app.command("workload")
def workload_command(staff: AsOption, area: AreaOption = None, as_json: JsonOption = False) -> None:
    """Print how much each caseworker has in hand, those with most overdue first.

    Due this week: some deadline is due from now to Sunday's end, London time; overdue: some is past. Inactivity does
    not count in either, and a referral may count in both.

    Example: rj workload --as su-1
    """

    async def work(referrals: Referrals) -> list[Load]:
        from stores.supervision import workload

        areas = await _areas(referrals, staff, area)
        return await workload(referrals.pool.within(areas), areas=areas, now=datetime.now(UTC))

    found = run(work, temporal=False)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    heading = ("CASEWORKER", "OPEN", "ON HOLD", "DUE THIS WEEK", "OVERDUE", "ESCALATIONS", "")
    _table(heading, map(_load, found), "Nobody has anything, and there is no caseworker.")


def _load(each: Load) -> tuple[str, ...]:
    numbers = (each.open, each.on_hold, each.due_this_week, each.overdue, each.escalations)
    return (each.staff or "nobody yet", *map(str, numbers), _standing(each))


def _standing(each: Load) -> str:
    marks = []
    if each.staff and each.role is None:
        marks.append("not in the register")
    elif each.staff and not each.active:
        marks.append("inactive")
    if each.absent_until:
        # They are back at that instant; the day before was the last away.
        last = each.absent_until.astimezone(LONDON) - timedelta(days=1)
        marks.append(f"absent until {last:%a %-d %b %Y}, stand-in {each.stand_in}")
    return ", ".join(marks)


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
        typer.echo(plain(f"{each.subject} ({words(each.kind)}{since})"))
        typer.echo(plain(f"  {each.said}"))
        typer.echo(plain(f"  → {each.remedy}"))


def _table(
    heading: tuple[str, ...], rows: Iterable[tuple[str, ...]], none: str, *, more: bool = False
) -> None:
    lines = list(rows)
    if not lines:
        typer.echo(none)
        return
    print_table([heading, *lines])
    if more:
        typer.echo(f"There are more than {len(lines)}; --limit shows more.", err=True)
