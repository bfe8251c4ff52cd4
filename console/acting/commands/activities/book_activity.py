"""Book a meeting or an exchange."""

from __future__ import annotations

from casework.referral.acting import ActingView
from console.acting.wording import Ask, Body, Wording
from schemas.vocabulary import Interest, ParticipantRole


def _who_is_committed(view: ActingView, about: str | None) -> Body:
    """Those of both sides who want to take part."""
    people = view.referral.participants if view.referral else ()
    committed = [
        each.id
        for each in people
        if each.active
        and (
            (each.role is ParticipantRole.HARMED and each.interest is Interest.INTERESTED)
            or (each.role is ParticipantRole.RESPONSIBLE and each.acknowledges)
        )
    ]
    return {"attending": committed} if len(committed) > 1 else {}


WORDING = Wording(
    lead="Whoever takes part is told by a safe way, if they have one.",
    asks=(
        Ask("activity", "Which activity?", only=frozenset({"to_come"})),
        Ask("starts_at", "When does it begin?", hint="London time."),
        Ask("attending", "Who takes part?", hint="At least one of each side.", only=frozenset({"active"})),
        Ask("venue", "Where?", hint="Of a meeting. Encrypted."),
    ),
    begin=_who_is_committed,
)
