"""Record that a consent is withdrawn."""

from __future__ import annotations

from console.acting.commands.people.give_consent import WORDING as GIVING
from console.acting.wording import Ask, Wording

_PURPOSES = next(ask.words for ask in GIVING.asks if ask.name == "purpose")

WORDING = Wording(
    lead="Nothing may delay it. Who withdraws their consent to take part leaves the process.",
    asks=(
        Ask("participant", "Who withdraws it?"),
        Ask("purpose", "Which consent?", words=_PURPOSES),
        Ask(
            "by_guardian",
            "Is it a parent's or guardian's consent for a child?",
            only=frozenset({"guardian"}),
            none="No, it is their own",
        ),
    ),
    confirm=True,
)
