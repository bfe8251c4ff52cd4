"""Working on referrals: open one, take a step, ask what is possible, look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from cli.common import (
    AreaOption,
    AsOption,
    BadInput,
    Exit,
    JsonOption,
    ReferenceArgument,
    as_staff_id,
    due,
    guarded,
    plain,
    print_json,
    print_table,
    room,
    run,
    when,
    words,
)
from schemas.areas import LONDON
from schemas.people import Role
from schemas.vocabulary import Stage

if TYPE_CHECKING:
    from casework.access import Sent
    from runtime.referrals import Referrals
    from schemas.commands import Command
    from schemas.events import Recorded
    from schemas.notices import Notice
    from schemas.steps import Overview, Receipt
    from stores.keys.erasures import Erasure
    from stores.referrals import Line

app = room()

_HINTED = 5


@app.command("example")
def example_command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="`referral`, or the kind of a command; without it, the list of them."
        ),
    ] = None,
) -> None:
    """Print a valid example (JSON) of a referral or of a command, to be changed and given back.

    Example: rj example referral > mine.json; rj open mine.json --as cw-1
    """
    guarded(lambda: _example(name))


def _example(name: str | None) -> None:
    from cli.examples import example
    from cli.reading import command_of, givable
    from schemas.commands import OpenReferral

    if name is None:
        print_table(
            [
                ("referral", meaning(OpenReferral)),
                *((kind, meaning(model)) for kind, model in givable().items()),
            ]
        )
    elif name == "referral":
        print_json(example(OpenReferral))
    else:
        print_json(example(command_of(name)))


@app.command("open")
def open_command(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="The referral in JSON; - reads standard input.")
    ],
    staff: AsOption,
    external_id: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Its id in the system it comes from: sent again, the same referral answers."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Open a referral.

    Example: rj example referral | rj open - --as cw-1
    """

    async def work(referrals: Referrals) -> Receipt:
        opening = await referrals.opening(form.source, external_id)
        again = (
            f"Look whether it is there before you send it again: rj show {opening.reference} --as {staff}"
            if external_id is None
            else "Send it again with the same --external-id: it is opened once."
        )
        with _unanswered(again):
            return await referrals.open(form, staff, opening=opening)

    form = guarded(lambda: _form(source, external_id))
    receipt = run(work)
    if as_json:
        print_json(receipt.model_dump(mode="json"))
        return
    typer.echo(f"Opened: {receipt.reference}")
    _tell(receipt)


def _form(source: str, external_id: str | None) -> Any:
    from cli.reading import parsed, read_document, refuse_unprintable
    from schemas.commands import OpenReferral

    if external_id is not None:
        if not external_id.strip():
            raise BadInput("--external-id: is empty.")
        refuse_unprintable(external_id, "--external-id")
    return parsed(OpenReferral, read_document(source))


@app.command("do")
def do_command(
    reference: ReferenceArgument,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="What to do; `rj example` lists all.")],
    staff: AsOption,
    source: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="The command in JSON; - reads standard input.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="One field; may be repeated. Lists by comma, fields below by dots. FIELD=- asks for the value, or "
            "reads it from standard input: what stands in a command, everybody on this machine can read.",
        ),
    ] = None,
    command_id: Annotated[
        UUID | None,
        typer.Option(metavar="UUID", help="Given twice, the step is taken once and answered the same."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a step on a referral.

    Example: rj do RJ-7KQ4-M2X1 record_contact_attempt --set participant=h1 --set channel=phone
    --set outcome=reached --set note=- --as cw-1
    """

    async def work(referrals: Referrals) -> tuple[Receipt, list[Recorded], tuple[str, ...]]:
        with _unanswered(f"Repeat it with --command-id {once}: it is recorded once."):
            receipt = await referrals.take(reference, asked, staff, command_id=once)
        events: list[Recorded] = []
        permitted: tuple[str, ...] = ()
        if as_json:
            return receipt, events, permitted
        try:
            events = await _events(referrals, receipt)
            permitted = await referrals.permitted(reference, staff)
        except Exception as error:  # noqa: BLE001 - it stands, whatever keeps us from telling more of it
            typer.echo(
                f"rj: It is recorded; what it led to cannot be read now ({type(error).__name__}).", err=True
            )
        return receipt, events, permitted

    once = command_id or uuid4()
    asked = guarded(lambda: _command(command, source, settings or []))
    receipt, events, permitted = run(work, temporal=not _urgent(asked))
    if as_json:
        print_json(receipt.model_dump(mode="json"))
        return
    from schemas.events import ReferralClosed

    if events:
        happened = ", ".join(words(each.event.kind) for each in events)
        typer.echo(f"Recorded (step {events[0].step}): {happened}")
        for each in events:
            if isinstance(each.event, ReferralClosed):
                typer.echo(f"Closed as: {words(each.event.reason)}")
    else:
        typer.echo("Recorded.")
    if receipt.behind:
        typer.echo(
            "Its workflow does not answer. It is recorded all the same, and the workflow catches up by itself."
        )
    _tell(receipt)
    if permitted:
        _hint(permitted, receipt.stage, reference, staff)


def _urgent(asked: Command) -> bool:
    """Whether it is recorded though Temporal be away."""
    from runtime.asking import URGENT

    return isinstance(asked, URGENT)


async def _events(referrals: Referrals, receipt: Receipt) -> list[Recorded]:
    """The events of the step that a receipt is for."""
    from stores.logs import event_log

    history = await event_log.read(referrals.pool, receipt.reference)
    step = next((each.step for each in history if each.sequence == receipt.sequence), receipt.sequence)
    return [each for each in history if each.step == step]


@contextmanager
def _unanswered(again: str) -> Iterator[None]:
    """Where no answer came to what was sent, say besides how to go on without doing it twice."""
    try:
        yield
    except Exception as error:
        from cli.failures import explained
        from runtime.referrals import NotAnswered

        code, sentence = explained(error) or (Exit.FAULT, "")
        if code is not Exit.UNREACHABLE:
            raise
        raise NotAnswered(f"{sentence} {again}") from error


def _command(kind: str, source: str | None, settings: list[str]) -> Any:
    from cli.free_text import asked_for, once_only, warn_of_onlookers
    from cli.reading import command_of, parsed, read_document, with_settings

    model = command_of(kind)
    once_only([source or "", *(each.partition("=")[2] for each in settings)])
    body = read_document(source) if source is not None else {}
    body, open_to_all = with_settings(model, body, settings, asked_for=asked_for)
    warn_of_onlookers(open_to_all)
    return parsed(model, body)


def _tell(receipt: Receipt) -> None:
    typer.echo(f"Stage: {words(receipt.stage)}")
    if receipt.next_deadline and receipt.next_due_at:
        typer.echo(f"Next deadline: {words(receipt.next_deadline)}, {due(receipt.next_due_at)}")


def _hint(kinds: tuple[str, ...], stage: Stage, reference: str, staff: str) -> None:
    from lifecycle import work_of
    from schemas.commands import COMMANDS

    work = work_of(stage)
    here = [kind for kind in kinds if COMMANDS[kind] in work][:_HINTED]
    if here:
        typer.echo(f"You may next: {', '.join(here)}")
    typer.echo(f"All that you may do ({len(kinds)}): rj permitted {reference} --as {staff}")


@app.command("permitted")
def permitted_command(reference: ReferenceArgument, staff: AsOption, as_json: JsonOption = False) -> None:
    """Print what you may do next on a referral.

    Example: rj permitted RJ-7KQ4-M2X1 --as cw-1
    """

    async def work(referrals: Referrals) -> tuple[str, ...]:
        from casework.access import What, who_sees

        await who_sees(referrals, reference, staff, What.STATUS)
        return await referrals.permitted(reference, staff)

    kinds = run(work, temporal=False)
    from schemas.commands import COMMANDS

    meanings = {kind: meaning(COMMANDS[kind]) for kind in kinds}
    if as_json:
        print_json([{"kind": kind, "meaning": text} for kind, text in meanings.items()])
    elif meanings:
        print_table(meanings.items())
    else:
        typer.echo(f"There is nothing that {staff} may do on {reference} now.")


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
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the referrals of your areas, soonest due first. To a partner, the status of what they sent.

    Example: rj list --overdue --as cw-1
    """

    async def work(referrals: Referrals) -> list[Line] | list[Sent]:
        from casework.access import What, areas_to_see, sent
        from stores.referrals import list_referrals

        member = await referrals.member(staff)
        if member.role is Role.PARTNER:
            filters = (stage, caseworker, overdue, on_hold, sensitive, safeguarding, due_within is not None)
            if any(filters):
                raise BadInput("--area and --limit alone are for partner agencies.")
            return await sent(referrals, member, areas_to_see(member, What.STATUS, area), limit + 1)
        areas = areas_to_see(member, What.CASELOAD, area)
        if caseworker is not None:
            await referrals.registered(caseworker, "caseworker")
        return await list_referrals(
            referrals.pool.within(areas),
            areas=areas,
            stage=stage,
            caseworker=caseworker,
            overdue=overdue,
            on_hold=on_hold,
            sensitive=sensitive,
            safeguarding=safeguarding,
            due_before=_day_end(due_within) if due_within is not None else None,
            limit=limit + 1,
        )

    found = run(work, temporal=False)
    lines = found[:limit]
    if as_json:
        print_json([_as_json(line) for line in lines])
    elif lines:
        print_table([_HEADINGS[type(lines[0]).__name__], *map(_row, lines)])
        if len(found) > limit:
            typer.echo(f"There are more than {limit}; --limit shows more.", err=True)
    else:
        typer.echo("There is no such referral.")


_HEADINGS = {
    "Line": ("REFERENCE", "AREA", "STAGE", "CASEWORKER", "NEXT DEADLINE", "DUE", ""),
    "Sent": ("REFERENCE", "AREA", "STATUS"),
}


def _as_json(line: Line | Sent) -> dict[str, Any]:
    return line._asdict() if isinstance(line, tuple) else line.model_dump(mode="json")


def _day_end(days: int) -> datetime:
    """Midnight in London at the end of the day that many days ahead."""
    return datetime.combine(datetime.now(LONDON).date() + timedelta(days=days + 1), time(), LONDON)


def _row(line: Line | Sent) -> tuple[str, ...]:
    if isinstance(line, tuple):
        return (line.reference, line.area, words(line.status))
    marks = {
        "overdue": line.next_due_at is not None and line.next_due_at <= datetime.now(UTC),
        "inactive": line.inactive,
        "on hold": line.on_hold,
        "safeguarding": line.safeguarding,
        "sensitive": line.sensitive,
    }
    return (
        line.reference,
        line.area,
        words(line.stage),
        line.caseworker or "-",
        words(line.next_deadline or "-"),
        when(line.next_due_at) if line.next_due_at else "-",
        ", ".join(mark for mark, holds in marks.items() if holds) or words(line.closure_reason or ""),
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

    async def work(
        referrals: Referrals,
    ) -> tuple[Overview, bool, Erasure | None, list[Notice]] | str:
        from casework.access import What, status, who_sees
        from stores import notices
        from stores.keys import erasures

        member = await who_sees(referrals, reference, staff, What.STATUS)
        overview, answers = await _standing(referrals, reference, live)
        if member.role is Role.PARTNER:
            return status(overview.referral.stage)
        return (
            overview,
            answers,
            await erasures.find(referrals.pool, reference),
            await notices.underway(referrals.pool, reference),
        )

    found = run(work, temporal=False)
    if isinstance(found, str):
        if as_json:
            print_json({"reference": reference, "status": found})
        else:
            typer.echo(f"{reference}: {words(found)}")
        return
    overview, answers, erasure, underway = found
    from cli.showing import erasure_line, overview_json, overview_lines, standing_lines

    if as_json:
        print_json(
            {
                "source": "workflow" if answers else "log",
                "erased": erasure.model_dump(mode="json") if erasure else None,
                **overview_json(overview, underway, erased=erasure is not None),
            }
        )
        return
    if erasure:
        typer.echo(erasure_line(erasure))
        for line in standing_lines(overview.referral):
            typer.echo(plain(line))
        return
    if live and not answers:
        typer.echo("Its workflow does not answer (is Temporal up, and a worker?): read from the log instead.")
    for line in overview_lines(overview, underway):
        typer.echo(plain(line))


async def _standing(referrals: Referrals, reference: str, live: bool) -> tuple[Overview, bool]:
    """How a referral stands by the log, or by its workflow, and whether that answered."""
    if live:
        return await referrals.overview(reference)
    return await referrals.recorded(reference), False


@app.command("timeline")
def timeline_command(
    reference: ReferenceArgument,
    staff: AsOption,
    outline: Annotated[
        bool, typer.Option("--outline", help="Only what was done when and by whom; nothing about a person.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what happened on a referral, with the number of each step.

    With --outline it says nothing about a person: neither what they are like, nor their hours, dates, risks or scores.
    Of an erased referral nobody is shown more than the kinds of its steps.

    Example: rj timeline RJ-7KQ4-M2X1 --as cw-1
    """
    from cli.showing import read_timeline, timeline_lines

    timeline = run(
        lambda referrals: read_timeline(referrals, reference, staff, outline=outline), temporal=False
    )
    if as_json:
        print_json(timeline.as_json())
        return
    for line in timeline_lines(timeline):
        typer.echo(plain(line))


def meaning(model: type[Any]) -> str:
    """What a command is for, in a line."""
    return (model.__doc__ or "").partition("\n")[0]
