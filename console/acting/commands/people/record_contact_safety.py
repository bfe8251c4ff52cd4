"""Record how somebody is reached safely."""

from __future__ import annotations

from casework.referral.acting import ActingView
from console.acting.wording import Ask, Body, Wording


def _as_known(view: ActingView, about: str | None) -> Body:
    """What is recorded now, since all of it is replaced."""
    known = view.contact.contact_safety if view.contact else None
    return {"contact_safety": known.model_dump(mode="json", exclude_none=True)} if known else {}


WORDING = Wording(
    lead="It replaces all that was recorded before. Nothing counts as safe that is not said to be safe here.",
    asks=(
        Ask("participant", "Who?", only=frozenset({"active"})),
        Ask("contact_safety", "Ask them, one after the other"),
        Ask("contact_safety.safe_channels", "Which ways are safe?", hint="No message is sent by any other."),
        Ask("contact_safety.safe_from", "From which time of day is it safe?"),
        Ask("contact_safety.safe_until", "Until which time?"),
        Ask("contact_safety.may_leave_voicemail", "May we leave a voicemail?"),
        Ask("contact_safety.seen_by", "Who else may see messages, or pick up?"),
        Ask(
            "contact_safety.neutral_words_only",
            "Should messages say nothing of restorative justice?",
            hint="Yes, unless they want it otherwise.",
        ),
    ),
    begin=_as_known,
)
