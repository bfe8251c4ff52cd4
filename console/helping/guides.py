"""The guides of `docs/guide`, shown as pages: written once, for the project's readers and for who asks for help."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.asked import Asked
from console.static_files import address_of, files
from schemas.people import Role

_FOLDER = Path(__file__).parents[2] / "docs" / "guide"
_SCREENS = "../screens/"
_CLASSES = {
    "h1": "govuk-heading-xl",
    "h2": "govuk-heading-m",
    "p": "govuk-body",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "a": "govuk-link",
    "img": "rj-screen",
    "table": "govuk-table",
    "thead": "govuk-table__head",
    "tbody": "govuk-table__body",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
}


class Guide(StrEnum):
    """The guides, by the names of their files."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    SERVICE_MANAGER = "service-manager"
    OTHERS = "others"


_OF_ROLE = {
    Role.CASEWORKER: Guide.CASEWORKER,
    Role.FACILITATOR: Guide.CASEWORKER,
    Role.SUPERVISOR: Guide.SUPERVISOR,
    Role.SERVICE_MANAGER: Guide.SERVICE_MANAGER,
}


class Task(NamedTuple):
    """A part of a guide, to which its list of tasks leads."""

    anchor: str
    heading: str


class Shown(NamedTuple):
    """A guide as a page.

    Attributes:
        body: HTML made from the guide's Markdown, in which no HTML is taken as it stands.
    """

    title: str
    tasks: tuple[Task, ...]
    body: Markup


async def show_own_guide(asked: Asked) -> Response:
    """Show the guide to the person's own role."""
    return _show(asked, _OF_ROLE.get(asked.session.member.role, Guide.OTHERS))


async def show_guide(asked: Asked) -> Response:
    """Show the guide that the address names."""
    name = asked.request.path_params["guide"]
    if name not in set(Guide):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such guide. Choose one from Help.")
    return _show(asked, Guide(name))


def _show(asked: Asked, guide: Guide) -> Response:
    others = [(each, shown(each).title) for each in Guide if each is not guide]
    return asked.show("helping/guide.html", guide=shown(guide), others=others)


@cache
def shown(guide: Guide) -> Shown:
    """A guide as a page, made once in a process."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((_FOLDER / f"{guide}.md").read_text(encoding="utf-8"))
    tasks, title = [], ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[place + 1].content
            if token.tag == "h1":
                title = heading
            else:
                task = Task(_anchor(heading), heading)
                token.attrSet("id", task.anchor)
                tasks += [task] if token.tag == "h2" else []
        _dress(token)
    without_title = tokens[3:]
    body = reader.renderer.render(without_title, reader.options, {})
    return Shown(title, tuple(tasks), Markup(body))  # noqa: S704 - our own file, with HTML turned off


def _dress(token: Token) -> None:
    """Give an element the class of GOV.UK, and what it leads to or shows the address that it has here."""
    if token.nesting >= 0 and token.tag in _CLASSES:
        token.attrJoin("class", _CLASSES[token.tag])
    if token.type == "image":
        _point_at_screen(token)
    if token.type == "link_open":
        to = str(token.attrGet("href"))
        if to.endswith(".md") and to.removesuffix(".md") in set(Guide):
            token.attrSet("href", f"/help/{to.removesuffix('.md')}")
    for child in token.children or ():
        _dress(child)


def _point_at_screen(token: Token) -> None:
    name = str(token.attrGet("src")).removeprefix(_SCREENS)
    picture = files()[f"screens/{name}"].plain
    token.attrSet("src", address_of(f"screens/{name}"))
    # With its size the page keeps the place, and nothing moves once it has come.
    token.attrSet("width", str(int.from_bytes(picture[16:20], "big")))
    token.attrSet("height", str(int.from_bytes(picture[20:24], "big")))
    token.attrSet("loading", "lazy")


def _anchor(heading: str) -> str:
    """As GitHub makes it, so that a link into a guide leads to the same place in both."""
    return "".join(
        letter for letter in heading.lower().replace(" ", "-") if letter.isalnum() or letter == "-"
    )
