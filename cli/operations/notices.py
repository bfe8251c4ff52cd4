"""What messages say: the templates of the service, looked at without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import BadInput, JsonOption, guarded, nearest, plain, print_json, print_table, room

if TYPE_CHECKING:
    from collections.abc import Mapping

    from messages.wording import Medium, Wording, Written

app = room()
notices = typer.Typer(help="What messages say.", rich_markup_mode=None)
app.add_typer(notices, name="notices")


@notices.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """Print every template: what it tells, to whom, and by which ways. Checks all of them.

    Example: rj notices list
    """
    guarded(_wording)
    from messages.wording import TEMPLATES, media, words

    if as_json:
        print_json(
            [
                {"name": name, "for": audience, "tells": words(name), "media": list(media(name))}
                for name, audience in TEMPLATES.items()
            ]
        )
        return
    rows = [(name, audience, words(name), ", ".join(media(name))) for name, audience in TEMPLATES.items()]
    print_table([("NAME", "FOR", "TELLS", "BY"), *rows])


@notices.command("preview")
def preview_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A template; `rj notices list` prints their names.")
    ],
    welsh: Annotated[bool, typer.Option("--welsh", help="In Welsh, where there is such text.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print a message as it would be read, with invented facts, by each of its ways.

    A service's own templates (RJ_TEMPLATES) take the place of those that ship.

    Example: rj notices preview appointment
    """
    shown = guarded(lambda: _preview(name, welsh))
    from messages.wording import Medium

    if welsh and shown == guarded(lambda: _preview(name, False)):
        typer.echo("rj: There is no Welsh text of it; this is the English one.", err=True)
    if as_json:
        print_json({medium: {"subject": each.subject, "body": each.body} for medium, each in shown.items()})
        return
    for number, (medium, each) in enumerate(shown.items()):
        typer.echo(f"{chr(10) * min(number, 1)}--- by {medium} ---")
        if each.subject and medium is not Medium.INBOX:
            typer.echo(f"Subject: {plain(each.subject)}")
        typer.echo()
        for line in each.body.splitlines():
            typer.echo(plain(line))


def _preview(name: str, welsh: bool) -> Mapping[Medium, Written]:
    from messages.wording import TEMPLATES

    template = name.replace("-", "_")
    if template not in TEMPLATES:
        raise BadInput(
            f"There is no template {name[:60]}.{nearest(template, TEMPLATES)} See `rj notices list`."
        )
    return _wording().preview(template, welsh=welsh)


def _wording() -> Wording:
    from messages.wording import Wording
    from runtime.settings import Settings

    settings = Settings.load()
    return Wording.load(settings.templates, console=settings.console_url)
