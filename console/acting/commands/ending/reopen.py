"""Reopen a closed referral."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="It goes back to the stage that it was closed in, and its deadlines go on.",
    asks=(Ask("reason", "Why is it reopened?"),),
)
