"""What the person who asks has to do next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import AsOption, JsonOption, command_group, plain, print_json, run_as, words
from schemas.areas import LONDON

if TYPE_CHECKING:
    from casework.session import Session
    from casework.worklist.worklist import WorkItem, Worklist

app = command_group()

_HEADINGS = {
    "overdue": "Overdue",
    "today": "Today",
    "this_week": "Within a week",
    "no_date": "Next steps without a date",
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
        print_json(found.model_dump(mode="json"))
        return
    for line in _lines(found, everything=everything):
        typer.echo(plain(line) if line.strip() else "")


def _lines(found: Worklist, *, everything: bool) -> Iterator[str]:
    from casework.worklist.worklist import Group

    if not found.items:
        yield "There is nothing for you to do now; what comes next will stand here."
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
            yield from _item(each, label.ljust(width), brief=has_time and not everything)
        if len(shown) < len(items):
            yield f"  and {len(items) - len(shown)} more"
    if not everything and (found.of(Group.LATER) or found.of(Group.WAITING)):
        yield ""
        yield f"All of it, each with its command: rj work --all --as {found.staff}"


def _summary(found: Worklist) -> str:
    """Thursday 26 November 2026: 2 things are overdue, 3 are for today."""
    from casework.worklist.worklist import Group

    day = f"{found.at.astimezone(LONDON):%A %-d %B %Y}"
    overdue, today = (len(found.of(group)) for group in (Group.OVERDUE, Group.TODAY))
    said = []
    if overdue:
        said.append(f"{overdue} {'things are' if overdue > 1 else 'thing is'} overdue")
    if today:
        said.append(f"{today} {'are' if today > 1 else 'is'} for today")
    return f"{day}: {', '.join(said) or 'nothing is overdue, and nothing is due today'}."


def _item(each: WorkItem, label: str, *, brief: bool) -> Iterator[str]:
    margin = " " * (len(label) + 4) if label else "    "
    place = f"{each.reference}, {words(each.stage)}"
    lead = f"  {label}  " if label else "  - "
    if brief:
        yield f"{lead}{each.verb} ({place})"
        return
    yield f"{lead}{each.verb}"
    yield f"{margin}{place}. {each.because}"
    yield f"{margin}{each.command}"


def _when(each: WorkItem, now: datetime) -> str:
    """How late it is, or by when it is due, as short as it can be."""
    if each.due_at is None:
        return ""
    due, days = each.due_at.astimezone(LONDON), each.due_in_working_days or 0
    if each.overdue:
        return f"{-days} working day{'s' * (days != -1)} late" if days < 0 else "late today"
    if due.date() == now.astimezone(LONDON).date():
        return f"at {due:%H:%M}" if each.why == "appointment" else f"by {due:%H:%M}"
    return f"{due:%a %-d %b %H:%M}" if each.why == "appointment" else f"{due:%a %-d %b}"
