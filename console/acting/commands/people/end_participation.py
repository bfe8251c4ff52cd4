"""End somebody's part for another reason than their own wish."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(
        Ask("participant", "Whose part ends?", only=frozenset({"active"})),
        Ask(
            "reason",
            "Why?",
            words={
                "declined_before_sharing": "Declined before anything was shared",
                "declined": "Declined once informed",
                "needs_met_another_way": "Their needs are met another way",
                "not_traced": "Not traced",
                "unsuitable": "Unsuitable",
                "moved_or_recalled": "Moved, or recalled to prison",
                "not_guilty_plea": "Pleaded not guilty",
                "denies": "Denies what happened",
            },
        ),
    ),
    confirm=True,
)
