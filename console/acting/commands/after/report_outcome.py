"""Record that an outcome report went to an agency."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Everyone who took part must have consented to it. What was sent cannot be taken back.",
    asks=(Ask("agency", "To which agency did the report go?"),),
    confirm=True,
)
