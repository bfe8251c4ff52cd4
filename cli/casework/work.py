"""What the person who asks has to do next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import AsOption, JsonOption
from cli.common import command_group, plain, print_json, run_as
from schemas.areas import LONDON
from schemas.vocabulary.words import in_words

if TYPE_CHECKING:
    from casework.session import Session
    from casework.worklist.items import WorkItem, Worklist

app = command_group()

_HEADINGS = {
    "at_once": "At once",
    "overdue": "Overdue",
    "today": "Today",
    "this_week": "Within a week",
    "next_steps": "Next steps",
    "later": "Later",
    "waiting": "Waiting for others",
}
# How many of what has time are shown where not all is asked for.
_SHOWN_LATER = 5


@app.command("work")
def work_command(
    staff: AsOption,
    everything: Annotated[
        bool, typer.Option("--all", help="All that comes later and all that waits, each with its command.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what you have to do next, soonest first, with the command that answers each.

    Words in capitals in a command are for you to fill in. People are named by their ids only.

    Example: rj work --as cw-1
    """

    async def work(session: Session) -> Worklist:
        from casework.worklist.worklist import worklist

        return await worklist(session)

    found = run_as(staff, work, temporal=False)
    if as_json:
        print_json(_for_script(found))
        return
    for line in _lines(found, everything=everything):
        typer.echo(plain(line) if line.strip() else "")


def _for_script(found: Worklist) -> dict[str, Any]:
    from cli.command_lines import command_line

    whole = found.model_dump(mode="json")
    for each, item in zip(found.items, whole["items"], strict=True):
        for action, said in zip(each.actions, item["actions"], strict=True):
            said["command"] = command_line(action, each.reference, found.staff)
    return whole


def _lines(found: Worklist, *, everything: bool) -> Iterator[str]:
    from casework.worklist.items import Group

    if not found.items:
        yield f"{_today(found)}: you have nothing to do. New work will be listed here."
        return
    yield _summary(found)
    for group in Group:
        items = found.of(group)
        if not items:
            continue
        has_time = group in (Group.LATER, Group.WAITING)
        shown = items if everything or not has_time else items[:_SHOWN_LATER]
        yield ""
        yield _HEADINGS[group]
        labels = [_when(each, found.at) for each in shown]
        width = max(map(len, labels))
        for label, each in zip(labels, shown, strict=True):
            yield from _item(each, label.ljust(width), found.staff, brief=has_time and not everything)
        if len(shown) < len(items):
            yield f"  and {len(items) - len(shown)} more"
    from cli.command_lines import has_blanks

    if any(has_blanks(each) for each in found.items):
        yield ""
        yield "Words in capitals are yours to fill in: rj fields COMMAND says what is accepted."
    if not everything and (found.of(Group.LATER) or found.of(Group.WAITING)):
        yield ""
        yield f"All of it, each with its command: rj work --all --as {found.staff}"


def _summary(found: Worklist) -> str:
    """Thursday 26 November 2026: 1 safeguarding concern is open, 2 things are overdue, 3 are for today."""
    from casework.worklist.items import Group

    open_now, overdue, today = (len(found.of(group)) for group in (Group.AT_ONCE, Group.OVERDUE, Group.TODAY))
    said = []
    if open_now:
        said.append(f"{open_now} safeguarding {'concerns are' if open_now > 1 else 'concern is'} open")
    if overdue:
        said.append(f"{overdue} {'things are' if overdue > 1 else 'thing is'} overdue")
    if today:
        said.append(f"{today} {'are' if today > 1 else 'is'} for today")
    return f"{_today(found)}: {', '.join(said) or 'nothing is overdue, and nothing is due today'}."


def _today(found: Worklist) -> str:
    return f"{found.at.astimezone(LONDON):%A %-d %B %Y}"


def _item(each: WorkItem, label: str, staff_id: str, *, brief: bool) -> Iterator[str]:
    from cli.command_lines import lines_of

    margin = " " * len(f"  {label}  ")
    place = f"{each.reference}, {in_words(each.stage)}"
    lead = f"  {label}  "
    if brief:
        cover = f", for {each.instead_of}" if each.instead_of else ""
        yield f"{lead}{each.verb} ({place}{cover})"
        return
    yield f"{lead}{each.verb}"
    yield f"{margin}{place}. {each.because}"
    for line in lines_of(each, staff_id):
        yield f"{margin}{line}"


def _when(each: WorkItem, now: datetime) -> str:
    """How late it is, or by when it is due, as short as it can be."""
    if each.due_at is None:
        return "-"
    due, days = each.due_at.astimezone(LONDON), each.due_in_working_days or 0
    if each.overdue:
        return f"{-days} working day{'s' * (days != -1)} late" if days < 0 else "late today"
    if due.date() == now.astimezone(LONDON).date():
        return f"at {due:%H:%M}" if each.why == "appointment" else f"by {due:%H:%M}"
    return f"{due:%a %-d %b %H:%M}" if each.why == "appointment" else f"{due:%a %-d %b}"
