"""Record a meeting that prepared somebody."""

from __future__ import annotations

from casework.referral.acting import ActingView
from console.acting.wording import Ask, Body, Wording
from schemas.areas import LONDON


def _as_booked(view: ActingView, about: str | None) -> Body:
    """The day of the meeting that was booked, where it has begun; else today."""
    booked = [
        part.meeting_at
        for activity in (view.referral.activities if view.referral else ())
        for part in activity.parts
        if part.participant == about and part.meeting_at is not None and part.meeting_at <= view.at
    ]
    day = (booked[-1] if booked else view.at).astimezone(LONDON).date()
    return {"held_on": day.isoformat()}


WORDING = Wording(
    asks=(
        Ask("participant", "Who was prepared?", only=frozenset({"active"})),
        Ask("held_on", "On which day?"),
        Ask("channel", "How did you meet?"),
        Ask("note", "What matters for the activity?"),
        Ask("activity", "For which activity?", only=frozenset({"to_come"})),
    ),
    sample={"channel": "in_person"},
    begin=_as_booked,
)
