"""Record what somebody thought of the service."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Every answer is theirs to give or to leave.",
    asks=(
        Ask("participant", "Who answers?"),
        Ask("satisfied", "Are you satisfied with the service?"),
        Ask("would_recommend", "Would you recommend it to others?"),
        Ask(
            "feels",
            "How do you feel compared with before?",
            words={"better": "Better", "same": "The same", "worse": "Worse"},
        ),
        Ask("rating", "How good was it, from 0 to 10?"),
        Ask("comment", "Is there anything else?"),
        Ask("activity", "After which activity?"),
    ),
)
