"""Record what became of a task to tell somebody something in person."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="A message could not reach them, so somebody has to tell them.",
    asks=(
        Ask("task", "Which task?"),
        Ask(
            "result",
            "What became of it?",
            words={"passed_on": "I told them", "not_needed": "There was no need"},
        ),
        Ask("note", "Note"),
    ),
    sample={"result": "passed_on"},
)
