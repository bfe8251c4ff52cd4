"""What messages say: the templates of the service, looked at without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import JsonOption, nearest
from cli.common import BadInput, command_group, guarded, plain, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.message_templates import Medium, Template, Written

app = command_group()
notices = command_group("What messages say.")
app.add_typer(notices, name="notices")


@notices.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """Print every template: what it tells, to whom, and by which ways. Checks all of them.

    Example: rj notices list
    """
    found = guarded(_templates)
    if as_json:
        print_json(
            [
                {"name": each.name, "for": each.audience, "tells": each.tells, "media": list(each.media)}
                for each in found
            ]
        )
        return
    rows = [(each.name, each.audience, each.tells, ", ".join(each.media)) for each in found]
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
    from operations.message_templates import Medium

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
    from operations.message_templates import preview
    from runtime.settings import Settings

    template = name.replace("-", "_")
    settings = Settings.load()
    found = preview(settings.templates, template, welsh=welsh, console=settings.console_url)
    if found is None:
        near = nearest(template, [each.name for each in _templates()])
        raise BadInput(f"There is no template {name[:60]}.{near} See `rj notices list`.")
    return found


def _templates() -> list[Template]:
    from operations.message_templates import templates
    from runtime.settings import Settings

    return templates(Settings.load().templates)
