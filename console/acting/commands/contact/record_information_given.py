"""Record that somebody was informed."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="They were told what restorative justice is, what they can choose, and that they can stop at any time.",
    asks=(
        Ask("participant", "Who was informed?"),
        Ask("channel", "How?"),
        Ask("interpreter_offered", "Did you offer an interpreter?"),
        Ask("legal_advice_offered", "Did you say that they may take legal advice?"),
    ),
    sample={"channel": "phone"},
)
