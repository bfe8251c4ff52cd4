"""Record a review that a deadline asked for."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask(
            "subject",
            "What did you review?",
            words={
                "unreachable_review": "Whether to go on trying to reach somebody",
                "thinking_time": "Whether somebody has had time enough to think",
                "preparation_review": "What keeps the preparation from its end",
                "offender_decision": "What keeps the person responsible from a decision",
                "supervision": "The case, in supervision",
            },
        ),
        Ask("participant", "About whom?"),
        Ask("note", "What came of it?"),
    ),
)
