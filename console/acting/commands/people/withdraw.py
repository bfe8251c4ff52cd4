"""Record that somebody leaves."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Anyone may leave at any time, and need not say why.",
    asks=(
        Ask("participant", "Who leaves?", only=frozenset({"active"})),
        Ask("note", "What did they say, if anything?"),
    ),
    confirm=True,
)
