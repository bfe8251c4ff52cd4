"""Settle who facilitates."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

WORDING = Wording(
    lead="A sensitive case needs an advanced practitioner and somebody who co-facilitates.",
    asks=(
        Ask("facilitator", "Who facilitates?"),
        Ask("co_facilitator", "Who co-facilitates?"),
        Ask(
            "advanced_practitioner",
            "Does an advanced practitioner lead it?",
            hint="The staff register has to say that the facilitator is one.",
        ),
        Ask("activity", "For which activity?", none="Every activity without facilitators of its own"),
    ),
)
