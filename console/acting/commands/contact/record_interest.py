"""Record whether somebody wants to take part."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("participant", "Who?"),
        Ask(
            "interest",
            "Do they want to take part?",
            words={"interested": "Yes", "undecided": "They want time to think", "declined": "No"},
            hints={
                "undecided": "You are reminded to ask again. Silence is never taken for a no.",
                "declined": "Their part ends. Where nobody of their side is left, the referral closes.",
            },
        ),
        Ask("note", "What did they say?"),
    ),
)
