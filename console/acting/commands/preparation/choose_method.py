"""Choose the method of an activity."""

from __future__ import annotations

from console.acting.wording import Ask, Wording

METHODS = {
    "face_to_face": "Face to face",
    "video": "By video",
    "shuttle": "Shuttle: somebody goes between them",
    "letter": "Letters",
    "recorded_message": "Recorded messages",
}
HINTS = {
    "face_to_face": "They meet. Everybody consents to it, and a supervisor signs the readiness off.",
    "video": "They meet by video. Everybody consents to it, and a supervisor signs the readiness off.",
}

WORDING = Wording(
    asks=(
        Ask("method", "By which method?", words=METHODS, hints=HINTS),
        Ask("reason", "Why this one?"),
        Ask("activity", "For which activity?", only=frozenset({"to_come"})),
    ),
)
