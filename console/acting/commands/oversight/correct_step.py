"""Take a mistaken step back."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="The record keeps both: the step, and that it was a mistake. A supervisor other than its author does it.",
    asks=(
        Ask("step", "Which step was a mistake?"),
        Ask("reason", "What was wrong with it?"),
    ),
)
