"""The supervisor's questions: what was escalated, what waits for a sign-off, who has how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import AreaOption, AsOption, JsonOption
from cli.common import Exit, command_group, due, fail, plain, print_json, print_table, run_as, when
from schemas.areas import LONDON, Area
from schemas.policy import Rung
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.listing import Listed
    from casework.session import Session
    from casework.team.escalations import OpenEscalation, PastEscalation
    from casework.team.sign_offs import SignOffToGive, ToSignOff
    from casework.team.workload import Load
    from schemas.facts import RiskFactors

app = command_group()

LimitOption = Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")]


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
    """List the missed deadlines that have been escalated and are still open, oldest first.

    Example: rj escalations --rung service_manager --as su-1
    """
    if since and not everything:
        fail(Exit.BAD_INPUT, "--since: is for --all; without it only what still waits is listed.")
    if everything:
        _past_escalations(staff, area, rung, since, limit, as_json)
        return

    async def work(session: Session) -> Listed[OpenEscalation]:
        from casework.team.escalations import open_escalations

        return await open_escalations(session, area=area, rung=rung, limit=limit)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found.items])
        return
    rows = [
        (
            each.reference,
            each.area,
            in_words(each.stage),
            each.caseworker or "-",
            each.deadline,
            f"{in_words(each.rung)} since {when(each.raised_at)}",
            "on hold" if each.on_hold else "",
        )
        for each in found.items
    ]
    heading = ("REFERENCE", "AREA", "STAGE", "CASEWORKER", "DEADLINE", "ESCALATED TO", "")
    _table(heading, rows, "No escalation waits.", more=found.more)


def _past_escalations(
    staff: str, area: Area | None, rung: Rung | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    begin = since.replace(tzinfo=LONDON) if since else None

    async def work(session: Session) -> tuple[Listed[PastEscalation], datetime]:
        from casework.team.escalations import HISTORY, past_escalations

        after = begin or datetime.now(UTC) - HISTORY
        return await past_escalations(session, area=area, rung=rung, since=after, limit=limit), after

    found, after = run_as(staff, work, temporal=False)
    if as_json:
        print_json(
            [
                {
                    **each.model_dump(mode="json"),
                    "took_seconds": each.took.total_seconds() if each.took is not None else None,
                }
                for each in found.items
            ]
        )
        return
    rows = [
        (
            each.reference,
            each.area,
            each.deadline,
            in_words(each.rung),
            when(each.raised_at),
            when(each.cleared_at) if each.cleared_at else "waits",
            _span(each.took) if each.took is not None else "",
        )
        for each in found.items
    ]
    heading = ("REFERENCE", "AREA", "DEADLINE", "ESCALATED TO", "RAISED", "CLEARED", "AFTER")
    _table(heading, rows, f"None was raised since {when(after)}.", more=found.more)


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

    Under the list it says of each what is to be signed off.

    Example: rj signoffs --as su-1
    """

    async def work(session: Session) -> Listed[SignOffToGive]:
        from casework.team.sign_offs import waiting_sign_offs

        return await waiting_sign_offs(session, area=area, everybodys=everything, limit=limit)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found.items])
        return
    whose = "" if everything else f" that {staff} may give"
    heading = ("REFERENCE", "AREA", "SIGN-OFF OF", "ASKED BY", "ASKED", "DUE", "")
    _table(heading, map(_sign_off, found.items), f"No sign-off waits{whose}.", more=found.more)
    for each in found.items:
        if each.concerns is not None:
            typer.echo(f"\n{each.reference}, {_what(each)}:")
            for line in _to_sign_off(each.concerns):
                typer.echo(plain(f"  {line}"))


def _what(each: SignOffToGive) -> str:
    """What is to be signed off: readiness; or readiness of a2."""
    return in_words(each.subject) + (f" of {each.activity}" if each.activity else "")


def _to_sign_off(concerns: ToSignOff) -> Iterator[str]:
    from casework.team.sign_offs import ClosureToSignOff, ReadinessToSignOff, RiskToSignOff

    match concerns:
        case RiskToSignOff():
            yield f"verdict: {in_words(concerns.verdict or 'none')}{', a sensitive case' * concerns.sensitive}"
            if concerns.missing:
                yield f"still needed: {concerns.missing}"
            for assessment in concerns.assessed:
                yield from _assessed(assessment)
            if concerns.gaps:
                yield f"not assessed: {', '.join(map(in_words, concerns.gaps))}"
        case ReadinessToSignOff():
            of = f" ({concerns.activity})" if concerns.activity else ""
            yield f"method{of}: {in_words(concerns.method or 'none')}"
            co = f" with {concerns.co_facilitator}" if concerns.co_facilitator else ""
            advanced = ", an advanced practitioner" * concerns.advanced_practitioner
            yield f"facilitator: {concerns.facilitator or 'none'}{co}{advanced}"
            for person in concerns.people:
                met = f"prepared {person.prepared_on:%a %-d %b %Y}" if person.prepared_on else "not prepared"
                confirmed = "".join(f", confirmed by {in_words(each)}" for each in person.confirmations)
                yield f"{person.participant} ({in_words(person.role)}): {met}{confirmed}"
        case ClosureToSignOff():
            yield f"reason: {in_words(concerns.reason or 'none')}"
            if concerns.note:
                yield f"note: {concerns.note}"


def _assessed(assessment: RiskFactors) -> Iterator[str]:
    yield f"{assessment.about or 'the pair'}:"
    for each in assessment.factors:
        yield f"  {in_words(each.factor)}: {in_words(each.level)}"
        if each.evidence:
            yield f"    evidence: {each.evidence}"
        if each.mitigation:
            yield f"    mitigation: {each.mitigation}"


def _sign_off(each: SignOffToGive) -> tuple[str, ...]:
    marks = {"on hold": each.on_hold, "safeguarding": each.safeguarding}
    return (
        each.reference,
        each.area,
        _what(each),
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

    async def work(session: Session) -> list[Load]:
        from casework.team.workload import workload

        return await workload(session, area=area)

    found = run_as(staff, work, temporal=False)
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
