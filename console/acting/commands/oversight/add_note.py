"""Add a note to the timeline."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    asks=(Ask("note", "Note", hint="Encrypted. Only people who work on this referral can read it."),)
)
