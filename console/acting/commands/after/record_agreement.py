"""Record the outcome agreement."""

from __future__ import annotations

from casework.referral.acting import ActingView
from casework.referral.choices import Chosen
from console.acting.commands.people.new_ids import next_id
from console.acting.wording import Ask, Body, Wording


def _with_ids(body: Body, view: ActingView) -> Body:
    taken = {each.value for each in view.choices.get(Chosen.ITEM, ())}
    taken |= {each["id"] for each in body.get("items", []) if "id" in each}
    items = []
    for each in body.get("items", []):
        item = {"id": next_id("i", taken)} | each
        taken.add(item["id"])
        items.append(item)
    return {**body, "items": items} if items else body


WORDING = Wording(
    lead="Each thing that somebody undertakes is an item of its own, with its own day.",
    asks=(
        Ask("activity", "Of which activity?"),
        Ask("items", "Item"),
        Ask("items.id", hidden=True),
        Ask("items.text", "What is agreed?"),
        Ask("items.by", "Who undertakes it?", only=frozenset({"active"})),
        Ask("items.due_on", "By when?"),
    ),
    settle=_with_ids,
)
