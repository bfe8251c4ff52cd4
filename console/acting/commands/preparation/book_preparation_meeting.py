"""Book a meeting that prepares somebody."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Booking it again moves it. They are told by a safe way, if there is one.",
    asks=(
        Ask("participant", "With whom?", only=frozenset({"active"})),
        Ask("starts_at", "When?", hint="London time."),
        Ask("channel", "How do you meet?"),
        Ask("venue", "Where?"),
        Ask("activity", "For which activity?", only=frozenset({"to_come"})),
    ),
)
