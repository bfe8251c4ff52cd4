"""Record a contact after the activity."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("participant", "With whom?"),
        Ask(
            "contact",
            "Which contact was it?",
            words={
                "check_in": "The check-in, within two working days",
                "six_weeks": "After six weeks",
                "three_months": "After three months",
            },
        ),
        Ask("note", "How are they?"),
        Ask("activity", "After which activity?"),
    ),
)
