"""Close the referral."""

from __future__ import annotations

from console.acting.wording import Ask, Wording
from console.rendering import sentence_case
from schemas.vocabulary import ClosureReason
from schemas.vocabulary.words import in_words

WORDING = Wording(
    lead="All its deadlines end. As not contactable or unsafe it closes once a supervisor has signed that off.",
    asks=(
        # To erase is done elsewhere, and closes it by itself.
        Ask(
            "reason",
            "Why does it close?",
            hint="",
            words={each: sentence_case(in_words(each)) for each in ClosureReason},
            left_out=frozenset({"erased"}),
        ),
        Ask("note", "Note"),
    ),
    confirm=True,
)
