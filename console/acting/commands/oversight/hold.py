"""Put the referral on hold."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Its deadlines stand still, and nothing is sent, until somebody ends the hold.",
    asks=(
        Ask("review_on", "When do you look at it again?"),
        Ask("reason", "Why is it on hold?"),
    ),
)
