"""Offer the referral to another area."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Once the other area has taken it over, you do not see it any more. Everybody must have consented.",
    asks=(
        Ask("area", "To which police area?"),
        Ask("reason", "Why?", hint="Its supervisors read this before they take it over."),
    ),
    confirm=True,
)
