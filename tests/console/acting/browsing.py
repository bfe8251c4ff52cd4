"""A form as a browser sees it: what can be filled in, and what would be sent of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import html5lib

from console import rendering
from console.acting.forms.reading import Posted
from console.acting.forms.showing import ShownForm

_TEMPLATE = (
    '{% from "acting/questions.html" import questions, problems %}{{ problems(form) }}{{ questions(form) }}'
)


@dataclass
class Control:
    """Something that can be filled in, or chosen."""

    kind: str
    values: list[str] = field(default_factory=list)
    """What may be chosen; nothing, where anything may be written."""
    value: list[str] = field(default_factory=list)
    """What stands in it, or is chosen."""


def rendered(form: ShownForm) -> str:
    """The questions of a form as a page shows them."""
    return rendering._environment().from_string(_TEMPLATE).render(form=form)


def controls(page: str) -> dict[str, Control]:
    """All that can be filled in on a page, by name."""
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    found: dict[str, Control] = {}
    for element in tree.iter():
        name = element.get("name")
        if not name or element.tag not in ("input", "select", "textarea"):
            continue
        control = found.setdefault(name, Control(element.get("type", element.tag)))
        match element.tag, control.kind:
            case "select", _:
                options = list(element.iter("option"))
                control.values += [each.get("value") or "" for each in options]
                control.value += [
                    each.get("value") or "" for each in options if each.get("selected") is not None
                ]
            case "textarea", _:
                control.value.append("".join(element.itertext()))
            case _, "radio" | "checkbox":
                control.values.append(element.get("value") or "")
                if element.get("checked") is not None:
                    control.value.append(element.get("value") or "")
            case _:
                control.value.append(element.get("value") or "")
    return found


def sent(found: Mapping[str, Control], filled: Posted) -> dict[str, list[str]] | None:
    """What a browser sends of a page after somebody filled in these fields; None where the page does not let them."""
    posted = {name: list(each.value) for name, each in found.items() if each.value}
    for name, values in filled.items():
        control = found.get(name)
        if control is None or (control.values and not set(values) <= set(control.values)):
            return None
        if len(set(values)) < len(values):
            # Nothing can be ticked twice.
            return None
        posted[name] = values
    return posted


def ids(page: str) -> list[str]:
    """Every id on a page."""
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return [name for each in tree.iter() if (name := each.get("id"))]


def references(page: str) -> Iterator[tuple[str, str]]:
    """What on a page names an id of it: labels, descriptions and links, each with the id."""
    tree: Any = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    for each in tree.iter():
        if not isinstance(each.tag, str):
            continue
        if each.get("for"):
            yield "for", each.get("for")
        for named in (each.get("aria-describedby") or "").split():
            yield "aria-describedby", named
        if (each.get("href") or "").startswith("#"):
            yield "href", each.get("href")[1:]
