"""Record whether a person responsible acknowledges the facts."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("participant", "Who?", only=frozenset({"responsible"})),
        Ask(
            "acknowledges",
            "Do they acknowledge the basic facts?",
            hint="A denial ends their part: nobody is brought together with somebody who denies what happened.",
        ),
    ),
)
