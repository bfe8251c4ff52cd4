"""Lift a safeguarding concern."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Messages that wait leave from then on.",
    asks=(Ask("note", "Why can contact go on?"),),
)
