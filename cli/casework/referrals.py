"""Working on referrals: open one, take a step, ask what is possible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from cli.arguments import AsOption, JsonOption, ReferenceArgument
from cli.common import BadInput, Exit, command_group, due, guarded, plain, print_json, print_table, run_as
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.referral.steps import BlockedStep, PermittedStep, Preview
    from casework.session import Session
    from schemas.commands import Command
    from schemas.events import Recorded
    from schemas.steps import Receipt

app = command_group()

_HINTED = 5

CommandArgument = Annotated[
    str, typer.Argument(metavar="COMMAND", help="What to do; `rj example` lists all.")
]
CommandSource = Annotated[
    str | None, typer.Argument(metavar="FILE|-", help="The command in JSON; - reads standard input.")
]
CommandSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="One field; may be repeated. Lists by comma, fields below by dots. FIELD=- asks for the value, or "
        "reads it from standard input: what stands in a command, everybody on this machine can read.",
    ),
]


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

    async def work(session: Session) -> Receipt:
        from casework.referral import steps

        opening = await steps.opening(session, form.source, external_id)
        again = (
            f"Look whether it is there before you send it again: rj show {opening.reference} --as {staff}"
            if external_id is None
            else "Send it again with the same --external-id: it is opened once."
        )
        with _unanswered(again):
            return await steps.open_referral(session, form, external_id, opening=opening)

    form = guarded(lambda: _form(source, external_id))
    receipt = run_as(staff, work)
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
    command: CommandArgument,
    staff: AsOption,
    source: CommandSource = None,
    settings: CommandSettings = None,
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

    async def work(session: Session) -> tuple[Receipt, tuple[Recorded, ...], tuple[PermittedStep, ...]]:
        from casework.referral import steps

        with _unanswered(f"Repeat it with --command-id {once}: it is recorded once."):
            receipt = await steps.take(session, reference, asked, once)
        events: tuple[Recorded, ...] = ()
        permitted: tuple[PermittedStep, ...] = ()
        if as_json:
            return receipt, events, permitted
        try:
            events = await steps.events_of(session, receipt)
            permitted = await steps.permitted_after(session, receipt)
        except Exception as error:  # noqa: BLE001 - it stands, whatever keeps us from telling more of it
            typer.echo(
                f"rj: It is recorded; what it led to cannot be read now ({type(error).__name__}).", err=True
            )
        return receipt, events, permitted

    once = command_id or uuid4()
    asked = guarded(lambda: _command(command, source, settings or []))
    receipt, events, permitted = run_as(staff, work, temporal=not _urgent(asked))
    if as_json:
        print_json(receipt.model_dump(mode="json"))
        return
    from schemas.events import ReferralClosed

    if events:
        happened = ", ".join(in_words(each.event.kind) for each in events)
        typer.echo(f"Recorded (step {events[0].step}): {happened}")
        for each in events:
            if isinstance(each.event, ReferralClosed):
                typer.echo(f"Closed as: {in_words(each.event.reason)}")
    else:
        typer.echo("Recorded.")
    if receipt.behind:
        typer.echo(
            "Its workflow does not answer. It is recorded all the same, and the workflow catches up by itself."
        )
    _tell(receipt)
    if permitted:
        _hint(permitted, reference, staff)


def _urgent(asked: Command) -> bool:
    """Whether it is recorded though Temporal be away."""
    from runtime.asking import URGENT

    return isinstance(asked, URGENT)


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
    typer.echo(f"Stage: {in_words(receipt.stage)}")
    if receipt.next_deadline and receipt.next_due_at:
        typer.echo(f"Next deadline: {in_words(receipt.next_deadline)}, {due(receipt.next_due_at)}")


def _hint(steps: tuple[PermittedStep, ...], reference: str, staff: str) -> None:
    here = [step.kind for step in steps if step.of_this_stage][:_HINTED]
    if here:
        typer.echo(f"You may next: {', '.join(here)}")
    typer.echo(f"All that you may do ({len(steps)}): rj permitted {reference} --as {staff}")


@app.command("preview")
def preview_command(
    reference: ReferenceArgument,
    command: CommandArgument,
    staff: AsOption,
    source: CommandSource = None,
    settings: CommandSettings = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a step would do, were it taken now. Nothing is recorded, and nobody is told.

    Example: rj preview RJ-7KQ4-M2X1 record_contact_attempt --set participant=h1 --set channel=phone
    --set outcome=reached --as cw-1
    """

    async def work(session: Session) -> Preview:
        from casework.referral import steps

        return await steps.preview(session, reference, asked)

    asked = guarded(lambda: _command(command, source, settings or []))
    found = run_as(staff, work, temporal=False)
    if as_json:
        # What the referral or the policy would be as a whole is no news.
        left_out: Any = {"events": {"__all__": {"event": {"becomes", "policy"}, "command_id": True}}}
        print_json(found.model_dump(mode="json", exclude=left_out))
        return
    from cli.showing import preview_lines

    for line in preview_lines(found):
        typer.echo(plain(line))


@app.command("permitted")
def permitted_command(
    reference: ReferenceArgument,
    staff: AsOption,
    blocked: Annotated[
        bool,
        typer.Option(
            "--blocked", help="Also the steps of this stage that are not possible now, and what each lacks."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what you may do next on a referral, and with --blocked what you may not do yet, and why.

    Example: rj permitted RJ-7KQ4-M2X1 --blocked --as cw-1
    """

    async def work(session: Session) -> tuple[tuple[PermittedStep, ...], tuple[BlockedStep, ...]]:
        from casework.referral import steps

        possible = await steps.permitted(session, reference)
        return possible, await steps.blocked(session, reference) if blocked else ()

    possible, impossible = run_as(staff, work, temporal=False)
    if as_json:
        kinds = [step.model_dump(mode="json", include={"kind", "meaning"}) for step in possible]
        not_now = [step.model_dump(mode="json") for step in impossible]
        print_json({"permitted": kinds, "blocked": not_now} if blocked else kinds)
        return
    if possible:
        print_table((step.kind, step.meaning) for step in possible)
    else:
        typer.echo(f"There is nothing that {staff} may do on {reference} now.")
    if impossible:
        from cli.showing import blocked_lines

        typer.echo("\nNot possible now:")
        for line in blocked_lines(impossible):
            typer.echo(plain(line))


def meaning(model: type[Any]) -> str:
    """What a command is for, in a line."""
    return (model.__doc__ or "").partition("\n")[0]
