"""Take a referral over from another area."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="It becomes your area's, with its whole record; its deadlines then follow your area's policy.",
    asks=(Ask("caseworker", "Who works on it?", hint="It can be given to somebody later too."),),
)
