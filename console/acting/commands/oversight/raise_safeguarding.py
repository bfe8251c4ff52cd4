"""Raise a safeguarding concern."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="Every message and every contact stops at once, and the supervisors are told at once.",
    asks=(
        Ask("note", "What are you worried about?", hint="Encrypted. If somebody is in danger now, ring 999."),
    ),
)
