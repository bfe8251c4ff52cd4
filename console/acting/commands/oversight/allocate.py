"""Give the referral to a caseworker."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(asks=(Ask("caseworker", "Who works on it from now on?"),))
