"""Plan an activity beside others."""

from __future__ import annotations

from console.acting.commands.preparation.choose_method import HINTS, METHODS
from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("method", "By which method?", words=METHODS, hints=HINTS),
        Ask("taking_part", "Who takes part?", only=frozenset({"of_a_side"})),
        Ask("reason", "Why another one?"),
    ),
)
