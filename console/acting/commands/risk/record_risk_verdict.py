"""Give the verdict of the risk assessment."""

from __future__ import annotations

from console.acting.forms.fields import When
from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="A sensitive case, a high factor or a gap is signed off by a supervisor before it goes on.",
    asks=(
        Ask(
            "verdict",
            "What is the verdict?",
            words={
                "proceed_direct": "It is safe enough to meet",
                "proceed_indirect": "Only without meeting",
                "not_yet": "Not yet",
                "unsafe": "It is not safe",
            },
            hints={
                "proceed_indirect": "A meeting that is prepared becomes an exchange.",
                "not_yet": "Say what is still needed.",
            },
        ),
        Ask("missing", "What is still needed?", when=When("verdict", ("not_yet",))),
    ),
)
