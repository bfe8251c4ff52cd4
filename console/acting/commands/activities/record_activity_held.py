"""Record that an activity took place."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("activity", "Which activity?", only=frozenset({"booked"})),
        Ask(
            "partly",
            "Did it come to its end?",
            words={"false": "Yes", "true": "No, it was held only in part"},
        ),
        Ask("started_at", "When did it begin?", hint="", folded="As booked, unless you change it."),
        Ask("note", "Note"),
    ),
)
